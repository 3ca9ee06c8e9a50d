ALTER TABLE frame DROP COLUMN attributes;
REVOKE UPDATE (attributes) ON hospital FROM chosa_app;
ALTER TABLE hospital DROP COLUMN attributes;
