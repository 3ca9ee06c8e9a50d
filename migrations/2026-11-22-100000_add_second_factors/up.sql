-- A session says from where it is used, and ends when a page was not used for a while. One that waits for the second factor is good for nothing else.
ALTER TABLE session
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    ADD COLUMN stage text NOT NULL DEFAULT 'whole' CHECK (stage IN ('whole', 'pending')),
    ADD COLUMN way text NOT NULL DEFAULT 'api' CHECK (way IN ('page', 'api')),
    ADD COLUMN last_seen timestamptz,
    ADD COLUMN agent text NOT NULL DEFAULT '' CHECK (length(agent) <= 200),
    ADD COLUMN origin text DEFAULT chosa_origin();
UPDATE session SET last_seen = created_at;
ALTER TABLE session ALTER COLUMN last_seen SET NOT NULL;
COMMENT ON TABLE session IS 'A sign-in. Only the SHA-256 of the token is kept.';
COMMENT ON COLUMN session.id IS 'By which its owner names it; opens nothing.';
COMMENT ON COLUMN session.stage IS 'whole; or pending: the password was right and the second factor is still to come.';
COMMENT ON COLUMN session.way IS 'page: ends when it was not used for a while; api.';
COMMENT ON COLUMN session.last_seen IS 'When it was used last, to the minute.';
COMMENT ON COLUMN session.agent IS 'What the browser or program calls itself, cut.';
COMMENT ON COLUMN session.origin IS 'Network address that it began from, as the server saw it.';
GRANT UPDATE (last_seen) ON session TO chosa_app;

CREATE TABLE second_factor (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    sealed_key bytea,
    last_step bigint NOT NULL,
    made_at timestamptz NOT NULL,
    removed_at timestamptz,
    CHECK ((sealed_key IS NULL) = (removed_at IS NOT NULL))
);
COMMENT ON TABLE second_factor IS '2要素認証: the key of an app that shows codes (RFC 6238), confirmed by a first code.';
COMMENT ON COLUMN second_factor.id IS 'UUID version 7.';
COMMENT ON COLUMN second_factor.account_id IS 'Whose.';
COMMENT ON COLUMN second_factor.sealed_key IS 'AES-256-GCM under a key that is not in the database; NULL once removed.';
COMMENT ON COLUMN second_factor.last_step IS 'The half minute of the last code that was taken: none before or of it is taken again.';
COMMENT ON COLUMN second_factor.made_at IS 'When it was confirmed.';
COMMENT ON COLUMN second_factor.removed_at IS 'When it was removed or replaced.';
CREATE UNIQUE INDEX second_factor_one_of_account ON second_factor (account_id) WHERE removed_at IS NULL;
COMMENT ON INDEX second_factor_one_of_account IS 'One at a time.';

CREATE TABLE recovery_code (
    factor_id uuid NOT NULL REFERENCES second_factor (id),
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    account_id uuid NOT NULL REFERENCES account (id),
    used_at timestamptz,
    PRIMARY KEY (factor_id, code_hash)
);
COMMENT ON TABLE recovery_code IS '回復コード: signs in once in place of a code when the app is lost.';
COMMENT ON COLUMN recovery_code.factor_id IS 'With which it was made; it goes with it.';
COMMENT ON COLUMN recovery_code.code_hash IS 'SHA-256; a code has 80 random bits.';
COMMENT ON COLUMN recovery_code.account_id IS 'Whose, for policies.';
COMMENT ON COLUMN recovery_code.used_at IS 'When it was used.';

ALTER TABLE second_factor ENABLE ROW LEVEL SECURITY;
ALTER TABLE second_factor FORCE ROW LEVEL SECURITY;
ALTER TABLE recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_code FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON second_factor TO chosa_app USING (account_id = (SELECT chosa_account())) WITH CHECK (account_id = (SELECT chosa_account()));
CREATE POLICY own ON recovery_code TO chosa_app USING (account_id = (SELECT chosa_account())) WITH CHECK (account_id = (SELECT chosa_account()));
-- An operator takes it from somebody who has lost both app and codes, by a command on the machine.
CREATE POLICY look ON second_factor FOR SELECT TO chosa_app USING ((SELECT chosa_actor()) = 'system');
CREATE POLICY take ON second_factor FOR UPDATE TO chosa_app USING ((SELECT chosa_actor()) = 'system') WITH CHECK (removed_at IS NOT NULL);
CREATE POLICY sign_in ON second_factor FOR SELECT TO chosa_owner USING (true);
GRANT SELECT, INSERT ON second_factor, recovery_code TO chosa_app;
GRANT UPDATE (sealed_key, last_step, removed_at) ON second_factor TO chosa_app;
GRANT UPDATE (used_at) ON recovery_code TO chosa_app;
CREATE POLICY end_all ON session FOR UPDATE TO chosa_app USING ((SELECT chosa_actor()) = 'system') WITH CHECK (ended_at IS NOT NULL);
CREATE POLICY end_all_look ON session FOR SELECT TO chosa_app USING ((SELECT chosa_actor()) = 'system');

-- Everybody changes the own password; the old one is asked for by the server.
CREATE POLICY change_own ON account FOR UPDATE TO chosa_app
    USING (id = (SELECT chosa_account()) AND disabled_at IS NULL) WITH CHECK (id = (SELECT chosa_account()) AND disabled_at IS NULL);

CREATE TABLE sign_in_failure (
    id uuid PRIMARY KEY,
    login_digest bytea NOT NULL CHECK (length(login_digest) = 32),
    place text NOT NULL,
    failed_at timestamptz NOT NULL
);
COMMENT ON TABLE sign_in_failure IS 'Sign-ins that failed in the last day: further ones have to wait.';
COMMENT ON COLUMN sign_in_failure.id IS 'UUID version 7.';
COMMENT ON COLUMN sign_in_failure.login_digest IS 'HMAC-SHA-256 of what was typed as login: it may be no login, and somebody''s password.';
COMMENT ON COLUMN sign_in_failure.place IS 'Network address, or the known device that asked.';
COMMENT ON COLUMN sign_in_failure.failed_at IS 'By the server''s clock.';
CREATE INDEX sign_in_failure_login ON sign_in_failure (login_digest, failed_at);
CREATE INDEX sign_in_failure_time ON sign_in_failure (failed_at);
ALTER TABLE sign_in_failure ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_failure FORCE ROW LEVEL SECURITY;
CREATE POLICY count ON sign_in_failure FOR SELECT TO chosa_app USING ((SELECT chosa_actor()) = 'system');
CREATE POLICY note ON sign_in_failure FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) = 'system');
CREATE POLICY forget ON sign_in_failure TO chosa_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON sign_in_failure TO chosa_app;

CREATE FUNCTION forget_sign_in_failures(of_login bytea, of_place text, before timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF chosa_actor() IS DISTINCT FROM 'system' THEN
        RAISE EXCEPTION 'only the system forgets failures' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM sign_in_failure f WHERE f.failed_at < before OR (f.login_digest = of_login AND f.place = of_place);
END $$;
COMMENT ON FUNCTION forget_sign_in_failures(bytea, text, timestamptz) IS 'Forgets the failures of one login from one place, who has signed in there, and everybody''s before a time.';

DROP FUNCTION account_for_session(bytea, timestamptz);
CREATE FUNCTION account_for_session(wanted bytea, at timestamptz, idle_since timestamptz, of_stage text)
RETURNS TABLE (id uuid, secret_hash text, role text, hospital_id uuid, prefecture smallint, municipality text, last_seen timestamptz, has_factor boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.id, '', a.role, a.hospital_id, a.prefecture, a.municipality, s.last_seen,
        EXISTS (SELECT FROM second_factor f WHERE f.account_id = a.id AND f.removed_at IS NULL)
    FROM session s JOIN account a ON a.id = s.account_id
    WHERE s.token_hash = wanted AND s.stage = of_stage AND s.ended_at IS NULL AND s.expires_at > at
        AND (s.way <> 'page' OR s.last_seen > idle_since) AND a.disabled_at IS NULL
$$;
COMMENT ON FUNCTION account_for_session(bytea, timestamptz, timestamptz, text) IS 'For every request: the account of a session of a stage that is alive at that time, and was used since the other if it is one of pages.';

REVOKE EXECUTE ON FUNCTION account_for_session(bytea, timestamptz, timestamptz, text), forget_sign_in_failures(bytea, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_for_session(bytea, timestamptz, timestamptz, text), forget_sign_in_failures(bytea, text, timestamptz) TO chosa_app;
