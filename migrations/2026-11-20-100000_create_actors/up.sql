-- Who is asking: set by the server in each transaction (SET LOCAL chosa.*), read by every policy.
-- Written as functions so that a policy reads as a sentence; each is called as (select ...), which Postgres evaluates once a statement.
-- The roles chosa_owner (runs this) and chosa_app exist before: the private Postgres or the administrator of yours makes them.

CREATE FUNCTION chosa_actor() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('chosa.actor', true), '');
CREATE FUNCTION chosa_account() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('chosa.account', true), '')::uuid;
CREATE FUNCTION chosa_hospital() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('chosa.hospital', true), '')::uuid;
CREATE FUNCTION chosa_prefecture() RETURNS smallint LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('chosa.prefecture', true), '')::smallint;
CREATE FUNCTION chosa_municipalities() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN string_to_array(nullif(current_setting('chosa.municipalities', true), ''), ',');

COMMENT ON FUNCTION chosa_actor() IS 'The kind of actor of this transaction: hospital, municipality, prefecture, ministry_analyst, ministry_administrator, operator, system; NULL when none was set, and then no policy shows a row.';
COMMENT ON FUNCTION chosa_account() IS 'The account of the actor; NULL for system.';
COMMENT ON FUNCTION chosa_hospital() IS 'The hospital that a hospital actor speaks for.';
COMMENT ON FUNCTION chosa_prefecture() IS 'The prefecture (JIS X 0401) that a prefecture actor speaks for.';
COMMENT ON FUNCTION chosa_municipalities() IS 'The municipality (five digits) that a municipality actor speaks for; of a designated city its wards too, because a frame may name hospitals by ward.';

-- The area rule in one place: the text of the condition "the actor's area covers this row". It is spelled into each policy instead of being called
-- by it, because Postgres evaluates the (SELECT ...) of a policy once a statement but would call a function once a row.
CREATE FUNCTION chosa_area_rule(hospital_column text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN format($rule$CASE (SELECT chosa_actor())
        WHEN 'hospital' THEN %I = (SELECT chosa_hospital())
        WHEN 'municipality' THEN municipality = ANY ((SELECT chosa_municipalities())::text[])
        WHEN 'prefecture' THEN prefecture = (SELECT chosa_prefecture())
        WHEN 'ministry_analyst' THEN true
        WHEN 'ministry_administrator' THEN true
        WHEN 'system' THEN true
        ELSE false END$rule$, hospital_column);
COMMENT ON FUNCTION chosa_area_rule(text) IS 'The condition that the actor''s area covers a row, for the policies of tables with columns prefecture, municipality and the named hospital column. The operator is covered by none: keeping the machine needs no answers.';

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO chosa_app;
