-- What a prefecture says by hand of its hospitals before it chooses, and its own criteria. Nothing is overwritten: the highest version is in force.
-- Rows carry the prefecture for the policies; this key lets no row say another one than the programme has of the hospital.
ALTER TABLE program_hospital ADD CONSTRAINT program_hospital_place_key UNIQUE (program_id, hospital_id, prefecture);

CREATE TABLE nomination (
    program_id text NOT NULL,
    hospital_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    prefecture smallint NOT NULL,
    withdrawn boolean NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    account_id uuid,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (program_id, hospital_id, version),
    FOREIGN KEY (program_id, hospital_id, prefecture) REFERENCES program_hospital (program_id, hospital_id, prefecture)
);
COMMENT ON TABLE nomination IS '推薦: hospitals that a prefecture names although they are no candidates; the highest version of a hospital is in force.';
COMMENT ON COLUMN nomination.program_id IS 'The programme.';
COMMENT ON COLUMN nomination.hospital_id IS 'The hospital.';
COMMENT ON COLUMN nomination.version IS '1, 2, 3 ... within programme and hospital.';
COMMENT ON COLUMN nomination.prefecture IS 'The hospital''s in the programme, for policies.';
COMMENT ON COLUMN nomination.withdrawn IS 'Whether this version takes the nomination back.';
COMMENT ON COLUMN nomination.reason IS 'Why it is nominated, or why that is taken back.';
COMMENT ON COLUMN nomination.account_id IS 'Who; NULL for the system.';
COMMENT ON COLUMN nomination.recorded_at IS 'By the server''s clock.';
CREATE INDEX nomination_place ON nomination (program_id, prefecture);

CREATE TABLE exclusion (
    program_id text NOT NULL,
    hospital_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    prefecture smallint NOT NULL,
    withdrawn boolean NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    account_id uuid,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (program_id, hospital_id, version),
    FOREIGN KEY (program_id, hospital_id, prefecture) REFERENCES program_hospital (program_id, hospital_id, prefecture)
);
COMMENT ON TABLE exclusion IS '除外: hospitals that a prefecture does not choose whatever their score; the highest version of a hospital is in force.';
COMMENT ON COLUMN exclusion.program_id IS 'The programme.';
COMMENT ON COLUMN exclusion.hospital_id IS 'The hospital.';
COMMENT ON COLUMN exclusion.version IS '1, 2, 3 ... within programme and hospital.';
COMMENT ON COLUMN exclusion.prefecture IS 'The hospital''s in the programme, for policies.';
COMMENT ON COLUMN exclusion.withdrawn IS 'Whether this version takes the exclusion back.';
COMMENT ON COLUMN exclusion.reason IS 'Why it is excluded, or why that is taken back.';
COMMENT ON COLUMN exclusion.account_id IS 'Who; NULL for the system.';
COMMENT ON COLUMN exclusion.recorded_at IS 'By the server''s clock.';
CREATE INDEX exclusion_place ON exclusion (program_id, prefecture);

CREATE TABLE inspection (
    id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    hospital_id uuid NOT NULL REFERENCES hospital (id),
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 3),
    inspected_on date NOT NULL,
    note text NOT NULL,
    withdrawn boolean NOT NULL,
    reason text CHECK (reason <> ''),
    account_id uuid,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (id, version),
    CHECK (withdrawn = (reason IS NOT NULL))
);
COMMENT ON TABLE inspection IS '立入検査の指摘: what a prefecture found at a hospital, of no one programme; the highest version of a finding is in force.';
COMMENT ON COLUMN inspection.id IS 'The finding, in all its versions.';
COMMENT ON COLUMN inspection.version IS '1, 2, 3 ... within the finding.';
COMMENT ON COLUMN inspection.hospital_id IS 'The hospital.';
COMMENT ON COLUMN inspection.prefecture IS 'The hospital''s when it was entered, for policies.';
COMMENT ON COLUMN inspection.level IS '1 advice by word of mouth, 2 finding in writing, 3 grave deficiency.';
COMMENT ON COLUMN inspection.inspected_on IS 'Day of the inspection.';
COMMENT ON COLUMN inspection.note IS 'What was found; may be empty.';
COMMENT ON COLUMN inspection.withdrawn IS 'Whether this version takes the finding back.';
COMMENT ON COLUMN inspection.reason IS 'Why it is taken back; NULL while it stands.';
COMMENT ON COLUMN inspection.account_id IS 'Who; NULL for the system.';
COMMENT ON COLUMN inspection.recorded_at IS 'By the server''s clock.';
CREATE INDEX inspection_place ON inspection (prefecture, hospital_id);

CREATE TABLE program_criteria (
    program_id text NOT NULL REFERENCES program (id),
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    version integer NOT NULL CHECK (version >= 1),
    criteria jsonb NOT NULL CHECK (jsonb_typeof(criteria) = 'object'),
    account_id uuid,
    set_at timestamptz NOT NULL,
    PRIMARY KEY (program_id, prefecture, version)
);
COMMENT ON TABLE program_criteria IS '選定基準: a prefecture''s own criteria; the highest version is in force. Without one the programme''s national default is.';
COMMENT ON COLUMN program_criteria.program_id IS 'The programme.';
COMMENT ON COLUMN program_criteria.prefecture IS 'JIS X 0401.';
COMMENT ON COLUMN program_criteria.version IS '1, 2, 3 ... within programme and prefecture.';
COMMENT ON COLUMN program_criteria.criteria IS 'Name and items, whole.';
COMMENT ON COLUMN program_criteria.account_id IS 'Who set them; NULL for the system.';
COMMENT ON COLUMN program_criteria.set_at IS 'By the server''s clock.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['nomination', 'exclusion', 'inspection', 'program_criteria'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        -- A municipality and a hospital see nothing of choosing.
        EXECUTE format('CREATE POLICY read_prefecture ON %I FOR SELECT TO chosa_app USING (CASE (SELECT chosa_actor())
            WHEN ''prefecture'' THEN prefecture = (SELECT chosa_prefecture())
            WHEN ''ministry_analyst'' THEN true WHEN ''ministry_administrator'' THEN true WHEN ''system'' THEN true ELSE false END)', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['nomination', 'exclusion', 'program_criteria'] LOOP
        EXECUTE format('CREATE POLICY choose ON %I FOR INSERT TO chosa_app WITH CHECK (CASE (SELECT chosa_actor())
            WHEN ''prefecture'' THEN prefecture = (SELECT chosa_prefecture()) WHEN ''system'' THEN true ELSE false END)', name);
    END LOOP;
END $$;
-- The hospital's prefecture may change with the master, so no key can bind it; what the actor sees of hospitals does.
CREATE POLICY choose ON inspection FOR INSERT TO chosa_app
    WITH CHECK (CASE (SELECT chosa_actor()) WHEN 'prefecture' THEN inspection.prefecture = (SELECT chosa_prefecture())
            WHEN 'system' THEN true ELSE false END
        AND EXISTS (SELECT FROM hospital h WHERE h.id = inspection.hospital_id));
GRANT SELECT, INSERT ON nomination, exclusion, inspection, program_criteria TO chosa_app;
