ALTER TABLE revision ADD COLUMN received_sha256 bytea CHECK (length(received_sha256) = 32);
COMMENT ON COLUMN revision.received_sha256 IS 'SHA-256 of what was received: the body of the request, the line of the batch, or the file. NULL for revisions older than this column.';

CREATE TABLE receipt_key (
    key_id text PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{16}$'),
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    first_used_at timestamptz NOT NULL
);
COMMENT ON TABLE receipt_key IS 'Public keys that receipts were signed with. A key that was replaced stays, so that its receipts can be verified.';
COMMENT ON COLUMN receipt_key.key_id IS 'First 16 hexadecimal digits of SHA-256 of the public key.';
COMMENT ON COLUMN receipt_key.public_key IS 'Ed25519, 32 bytes.';
COMMENT ON COLUMN receipt_key.first_used_at IS 'When a server first started with it.';

ALTER TABLE receipt_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE receipt_key FORCE ROW LEVEL SECURITY;
CREATE POLICY read_known ON receipt_key FOR SELECT TO chosa_app USING ((SELECT chosa_actor()) IS NOT NULL);
CREATE POLICY register ON receipt_key FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) = 'system');
GRANT SELECT, INSERT ON receipt_key TO chosa_app;
