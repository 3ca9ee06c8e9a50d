CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('reminder', 'enrol', 'reset')),
    dedupe_key text NOT NULL UNIQUE CHECK (dedupe_key <> ''),
    survey_id text,
    hospital_id uuid REFERENCES hospital (id),
    prefecture smallint CHECK (prefecture BETWEEN 1 AND 47),
    municipality text NOT NULL DEFAULT '',
    enrolment_id uuid REFERENCES enrolment (id),
    recipient text NOT NULL CHECK (recipient <> ''),
    subject text NOT NULL CHECK (subject <> '' AND subject !~ '[[:cntrl:]]'),
    body text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sending', 'sent', 'undeliverable', 'uncertain', 'failed')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt timestamptz NOT NULL,
    last_error text,
    settled_at timestamptz,
    actor text NOT NULL,
    account_id uuid,
    made_at timestamptz NOT NULL,
    CHECK ((purpose = 'reminder') = (survey_id IS NOT NULL)),
    CHECK ((purpose = 'reminder') = (enrolment_id IS NULL)),
    CHECK (purpose = 'reset' OR (hospital_id IS NOT NULL AND prefecture IS NOT NULL)),
    CHECK ((state IN ('pending', 'sending')) = (settled_at IS NULL)),
    -- The area of a reminder is the frame's, whatever a caller says.
    FOREIGN KEY (survey_id, hospital_id, prefecture, municipality) REFERENCES frame (survey_id, hospital_id, prefecture, municipality)
);
COMMENT ON TABLE outbox IS '送信待ちのメール: mails to be sent, being sent and sent, committed together with the act that asks for them.';
COMMENT ON COLUMN outbox.id IS 'UUID version 7; stands in the Message-ID.';
COMMENT ON COLUMN outbox.purpose IS 'reminder, enrol or reset.';
COMMENT ON COLUMN outbox.dedupe_key IS 'What there is one mail of: a hospital in a round of reminders, or an enrolment.';
COMMENT ON COLUMN outbox.survey_id IS 'The survey that is reminded of.';
COMMENT ON COLUMN outbox.hospital_id IS 'The hospital; NULL for resets of other accounts.';
COMMENT ON COLUMN outbox.prefecture IS 'The hospital''s, for policies.';
COMMENT ON COLUMN outbox.municipality IS 'The hospital''s, for policies.';
COMMENT ON COLUMN outbox.enrolment_id IS 'Whose link is put into the body when the mail goes out.';
COMMENT ON COLUMN outbox.recipient IS 'E-mail address.';
COMMENT ON COLUMN outbox.subject IS 'One line.';
COMMENT ON COLUMN outbox.body IS 'Plain text. In place of a link stands {link}: the link itself is stored nowhere.';
COMMENT ON COLUMN outbox.state IS 'pending; sending (recorded before the mail is handed over); sent; undeliverable (the address was refused); uncertain (a reminder that may have gone out and is not sent again); failed (given up after many attempts).';
COMMENT ON COLUMN outbox.attempts IS 'How often it was taken up.';
COMMENT ON COLUMN outbox.next_attempt IS 'Not before then; while somebody sends it, when its lease ends.';
COMMENT ON COLUMN outbox.last_error IS 'What the mail server said last.';
COMMENT ON COLUMN outbox.settled_at IS 'When nothing more was to be done.';
COMMENT ON COLUMN outbox.actor IS 'The role that asked for it.';
COMMENT ON COLUMN outbox.account_id IS 'The account that asked for it; NULL for the system.';
COMMENT ON COLUMN outbox.made_at IS 'By the server''s clock.';
CREATE INDEX outbox_due ON outbox (next_attempt) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_hospital ON outbox (hospital_id, id);

ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
DO $$
BEGIN
    EXECUTE format('CREATE POLICY read_area ON outbox FOR SELECT TO chosa_app
        USING ((SELECT chosa_actor()) IN (''municipality'', ''prefecture'', ''ministry_administrator'', ''system'') AND %s)', chosa_area_rule('hospital_id'));
    EXECUTE format('CREATE POLICY remind ON outbox FOR INSERT TO chosa_app
        WITH CHECK (purpose = ''reminder'' AND (SELECT chosa_actor()) IN (''municipality'', ''prefecture'', ''ministry_administrator'', ''system'') AND %s)', chosa_area_rule('hospital_id'));
END $$;
-- A link goes where its enrolment says and nowhere else; who may make one is said by the enrolment's own policies.
CREATE POLICY link ON outbox FOR INSERT TO chosa_app
    WITH CHECK (purpose IN ('enrol', 'reset') AND (SELECT chosa_actor()) IN ('prefecture', 'ministry_administrator', 'system')
        AND EXISTS (SELECT FROM enrolment e WHERE e.id = enrolment_id AND e.purpose = outbox.purpose AND e.email = recipient
            AND e.hospital_id IS NOT DISTINCT FROM outbox.hospital_id AND e.prefecture IS NOT DISTINCT FROM outbox.prefecture
            AND e.municipality = outbox.municipality));
CREATE POLICY sign ON outbox AS RESTRICTIVE FOR INSERT TO chosa_app
    WITH CHECK (actor = (SELECT chosa_actor()) AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()) AND state = 'pending' AND attempts = 0);
CREATE POLICY send ON outbox FOR UPDATE TO chosa_app USING ((SELECT chosa_actor()) = 'system');
GRANT SELECT, INSERT ON outbox TO chosa_app;
GRANT UPDATE (state, attempts, next_attempt, last_error, settled_at) ON outbox TO chosa_app;
