-- Requests, decisions and the reasons of versions are lost with this; the versions stay.
ALTER TABLE quota DROP CONSTRAINT quota_reason_check;
ALTER TABLE quota DROP COLUMN granted;
ALTER TABLE quota DROP COLUMN request_id;
ALTER TABLE quota DROP COLUMN reason;
DROP TABLE quota_decision;
DROP TABLE quota_move;
DROP TABLE quota_request;
