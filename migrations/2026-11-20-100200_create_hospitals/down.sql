ALTER POLICY read_known ON extension USING ((SELECT chosa_actor()) IS NOT NULL);
DROP TABLE frame;
DROP TABLE alias;
DROP TABLE hospital;
