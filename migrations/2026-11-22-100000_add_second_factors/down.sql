DROP FUNCTION account_for_session(bytea, timestamptz, timestamptz, text);
DROP FUNCTION forget_sign_in_failures(bytea, text, timestamptz);
DROP TABLE sign_in_failure;
DROP POLICY change_own ON account;
DROP POLICY end_all_look ON session;
DROP POLICY end_all ON session;
DROP TABLE recovery_code;
DROP TABLE second_factor;
-- What waits for a second factor would be a whole session without this column.
UPDATE session SET ended_at = created_at WHERE stage = 'pending' AND ended_at IS NULL;
COMMENT ON TABLE session IS 'A sign-in by password. Only the SHA-256 of the token is kept.';
ALTER TABLE session
    DROP COLUMN id, DROP COLUMN stage, DROP COLUMN way, DROP COLUMN last_seen, DROP COLUMN agent, DROP COLUMN origin;
CREATE FUNCTION account_for_session(wanted bytea, at timestamptz)
RETURNS TABLE (id uuid, secret_hash text, role text, hospital_id uuid, prefecture smallint, municipality text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.id, '', a.role, a.hospital_id, a.prefecture, a.municipality
    FROM session s JOIN account a ON a.id = s.account_id
    WHERE s.token_hash = wanted AND s.ended_at IS NULL AND s.expires_at > at AND a.disabled_at IS NULL
$$;
COMMENT ON FUNCTION account_for_session(bytea, timestamptz) IS 'For every request: the account of a session that is alive at that time.';
REVOKE EXECUTE ON FUNCTION account_for_session(bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_for_session(bytea, timestamptz) TO chosa_app;
