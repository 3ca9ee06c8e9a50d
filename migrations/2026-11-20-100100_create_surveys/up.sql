CREATE TABLE survey (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-z_-]{1,32}$'),
    title text NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE survey IS '調査: the survey of one year; has editions, windows and a frame.';
COMMENT ON COLUMN survey.id IS 'The year as it is spoken of: 2022, 2024.';
COMMENT ON COLUMN survey.title IS 'The Japanese title of the survey.';
COMMENT ON COLUMN survey.registered_at IS 'When this database first knew the survey.';

CREATE TABLE edition (
    id text PRIMARY KEY,
    survey_id text NOT NULL REFERENCES survey (id),
    hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    layout_hash text NOT NULL CHECK (layout_hash ~ '^[0-9a-f]{64}$'),
    registered_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE edition IS '調査票の版: one printed version of a survey''s questionnaire. Frozen once answered: the server refuses to start when its own data has another hash.';
COMMENT ON COLUMN edition.id IS 'Survey and name of the printing: 2022-january, 2022-march, 2024-first.';
COMMENT ON COLUMN edition.survey_id IS 'The survey that it belongs to.';
COMMENT ON COLUMN edition.hash IS 'SHA-256 of the edition''s canonical form; stands on every revision too.';
COMMENT ON COLUMN edition.layout_hash IS 'SHA-256 of the slot layout that codes are written in.';
COMMENT ON COLUMN edition.registered_at IS 'When this database first knew the edition.';

CREATE TABLE survey_window (
    id uuid PRIMARY KEY,
    survey_id text NOT NULL REFERENCES survey (id),
    opens timestamptz NOT NULL,
    closes timestamptz NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    account_id uuid,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CHECK (opens < closes)
);
COMMENT ON TABLE survey_window IS '調査期間: when a survey takes answers. A reopening is a further row with its reason.';
COMMENT ON COLUMN survey_window.id IS 'Made by the server.';
COMMENT ON COLUMN survey_window.survey_id IS 'The survey that is open.';
COMMENT ON COLUMN survey_window.opens IS 'First instant.';
COMMENT ON COLUMN survey_window.closes IS 'Last second, included.';
COMMENT ON COLUMN survey_window.reason IS 'Why: "notice" for the printed period, the reason given for a reopening.';
COMMENT ON COLUMN survey_window.account_id IS 'Who reopened it; NULL for the printed period and for the system.';
COMMENT ON COLUMN survey_window.recorded_at IS 'When the row was made.';
CREATE INDEX survey_window_survey ON survey_window (survey_id);

CREATE TABLE extension (
    id uuid PRIMARY KEY,
    survey_id text NOT NULL REFERENCES survey (id),
    hospital_id uuid,
    prefecture smallint CHECK (prefecture BETWEEN 1 AND 47),
    municipality text CHECK (municipality ~ '^[0-9]{5}$'),
    until timestamptz NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    account_id uuid,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CHECK (num_nonnulls(hospital_id, prefecture, municipality) = 1)
);
COMMENT ON TABLE extension IS '期限延長: one hospital or one area may answer longer.';
COMMENT ON COLUMN extension.id IS 'Made by the server.';
COMMENT ON COLUMN extension.survey_id IS 'The survey that is extended.';
COMMENT ON COLUMN extension.hospital_id IS 'For one hospital, or';
COMMENT ON COLUMN extension.prefecture IS 'for a prefecture, or';
COMMENT ON COLUMN extension.municipality IS 'for a municipality: exactly one of the three.';
COMMENT ON COLUMN extension.until IS 'Last second, included.';
COMMENT ON COLUMN extension.reason IS 'Why it was granted.';
COMMENT ON COLUMN extension.account_id IS 'Who granted it.';
COMMENT ON COLUMN extension.recorded_at IS 'When the row was made.';
CREATE INDEX extension_survey ON extension (survey_id);

CREATE TABLE survey_change (
    survey_id text NOT NULL REFERENCES survey (id),
    shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 15),
    changes bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (survey_id, shard)
);
COMMENT ON TABLE survey_change IS 'The change counter of a survey: the sum over its shards moves with every change of what is counted. Sixteen rows, so that commits do not wait for one another on a single one.';
COMMENT ON COLUMN survey_change.survey_id IS 'The survey.';
COMMENT ON COLUMN survey_change.shard IS 'By the connection that commits.';
COMMENT ON COLUMN survey_change.changes IS 'Transactions that changed what is counted, so far.';

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['survey', 'edition', 'survey_window', 'extension', 'survey_change'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY read_known ON %I FOR SELECT TO chosa_app USING ((SELECT chosa_actor()) IS NOT NULL)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['survey', 'edition'] LOOP
        EXECUTE format('CREATE POLICY register ON %I FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) = ''system'')', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['survey_window', 'extension'] LOOP
        EXECUTE format('CREATE POLICY grant_time ON %I FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN (''ministry_administrator'', ''system''))', t);
    END LOOP;
END $$;
CREATE POLICY count_changes ON survey_change TO chosa_owner USING (true) WITH CHECK (true);
-- The owner's trigger below reads the surveys that it makes counters for.
CREATE POLICY owner_reads ON survey FOR SELECT TO chosa_owner USING (true);

GRANT SELECT, INSERT ON survey, edition, survey_window, extension TO chosa_app;
GRANT SELECT ON survey_change TO chosa_app;

CREATE FUNCTION make_survey_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO survey_change (survey_id, shard) SELECT NEW.id, s FROM generate_series(0, 15) AS s;
    RETURN NULL;
END $$;
CREATE TRIGGER make_survey_change AFTER INSERT ON survey FOR EACH ROW EXECUTE FUNCTION make_survey_change();
