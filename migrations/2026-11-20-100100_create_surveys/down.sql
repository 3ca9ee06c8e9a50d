DROP TABLE survey_change;
DROP TABLE extension;
DROP TABLE survey_window;
DROP TABLE edition;
DROP TABLE survey;
DROP FUNCTION make_survey_change();
