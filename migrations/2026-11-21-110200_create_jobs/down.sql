-- Jobs that wait are lost; their senders have no answer and send again.
CREATE OR REPLACE FUNCTION erase_personal_data(today date, moment timestamptz)
RETURNS TABLE (respondents bigint, imports bigint, files bigint, remembered bigint, drafts bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    SELECT g.respondents, g.imports, g.files, g.remembered INTO respondents, imports, files, remembered FROM erase_given_data(today, moment) g;
    UPDATE draft d SET answers = NULL, tag = gen_random_uuid() WHERE d.answers IS NOT NULL AND d.retain_until < today;
    GET DIAGNOSTICS drafts = ROW_COUNT;
    RETURN NEXT;
END $$;
DROP POLICY read_job ON blob;
DROP TABLE job;
