ALTER TABLE hospital
    ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}' CONSTRAINT hospital_attributes_object CHECK (jsonb_typeof(attributes) = 'object');
COMMENT ON COLUMN hospital.attributes IS 'What the newest master that said it says beside place and beds: key and value of the catalogue of attributes; what is not there is not known. Frames keep their own.';
GRANT UPDATE (attributes) ON hospital TO chosa_app;

ALTER TABLE frame
    ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}' CONSTRAINT frame_attributes_object CHECK (jsonb_typeof(attributes) = 'object');
COMMENT ON COLUMN frame.attributes IS 'Attributes as the frame was drawn, such as the founder or the medical area, frozen as the beds are; what is not there is not known.';
