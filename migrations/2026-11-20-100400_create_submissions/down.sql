DROP TRIGGER count_frame_updates ON frame;
DROP TRIGGER count_frame_inserts ON frame;
DROP TABLE respondent;
DROP TABLE revision;
DROP TABLE submission;
DROP FUNCTION count_survey_changes();
