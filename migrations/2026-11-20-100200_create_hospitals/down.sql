DROP TABLE frame;
DROP TABLE alias;
DROP TABLE hospital;
