-- What was erased stays erased: such rows get words in place of theirs, so that the old shape holds.
DROP FUNCTION erase_personal_data(date, timestamptz);
CREATE FUNCTION erase_personal_data(today date, moment timestamptz)
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
COMMENT ON FUNCTION erase_personal_data(date, timestamptz) IS 'Erases respondents, uploads and drafts whose day is past, and answers remembered for 90 days. For the system only; answers, codes, counts and hashes are not touched.';
REVOKE EXECUTE ON FUNCTION erase_personal_data(date, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_personal_data(date, timestamptz) TO chosa_app;
CREATE OR REPLACE FUNCTION erase_given_data(today date, moment timestamptz)
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
DROP FUNCTION without_texts(jsonb);

DROP POLICY whole ON submission_event;
DROP POLICY erase ON submission_event;
ALTER TABLE submission_event DROP COLUMN erased_at;
COMMENT ON COLUMN submission_event.comments IS 'Of a return: question key (or null: all of it) and text.';
COMMENT ON COLUMN submission_event.reason IS 'Of a withdrawal: why, if it was said.';

DROP POLICY whole ON enrolment;
ALTER TABLE enrolment DROP CONSTRAINT enrolment_erased_whole;
UPDATE enrolment SET email = 'erased@example.invalid' WHERE email IS NULL;
ALTER TABLE enrolment ALTER COLUMN email SET NOT NULL, DROP COLUMN erased_at;
COMMENT ON COLUMN enrolment.email IS 'Where the link goes. The newest one of a hospital is where its reminders go too.';

DROP INDEX outbox_enrolment;
ALTER TABLE outbox DROP CONSTRAINT outbox_erased_recipient, DROP CONSTRAINT outbox_erased_settled, DROP CONSTRAINT outbox_erased_whole;
UPDATE outbox SET recipient = coalesce(recipient, 'erased@example.invalid'), subject = coalesce(subject, '-'), body = coalesce(body, '')
    WHERE erased_at IS NOT NULL;
ALTER TABLE outbox ALTER COLUMN recipient SET NOT NULL, ALTER COLUMN subject SET NOT NULL, ALTER COLUMN body SET NOT NULL, DROP COLUMN erased_at;
COMMENT ON COLUMN outbox.recipient IS 'E-mail address.';
COMMENT ON COLUMN outbox.subject IS 'One line.';
COMMENT ON COLUMN outbox.body IS 'Plain text. In place of a link stands {link}: the link itself is stored nowhere.';
COMMENT ON COLUMN outbox.last_error IS 'What the mail server said last.';
DROP POLICY erase ON outbox;
