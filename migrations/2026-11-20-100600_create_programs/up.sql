CREATE TABLE program (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-z_-]{1,32}$'),
    fiscal_year integer NOT NULL,
    title text NOT NULL,
    surveys text[] NOT NULL CHECK (cardinality(surveys) >= 1),
    frame_survey text NOT NULL REFERENCES survey (id),
    use_rule text NOT NULL CHECK (use_rule <> ''),
    criteria jsonb NOT NULL,
    deadline timestamptz NOT NULL,
    opened_at timestamptz NOT NULL
);
COMMENT ON TABLE program IS '支援事業: a year of support whose quotas prefectures fill.';
COMMENT ON COLUMN program.id IS 'Short name, by its fiscal year: 2024.';
COMMENT ON COLUMN program.fiscal_year IS 'Western year in which it begins.';
COMMENT ON COLUMN program.title IS 'Japanese title.';
COMMENT ON COLUMN program.surveys IS 'Surveys whose answers decide, the latest first.';
COMMENT ON COLUMN program.frame_survey IS 'The survey whose frame gives hospitals, beds and cells; frame rows are frozen.';
COMMENT ON COLUMN program.use_rule IS 'The recorded rule that lets answers be used for choosing.';
COMMENT ON COLUMN program.criteria IS 'The national default of the criteria.';
COMMENT ON COLUMN program.deadline IS 'When lists are due.';
COMMENT ON COLUMN program.opened_at IS 'When hospitals, beds and cells were frozen.';

CREATE TABLE quota (
    program_id text NOT NULL REFERENCES program (id),
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    band text NOT NULL CHECK (band IN ('20-199', '200-399', '400+')),
    version integer NOT NULL CHECK (version >= 1),
    hospitals integer NOT NULL CHECK (hospitals >= 0),
    account_id uuid,
    set_at timestamptz NOT NULL,
    PRIMARY KEY (program_id, prefecture, band, version)
);
COMMENT ON TABLE quota IS '支援枠: how many hospitals a prefecture chooses in a band. The highest version of a cell is in force.';
COMMENT ON COLUMN quota.program_id IS 'The programme.';
COMMENT ON COLUMN quota.prefecture IS 'JIS X 0401.';
COMMENT ON COLUMN quota.band IS 'Band of the programme''s banding.';
COMMENT ON COLUMN quota.version IS '1, 2, 3 ... within the cell.';
COMMENT ON COLUMN quota.hospitals IS 'Exactly so many.';
COMMENT ON COLUMN quota.account_id IS 'Who set it; NULL for the system.';
COMMENT ON COLUMN quota.set_at IS 'By the server''s clock.';

CREATE TABLE selection (
    id uuid PRIMARY KEY,
    program_id text NOT NULL REFERENCES program (id),
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    number integer NOT NULL CHECK (number >= 1),
    complete boolean NOT NULL,
    inputs_hash text NOT NULL,
    result_hash text NOT NULL,
    result jsonb NOT NULL,
    account_id uuid,
    chosen_at timestamptz NOT NULL,
    UNIQUE (program_id, prefecture, number),
    UNIQUE (id, program_id, prefecture)
);
COMMENT ON TABLE selection IS '選定: one run of choosing for a prefecture; the highest number is the current one.';
COMMENT ON COLUMN selection.id IS 'Made by the server.';
COMMENT ON COLUMN selection.program_id IS 'The programme.';
COMMENT ON COLUMN selection.prefecture IS 'Whose list.';
COMMENT ON COLUMN selection.number IS '1, 2, 3 ... within programme and prefecture.';
COMMENT ON COLUMN selection.complete IS 'Whether every cell is filled exactly.';
COMMENT ON COLUMN selection.inputs_hash IS 'SHA-256 of candidates, quotas and criteria.';
COMMENT ON COLUMN selection.result_hash IS 'SHA-256 of the list: a rerun proves the same.';
COMMENT ON COLUMN selection.result IS 'The whole result: cells, ranks, scores with their parts, shortages.';
COMMENT ON COLUMN selection.account_id IS 'Who chose; NULL for the system.';
COMMENT ON COLUMN selection.chosen_at IS 'By the server''s clock.';

CREATE TABLE chosen_hospital (
    selection_id uuid NOT NULL,
    program_id text NOT NULL,
    prefecture smallint NOT NULL,
    hospital_id uuid NOT NULL REFERENCES hospital (id),
    band text NOT NULL,
    rank integer NOT NULL CHECK (rank >= 1),
    score bigint NOT NULL,
    PRIMARY KEY (selection_id, hospital_id),
    UNIQUE (selection_id, band, rank),
    FOREIGN KEY (selection_id, program_id, prefecture) REFERENCES selection (id, program_id, prefecture)
);
COMMENT ON TABLE chosen_hospital IS 'The hospitals of a selection.';
COMMENT ON COLUMN chosen_hospital.selection_id IS 'The selection.';
COMMENT ON COLUMN chosen_hospital.program_id IS 'Its programme.';
COMMENT ON COLUMN chosen_hospital.prefecture IS 'Its prefecture, for policies.';
COMMENT ON COLUMN chosen_hospital.hospital_id IS 'The hospital.';
COMMENT ON COLUMN chosen_hospital.band IS 'Its cell.';
COMMENT ON COLUMN chosen_hospital.rank IS '順位 within the cell, from 1.';
COMMENT ON COLUMN chosen_hospital.score IS 'Its score when chosen.';

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['program', 'quota', 'selection', 'chosen_hospital'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['quota', 'selection', 'chosen_hospital'] LOOP
        -- A municipality sees nothing of choosing.
        EXECUTE format('CREATE POLICY read_prefecture ON %I FOR SELECT TO chosa_app USING (CASE (SELECT chosa_actor())
            WHEN ''prefecture'' THEN prefecture = (SELECT chosa_prefecture())
            WHEN ''ministry_analyst'' THEN true WHEN ''ministry_administrator'' THEN true WHEN ''system'' THEN true ELSE false END)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['selection', 'chosen_hospital'] LOOP
        EXECUTE format('CREATE POLICY choose ON %I FOR INSERT TO chosa_app WITH CHECK (CASE (SELECT chosa_actor())
            WHEN ''prefecture'' THEN prefecture = (SELECT chosa_prefecture()) WHEN ''system'' THEN true ELSE false END)', t);
    END LOOP;
END $$;
CREATE POLICY read_known ON program FOR SELECT TO chosa_app
    USING ((SELECT chosa_actor()) IN ('prefecture', 'ministry_analyst', 'ministry_administrator', 'system'));
CREATE POLICY open ON program FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN ('ministry_administrator', 'system'));
CREATE POLICY allot ON quota FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN ('ministry_administrator', 'system'));
GRANT SELECT, INSERT ON program, quota, selection, chosen_hospital TO chosa_app;
