CREATE TABLE submission (
    id uuid PRIMARY KEY,
    survey_id text NOT NULL,
    hospital_id uuid NOT NULL,
    prefecture smallint NOT NULL,
    municipality text NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'accepted', 'withdrawn')),
    latest_revision integer NOT NULL DEFAULT 0 CHECK (latest_revision >= 0),
    updated_at timestamptz NOT NULL,
    UNIQUE (survey_id, hospital_id),
    UNIQUE (id, survey_id, hospital_id, prefecture, municipality),
    -- The area of a row is the frame's, whatever a caller says.
    FOREIGN KEY (survey_id, hospital_id, prefecture, municipality) REFERENCES frame (survey_id, hospital_id, prefecture, municipality)
);
COMMENT ON TABLE submission IS '回答: what one hospital answers to one survey; its revisions are below. Counted while submitted or accepted.';
COMMENT ON COLUMN submission.id IS 'Internal.';
COMMENT ON COLUMN submission.survey_id IS 'The survey.';
COMMENT ON COLUMN submission.hospital_id IS 'The hospital.';
COMMENT ON COLUMN submission.prefecture IS 'As in the frame, for policies.';
COMMENT ON COLUMN submission.municipality IS 'As in the frame, for policies.';
COMMENT ON COLUMN submission.state IS 'draft, submitted, returned, accepted, withdrawn.';
COMMENT ON COLUMN submission.latest_revision IS 'Number of the newest revision, which is the counted one; 0 before the first.';
COMMENT ON COLUMN submission.updated_at IS 'Last change, by the server''s clock.';
CREATE INDEX submission_area ON submission (survey_id, prefecture, municipality);

CREATE TABLE revision (
    submission_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    survey_id text NOT NULL,
    hospital_id uuid NOT NULL,
    prefecture smallint NOT NULL,
    municipality text NOT NULL,
    edition_id text NOT NULL REFERENCES edition (id),
    edition_hash text NOT NULL,
    layout_hash text NOT NULL,
    answers jsonb NOT NULL CHECK (jsonb_typeof(answers) = 'object' AND NOT answers ? 'respondent'),
    codes bytea NOT NULL,
    warnings jsonb NOT NULL DEFAULT '[]',
    entry_path text NOT NULL CHECK (entry_path IN ('page', 'api', 'workbook', 'proxy')),
    actor text NOT NULL,
    account_id uuid,
    import_id uuid,
    reason text,
    receipt uuid NOT NULL UNIQUE,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (submission_id, number),
    UNIQUE (submission_id, number, hospital_id, prefecture, municipality),
    FOREIGN KEY (submission_id, survey_id, hospital_id, prefecture, municipality)
        REFERENCES submission (id, survey_id, hospital_id, prefecture, municipality)
);
COMMENT ON TABLE revision IS '版: one submitted set of answers. Append-only: the application may neither change nor remove it.';
COMMENT ON COLUMN revision.submission_id IS 'The submission.';
COMMENT ON COLUMN revision.number IS '1, 2, 3 ... within the submission.';
COMMENT ON COLUMN revision.survey_id IS 'As on the submission.';
COMMENT ON COLUMN revision.hospital_id IS 'As on the submission, for policies.';
COMMENT ON COLUMN revision.prefecture IS 'As on the submission, for policies.';
COMMENT ON COLUMN revision.municipality IS 'As on the submission, for policies.';
COMMENT ON COLUMN revision.edition_id IS 'The printed version that was answered.';
COMMENT ON COLUMN revision.edition_hash IS 'Its hash when it was answered.';
COMMENT ON COLUMN revision.layout_hash IS 'The slot layout of codes.';
COMMENT ON COLUMN revision.answers IS 'As received, without the respondent: question key to option key, array of option keys, or text.';
COMMENT ON COLUMN revision.codes IS 'One byte a slot: 0 not asked, 1 blank, 2 no answer, 16 + option. To count; answers is to read.';
COMMENT ON COLUMN revision.warnings IS 'The warnings of the evaluation that let it in.';
COMMENT ON COLUMN revision.entry_path IS 'page, api, workbook or proxy (a prefecture entered it).';
COMMENT ON COLUMN revision.actor IS 'The role that submitted it.';
COMMENT ON COLUMN revision.account_id IS 'The account that submitted it; NULL for the system.';
COMMENT ON COLUMN revision.import_id IS 'The import that brought it, if one did.';
COMMENT ON COLUMN revision.reason IS 'Why an earlier revision was replaced by proxy.';
COMMENT ON COLUMN revision.receipt IS 'The number on the receipt.';
COMMENT ON COLUMN revision.received_at IS 'By the server''s clock.';
CREATE INDEX revision_survey ON revision (survey_id, hospital_id);

CREATE TABLE respondent (
    submission_id uuid NOT NULL,
    number integer NOT NULL,
    hospital_id uuid NOT NULL,
    prefecture smallint NOT NULL,
    municipality text NOT NULL,
    details jsonb,
    retain_until date NOT NULL,
    erased_at timestamptz,
    PRIMARY KEY (submission_id, number),
    -- Whose names these are is the revision's, whatever a caller says.
    FOREIGN KEY (submission_id, number, hospital_id, prefecture, municipality)
        REFERENCES revision (submission_id, number, hospital_id, prefecture, municipality),
    CHECK ((details IS NULL) = (erased_at IS NOT NULL))
);
COMMENT ON TABLE respondent IS '回答者: names and contacts of a revision, apart from its answers so that they can be erased.';
COMMENT ON COLUMN respondent.submission_id IS 'The submission.';
COMMENT ON COLUMN respondent.number IS 'The revision.';
COMMENT ON COLUMN respondent.hospital_id IS 'For policies.';
COMMENT ON COLUMN respondent.prefecture IS 'For policies.';
COMMENT ON COLUMN respondent.municipality IS 'For policies.';
COMMENT ON COLUMN respondent.details IS 'Name, organisation, contact as the edition asks; NULL once erased.';
COMMENT ON COLUMN respondent.retain_until IS 'The day after which it is to be erased.';
COMMENT ON COLUMN respondent.erased_at IS 'When it was erased.';

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['submission', 'revision', 'respondent'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY read_area ON %I FOR SELECT TO chosa_app USING (%s)', t,
            -- An analyst reads what was answered, never who answered.
            CASE t WHEN 'respondent' THEN '(SELECT chosa_actor()) <> ''ministry_analyst'' AND ' ELSE '' END || chosa_area_rule('hospital_id'));
        -- A city sees and chases, an analyst reads: neither writes answers.
        EXECUTE format('CREATE POLICY answer ON %I FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN (''hospital'', ''prefecture'', ''ministry_administrator'', ''system'') AND %s)', t, chosa_area_rule('hospital_id'));
    END LOOP;
    -- Whoever submits does so in its own name only.
    EXECUTE format('CREATE POLICY sign ON revision AS RESTRICTIVE FOR INSERT TO chosa_app WITH CHECK (actor = (SELECT chosa_actor()) AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()))');
    EXECUTE format('CREATE POLICY step ON submission FOR UPDATE TO chosa_app USING ((SELECT chosa_actor()) IN (''hospital'', ''prefecture'', ''ministry_administrator'', ''system'') AND %s)', chosa_area_rule('hospital_id'));
    EXECUTE format('CREATE POLICY erase ON respondent FOR UPDATE TO chosa_app USING ((SELECT chosa_actor()) = ''system'')');
END $$;
GRANT SELECT, INSERT ON submission, revision, respondent TO chosa_app;
GRANT UPDATE (state, latest_revision, updated_at) ON submission TO chosa_app;
GRANT UPDATE (details, erased_at) ON respondent TO chosa_app;

-- Counted once a transaction, at its commit, when it has every other lock that it needs; and in one row only, that of its own connection. Counted
-- earlier, or in several rows, two transactions could each hold a counter that the other waits for.
CREATE FUNCTION count_survey_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    mark constant text := pg_current_xact_id()::text || ' ' || NEW.survey_id;
BEGIN
    IF current_setting('chosa.counted', true) IS DISTINCT FROM mark THEN
        UPDATE survey_change SET changes = changes + 1 WHERE survey_id = NEW.survey_id AND shard = pg_backend_pid() % 16;
        PERFORM set_config('chosa.counted', mark, true);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER count_change AFTER INSERT OR UPDATE ON submission
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_survey_change();
CREATE CONSTRAINT TRIGGER count_change AFTER INSERT OR UPDATE ON frame
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_survey_change();
