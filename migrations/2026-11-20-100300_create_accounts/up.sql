CREATE TABLE account (
    id uuid PRIMARY KEY,
    login text NOT NULL UNIQUE CHECK (login = lower(login) AND login <> ''),
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('hospital', 'municipality', 'prefecture', 'ministry_analyst', 'ministry_administrator', 'operator')),
    hospital_id uuid REFERENCES hospital (id),
    prefecture smallint CHECK (prefecture BETWEEN 1 AND 47),
    municipality text CHECK (municipality ~ '^[0-9]{5}$'),
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((role = 'hospital') = (hospital_id IS NOT NULL)),
    CHECK ((role = 'prefecture') = (prefecture IS NOT NULL)),
    CHECK ((role = 'municipality') = (municipality IS NOT NULL))
);
COMMENT ON TABLE account IS 'Who may sign in, with one role and the hospital or area that the role speaks for.';
COMMENT ON COLUMN account.id IS 'Stands in audit and revisions.';
COMMENT ON COLUMN account.login IS 'Lower case.';
COMMENT ON COLUMN account.password_hash IS 'Argon2id in PHC form.';
COMMENT ON COLUMN account.role IS 'One of the six roles.';
COMMENT ON COLUMN account.hospital_id IS 'For role hospital.';
COMMENT ON COLUMN account.prefecture IS 'For role prefecture.';
COMMENT ON COLUMN account.municipality IS 'For role municipality.';
COMMENT ON COLUMN account.disabled_at IS 'Since when it may not sign in.';
COMMENT ON COLUMN account.created_at IS 'When it was made.';

CREATE TABLE session (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    account_id uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
COMMENT ON TABLE session IS 'A sign-in by password. Only the SHA-256 of the token is kept.';
COMMENT ON COLUMN session.token_hash IS 'SHA-256 of the opaque token.';
COMMENT ON COLUMN session.account_id IS 'Whose.';
COMMENT ON COLUMN session.created_at IS 'When it began, by the server''s clock.';
COMMENT ON COLUMN session.expires_at IS 'When it ends by itself.';
COMMENT ON COLUMN session.ended_at IS 'When it was signed out.';
CREATE INDEX session_account ON session (account_id);

CREATE TABLE api_client (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{4,64}$'),
    account_id uuid NOT NULL REFERENCES account (id),
    secret_hash text NOT NULL,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE api_client IS 'A program that asks for short-lived tokens; it acts as its account.';
COMMENT ON COLUMN api_client.id IS 'The client id.';
COMMENT ON COLUMN api_client.account_id IS 'Whose rights it has.';
COMMENT ON COLUMN api_client.secret_hash IS 'Argon2id of the secret, in PHC form.';
COMMENT ON COLUMN api_client.disabled_at IS 'Since when it gets no tokens.';
COMMENT ON COLUMN api_client.created_at IS 'When it was made.';

ALTER TABLE account ENABLE ROW LEVEL SECURITY;
ALTER TABLE account FORCE ROW LEVEL SECURITY;
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
ALTER TABLE session FORCE ROW LEVEL SECURITY;
ALTER TABLE api_client ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_client FORCE ROW LEVEL SECURITY;

CREATE POLICY read_own ON account FOR SELECT TO chosa_app
    USING (id = (SELECT chosa_account()) OR (SELECT chosa_actor()) IN ('operator', 'ministry_administrator', 'system'));
CREATE POLICY make ON account FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN ('operator', 'system'));
CREATE POLICY mend ON account FOR UPDATE TO chosa_app USING ((SELECT chosa_actor()) IN ('operator', 'system'));
CREATE POLICY own ON session TO chosa_app USING (account_id = (SELECT chosa_account())) WITH CHECK (account_id = (SELECT chosa_account()));
CREATE POLICY keep ON api_client TO chosa_app
    USING ((SELECT chosa_actor()) IN ('operator', 'system')) WITH CHECK ((SELECT chosa_actor()) IN ('operator', 'system'));
-- The functions below run as the owner, which FORCE binds to policies too.
CREATE POLICY sign_in ON account FOR SELECT TO chosa_owner USING (true);
CREATE POLICY sign_in ON session FOR SELECT TO chosa_owner USING (true);
CREATE POLICY sign_in ON api_client FOR SELECT TO chosa_owner USING (true);

-- The password hash is read only through the functions below, even by actors that may list accounts.
GRANT SELECT (id, login, role, hospital_id, prefecture, municipality, disabled_at, created_at) ON account TO chosa_app;
GRANT INSERT ON account TO chosa_app;
GRANT UPDATE (password_hash, disabled_at) ON account TO chosa_app;
GRANT SELECT, INSERT ON session TO chosa_app;
GRANT UPDATE (ended_at) ON session TO chosa_app;
GRANT SELECT (id, account_id, disabled_at, created_at), INSERT ON api_client TO chosa_app;
GRANT UPDATE (disabled_at) ON api_client TO chosa_app;

CREATE FUNCTION account_for_login(wanted text)
RETURNS TABLE (id uuid, secret_hash text, role text, hospital_id uuid, prefecture smallint, municipality text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.id, a.password_hash, a.role, a.hospital_id, a.prefecture, a.municipality
    FROM account a WHERE a.login = lower(wanted) AND a.disabled_at IS NULL
$$;
COMMENT ON FUNCTION account_for_login(text) IS 'For signing in, when there is no actor yet: the account of one login.';

CREATE FUNCTION account_for_session(wanted bytea, at timestamptz)
RETURNS TABLE (id uuid, secret_hash text, role text, hospital_id uuid, prefecture smallint, municipality text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.id, '', a.role, a.hospital_id, a.prefecture, a.municipality
    FROM session s JOIN account a ON a.id = s.account_id
    WHERE s.token_hash = wanted AND s.ended_at IS NULL AND s.expires_at > at AND a.disabled_at IS NULL
$$;
COMMENT ON FUNCTION account_for_session(bytea, timestamptz) IS 'For every request: the account of a session that is alive at that time.';

CREATE FUNCTION account_for_client(wanted text)
RETURNS TABLE (id uuid, secret_hash text, role text, hospital_id uuid, prefecture smallint, municipality text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.id, c.secret_hash, a.role, a.hospital_id, a.prefecture, a.municipality
    FROM api_client c JOIN account a ON a.id = c.account_id
    WHERE c.id = wanted AND c.disabled_at IS NULL AND a.disabled_at IS NULL
$$;
COMMENT ON FUNCTION account_for_client(text) IS 'For a token request and for every token: the account that an API client acts as.';

REVOKE EXECUTE ON FUNCTION account_for_login(text), account_for_session(bytea, timestamptz), account_for_client(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_for_login(text), account_for_session(bytea, timestamptz), account_for_client(text) TO chosa_app;
