DROP POLICY read_chosen ON program;
DROP TABLE adjustment;
DROP TABLE listed_hospital;
DROP TABLE prefecture_list;
