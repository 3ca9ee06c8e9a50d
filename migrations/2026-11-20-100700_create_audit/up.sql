CREATE TABLE audit (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    account_id uuid,
    action text NOT NULL,
    survey_id text,
    hospital_id uuid,
    prefecture smallint,
    municipality text NOT NULL DEFAULT '',
    details jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE audit IS 'Who did what: a plain INSERT in the transaction of the act, reads of personal data included. Append-only.';
COMMENT ON COLUMN audit.id IS 'UUID version 7: sorts by time.';
COMMENT ON COLUMN audit.at IS 'By the server''s clock.';
COMMENT ON COLUMN audit.actor IS 'The role.';
COMMENT ON COLUMN audit.account_id IS 'The account; NULL for the system.';
COMMENT ON COLUMN audit.action IS 'Verb and noun: submit_answers, import_answers, read_respondent.';
COMMENT ON COLUMN audit.survey_id IS 'The survey, where there is one.';
COMMENT ON COLUMN audit.hospital_id IS 'The hospital, where there is one.';
COMMENT ON COLUMN audit.prefecture IS 'The prefecture, where there is one.';
COMMENT ON COLUMN audit.municipality IS 'Empty; for later area rules.';
COMMENT ON COLUMN audit.details IS 'What else explains the act; never personal data.';
CREATE INDEX audit_hospital ON audit (hospital_id, id);

CREATE TABLE idempotency (
    actor_key text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
    status smallint NOT NULL,
    response jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (actor_key, key)
);
COMMENT ON TABLE idempotency IS 'What was answered to a write that came with an Idempotency-Key, committed together with the write.';
COMMENT ON COLUMN idempotency.actor_key IS 'The account: keys of different senders never meet.';
COMMENT ON COLUMN idempotency.key IS 'As sent.';
COMMENT ON COLUMN idempotency.request_hash IS 'SHA-256 of method, path and body: the same key with another request is refused.';
COMMENT ON COLUMN idempotency.status IS 'HTTP status of the answer.';
COMMENT ON COLUMN idempotency.response IS 'Body of the answer.';
COMMENT ON COLUMN idempotency.made_at IS 'By the server''s clock.';

ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit FORCE ROW LEVEL SECURITY;
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY read ON audit FOR SELECT TO chosa_app USING ((SELECT chosa_actor()) IN ('ministry_administrator', 'operator', 'system'));
-- Whoever acts writes that it acted, in its own name only.
CREATE POLICY note ON audit FOR INSERT TO chosa_app WITH CHECK (actor = (SELECT chosa_actor()) AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()));
CREATE POLICY own ON idempotency TO chosa_app
    USING (actor_key = coalesce((SELECT chosa_account())::text, (SELECT chosa_actor())))
    WITH CHECK (actor_key = coalesce((SELECT chosa_account())::text, (SELECT chosa_actor())));
GRANT SELECT, INSERT ON audit, idempotency TO chosa_app;
