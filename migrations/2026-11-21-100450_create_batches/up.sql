CREATE TABLE batch_line (
    actor_key text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    line integer NOT NULL CHECK (line >= 1),
    request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
    verdict jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (actor_key, key, line)
);
COMMENT ON TABLE batch_line IS 'What became of each line of a batch that left something, committed together with its group of lines: a batch that is sent again goes on where it stopped.';
COMMENT ON COLUMN batch_line.actor_key IS 'The account, as in idempotency.';
COMMENT ON COLUMN batch_line.key IS 'The Idempotency-Key of the batch.';
COMMENT ON COLUMN batch_line.line IS 'Number of the line in the body, from 1.';
COMMENT ON COLUMN batch_line.request_hash IS 'SHA-256 of survey and line: the same line number with other content is refused.';
COMMENT ON COLUMN batch_line.verdict IS 'As it was answered.';
COMMENT ON COLUMN batch_line.made_at IS 'By the server''s clock.';

ALTER TABLE batch_line ENABLE ROW LEVEL SECURITY;
ALTER TABLE batch_line FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON batch_line TO chosa_app
    USING (actor_key = coalesce((SELECT chosa_account())::text, (SELECT chosa_actor())))
    WITH CHECK (actor_key = coalesce((SELECT chosa_account())::text, (SELECT chosa_actor())));
GRANT SELECT, INSERT ON batch_line TO chosa_app;
