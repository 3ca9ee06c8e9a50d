DROP TABLE program_extension;
DROP TABLE cell;
DROP TABLE program_hospital;
ALTER TABLE quota DROP CONSTRAINT quota_band_check;
ALTER TABLE quota ADD CONSTRAINT quota_band_check CHECK (band IN ('20-199', '200-399', '400+'));
ALTER TABLE program DROP COLUMN form, DROP COLUMN effort, DROP COLUMN intake_survey, DROP COLUMN consent, DROP COLUMN banding;
