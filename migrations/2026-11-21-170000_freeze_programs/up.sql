-- What a programme is, as data; its hospitals, beds and cells frozen when it opens.
ALTER TABLE program
    ADD COLUMN banding text NOT NULL DEFAULT 'program' CHECK (banding IN ('survey', 'program')),
    ADD COLUMN consent text NOT NULL DEFAULT 'rule' CHECK (consent IN ('rule', 'recorded')),
    ADD COLUMN intake_survey text REFERENCES survey (id),
    ADD COLUMN effort jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(effort) = 'object'),
    ADD COLUMN form jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(form) = 'array'),
    ADD CHECK (consent = 'rule' OR intake_survey IS NOT NULL);
COMMENT ON COLUMN program.banding IS 'Which bands its cells have: survey (six) or program (three).';
COMMENT ON COLUMN program.consent IS 'rule: answers are used by the recorded rule; recorded: only of hospitals that consented in the intake form.';
COMMENT ON COLUMN program.intake_survey IS 'The survey that is its intake form (意向調査): wish and consent; NULL: there is none.';
COMMENT ON COLUMN program.effort IS 'By band: person-days, and days by the number of surveyors, in tenths; empty: as the notice estimates.';
COMMENT ON COLUMN program.form IS 'The columns of its form (別紙様式), key and header; empty: the usual ones.';
ALTER TABLE quota DROP CONSTRAINT quota_band_check;
ALTER TABLE quota ADD CONSTRAINT quota_band_check CHECK (band ~ '^[0-9]+(-[0-9]+|[+])$');

CREATE TABLE program_hospital (
    program_id text NOT NULL REFERENCES program (id),
    hospital_id uuid NOT NULL REFERENCES hospital (id),
    gmis_id text NOT NULL,
    institution_code text,
    name text NOT NULL,
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    municipality text NOT NULL,
    beds integer NOT NULL CHECK (beds >= 0),
    band text,
    attributes jsonb NOT NULL CHECK (jsonb_typeof(attributes) = 'object'),
    PRIMARY KEY (program_id, hospital_id),
    UNIQUE (program_id, gmis_id)
);
COMMENT ON TABLE program_hospital IS 'The hospitals of a programme as they were when it opened: what comes to the master afterwards moves nobody into another cell.';
COMMENT ON COLUMN program_hospital.program_id IS 'The programme.';
COMMENT ON COLUMN program_hospital.hospital_id IS 'The hospital.';
COMMENT ON COLUMN program_hospital.gmis_id IS 'Its G-MIS ID then.';
COMMENT ON COLUMN program_hospital.institution_code IS '保険医療機関コード then; NULL: none.';
COMMENT ON COLUMN program_hospital.name IS 'Its name then.';
COMMENT ON COLUMN program_hospital.prefecture IS 'JIS X 0401.';
COMMENT ON COLUMN program_hospital.municipality IS 'Five digits or empty.';
COMMENT ON COLUMN program_hospital.beds IS 'Licensed beds.';
COMMENT ON COLUMN program_hospital.band IS 'Its band in the programme''s banding; NULL: under 20 beds.';
COMMENT ON COLUMN program_hospital.attributes IS 'Attributes of the frame, such as the medical area; what is not there is not known.';
CREATE INDEX program_hospital_place ON program_hospital (program_id, prefecture);

CREATE TABLE cell (
    program_id text NOT NULL REFERENCES program (id),
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    band text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (program_id, prefecture, band)
);
COMMENT ON TABLE cell IS '枠: the cells of a programme, prefecture by band. Whoever chooses in one, or changes its quota, locks its row and counts in the same transaction.';
COMMENT ON COLUMN cell.program_id IS 'The programme.';
COMMENT ON COLUMN cell.prefecture IS 'JIS X 0401.';
COMMENT ON COLUMN cell.band IS 'Key of the band.';
COMMENT ON COLUMN cell.changed_at IS 'When its quota or its list changed last.';

CREATE TABLE program_extension (
    id uuid PRIMARY KEY,
    program_id text NOT NULL REFERENCES program (id),
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    deadline timestamptz NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    account_id uuid,
    granted_at timestamptz NOT NULL
);
COMMENT ON TABLE program_extension IS '期限延長: until when a prefecture may hand its list in instead of the programme''s deadline; the latest of the granted ones counts.';
COMMENT ON COLUMN program_extension.id IS 'UUID version 7: sorts by time.';
COMMENT ON COLUMN program_extension.program_id IS 'The programme.';
COMMENT ON COLUMN program_extension.prefecture IS 'JIS X 0401.';
COMMENT ON COLUMN program_extension.deadline IS 'Last moment, included.';
COMMENT ON COLUMN program_extension.reason IS 'Why.';
COMMENT ON COLUMN program_extension.account_id IS 'Who granted it; NULL for the system.';
COMMENT ON COLUMN program_extension.granted_at IS 'By the server''s clock.';
CREATE INDEX program_extension_place ON program_extension (program_id, prefecture, granted_at);

-- Programmes that were open before: their frame was frozen already.
ALTER TABLE program NO FORCE ROW LEVEL SECURITY;
ALTER TABLE frame NO FORCE ROW LEVEL SECURITY;
ALTER TABLE quota NO FORCE ROW LEVEL SECURITY;
INSERT INTO program_hospital (program_id, hospital_id, gmis_id, institution_code, name, prefecture, municipality, beds, band, attributes)
    SELECT p.id, f.hospital_id, f.gmis_id, f.institution_code, f.name, f.prefecture, f.municipality, f.beds,
        CASE WHEN f.beds >= 400 THEN '400+' WHEN f.beds >= 200 THEN '200-399' WHEN f.beds >= 20 THEN '20-199' END, f.attributes
    FROM program p JOIN frame f ON f.survey_id = p.frame_survey AND (f.out_of_scope_at IS NULL OR f.out_of_scope_at > p.opened_at);
INSERT INTO cell (program_id, prefecture, band, changed_at)
    SELECT p.id, prefecture, band, p.opened_at
    FROM program p, generate_series(1, 47) prefecture, unnest(ARRAY['20-199', '200-399', '400+']) band;
ALTER TABLE program FORCE ROW LEVEL SECURITY;
ALTER TABLE frame FORCE ROW LEVEL SECURITY;
ALTER TABLE quota FORCE ROW LEVEL SECURITY;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['program_hospital', 'cell', 'program_extension'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        -- A municipality sees nothing of choosing.
        EXECUTE format('CREATE POLICY read_prefecture ON %I FOR SELECT TO chosa_app USING (CASE (SELECT chosa_actor())
            WHEN ''prefecture'' THEN prefecture = (SELECT chosa_prefecture())
            WHEN ''ministry_analyst'' THEN true WHEN ''ministry_administrator'' THEN true WHEN ''system'' THEN true ELSE false END)', name);
        EXECUTE format('CREATE POLICY open ON %I FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN (''ministry_administrator'', ''system''))', name);
    END LOOP;
END $$;
-- A lock for update asks for the right to update.
CREATE POLICY choose ON cell FOR UPDATE TO chosa_app
    USING (CASE (SELECT chosa_actor()) WHEN 'prefecture' THEN prefecture = (SELECT chosa_prefecture())
        WHEN 'ministry_administrator' THEN true WHEN 'system' THEN true ELSE false END);
GRANT SELECT, INSERT ON program_hospital, cell, program_extension TO chosa_app;
GRANT UPDATE (changed_at) ON cell TO chosa_app;
