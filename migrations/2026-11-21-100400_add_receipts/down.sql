DROP TABLE receipt_key;
ALTER TABLE revision DROP COLUMN received_sha256;
