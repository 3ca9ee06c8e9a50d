CREATE TABLE hospital (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    municipality text NOT NULL DEFAULT '' CHECK (municipality ~ '^([0-9]{5})?$'),
    successor_id uuid REFERENCES hospital (id),
    recorded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE hospital IS '病院: one institution over the years. Its identifiers are dated aliases, because they change when it moves or is merged.';
COMMENT ON COLUMN hospital.id IS 'Internal; never shown.';
COMMENT ON COLUMN hospital.name IS 'Name as of the newest frame.';
COMMENT ON COLUMN hospital.prefecture IS 'JIS X 0401, 1 to 47; here because policies read it.';
COMMENT ON COLUMN hospital.municipality IS 'Five-digit municipality code, empty when not known; here because policies read it.';
COMMENT ON COLUMN hospital.successor_id IS 'The hospital it was merged into.';
COMMENT ON COLUMN hospital.recorded_at IS 'When the row was made.';

CREATE TABLE alias (
    hospital_id uuid NOT NULL REFERENCES hospital (id),
    kind text NOT NULL CHECK (kind IN ('gmis_id', 'institution_code')),
    value text NOT NULL,
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    municipality text NOT NULL DEFAULT '',
    valid_from date NOT NULL,
    valid_to date,
    PRIMARY KEY (kind, value, valid_from)
);
COMMENT ON TABLE alias IS 'An identifier that a hospital bore from one day to another.';
COMMENT ON COLUMN alias.hospital_id IS 'Whose identifier.';
COMMENT ON COLUMN alias.kind IS 'gmis_id (7 or 8 letters and digits) or institution_code (10 digits, Luhn).';
COMMENT ON COLUMN alias.value IS 'The identifier in its canonical form.';
COMMENT ON COLUMN alias.prefecture IS 'As on the hospital, for policies.';
COMMENT ON COLUMN alias.municipality IS 'As on the hospital, for policies.';
COMMENT ON COLUMN alias.valid_from IS 'First day.';
COMMENT ON COLUMN alias.valid_to IS 'Last day, NULL while it is in use.';
CREATE UNIQUE INDEX alias_in_use ON alias (kind, value) WHERE valid_to IS NULL;
CREATE INDEX alias_hospital ON alias (hospital_id);

CREATE TABLE frame (
    survey_id text NOT NULL REFERENCES survey (id),
    hospital_id uuid NOT NULL REFERENCES hospital (id),
    gmis_id text NOT NULL,
    institution_code text,
    name text NOT NULL,
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    municipality text NOT NULL DEFAULT '',
    beds integer NOT NULL CHECK (beds >= 20),
    out_of_scope_at timestamptz,
    out_of_scope_reason text,
    PRIMARY KEY (survey_id, hospital_id),
    UNIQUE (survey_id, gmis_id),
    UNIQUE (survey_id, hospital_id, prefecture, municipality),
    CHECK ((out_of_scope_at IS NULL) = (out_of_scope_reason IS NULL))
);
COMMENT ON TABLE frame IS '調査対象名簿: the hospitals that a survey is sent to, with beds and area frozen.';
COMMENT ON COLUMN frame.survey_id IS 'The survey.';
COMMENT ON COLUMN frame.hospital_id IS 'The hospital.';
COMMENT ON COLUMN frame.gmis_id IS 'Its G-MIS ID when the frame was drawn.';
COMMENT ON COLUMN frame.institution_code IS 'Its 10-digit code when the frame was drawn; NULL outside the insurance system.';
COMMENT ON COLUMN frame.name IS 'Its name when the frame was drawn.';
COMMENT ON COLUMN frame.prefecture IS 'JIS X 0401; decides rights and tables.';
COMMENT ON COLUMN frame.municipality IS 'Five-digit municipality code or empty; decides rights.';
COMMENT ON COLUMN frame.beds IS 'Licensed beds; a hospital has 20 or more.';
COMMENT ON COLUMN frame.out_of_scope_at IS 'Since when it leaves rates and weights (closed, under 20 beds).';
COMMENT ON COLUMN frame.out_of_scope_reason IS 'Why.';
CREATE INDEX frame_area ON frame (survey_id, prefecture, municipality);
CREATE INDEX frame_code ON frame (survey_id, institution_code);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['hospital', 'alias', 'frame'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY read_area ON %I FOR SELECT TO chosa_app USING (%s)', t,
            chosa_area_rule(CASE t WHEN 'hospital' THEN 'id' ELSE 'hospital_id' END));
        EXECUTE format('CREATE POLICY draw ON %I FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN (''ministry_administrator'', ''system''))', t);
        EXECUTE format('CREATE POLICY mend ON %I FOR UPDATE TO chosa_app USING ((SELECT chosa_actor()) IN (''ministry_administrator'', ''system''))', t);
    END LOOP;
END $$;
GRANT SELECT, INSERT ON hospital, alias, frame TO chosa_app;
GRANT UPDATE (name, prefecture, municipality, successor_id) ON hospital TO chosa_app;
GRANT UPDATE (valid_to) ON alias TO chosa_app;
-- Beds and area of a frame row are frozen: the only change is that it goes out of scope.
GRANT UPDATE (out_of_scope_at, out_of_scope_reason) ON frame TO chosa_app;

-- One hospital's extension, with its reason, is for those who may see that hospital; the others are public. Here because the frame is.
ALTER POLICY read_known ON extension USING ((SELECT chosa_actor()) IS NOT NULL
    AND (hospital_id IS NULL OR EXISTS (SELECT FROM frame f WHERE f.survey_id = extension.survey_id AND f.hospital_id = extension.hospital_id)));
