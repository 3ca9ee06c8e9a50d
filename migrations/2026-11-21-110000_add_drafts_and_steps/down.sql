-- Steps and drafts are lost; a submission keeps the state that it has.
DROP FUNCTION erase_personal_data(date, timestamptz);
ALTER FUNCTION erase_given_data(date, timestamptz) RENAME TO erase_personal_data;
GRANT EXECUTE ON FUNCTION erase_personal_data(date, timestamptz) TO chosa_app;
COMMENT ON FUNCTION erase_personal_data(date, timestamptz) IS 'Erases respondents and uploads whose day is past, and answers remembered for 90 days. For the system only; answers, codes, counts and hashes are not touched.';
DROP TABLE draft;
DROP TABLE submission_event;
DROP POLICY hospital_steps ON submission;
ALTER TABLE submission DROP COLUMN resubmit_until, DROP COLUMN version;
ALTER TABLE revision DROP COLUMN version, DROP COLUMN origin;
ALTER TABLE audit DROP COLUMN origin;
DROP FUNCTION chosa_origin();
