CREATE TABLE prefecture_list (
    program_id text NOT NULL REFERENCES program (id),
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    state text NOT NULL CHECK (state IN ('proposed', 'handed_in', 'returned', 'accepted')),
    version integer NOT NULL CHECK (version >= 1),
    selection_id uuid NOT NULL,
    adjusted boolean NOT NULL,
    handed_in_at timestamptz,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (program_id, prefecture),
    FOREIGN KEY (selection_id, program_id, prefecture) REFERENCES selection (id, program_id, prefecture)
);
COMMENT ON TABLE prefecture_list IS '選定リスト: the list of a prefecture on its way: proposed by a run, adjusted by hand, handed in, accepted or returned.';
COMMENT ON COLUMN prefecture_list.program_id IS 'The programme.';
COMMENT ON COLUMN prefecture_list.prefecture IS 'JIS X 0401.';
COMMENT ON COLUMN prefecture_list.state IS 'proposed (作成中), handed_in (提出済), returned (差戻し), accepted (受理).';
COMMENT ON COLUMN prefecture_list.version IS 'How many steps it has made. The ETag of the list.';
COMMENT ON COLUMN prefecture_list.selection_id IS 'The run that proposed it.';
COMMENT ON COLUMN prefecture_list.adjusted IS 'Whether it was changed by hand since.';
COMMENT ON COLUMN prefecture_list.handed_in_at IS 'When it was handed in last; NULL: never.';
COMMENT ON COLUMN prefecture_list.changed_at IS 'When it made its last step.';

CREATE TABLE listed_hospital (
    program_id text NOT NULL,
    prefecture smallint NOT NULL,
    hospital_id uuid NOT NULL,
    band text NOT NULL,
    standing text NOT NULL CHECK (standing IN ('chosen', 'reserve', 'dropped', 'left', 'out')),
    rank integer CHECK (rank >= 1),
    score bigint NOT NULL,
    origin text NOT NULL CHECK (origin IN ('run', 'hand', 'reserve')),
    reason text NOT NULL,
    announced boolean NOT NULL,
    PRIMARY KEY (program_id, hospital_id),
    UNIQUE (program_id, prefecture, band, standing, rank) DEFERRABLE INITIALLY IMMEDIATE,
    CHECK ((rank IS NOT NULL) = (standing IN ('chosen', 'reserve'))),
    CHECK (NOT announced OR standing IN ('chosen', 'left')),
    FOREIGN KEY (program_id, prefecture) REFERENCES prefecture_list (program_id, prefecture),
    FOREIGN KEY (program_id, prefecture, band) REFERENCES cell (program_id, prefecture, band),
    FOREIGN KEY (program_id, hospital_id) REFERENCES program_hospital (program_id, hospital_id)
);
COMMENT ON TABLE listed_hospital IS 'The hospitals of a prefecture''s list: the chosen ones and the reserves in their order, and who is no longer on it.';
COMMENT ON COLUMN listed_hospital.program_id IS 'The programme.';
COMMENT ON COLUMN listed_hospital.prefecture IS 'JIS X 0401.';
COMMENT ON COLUMN listed_hospital.hospital_id IS 'The hospital.';
COMMENT ON COLUMN listed_hospital.band IS 'Its cell.';
COMMENT ON COLUMN listed_hospital.standing IS 'chosen (選定), reserve (補欠), dropped (taken off by hand), left (replaced after acceptance), out (not on the list that a later run proposed).';
COMMENT ON COLUMN listed_hospital.rank IS '順位 in the cell among the chosen, or among the reserves, from 1.';
COMMENT ON COLUMN listed_hospital.score IS 'Its score when it came on the list.';
COMMENT ON COLUMN listed_hospital.origin IS 'How it came to its standing: run, hand (with a reason), reserve (in the place of one that left).';
COMMENT ON COLUMN listed_hospital.reason IS 'The reason of what was done by hand; empty: the run''s.';
COMMENT ON COLUMN listed_hospital.announced IS 'Whether the list was accepted with it: from then on the hospital may know.';
CREATE INDEX listed_hospital_hospital ON listed_hospital (hospital_id);

CREATE TABLE adjustment (
    id uuid PRIMARY KEY,
    program_id text NOT NULL,
    prefecture smallint NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    step text NOT NULL CHECK (step IN ('propose', 'add', 'drop', 'rank', 'hand_in', 'return', 'accept', 'replace')),
    band text,
    hospital_id uuid REFERENCES hospital (id),
    successor_id uuid REFERENCES hospital (id),
    rank integer,
    reason text NOT NULL,
    actor text NOT NULL,
    account_id uuid,
    happened_at timestamptz NOT NULL,
    UNIQUE (program_id, prefecture, version),
    CHECK ((successor_id IS NOT NULL) = (step = 'replace')),
    CHECK (reason <> '' OR step IN ('propose', 'rank', 'hand_in', 'accept')),
    FOREIGN KEY (program_id, prefecture) REFERENCES prefecture_list (program_id, prefecture)
);
COMMENT ON TABLE adjustment IS 'Every step of a list: who did what, when and why.';
COMMENT ON COLUMN adjustment.id IS 'UUID version 7: sorts by time.';
COMMENT ON COLUMN adjustment.program_id IS 'The programme.';
COMMENT ON COLUMN adjustment.prefecture IS 'Whose list.';
COMMENT ON COLUMN adjustment.version IS 'The version that the list had with it: 1, 2, 3 ... without gaps.';
COMMENT ON COLUMN adjustment.step IS 'propose, add, drop, rank, hand_in, return, accept, replace.';
COMMENT ON COLUMN adjustment.band IS 'The cell, of a step that concerns one.';
COMMENT ON COLUMN adjustment.hospital_id IS 'The hospital that was added, dropped, ranked or replaced.';
COMMENT ON COLUMN adjustment.successor_id IS 'Of a replacement: who came in its place.';
COMMENT ON COLUMN adjustment.rank IS 'The rank that the hospital, or its successor, has with it.';
COMMENT ON COLUMN adjustment.reason IS 'Why.';
COMMENT ON COLUMN adjustment.actor IS 'The role of who did it.';
COMMENT ON COLUMN adjustment.account_id IS 'Who did it; NULL for the system.';
COMMENT ON COLUMN adjustment.happened_at IS 'By the server''s clock.';

DO $$
DECLARE
    name text;
    own CONSTANT text := 'CASE (SELECT chosa_actor()) WHEN ''prefecture'' THEN prefecture = (SELECT chosa_prefecture())
        WHEN ''ministry_administrator'' THEN true WHEN ''system'' THEN true ELSE false END';
BEGIN
    FOREACH name IN ARRAY ARRAY['prefecture_list', 'listed_hospital', 'adjustment'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        -- A municipality sees nothing of choosing.
        EXECUTE format('CREATE POLICY read_prefecture ON %I FOR SELECT TO chosa_app USING (CASE (SELECT chosa_actor())
            WHEN ''prefecture'' THEN prefecture = (SELECT chosa_prefecture())
            WHEN ''ministry_analyst'' THEN true WHEN ''ministry_administrator'' THEN true WHEN ''system'' THEN true ELSE false END)', name);
        EXECUTE format('CREATE POLICY choose ON %I FOR INSERT TO chosa_app WITH CHECK (%s)', name, own);
        IF name <> 'adjustment' THEN
            EXECUTE format('CREATE POLICY adjust ON %I FOR UPDATE TO chosa_app USING (%s) WITH CHECK (%s)', name, own, own);
        END IF;
    END LOOP;
END $$;
-- A hospital sees that it was chosen, once the list was accepted; and of which programme.
CREATE POLICY read_own ON listed_hospital FOR SELECT TO chosa_app
    USING ((SELECT chosa_actor()) = 'hospital' AND hospital_id = (SELECT chosa_hospital()) AND announced AND standing = 'chosen');
CREATE POLICY read_chosen ON program FOR SELECT TO chosa_app
    USING ((SELECT chosa_actor()) = 'hospital' AND EXISTS (SELECT FROM listed_hospital l WHERE l.program_id = program.id));
GRANT SELECT, INSERT ON prefecture_list, listed_hospital, adjustment TO chosa_app;
GRANT UPDATE (state, version, selection_id, adjusted, handed_in_at, changed_at) ON prefecture_list TO chosa_app;
GRANT UPDATE (band, standing, rank, score, origin, reason, announced) ON listed_hospital TO chosa_app;
