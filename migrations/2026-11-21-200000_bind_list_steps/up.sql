-- What a list becomes is decided by its steps, and who may take which step is a policy: the state of a list can no longer be written by itself.
ALTER TABLE adjustment
    ADD was text,
    ADD state text,
    ADD before integer GENERATED ALWAYS AS (nullif(version - 1, 0)) STORED;
COMMENT ON COLUMN adjustment.was IS 'The state of the list before it; NULL: there was none.';
COMMENT ON COLUMN adjustment.state IS 'The state of the list with it.';
COMMENT ON COLUMN adjustment.before IS 'The version of the step before it; NULL: it is the first.';

-- Also the owner is held by the policies of these tables, and has no actor here.
ALTER TABLE selection NO FORCE ROW LEVEL SECURITY;
ALTER TABLE chosen_hospital NO FORCE ROW LEVEL SECURITY;
ALTER TABLE program_hospital NO FORCE ROW LEVEL SECURITY;
ALTER TABLE cell NO FORCE ROW LEVEL SECURITY;
ALTER TABLE prefecture_list NO FORCE ROW LEVEL SECURITY;
ALTER TABLE listed_hospital NO FORCE ROW LEVEL SECURITY;
ALTER TABLE adjustment NO FORCE ROW LEVEL SECURITY;

-- A step that adds, drops or ranks leaves the state as the last other step left it.
UPDATE adjustment a SET state = (
    SELECT CASE b.step WHEN 'propose' THEN 'proposed' WHEN 'hand_in' THEN 'handed_in' WHEN 'return' THEN 'returned' ELSE 'accepted' END
    FROM adjustment b
    WHERE b.program_id = a.program_id AND b.prefecture = a.prefecture AND b.version <= a.version AND b.step NOT IN ('add', 'drop', 'rank')
    ORDER BY b.version DESC LIMIT 1);
UPDATE adjustment a SET was = b.state
    FROM adjustment b WHERE b.program_id = a.program_id AND b.prefecture = a.prefecture AND b.version = a.version - 1;

-- Who was chosen before there were lists: each prefecture's newest run is its proposed list. Reserves come with the next run.
INSERT INTO prefecture_list (program_id, prefecture, state, version, selection_id, adjusted, changed_at)
    SELECT DISTINCT ON (program_id, prefecture) program_id, prefecture, 'proposed', 1, id, false, chosen_at
    FROM selection ORDER BY program_id, prefecture, number DESC
    ON CONFLICT DO NOTHING;
INSERT INTO adjustment (id, program_id, prefecture, version, step, state, reason, actor, account_id, happened_at)
    SELECT gen_random_uuid(), program_id, prefecture, 1, 'propose', 'proposed', '', 'system', NULL, changed_at
    FROM prefecture_list l
    WHERE NOT EXISTS (SELECT FROM adjustment a WHERE a.program_id = l.program_id AND a.prefecture = l.prefecture);
INSERT INTO listed_hospital (program_id, prefecture, hospital_id, band, standing, rank, score, origin, reason, announced)
    SELECT c.program_id, c.prefecture, c.hospital_id, c.band, 'chosen', c.rank, c.score, 'run', '', false
    FROM chosen_hospital c
    JOIN prefecture_list l ON l.selection_id = c.selection_id
    JOIN program_hospital h ON h.program_id = c.program_id AND h.hospital_id = c.hospital_id
    WHERE NOT EXISTS (SELECT FROM listed_hospital o WHERE o.program_id = c.program_id AND o.prefecture = c.prefecture);
SET CONSTRAINTS ALL IMMEDIATE;

ALTER TABLE selection FORCE ROW LEVEL SECURITY;
ALTER TABLE chosen_hospital FORCE ROW LEVEL SECURITY;
ALTER TABLE program_hospital FORCE ROW LEVEL SECURITY;
ALTER TABLE cell FORCE ROW LEVEL SECURITY;
ALTER TABLE prefecture_list FORCE ROW LEVEL SECURITY;
ALTER TABLE listed_hospital FORCE ROW LEVEL SECURITY;
ALTER TABLE adjustment FORCE ROW LEVEL SECURITY;

ALTER TABLE adjustment
    ALTER state SET NOT NULL,
    ADD CONSTRAINT adjustment_state UNIQUE (program_id, prefecture, version, state),
    ADD CONSTRAINT adjustment_follows FOREIGN KEY (program_id, prefecture, before, was)
        REFERENCES adjustment (program_id, prefecture, version, state),
    ADD CONSTRAINT adjustment_first CHECK ((was IS NULL) = (version = 1)),
    ADD CONSTRAINT adjustment_order CHECK (CASE step
        WHEN 'propose' THEN (was IS NULL OR was IN ('proposed', 'returned')) AND state = 'proposed'
        WHEN 'hand_in' THEN was IN ('proposed', 'returned') AND state = 'handed_in'
        WHEN 'return' THEN was IN ('handed_in', 'accepted') AND state = 'returned'
        WHEN 'accept' THEN was = 'handed_in' AND state = 'accepted'
        WHEN 'replace' THEN was = 'accepted' AND state = 'accepted'
        ELSE was IN ('proposed', 'returned') AND state = was END);
ALTER TABLE prefecture_list
    ADD CONSTRAINT prefecture_list_step FOREIGN KEY (program_id, prefecture, version, state)
        REFERENCES adjustment (program_id, prefecture, version, state) DEFERRABLE INITIALLY DEFERRED;

-- A prefecture proposes, adjusts, hands in and replaces; the ministry returns and accepts.
CREATE POLICY step ON adjustment AS RESTRICTIVE FOR INSERT TO chosa_app
    WITH CHECK (CASE WHEN step IN ('return', 'accept') THEN (SELECT chosa_actor()) IN ('ministry_administrator', 'system')
        ELSE (SELECT chosa_actor()) IN ('prefecture', 'system') END);
CREATE POLICY sign ON adjustment AS RESTRICTIVE FOR INSERT TO chosa_app
    WITH CHECK (actor = (SELECT chosa_actor()) AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()));
