-- Names and contacts, and the files that they came in, go when their day is past; answers, counts and hashes stay.
-- The one function below does it all, as the owner: the application itself still deletes nothing and changes nothing that is append-only.

CREATE POLICY erase ON import TO chosa_owner USING (true) WITH CHECK (true);
CREATE POLICY erase ON import_verdict TO chosa_owner USING (true) WITH CHECK (true);
CREATE POLICY erase ON blob TO chosa_owner USING (true) WITH CHECK (true);
CREATE POLICY erase ON idempotency TO chosa_owner USING (true) WITH CHECK (true);
CREATE POLICY erase ON batch_line TO chosa_owner USING (true) WITH CHECK (true);

-- The hash of the file outlives the file.
ALTER TABLE import ADD COLUMN file_sha256 bytea CHECK (length(file_sha256) = 32);
ALTER TABLE import ADD COLUMN retain_until date;
ALTER TABLE import ADD COLUMN erased_at timestamptz;
UPDATE import SET file_sha256 = blob_sha256, retain_until = (imported_at AT TIME ZONE 'Asia/Tokyo')::date + 3 * 365;
ALTER TABLE import ALTER COLUMN file_sha256 SET NOT NULL;
ALTER TABLE import ALTER COLUMN retain_until SET NOT NULL;
ALTER TABLE import ALTER COLUMN blob_sha256 DROP NOT NULL;
ALTER TABLE import ADD CONSTRAINT import_erased_whole CHECK ((blob_sha256 IS NULL) = (erased_at IS NOT NULL)),
    ADD CONSTRAINT import_file CHECK (blob_sha256 = file_sha256);
COMMENT ON COLUMN import.blob_sha256 IS 'The file; NULL once it was erased.';
COMMENT ON COLUMN import.file_sha256 IS 'SHA-256 of the file; stays when the file goes.';
COMMENT ON COLUMN import.retain_until IS 'The day after which the file and what was quoted from it are to be erased.';
COMMENT ON COLUMN import.erased_at IS 'When they were erased.';

-- Erasing goes by the function alone.
DROP POLICY erase ON respondent;
REVOKE UPDATE (details, erased_at) ON respondent FROM chosa_app;
CREATE POLICY erase ON respondent TO chosa_owner USING (true) WITH CHECK (true);

CREATE FUNCTION without_found(faults jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT coalesce(jsonb_agg(
        CASE WHEN position(coalesce(fault ->> 'found', '') IN coalesce(fault ->> 'message', '')) > 0 AND coalesce(fault ->> 'found', '') <> ''
            THEN (fault - 'found') || '{"message": "（保存期間が過ぎたため、内容を消去しました。）"}'
            ELSE fault - 'found' END ORDER BY place), '[]')
        FROM jsonb_array_elements(faults) WITH ORDINALITY AS f(fault, place));
COMMENT ON FUNCTION without_found(jsonb) IS 'Faults without what was found in the file, which may be a name; code, place and question stay.';

CREATE FUNCTION erase_personal_data(today date, moment timestamptz)
RETURNS TABLE (respondents bigint, imports bigint, files bigint, remembered bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    past uuid[];
    past_files bytea[];
    lines bigint;
BEGIN
    IF chosa_actor() IS DISTINCT FROM 'system' THEN
        RAISE EXCEPTION 'only the system erases personal data' USING ERRCODE = 'insufficient_privilege';
    END IF;

    UPDATE respondent r SET details = NULL, erased_at = moment WHERE r.erased_at IS NULL AND r.retain_until < today;
    GET DIAGNOSTICS respondents = ROW_COUNT;

    SELECT coalesce(array_agg(i.id), '{}'), coalesce(array_agg(DISTINCT i.blob_sha256), '{}') INTO past, past_files
        FROM import i WHERE i.erased_at IS NULL AND i.retain_until < today;
    imports := cardinality(past);
    UPDATE import i SET blob_sha256 = NULL, file_name = '', faults = without_found(i.faults), erased_at = moment WHERE i.id = ANY (past);
    -- What stood in place of an identifier may be anything; an identifier is no personal data.
    UPDATE import_verdict v SET faults = without_found(v.faults), hospital = CASE WHEN v.hospital ~ '^[0-9A-Z]{7,8}$' THEN v.hospital ELSE '' END
        WHERE v.import_id = ANY (past);
    -- The same file may have come again later: then it stays as long as that import's.
    DELETE FROM blob b WHERE b.sha256 = ANY (past_files) AND NOT EXISTS (SELECT FROM import i WHERE i.blob_sha256 = b.sha256);
    GET DIAGNOSTICS files = ROW_COUNT;

    -- An answer under an Idempotency-Key is for a client that asks again within minutes; it quotes faults.
    DELETE FROM idempotency k WHERE k.made_at < moment - interval '90 days';
    GET DIAGNOSTICS remembered = ROW_COUNT;
    DELETE FROM batch_line k WHERE k.made_at < moment - interval '90 days';
    GET DIAGNOSTICS lines = ROW_COUNT;
    remembered := remembered + lines;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION erase_personal_data(date, timestamptz) IS 'Erases respondents and uploads whose day is past, and answers remembered for 90 days. For the system only; answers, codes, counts and hashes are not touched.';
REVOKE EXECUTE ON FUNCTION erase_personal_data(date, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_personal_data(date, timestamptz) TO chosa_app;
