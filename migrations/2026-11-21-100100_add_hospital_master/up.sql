ALTER TABLE hospital
    ADD COLUMN beds integer CHECK (beds > 0),
    ADD COLUMN opened_on date,
    ADD COLUMN closed_on date,
    ADD COLUMN close_reason text,
    ADD CONSTRAINT hospital_closed_after_opened CHECK (closed_on >= opened_on),
    ADD CONSTRAINT hospital_reason_of_closed CHECK (close_reason IS NULL OR closed_on IS NOT NULL);
COMMENT ON COLUMN hospital.beds IS 'Licensed beds as of the newest master; NULL before a master named it. Frames keep their own.';
COMMENT ON COLUMN hospital.opened_on IS 'First day; NULL when not known.';
COMMENT ON COLUMN hospital.closed_on IS 'From this day it is no hospital any more; NULL while it is open.';
COMMENT ON COLUMN hospital.close_reason IS 'closed or merged; NULL while it is open.';
GRANT UPDATE (beds, opened_on, closed_on, close_reason) ON hospital TO chosa_app;
-- A hospital that moves takes its identifiers along, else the policies of its new area would not show them.
GRANT UPDATE (prefecture, municipality) ON alias TO chosa_app;

CREATE TABLE master_import (
    id uuid PRIMARY KEY,
    actor text NOT NULL,
    account_id uuid,
    file_name text NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    difference_hash text NOT NULL,
    summary jsonb NOT NULL,
    changes jsonb NOT NULL,
    imported_at timestamptz NOT NULL
);
COMMENT ON TABLE master_import IS 'One file of the hospital master that changed something, and what it changed.';
COMMENT ON COLUMN master_import.id IS 'Made by the server.';
COMMENT ON COLUMN master_import.actor IS 'The role that imported it.';
COMMENT ON COLUMN master_import.account_id IS 'Who; NULL for the system.';
COMMENT ON COLUMN master_import.file_name IS 'As sent, for people only.';
COMMENT ON COLUMN master_import.sha256 IS 'SHA-256 of the file.';
COMMENT ON COLUMN master_import.difference_hash IS 'SHA-256 of the changes; what a preview showed and what was done are the same if it is.';
COMMENT ON COLUMN master_import.summary IS 'How many changes of each kind.';
COMMENT ON COLUMN master_import.changes IS 'The changes, hospital by hospital.';
COMMENT ON COLUMN master_import.imported_at IS 'By the server''s clock.';
ALTER TABLE master_import ENABLE ROW LEVEL SECURITY;
ALTER TABLE master_import FORCE ROW LEVEL SECURITY;
CREATE POLICY read_ministry ON master_import FOR SELECT TO chosa_app USING ((SELECT chosa_actor()) IN ('ministry_administrator', 'system'));
CREATE POLICY bring ON master_import FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN ('ministry_administrator', 'system'));
CREATE POLICY sign ON master_import AS RESTRICTIVE FOR INSERT TO chosa_app
    WITH CHECK (actor = (SELECT chosa_actor()) AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()));
GRANT SELECT, INSERT ON master_import TO chosa_app;
