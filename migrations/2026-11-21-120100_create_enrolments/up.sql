-- An account that was made for a hospital has no password until its link is used: '!' is the hash of none.
CREATE UNIQUE INDEX account_one_of_hospital ON account (hospital_id) WHERE disabled_at IS NULL;
COMMENT ON INDEX account_one_of_hospital IS 'One institution, one ID.';
COMMENT ON COLUMN account.password_hash IS 'Argon2id in PHC form; ! before a password was set by the link of an enrolment.';

CREATE FUNCTION account_awaits_enrolment(wanted uuid, of_hospital uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM account a WHERE a.id = wanted AND a.hospital_id = of_hospital AND a.password_hash = '!' AND a.disabled_at IS NULL)
$$;
COMMENT ON FUNCTION account_awaits_enrolment(uuid, uuid) IS 'Whether an account is that hospital''s and has no password yet: only such a one may be sent a link by somebody else.';

CREATE TABLE enrolment (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('enrol', 'reset')),
    subject_id uuid NOT NULL REFERENCES account (id),
    hospital_id uuid REFERENCES hospital (id),
    prefecture smallint CHECK (prefecture BETWEEN 1 AND 47),
    municipality text NOT NULL DEFAULT '',
    email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    token_hash bytea UNIQUE CHECK (length(token_hash) = 32),
    expires_at timestamptz,
    used_at timestamptz,
    actor text NOT NULL,
    account_id uuid,
    made_at timestamptz NOT NULL,
    CHECK ((token_hash IS NULL) = (expires_at IS NULL)),
    CHECK (used_at IS NULL OR token_hash IS NOT NULL),
    CHECK (purpose = 'reset' OR hospital_id IS NOT NULL)
);
COMMENT ON TABLE enrolment IS '利用開始・パスワード再設定の案内: a link that sets the password of one account, once.';
COMMENT ON COLUMN enrolment.id IS 'UUID version 7: sorts by time.';
COMMENT ON COLUMN enrolment.purpose IS 'enrol: the first password of a hospital''s account; reset: a lost one.';
COMMENT ON COLUMN enrolment.subject_id IS 'The account whose password is set.';
COMMENT ON COLUMN enrolment.hospital_id IS 'The hospital that it speaks for, for policies; NULL for accounts of others.';
COMMENT ON COLUMN enrolment.prefecture IS 'The hospital''s, for policies.';
COMMENT ON COLUMN enrolment.municipality IS 'The hospital''s, for policies.';
COMMENT ON COLUMN enrolment.email IS 'Where the link goes. The newest one of a hospital is where its reminders go too.';
COMMENT ON COLUMN enrolment.token_hash IS 'SHA-256 of the token in the link; NULL until a mail with it goes out. The token itself is stored nowhere. Read by nobody.';
COMMENT ON COLUMN enrolment.expires_at IS 'When the link ends by itself; its life begins when the mail goes out.';
COMMENT ON COLUMN enrolment.used_at IS 'When the password was set by it.';
COMMENT ON COLUMN enrolment.actor IS 'The role that made it.';
COMMENT ON COLUMN enrolment.account_id IS 'The account that made it; NULL for the system.';
COMMENT ON COLUMN enrolment.made_at IS 'By the server''s clock.';
CREATE INDEX enrolment_subject ON enrolment (subject_id, id);
CREATE INDEX enrolment_hospital ON enrolment (hospital_id, id);

ALTER TABLE enrolment ENABLE ROW LEVEL SECURITY;
ALTER TABLE enrolment FORCE ROW LEVEL SECURITY;
DO $$
BEGIN
    -- Addresses are for those who chase; a hospital and an analyst need none.
    EXECUTE format('CREATE POLICY read_area ON enrolment FOR SELECT TO chosa_app
        USING ((SELECT chosa_actor()) IN (''municipality'', ''prefecture'', ''ministry_administrator'', ''system'') AND %s)', chosa_area_rule('hospital_id'));
    EXECUTE format('CREATE POLICY invite ON enrolment FOR INSERT TO chosa_app
        WITH CHECK (purpose = ''enrol'' AND (SELECT chosa_actor()) IN (''prefecture'', ''ministry_administrator'', ''system'') AND %s
            AND EXISTS (SELECT FROM hospital h WHERE h.id = enrolment.hospital_id AND h.prefecture = enrolment.prefecture AND h.municipality = enrolment.municipality)
            AND account_awaits_enrolment(subject_id, hospital_id))', chosa_area_rule('hospital_id'));
END $$;
CREATE POLICY recover ON enrolment FOR INSERT TO chosa_app WITH CHECK (purpose = 'reset' AND (SELECT chosa_actor()) = 'system');
CREATE POLICY sign ON enrolment AS RESTRICTIVE FOR INSERT TO chosa_app
    WITH CHECK (actor = (SELECT chosa_actor()) AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()) AND token_hash IS NULL AND used_at IS NULL);
-- The token is made when the mail goes out, by the sender.
CREATE POLICY send ON enrolment FOR UPDATE TO chosa_app USING ((SELECT chosa_actor()) = 'system');
CREATE POLICY redeem ON enrolment TO chosa_owner USING (true) WITH CHECK (true);
CREATE POLICY redeem ON account FOR UPDATE TO chosa_owner USING (true) WITH CHECK (true);
CREATE POLICY redeem ON session FOR UPDATE TO chosa_owner USING (true) WITH CHECK (true);
-- A prefecture and the ministry make accounts of hospitals, and only such as nobody can sign in with before the link is used.
CREATE POLICY invite ON account FOR INSERT TO chosa_app
    WITH CHECK ((SELECT chosa_actor()) IN ('prefecture', 'ministry_administrator') AND role = 'hospital' AND password_hash = '!'
        AND EXISTS (SELECT FROM hospital h WHERE h.id = account.hospital_id));

GRANT SELECT (id, purpose, subject_id, hospital_id, prefecture, municipality, email, expires_at, used_at, actor, account_id, made_at) ON enrolment TO chosa_app;
GRANT INSERT ON enrolment TO chosa_app;
GRANT UPDATE (token_hash, expires_at) ON enrolment TO chosa_app;

-- A link works once, until its day, while no newer one of its kind was made and no other has set the password since.
CREATE FUNCTION enrolment_alive(wanted bytea, at timestamptz) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT e.id FROM enrolment e JOIN account a ON a.id = e.subject_id
    WHERE e.token_hash = wanted AND e.used_at IS NULL AND e.expires_at > at AND a.disabled_at IS NULL
        AND NOT EXISTS (SELECT FROM enrolment n WHERE n.subject_id = e.subject_id AND n.id > e.id AND n.purpose = e.purpose)
        AND NOT EXISTS (SELECT FROM enrolment u WHERE u.subject_id = e.subject_id AND u.used_at > e.made_at)
$$;
COMMENT ON FUNCTION enrolment_alive(bytea, timestamptz) IS 'Before sign-in: the enrolment that a token opens at that time, if it opens one.';

CREATE FUNCTION redeem_enrolment(wanted bytea, new_hash text, at timestamptz)
RETURNS TABLE (subject_id uuid, login text, purpose text, hospital_id uuid, prefecture smallint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    opened enrolment%ROWTYPE;
BEGIN
    -- The account first: two links of one account come one after the other, and the second finds what the first one did.
    PERFORM FROM account a WHERE a.id = (SELECT e.subject_id FROM enrolment e WHERE e.token_hash = wanted) FOR UPDATE;
    SELECT e.* INTO opened FROM enrolment e WHERE e.id = enrolment_alive(wanted, at) FOR UPDATE;
    IF NOT FOUND OR opened.used_at IS NOT NULL THEN
        RETURN;
    END IF;
    UPDATE enrolment e SET used_at = at WHERE e.id = opened.id;
    UPDATE account a SET password_hash = new_hash WHERE a.id = opened.subject_id;
    -- Whoever knew the old password is out.
    UPDATE session s SET ended_at = at WHERE s.account_id = opened.subject_id AND s.ended_at IS NULL;
    RETURN QUERY SELECT a.id, a.login, opened.purpose, opened.hospital_id, opened.prefecture FROM account a WHERE a.id = opened.subject_id;
END $$;
COMMENT ON FUNCTION redeem_enrolment(bytea, text, timestamptz) IS 'Before sign-in: sets a password by a token that opens, uses the token up and ends the sessions of the account; no row if it opens nothing.';

REVOKE EXECUTE ON FUNCTION account_awaits_enrolment(uuid, uuid), enrolment_alive(bytea, timestamptz), redeem_enrolment(bytea, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_awaits_enrolment(uuid, uuid), enrolment_alive(bytea, timestamptz), redeem_enrolment(bytea, text, timestamptz) TO chosa_app;
