DROP TABLE batch_line;
