DROP TABLE chosen_hospital;
DROP TABLE selection;
DROP TABLE quota;
DROP TABLE program;
