DROP TRIGGER count_change ON frame;
DROP TABLE respondent;
DROP TABLE revision;
DROP TABLE submission;
DROP FUNCTION count_survey_change();
