-- Mail addresses, the words of mails, and comments on answers are personal data too, and go as the rest does: by the one function, for the system only.
-- Counts, states and dates stay, and so does the address by which a living account is reached.

CREATE POLICY erase ON outbox TO chosa_owner USING (true) WITH CHECK (true);
CREATE POLICY erase ON submission_event TO chosa_owner USING (true) WITH CHECK (true);

ALTER TABLE outbox ALTER COLUMN recipient DROP NOT NULL, ALTER COLUMN subject DROP NOT NULL, ALTER COLUMN body DROP NOT NULL,
    ADD COLUMN erased_at timestamptz,
    ADD CONSTRAINT outbox_erased_whole CHECK ((body IS NULL) = (erased_at IS NOT NULL) AND (subject IS NULL) = (erased_at IS NOT NULL)),
    ADD CONSTRAINT outbox_erased_settled CHECK (erased_at IS NULL OR settled_at IS NOT NULL),
    ADD CONSTRAINT outbox_erased_recipient CHECK (recipient IS NOT NULL OR erased_at IS NOT NULL);
COMMENT ON COLUMN outbox.recipient IS 'E-mail address; NULL once erased. One that the mail server refused stays as long as the enrolment that it came from, so that nobody writes to it again.';
COMMENT ON COLUMN outbox.subject IS 'One line; NULL once erased.';
COMMENT ON COLUMN outbox.body IS 'Plain text; NULL once erased. In place of a link stands {link}: the link itself is stored nowhere.';
COMMENT ON COLUMN outbox.last_error IS 'What the mail server said last, which may quote the address and goes with it.';
COMMENT ON COLUMN outbox.erased_at IS 'When the words were erased, 90 days or more after settled_at.';

CREATE INDEX outbox_enrolment ON outbox (enrolment_id);

ALTER TABLE enrolment ALTER COLUMN email DROP NOT NULL, ADD COLUMN erased_at timestamptz,
    ADD CONSTRAINT enrolment_erased_whole CHECK ((email IS NULL) = (erased_at IS NOT NULL));
COMMENT ON COLUMN enrolment.email IS 'Where the link goes; NULL once erased. The newest one of a hospital is where its reminders go too.';
COMMENT ON COLUMN enrolment.erased_at IS 'When the address was erased, 90 days or more after the link was used up, replaced or past its day, or its account was closed.';
-- Nobody makes one without an address.
CREATE POLICY whole ON enrolment AS RESTRICTIVE FOR INSERT TO chosa_app WITH CHECK (email IS NOT NULL);

ALTER TABLE submission_event ADD COLUMN erased_at timestamptz;
COMMENT ON COLUMN submission_event.comments IS 'Of a return: question key (or null: all of it) and text; the texts go when a respondent''s name would.';
COMMENT ON COLUMN submission_event.reason IS 'Of a withdrawal: why, if it was said; NULL once erased.';
COMMENT ON COLUMN submission_event.erased_at IS 'When texts and reason were erased.';
CREATE POLICY whole ON submission_event AS RESTRICTIVE FOR INSERT TO chosa_app WITH CHECK (erased_at IS NULL);

CREATE FUNCTION without_texts(comments jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT coalesce(jsonb_agg(comment || '{"text": "（保存期間が過ぎたため、内容を消去しました。）"}' ORDER BY place), '[]')
        FROM jsonb_array_elements(comments) WITH ORDINALITY AS c(comment, place));
COMMENT ON FUNCTION without_texts(jsonb) IS 'Comments of a return without what they say, which may speak of people; the questions stay.';

-- The file of an import whose day is past may be that of a job too: then the job lets go of it first.
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
    -- The same file may have come again later: then it stays as long as that import's, or until that job lets go of it.
    DELETE FROM blob b WHERE b.sha256 = ANY (past_files) AND NOT EXISTS (SELECT FROM import i WHERE i.blob_sha256 = b.sha256)
        AND NOT EXISTS (SELECT FROM job j WHERE j.blob_sha256 = b.sha256 OR j.output_sha256 = b.sha256);
    GET DIAGNOSTICS files = ROW_COUNT;

    -- An answer under an Idempotency-Key is for a client that asks again within minutes; it quotes faults.
    DELETE FROM idempotency k WHERE k.made_at < moment - interval '90 days';
    GET DIAGNOSTICS remembered = ROW_COUNT;
    DELETE FROM batch_line k WHERE k.made_at < moment - interval '90 days';
    GET DIAGNOSTICS lines = ROW_COUNT;
    remembered := remembered + lines;
    RETURN NEXT;
END $$;

DROP FUNCTION erase_personal_data(date, timestamptz);
CREATE FUNCTION erase_personal_data(today date, moment timestamptz)
RETURNS TABLE (respondents bigint, imports bigint, files bigint, remembered bigint, drafts bigint, comments bigint, addresses bigint, mails bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    -- Answers to repeated requests, mails that are done with, and links that are: nobody asks after them later.
    forgotten constant timestamptz := moment - interval '90 days';
    released bytea[];
    count_of bigint;
BEGIN
    -- A file that came to nothing is kept a day, so that somebody can ask what it was; one that was imported stays as long as the import's.
    WITH over AS (SELECT j.id, j.blob_sha256 FROM job j WHERE j.blob_sha256 IS NOT NULL AND j.finished_at < moment - interval '1 day' FOR UPDATE),
        freed AS (UPDATE job j SET blob_sha256 = NULL FROM over WHERE over.id = j.id RETURNING over.blob_sha256)
        SELECT coalesce(array_agg(DISTINCT freed.blob_sha256), '{}') INTO released FROM freed;
    -- What an export made can be fetched for a week.
    WITH over AS (SELECT j.id, j.output_sha256 FROM job j WHERE j.output_sha256 IS NOT NULL AND j.finished_at < moment - interval '7 days' FOR UPDATE),
        freed AS (UPDATE job j SET output_sha256 = NULL FROM over WHERE over.id = j.id RETURNING over.output_sha256)
        SELECT released || coalesce(array_agg(DISTINCT freed.output_sha256), '{}') INTO released FROM freed;
    SELECT g.respondents, g.imports, g.files, g.remembered INTO respondents, imports, files, remembered FROM erase_given_data(today, moment) g;
    DELETE FROM blob b WHERE b.sha256 = ANY (released) AND NOT EXISTS (SELECT FROM import i WHERE i.blob_sha256 = b.sha256)
        AND NOT EXISTS (SELECT FROM job j WHERE j.blob_sha256 = b.sha256 OR j.output_sha256 = b.sha256);
    GET DIAGNOSTICS count_of = ROW_COUNT;
    files := files + count_of;
    UPDATE job j SET result = NULL, parameters = '{}' WHERE (j.result IS NOT NULL OR j.parameters <> '{}') AND j.finished_at < forgotten;
    GET DIAGNOSTICS count_of = ROW_COUNT;
    remembered := remembered + count_of;
    UPDATE draft d SET answers = NULL, tag = gen_random_uuid() WHERE d.answers IS NOT NULL AND d.retain_until < today;
    GET DIAGNOSTICS drafts = ROW_COUNT;

    -- What was said about answers is kept as long as who gave them: app::erasure::LIFE.
    UPDATE submission_event e SET comments = without_texts(e.comments), reason = NULL, erased_at = moment
        WHERE e.erased_at IS NULL AND (e.comments <> '[]' OR e.reason IS NOT NULL) AND (e.happened_at AT TIME ZONE 'Asia/Tokyo')::date + 3 * 365 < today;
    GET DIAGNOSTICS comments = ROW_COUNT;

    -- In use is the address of an account that lives and has a password: lost passwords and reminders go there. Of every other the last moment counts
    -- at which its link could still be of use.
    UPDATE enrolment e SET email = NULL, erased_at = moment FROM account a
        WHERE a.id = e.subject_id AND e.email IS NOT NULL
        AND CASE
            WHEN e.purpose = 'enrol' AND e.used_at IS NOT NULL THEN a.disabled_at
            WHEN e.purpose = 'enrol' AND a.password_hash <> '!' AND a.disabled_at IS NULL
                AND NOT EXISTS (SELECT FROM enrolment n WHERE n.subject_id = e.subject_id AND n.purpose = e.purpose AND n.id > e.id) THEN NULL
            ELSE least(
                coalesce(e.used_at, e.expires_at, (SELECT max(o.settled_at) FROM outbox o WHERE o.enrolment_id = e.id)),
                (SELECT min(n.made_at) FROM enrolment n WHERE n.subject_id = e.subject_id AND n.purpose = e.purpose AND n.id > e.id),
                a.disabled_at)
            END < forgotten;
    GET DIAGNOSTICS addresses = ROW_COUNT;

    UPDATE outbox o SET subject = NULL, body = NULL, erased_at = moment WHERE o.erased_at IS NULL AND o.settled_at < forgotten;
    GET DIAGNOSTICS mails = ROW_COUNT;
    -- That an address was refused is known by the mail alone: it stays while somebody might write there again.
    UPDATE outbox o SET recipient = NULL, last_error = NULL WHERE o.erased_at IS NOT NULL AND o.recipient IS NOT NULL
        AND NOT (o.state = 'undeliverable' AND EXISTS (SELECT FROM enrolment e WHERE e.hospital_id = o.hospital_id AND e.email = o.recipient));
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION erase_personal_data(date, timestamptz) IS 'Erases respondents, uploads, comments and drafts whose day is past; answers remembered, mails sent or given up, and addresses no longer in use after 90 days. For the system only; answers, codes, counts, states and hashes are not touched.';
REVOKE EXECUTE ON FUNCTION erase_personal_data(date, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_personal_data(date, timestamptz) TO chosa_app;
