CREATE TABLE blob (
    sha256 bytea PRIMARY KEY CHECK (length(sha256) = 32),
    bytes bytea NOT NULL,
    size bigint GENERATED ALWAYS AS (length(bytes)) STORED,
    stored_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE blob IS 'Uploads and release files by their SHA-256; who may read one is decided by the row that names it.';
COMMENT ON COLUMN blob.sha256 IS 'SHA-256 of bytes.';
COMMENT ON COLUMN blob.bytes IS 'The file.';
COMMENT ON COLUMN blob.size IS 'Bytes.';
COMMENT ON COLUMN blob.stored_at IS 'When it was first stored.';

CREATE TABLE import (
    id uuid PRIMARY KEY,
    survey_id text NOT NULL REFERENCES survey (id),
    edition_id text NOT NULL REFERENCES edition (id),
    actor text NOT NULL,
    account_id uuid,
    hospital_id uuid,
    prefecture smallint,
    municipality text NOT NULL DEFAULT '',
    file_name text NOT NULL,
    blob_sha256 bytea NOT NULL REFERENCES blob (sha256),
    numbering text,
    reason text,
    accepted integer NOT NULL CHECK (accepted >= 0),
    rejected integer NOT NULL CHECK (rejected >= 0),
    unchanged integer NOT NULL CHECK (unchanged >= 0),
    faults jsonb NOT NULL DEFAULT '[]',
    imported_at timestamptz NOT NULL
);
COMMENT ON TABLE import IS 'One file that was imported, in one transaction with its revisions.';
COMMENT ON COLUMN import.id IS 'Made by the server; stands on the revisions.';
COMMENT ON COLUMN import.survey_id IS 'The survey.';
COMMENT ON COLUMN import.edition_id IS 'The edition that it was read as.';
COMMENT ON COLUMN import.actor IS 'The role that imported it.';
COMMENT ON COLUMN import.account_id IS 'Who; NULL for the system.';
COMMENT ON COLUMN import.hospital_id IS 'The importer''s hospital, if it speaks for one: decides who sees the row.';
COMMENT ON COLUMN import.prefecture IS 'The importer''s prefecture, NULL for the nation: decides who sees the row.';
COMMENT ON COLUMN import.municipality IS 'Empty: a municipality imports nothing. Here for the area rule.';
COMMENT ON COLUMN import.file_name IS 'As sent, for people only.';
COMMENT ON COLUMN import.blob_sha256 IS 'The file.';
COMMENT ON COLUMN import.numbering IS 'The printing whose numbers the sender said the file uses.';
COMMENT ON COLUMN import.reason IS 'Why answers that were already there are replaced.';
COMMENT ON COLUMN import.accepted IS 'Hospitals whose answers became a revision.';
COMMENT ON COLUMN import.rejected IS 'Hospitals left out.';
COMMENT ON COLUMN import.unchanged IS 'Hospitals whose answers were there already, identical.';
COMMENT ON COLUMN import.faults IS 'Faults of the file as a whole.';
COMMENT ON COLUMN import.imported_at IS 'By the server''s clock.';
CREATE INDEX import_survey ON import (survey_id, id);

CREATE TABLE import_verdict (
    import_id uuid NOT NULL REFERENCES import (id),
    ordinal integer NOT NULL,
    hospital text NOT NULL,
    sheet text NOT NULL,
    sheet_row integer NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('accepted', 'unchanged', 'rejected')),
    faults jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (import_id, ordinal)
);
COMMENT ON TABLE import_verdict IS 'What became of each hospital of an import.';
COMMENT ON COLUMN import_verdict.import_id IS 'The import.';
COMMENT ON COLUMN import_verdict.ordinal IS '0, 1, 2 ... in the order of the file.';
COMMENT ON COLUMN import_verdict.hospital IS 'G-MIS ID, or what was found in its place.';
COMMENT ON COLUMN import_verdict.sheet IS 'The sheet that it stood on.';
COMMENT ON COLUMN import_verdict.sheet_row IS 'The row, from 1.';
COMMENT ON COLUMN import_verdict.verdict IS 'accepted, unchanged or rejected.';
COMMENT ON COLUMN import_verdict.faults IS 'Its faults with cells.';

DO $$
BEGIN
    ALTER TABLE blob ENABLE ROW LEVEL SECURITY;
    ALTER TABLE blob FORCE ROW LEVEL SECURITY;
    ALTER TABLE import ENABLE ROW LEVEL SECURITY;
    ALTER TABLE import FORCE ROW LEVEL SECURITY;
    ALTER TABLE import_verdict ENABLE ROW LEVEL SECURITY;
    ALTER TABLE import_verdict FORCE ROW LEVEL SECURITY;
    -- Files and verdicts hold names and contacts as they were sent: not for an analyst, and blob and import_verdict follow this policy.
    EXECUTE format('CREATE POLICY read_area ON import FOR SELECT TO chosa_app USING ((SELECT chosa_actor()) <> ''ministry_analyst'' AND %s)', chosa_area_rule('hospital_id'));
    EXECUTE format('CREATE POLICY bring ON import FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN (''hospital'', ''prefecture'', ''ministry_administrator'', ''system'') AND %s)', chosa_area_rule('hospital_id'));
END $$;
CREATE POLICY sign ON import AS RESTRICTIVE FOR INSERT TO chosa_app
    WITH CHECK (actor = (SELECT chosa_actor()) AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()));
CREATE POLICY read_import ON import_verdict FOR SELECT TO chosa_app USING (EXISTS (SELECT FROM import i WHERE i.id = import_id));
CREATE POLICY bring ON import_verdict FOR INSERT TO chosa_app WITH CHECK (EXISTS (SELECT FROM import i WHERE i.id = import_id));
CREATE POLICY read_import ON blob FOR SELECT TO chosa_app USING (EXISTS (SELECT FROM import i WHERE i.blob_sha256 = sha256));
CREATE POLICY bring ON blob FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN ('hospital', 'prefecture', 'ministry_administrator', 'system'));
CREATE INDEX import_blob ON import (blob_sha256);
GRANT SELECT, INSERT ON import, import_verdict, blob TO chosa_app;
