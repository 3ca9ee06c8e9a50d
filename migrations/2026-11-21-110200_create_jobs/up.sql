CREATE TABLE job (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('import', 'export')),
    survey_id text NOT NULL REFERENCES survey (id),
    parameters jsonb NOT NULL CHECK (jsonb_typeof(parameters) = 'object'),
    blob_sha256 bytea REFERENCES blob (sha256),
    actor text NOT NULL,
    account_id uuid,
    hospital_id uuid,
    prefecture smallint,
    municipality text NOT NULL DEFAULT '',
    actor_key text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
    state text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    phase text NOT NULL DEFAULT '',
    done integer NOT NULL DEFAULT 0,
    total integer NOT NULL DEFAULT 0,
    attempts smallint NOT NULL DEFAULT 0,
    worker uuid,
    lease_until timestamptz,
    status smallint,
    result jsonb,
    output_sha256 bytea REFERENCES blob (sha256),
    queued_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    UNIQUE (actor_key, key),
    CHECK ((state = 'running') = (worker IS NOT NULL) AND (worker IS NULL) = (lease_until IS NULL)),
    CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL)),
    CHECK (state <> 'done' OR status IS NOT NULL)
);
COMMENT ON TABLE job IS 'Work that may take longer than a request: taken by a worker with SKIP LOCKED under a lease, run whole in one transaction that also ends it, run again from the start when the lease is lost.';
COMMENT ON COLUMN job.id IS 'UUID version 7: sorts by time.';
COMMENT ON COLUMN job.kind IS 'import, export.';
COMMENT ON COLUMN job.survey_id IS 'The survey.';
COMMENT ON COLUMN job.parameters IS 'What the sender says beside the file, its name among it; empty 90 days after the job.';
COMMENT ON COLUMN job.blob_sha256 IS 'The file; NULL when it was erased or is no longer needed.';
COMMENT ON COLUMN job.actor IS 'The role of who asked; the job runs as it.';
COMMENT ON COLUMN job.account_id IS 'Who asked; NULL for the system.';
COMMENT ON COLUMN job.hospital_id IS 'The hospital that it speaks for, if it speaks for one.';
COMMENT ON COLUMN job.prefecture IS 'Its prefecture, if it speaks for one.';
COMMENT ON COLUMN job.municipality IS 'Its municipality, or empty.';
COMMENT ON COLUMN job.actor_key IS 'As in idempotency.';
COMMENT ON COLUMN job.key IS 'The Idempotency-Key that asked for it: one key, one job.';
COMMENT ON COLUMN job.request_hash IS 'SHA-256 of method, path and body: the same key with another request is refused.';
COMMENT ON COLUMN job.state IS 'queued, running, done, failed.';
COMMENT ON COLUMN job.phase IS 'reading, checking, recording, writing; for people.';
COMMENT ON COLUMN job.done IS 'Hospitals done in this phase.';
COMMENT ON COLUMN job.total IS 'Of so many; 0: not known yet.';
COMMENT ON COLUMN job.attempts IS 'How often it was taken.';
COMMENT ON COLUMN job.worker IS 'Who works on it now.';
COMMENT ON COLUMN job.lease_until IS 'By the database''s clock: until when the worker has it unless it says that it lives.';
COMMENT ON COLUMN job.status IS 'What came of it, as HTTP says it.';
COMMENT ON COLUMN job.result IS 'Of a job that is done: its answer; of a failed one: the refusal. NULL 90 days later.';
COMMENT ON COLUMN job.output_sha256 IS 'The file that an export made; NULL until then, and a week later.';
COMMENT ON COLUMN job.queued_at IS 'By the server''s clock.';
COMMENT ON COLUMN job.started_at IS 'When it was taken first, by the database''s clock.';
COMMENT ON COLUMN job.finished_at IS 'By the server''s clock.';
CREATE INDEX job_waiting ON job (queued_at) WHERE state IN ('queued', 'running');
CREATE INDEX job_blob ON job (blob_sha256);
CREATE INDEX job_output ON job (output_sha256);

ALTER TABLE job ENABLE ROW LEVEL SECURITY;
ALTER TABLE job FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON job TO chosa_app
    USING ((SELECT chosa_actor()) = 'system' OR actor = (SELECT chosa_actor()) AND account_id = (SELECT chosa_account()));
CREATE POLICY ask ON job AS RESTRICTIVE FOR INSERT TO chosa_app
    WITH CHECK (actor = (SELECT chosa_actor()) AND output_sha256 IS NULL
        AND CASE kind
            WHEN 'import' THEN (SELECT chosa_actor()) IN ('hospital', 'prefecture', 'ministry_administrator', 'system')
            WHEN 'export' THEN (SELECT chosa_actor()) <> 'operator' AND blob_sha256 IS NULL
        END
        AND (municipality = '') = ((SELECT chosa_actor()) <> 'municipality')
        AND (municipality = '' OR municipality = ANY ((SELECT chosa_municipalities())::text[]))
        AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()) AND hospital_id IS NOT DISTINCT FROM (SELECT chosa_hospital())
        AND prefecture IS NOT DISTINCT FROM (SELECT chosa_prefecture()));
-- Whoever could bind a file to a job of their own could read it: only the worker may, as the system.
CREATE POLICY deliver ON job AS RESTRICTIVE FOR UPDATE TO chosa_app USING (true)
    WITH CHECK (output_sha256 IS NULL OR (SELECT chosa_actor()) = 'system');
GRANT SELECT, INSERT ON job TO chosa_app;
GRANT UPDATE (state, phase, done, total, attempts, worker, lease_until, status, result, output_sha256, started_at, finished_at) ON job TO chosa_app;

-- A worker reads the file of the job that it does, as who asked for it; who asked reads the file that it made.
CREATE POLICY read_job ON blob FOR SELECT TO chosa_app
    USING (EXISTS (SELECT FROM job j WHERE j.blob_sha256 = sha256) OR EXISTS (SELECT FROM job j WHERE j.output_sha256 = sha256));

-- Files of jobs go with those of imports; answers of jobs as those of other writes.
CREATE POLICY erase ON job TO chosa_owner USING (true) WITH CHECK (true);
CREATE OR REPLACE FUNCTION erase_personal_data(today date, moment timestamptz)
RETURNS TABLE (respondents bigint, imports bigint, files bigint, remembered bigint, drafts bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    released bytea[];
    count_of bigint;
BEGIN
    -- A file that came to nothing is kept a day, so that somebody can ask what it was; one that was imported stays as long as the import's.
    WITH over AS (SELECT j.id, j.blob_sha256 FROM job j WHERE j.blob_sha256 IS NOT NULL AND j.finished_at < moment - interval '1 day' FOR UPDATE),
        freed AS (UPDATE job j SET blob_sha256 = NULL FROM over WHERE over.id = j.id RETURNING over.blob_sha256)
        SELECT coalesce(array_agg(DISTINCT blob_sha256), '{}') INTO released FROM freed;
    SELECT g.respondents, g.imports, g.files, g.remembered INTO respondents, imports, files, remembered FROM erase_given_data(today, moment) g;
    DELETE FROM blob b WHERE b.sha256 = ANY (released) AND NOT EXISTS (SELECT FROM import i WHERE i.blob_sha256 = b.sha256)
        AND NOT EXISTS (SELECT FROM job j WHERE j.blob_sha256 = b.sha256);
    GET DIAGNOSTICS count_of = ROW_COUNT;
    files := files + count_of;
    UPDATE job j SET result = NULL, parameters = '{}' WHERE (j.result IS NOT NULL OR j.parameters <> '{}') AND j.finished_at < moment - interval '90 days';
    GET DIAGNOSTICS count_of = ROW_COUNT;
    remembered := remembered + count_of;
    UPDATE draft d SET answers = NULL, tag = gen_random_uuid() WHERE d.answers IS NOT NULL AND d.retain_until < today;
    GET DIAGNOSTICS drafts = ROW_COUNT;
    RETURN NEXT;
END $$;
