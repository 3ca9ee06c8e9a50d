DROP TABLE program_criteria;
DROP TABLE inspection;
DROP TABLE exclusion;
DROP TABLE nomination;
ALTER TABLE program_hospital DROP CONSTRAINT program_hospital_place_key;
