DROP FUNCTION redeem_enrolment(bytea, text, timestamptz);
DROP FUNCTION enrolment_alive(bytea, timestamptz);
DROP POLICY redeem ON session;
DROP POLICY redeem ON account;
DROP POLICY invite ON account;
DROP TABLE enrolment;
DROP FUNCTION account_awaits_enrolment(uuid, uuid);
COMMENT ON COLUMN account.password_hash IS 'Argon2id in PHC form.';
DROP INDEX account_one_of_hospital;
