DROP INDEX submission_area;
CREATE INDEX submission_area ON submission (survey_id, prefecture, municipality);
