-- blob's policy reads import, so the policy goes first.
DROP POLICY read_import ON blob;
DROP TABLE import_verdict;
DROP TABLE import;
DROP TABLE blob;
