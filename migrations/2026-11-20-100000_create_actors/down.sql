REVOKE USAGE ON SCHEMA public FROM chosa_app;
DROP FUNCTION chosa_area_rule(text);
DROP FUNCTION chosa_municipalities();
DROP FUNCTION chosa_prefecture();
DROP FUNCTION chosa_hospital();
DROP FUNCTION chosa_account();
DROP FUNCTION chosa_actor();
