DROP TABLE master_import;
REVOKE UPDATE (prefecture, municipality) ON alias FROM chosa_app;
ALTER TABLE hospital DROP COLUMN close_reason, DROP COLUMN closed_on, DROP COLUMN opened_on, DROP COLUMN beds;
