CREATE TABLE release (
    id uuid PRIMARY KEY,
    survey_id text NOT NULL REFERENCES survey (id),
    number integer NOT NULL CHECK (number > 0),
    note text NOT NULL,
    as_of timestamptz NOT NULL,
    changes bigint NOT NULL,
    layout_hash text NOT NULL,
    program_version text NOT NULL,
    compared_with uuid REFERENCES release (id),
    hospitals integer NOT NULL,
    responses integer NOT NULL CHECK (responses BETWEEN 0 AND hospitals),
    suppression jsonb NOT NULL CHECK (jsonb_typeof(suppression) = 'object'),
    actor text NOT NULL,
    account_id uuid,
    made_at timestamptz NOT NULL,
    UNIQUE (survey_id, number),
    CHECK (number = 1 OR note <> '')
);
COMMENT ON TABLE release IS 'Published statistics (公表版) of a survey: numbered, never changed; a correction is a further one that says what it corrects.';
COMMENT ON COLUMN release.id IS 'UUID version 7: sorts by time.';
COMMENT ON COLUMN release.survey_id IS 'The survey.';
COMMENT ON COLUMN release.number IS '第n版: 1, 2, ... without gaps.';
COMMENT ON COLUMN release.note IS 'What it corrects, or what is to be known of it; empty at most in the first.';
COMMENT ON COLUMN release.as_of IS 'The moment to which the answers are counted: the last change before it was read.';
COMMENT ON COLUMN release.changes IS 'The survey''s change counter in the same snapshot.';
COMMENT ON COLUMN release.layout_hash IS 'Of the codes that were counted.';
COMMENT ON COLUMN release.program_version IS 'The program that made it.';
COMMENT ON COLUMN release.compared_with IS 'The release of the earlier survey beside which its trends stand; NULL: it has none.';
COMMENT ON COLUMN release.hospitals IS 'Hospitals of the frame in scope.';
COMMENT ON COLUMN release.responses IS 'Of those, the ones that are counted.';
COMMENT ON COLUMN release.suppression IS 'rule: its numbers; hidden: each hidden distribution with its domain, question and reason; report: how much is hidden.';
COMMENT ON COLUMN release.actor IS 'The role of who made it.';
COMMENT ON COLUMN release.account_id IS 'Who made it; NULL for the system.';
COMMENT ON COLUMN release.made_at IS 'By the server''s clock.';

CREATE TABLE release_member (
    release_id uuid NOT NULL REFERENCES release (id),
    hospital_id uuid NOT NULL REFERENCES hospital (id),
    prefecture smallint NOT NULL,
    municipality text NOT NULL,
    beds integer NOT NULL,
    submission_id uuid,
    revision integer,
    PRIMARY KEY (release_id, hospital_id),
    CHECK ((submission_id IS NULL) = (revision IS NULL)),
    FOREIGN KEY (submission_id, revision) REFERENCES revision (submission_id, number)
);
COMMENT ON TABLE release_member IS 'What a release was counted from: each hospital of the frame in scope, with the revision that counted, so that it can be counted again and a correction is compared hospital by hospital.';
COMMENT ON COLUMN release_member.release_id IS 'The release.';
COMMENT ON COLUMN release_member.hospital_id IS 'The hospital.';
COMMENT ON COLUMN release_member.prefecture IS 'JIS X 0401, as it was in the frame.';
COMMENT ON COLUMN release_member.municipality IS 'Five digits or empty, as it was in the frame.';
COMMENT ON COLUMN release_member.beds IS 'Licensed beds, as they were in the frame.';
COMMENT ON COLUMN release_member.submission_id IS 'The submission that counted; NULL: it had not answered.';
COMMENT ON COLUMN release_member.revision IS 'Its revision.';

CREATE TABLE release_file (
    release_id uuid NOT NULL REFERENCES release (id),
    name text NOT NULL CHECK (name ~ '^[a-z0-9_]+[.][a-z]+$'),
    media_type text NOT NULL,
    blob_sha256 bytea NOT NULL REFERENCES blob (sha256),
    size bigint NOT NULL,
    restricted boolean NOT NULL,
    PRIMARY KEY (release_id, name)
);
COMMENT ON TABLE release_file IS 'The files of a release, made once and stored.';
COMMENT ON COLUMN release_file.release_id IS 'The release.';
COMMENT ON COLUMN release_file.name IS 'What it is called.';
COMMENT ON COLUMN release_file.media_type IS 'Its media type.';
COMMENT ON COLUMN release_file.blob_sha256 IS 'Its bytes.';
COMMENT ON COLUMN release_file.size IS 'Bytes.';
COMMENT ON COLUMN release_file.restricted IS 'Whether it is for the ministry only: micro-data. All else is public.';
CREATE INDEX release_file_blob ON release_file (blob_sha256);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['release', 'release_member', 'release_file'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY publish ON %I FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN (''ministry_administrator'', ''system''))', name);
    END LOOP;
END $$;
-- Published: for whoever is signed in.
CREATE POLICY read_published ON release FOR SELECT TO chosa_app
    USING ((SELECT chosa_actor()) IN ('hospital', 'municipality', 'prefecture', 'ministry_analyst', 'ministry_administrator', 'operator', 'system'));
CREATE POLICY read_counted ON release_member FOR SELECT TO chosa_app
    USING ((SELECT chosa_actor()) IN ('ministry_analyst', 'ministry_administrator', 'system'));
CREATE POLICY read_published ON release_file FOR SELECT TO chosa_app
    USING (CASE WHEN restricted THEN (SELECT chosa_actor()) IN ('ministry_analyst', 'ministry_administrator', 'system')
        ELSE (SELECT chosa_actor()) IN ('hospital', 'municipality', 'prefecture', 'ministry_analyst', 'ministry_administrator', 'operator', 'system') END);
CREATE POLICY read_release ON blob FOR SELECT TO chosa_app USING (EXISTS (SELECT FROM release_file f WHERE f.blob_sha256 = sha256));
GRANT SELECT, INSERT ON release, release_member, release_file TO chosa_app;

-- Whatever erases files (of imports, of jobs): one that a release names too stays.
CREATE POLICY keep ON release_file FOR SELECT TO chosa_owner USING (true);
CREATE FUNCTION keep_released_file() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM release_file f WHERE f.blob_sha256 = OLD.sha256) THEN
        RETURN NULL;
    END IF;
    RETURN OLD;
END $$;
COMMENT ON FUNCTION keep_released_file() IS 'Leaves a file where it is that a release names.';
CREATE TRIGGER keep_released BEFORE DELETE ON blob FOR EACH ROW EXECUTE FUNCTION keep_released_file();

ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('import', 'export', 'release'));
COMMENT ON COLUMN job.kind IS 'import, export, release.';
DROP POLICY ask ON job;
CREATE POLICY ask ON job AS RESTRICTIVE FOR INSERT TO chosa_app
    WITH CHECK (actor = (SELECT chosa_actor()) AND output_sha256 IS NULL
        AND CASE kind
            WHEN 'import' THEN (SELECT chosa_actor()) IN ('hospital', 'prefecture', 'ministry_administrator', 'system')
            WHEN 'export' THEN (SELECT chosa_actor()) <> 'operator' AND blob_sha256 IS NULL
            WHEN 'release' THEN (SELECT chosa_actor()) IN ('ministry_administrator', 'system') AND blob_sha256 IS NULL
        END
        AND (municipality = '') = ((SELECT chosa_actor()) <> 'municipality')
        AND (municipality = '' OR municipality = ANY ((SELECT chosa_municipalities())::text[]))
        AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()) AND hospital_id IS NOT DISTINCT FROM (SELECT chosa_hospital())
        AND prefecture IS NOT DISTINCT FROM (SELECT chosa_prefecture()));
