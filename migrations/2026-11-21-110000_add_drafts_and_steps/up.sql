-- Where an act came from, beside who did it: set by the server with the actor, kept by the row itself.
CREATE FUNCTION chosa_origin() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('chosa.origin', true), '');
COMMENT ON FUNCTION chosa_origin() IS 'The network address that the request of this transaction came from; NULL for commands and jobs.';
ALTER TABLE audit ADD COLUMN origin text DEFAULT chosa_origin();
ALTER TABLE revision ADD COLUMN origin text DEFAULT chosa_origin();
COMMENT ON COLUMN audit.origin IS 'Network address of who asked, as the server saw it; NULL for commands and jobs.';
COMMENT ON COLUMN revision.origin IS 'Network address that it came from, as the server saw it; NULL for commands and jobs.';

-- A submission's version counts its steps, so that nobody decides about something else than what they saw.
ALTER TABLE submission ADD COLUMN version integer NOT NULL DEFAULT 0 CHECK (version >= latest_revision), ADD COLUMN resubmit_until timestamptz;
ALTER TABLE revision ADD COLUMN version integer CHECK (version >= number);
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE submission NO FORCE ROW LEVEL SECURITY;
ALTER TABLE revision NO FORCE ROW LEVEL SECURITY;
UPDATE submission SET version = latest_revision;
UPDATE revision SET version = number;
ALTER TABLE submission FORCE ROW LEVEL SECURITY;
ALTER TABLE revision FORCE ROW LEVEL SECURITY;
ALTER TABLE revision ALTER COLUMN version SET NOT NULL;
COMMENT ON COLUMN submission.version IS 'How many steps it has made: revisions and events. The ETag of the submission.';
COMMENT ON COLUMN submission.resubmit_until IS 'While returned: until when it may be submitted again, whatever the windows say; NULL: as the windows say.';
COMMENT ON COLUMN revision.version IS 'The version that the submission had with this step.';
GRANT UPDATE (version, resubmit_until) ON submission TO chosa_app;
-- A hospital neither returns nor accepts its own answers.
CREATE POLICY hospital_steps ON submission AS RESTRICTIVE FOR UPDATE TO chosa_app
    USING (true) WITH CHECK ((SELECT chosa_actor()) <> 'hospital' OR state IN ('draft', 'submitted', 'withdrawn'));

CREATE TABLE submission_event (
    id uuid PRIMARY KEY,
    submission_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 2),
    survey_id text NOT NULL,
    hospital_id uuid NOT NULL,
    prefecture smallint NOT NULL,
    municipality text NOT NULL,
    step text NOT NULL CHECK (step IN ('withdraw', 'return', 'accept')),
    revision integer NOT NULL CHECK (revision >= 1),
    comments jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(comments) = 'array'),
    reason text,
    resubmit_until timestamptz,
    actor text NOT NULL,
    account_id uuid,
    happened_at timestamptz NOT NULL,
    origin text DEFAULT chosa_origin(),
    UNIQUE (submission_id, version),
    FOREIGN KEY (submission_id, survey_id, hospital_id, prefecture, municipality)
        REFERENCES submission (id, survey_id, hospital_id, prefecture, municipality),
    CHECK (step = 'return' OR resubmit_until IS NULL),
    CHECK ((step = 'return') = (comments <> '[]'))
);
COMMENT ON TABLE submission_event IS 'A step of a submission that is no revision: pulled back, returned, accepted. Append-only; with the revisions, ordered by version, it is the history.';
COMMENT ON COLUMN submission_event.id IS 'UUID version 7: sorts by time.';
COMMENT ON COLUMN submission_event.submission_id IS 'The submission.';
COMMENT ON COLUMN submission_event.version IS 'The version that the submission had with this step.';
COMMENT ON COLUMN submission_event.survey_id IS 'As on the submission.';
COMMENT ON COLUMN submission_event.hospital_id IS 'As on the submission, for policies.';
COMMENT ON COLUMN submission_event.prefecture IS 'As on the submission, for policies.';
COMMENT ON COLUMN submission_event.municipality IS 'As on the submission, for policies.';
COMMENT ON COLUMN submission_event.step IS 'withdraw (引き戻し), return (差戻し), accept (確認).';
COMMENT ON COLUMN submission_event.revision IS 'The revision that it was about.';
COMMENT ON COLUMN submission_event.comments IS 'Of a return: question key (or null: all of it) and text.';
COMMENT ON COLUMN submission_event.reason IS 'Of a withdrawal: why, if it was said.';
COMMENT ON COLUMN submission_event.resubmit_until IS 'Of a return: its own date for resubmission, last second included.';
COMMENT ON COLUMN submission_event.actor IS 'The role.';
COMMENT ON COLUMN submission_event.account_id IS 'The account; NULL for the system.';
COMMENT ON COLUMN submission_event.happened_at IS 'By the server''s clock.';
COMMENT ON COLUMN submission_event.origin IS 'Network address that it came from; NULL for commands and jobs.';

CREATE TABLE draft (
    submission_id uuid NOT NULL,
    party text NOT NULL CHECK (party IN ('hospital', 'proxy')),
    survey_id text NOT NULL,
    hospital_id uuid NOT NULL,
    prefecture smallint NOT NULL,
    municipality text NOT NULL,
    edition_id text NOT NULL REFERENCES edition (id),
    answers jsonb CHECK (jsonb_typeof(answers) = 'object'),
    tag uuid NOT NULL,
    actor text NOT NULL,
    account_id uuid,
    saved_at timestamptz NOT NULL,
    retain_until date NOT NULL,
    PRIMARY KEY (submission_id, party),
    FOREIGN KEY (submission_id, survey_id, hospital_id, prefecture, municipality)
        REFERENCES submission (id, survey_id, hospital_id, prefecture, municipality)
);
COMMENT ON TABLE draft IS '一時保存: what was typed and not submitted, names and contacts included; of a hospital and of who enters for it apart. Nobody else reads it; submitting or discarding empties it.';
COMMENT ON COLUMN draft.submission_id IS 'The submission.';
COMMENT ON COLUMN draft.party IS 'hospital, or proxy for who enters answers on its behalf.';
COMMENT ON COLUMN draft.survey_id IS 'As on the submission.';
COMMENT ON COLUMN draft.hospital_id IS 'As on the submission, for policies.';
COMMENT ON COLUMN draft.prefecture IS 'As on the submission, for policies.';
COMMENT ON COLUMN draft.municipality IS 'As on the submission, for policies.';
COMMENT ON COLUMN draft.edition_id IS 'The printed version that is being answered.';
COMMENT ON COLUMN draft.answers IS 'As typed, complete or not; NULL once submitted, discarded or erased.';
COMMENT ON COLUMN draft.tag IS 'New with every save: the ETag of the draft.';
COMMENT ON COLUMN draft.actor IS 'The role that saved it last.';
COMMENT ON COLUMN draft.account_id IS 'The account that saved it last; NULL for the system.';
COMMENT ON COLUMN draft.saved_at IS 'By the server''s clock.';
COMMENT ON COLUMN draft.retain_until IS 'The day after which what was typed is to be erased.';
CREATE INDEX draft_retained ON draft (retain_until) WHERE answers IS NOT NULL;

ALTER TABLE submission_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE submission_event FORCE ROW LEVEL SECURITY;
ALTER TABLE draft ENABLE ROW LEVEL SECURITY;
ALTER TABLE draft FORCE ROW LEVEL SECURITY;
DO $$
BEGIN
    -- Comments are written to the hospital and may speak of its people: nothing for an analyst.
    EXECUTE format('CREATE POLICY read_area ON submission_event FOR SELECT TO chosa_app '
        'USING ((SELECT chosa_actor()) <> ''ministry_analyst'' AND %s)', chosa_area_rule('hospital_id'));
    EXECUTE format('CREATE POLICY step ON submission_event FOR INSERT TO chosa_app WITH CHECK (CASE WHEN step = ''withdraw'' '
        'THEN (SELECT chosa_actor()) IN (''hospital'', ''prefecture'', ''system'') '
        'ELSE (SELECT chosa_actor()) IN (''prefecture'', ''ministry_administrator'', ''system'') END AND %s)', chosa_area_rule('hospital_id'));
END $$;
CREATE POLICY sign ON submission_event AS RESTRICTIVE FOR INSERT TO chosa_app
    WITH CHECK (actor = (SELECT chosa_actor()) AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()));
CREATE POLICY own ON draft TO chosa_app
    USING (CASE (SELECT chosa_actor())
        WHEN 'hospital' THEN party = 'hospital' AND hospital_id = (SELECT chosa_hospital())
        WHEN 'prefecture' THEN party = 'proxy' AND prefecture = (SELECT chosa_prefecture())
        ELSE (SELECT chosa_actor()) = 'system' END);
CREATE POLICY sign_new ON draft AS RESTRICTIVE FOR INSERT TO chosa_app
    WITH CHECK (actor = (SELECT chosa_actor()) AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()));
CREATE POLICY sign_again ON draft AS RESTRICTIVE FOR UPDATE TO chosa_app
    USING (true) WITH CHECK (actor = (SELECT chosa_actor()) AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()));
GRANT SELECT, INSERT ON submission_event, draft TO chosa_app;
GRANT UPDATE (edition_id, answers, tag, actor, account_id, saved_at, retain_until) ON draft TO chosa_app;

-- Drafts hold names too.
CREATE POLICY erase ON draft TO chosa_owner USING (true) WITH CHECK (true);
ALTER FUNCTION erase_personal_data(date, timestamptz) RENAME TO erase_given_data;
REVOKE EXECUTE ON FUNCTION erase_given_data(date, timestamptz) FROM chosa_app;
COMMENT ON FUNCTION erase_given_data(date, timestamptz) IS 'The part of erase_personal_data that concerns what was submitted.';
CREATE FUNCTION erase_personal_data(today date, moment timestamptz)
RETURNS TABLE (respondents bigint, imports bigint, files bigint, remembered bigint, drafts bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    SELECT g.respondents, g.imports, g.files, g.remembered INTO respondents, imports, files, remembered FROM erase_given_data(today, moment) g;
    UPDATE draft d SET answers = NULL, tag = gen_random_uuid() WHERE d.answers IS NOT NULL AND d.retain_until < today;
    GET DIAGNOSTICS drafts = ROW_COUNT;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION erase_personal_data(date, timestamptz) IS 'Erases respondents, uploads and drafts whose day is past, and answers remembered for 90 days. For the system only; answers, codes, counts and hashes are not touched.';
REVOKE EXECUTE ON FUNCTION erase_personal_data(date, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_personal_data(date, timestamptz) TO chosa_app;
