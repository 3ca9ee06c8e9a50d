-- What was erased stays erased: such imports get an empty file in place of theirs, so that the old shape holds.
DROP FUNCTION erase_personal_data(date, timestamptz);
ALTER TABLE import DROP CONSTRAINT import_erased_whole, DROP CONSTRAINT import_file;
INSERT INTO blob (sha256, bytes) SELECT DISTINCT file_sha256, ''::bytea FROM import WHERE blob_sha256 IS NULL ON CONFLICT DO NOTHING;
UPDATE import SET blob_sha256 = file_sha256 WHERE blob_sha256 IS NULL;
ALTER TABLE import ALTER COLUMN blob_sha256 SET NOT NULL;
ALTER TABLE import DROP COLUMN erased_at, DROP COLUMN retain_until, DROP COLUMN file_sha256;
COMMENT ON COLUMN import.blob_sha256 IS 'The file.';
DROP FUNCTION without_found(jsonb);
DROP POLICY erase ON respondent;
DROP POLICY erase ON import;
DROP POLICY erase ON import_verdict;
DROP POLICY erase ON blob;
DROP POLICY erase ON idempotency;
DROP POLICY erase ON batch_line;
CREATE POLICY erase ON respondent FOR UPDATE TO chosa_app USING ((SELECT chosa_actor()) = 'system');
GRANT UPDATE (details, erased_at) ON respondent TO chosa_app;
