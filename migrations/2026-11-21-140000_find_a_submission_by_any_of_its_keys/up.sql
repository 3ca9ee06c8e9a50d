-- Every revision is checked against its submission by five columns. While a table is new, Postgres takes the smallest index that has some of them, keeps
-- that plan for the session, and looks through all hospitals of a municipality for each row. With the hospital in it, any index finds one row.
DROP INDEX submission_area;
CREATE INDEX submission_area ON submission (survey_id, prefecture, municipality, hospital_id);
