DROP FUNCTION account_for_client(text);
DROP FUNCTION account_for_session(bytea, timestamptz);
DROP FUNCTION account_for_login(text);
DROP TABLE api_client;
DROP TABLE session;
DROP TABLE account;
