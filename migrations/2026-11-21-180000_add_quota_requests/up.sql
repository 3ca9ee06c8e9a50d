CREATE TABLE quota_request (
    id uuid PRIMARY KEY,
    program_id text NOT NULL REFERENCES program (id),
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    concerns smallint[] NOT NULL CHECK (prefecture = ANY (concerns)),
    moves smallint NOT NULL CHECK (moves BETWEEN 1 AND 50),
    reason text NOT NULL CHECK (reason <> ''),
    account_id uuid,
    asked_at timestamptz NOT NULL,
    UNIQUE (id, program_id, prefecture, concerns, moves)
);
COMMENT ON TABLE quota_request IS '支援枠の変更の協議: a prefecture asks to move quota between cells. Never changed; what became of it is quota_decision.';
COMMENT ON COLUMN quota_request.id IS 'UUID version 7: sorts by time.';
COMMENT ON COLUMN quota_request.program_id IS 'The programme.';
COMMENT ON COLUMN quota_request.prefecture IS 'Who asks; JIS X 0401.';
COMMENT ON COLUMN quota_request.concerns IS 'Who asks and every prefecture whose cells it names, for policies.';
COMMENT ON COLUMN quota_request.moves IS 'How many moves it has: none can be added later.';
COMMENT ON COLUMN quota_request.reason IS 'Why.';
COMMENT ON COLUMN quota_request.account_id IS 'Who asked.';
COMMENT ON COLUMN quota_request.asked_at IS 'By the server''s clock.';
CREATE INDEX quota_request_program ON quota_request (program_id, id);

CREATE TABLE quota_move (
    request_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    program_id text NOT NULL,
    prefecture smallint NOT NULL,
    concerns smallint[] NOT NULL,
    moves smallint NOT NULL,
    from_prefecture smallint NOT NULL CHECK (from_prefecture BETWEEN 1 AND 47),
    from_band text NOT NULL CHECK (from_band IN ('20-199', '200-399', '400+')),
    to_prefecture smallint NOT NULL CHECK (to_prefecture BETWEEN 1 AND 47),
    to_band text NOT NULL CHECK (to_band IN ('20-199', '200-399', '400+')),
    hospitals integer NOT NULL CHECK (hospitals >= 1),
    PRIMARY KEY (request_id, ordinal),
    FOREIGN KEY (request_id, program_id, prefecture, concerns, moves) REFERENCES quota_request (id, program_id, prefecture, concerns, moves),
    CHECK (ordinal BETWEEN 1 AND moves),
    CHECK ((from_prefecture, from_band) <> (to_prefecture, to_band)),
    CHECK (prefecture IN (from_prefecture, to_prefecture)),
    CHECK (from_prefecture = ANY (concerns) AND to_prefecture = ANY (concerns))
);
COMMENT ON TABLE quota_move IS 'The moves of a request: so many hospitals of quota from one cell to another. What is taken is given, so no total changes.';
COMMENT ON COLUMN quota_move.request_id IS 'The request.';
COMMENT ON COLUMN quota_move.ordinal IS '1 to moves.';
COMMENT ON COLUMN quota_move.program_id IS 'Of the request.';
COMMENT ON COLUMN quota_move.prefecture IS 'Of the request: who asks, one of the two sides.';
COMMENT ON COLUMN quota_move.concerns IS 'Of the request, for policies.';
COMMENT ON COLUMN quota_move.moves IS 'Of the request.';
COMMENT ON COLUMN quota_move.from_prefecture IS 'Whose quota becomes less.';
COMMENT ON COLUMN quota_move.from_band IS 'In which band.';
COMMENT ON COLUMN quota_move.to_prefecture IS 'Whose quota becomes more.';
COMMENT ON COLUMN quota_move.to_band IS 'In which band.';
COMMENT ON COLUMN quota_move.hospitals IS 'By how many hospitals.';

CREATE TABLE quota_decision (
    request_id uuid PRIMARY KEY,
    program_id text NOT NULL,
    prefecture smallint NOT NULL,
    concerns smallint[] NOT NULL,
    moves smallint NOT NULL,
    decision text NOT NULL CHECK (decision IN ('granted', 'refused')),
    reason text NOT NULL CHECK (reason <> ''),
    account_id uuid,
    decided_at timestamptz NOT NULL,
    FOREIGN KEY (request_id, program_id, prefecture, concerns, moves) REFERENCES quota_request (id, program_id, prefecture, concerns, moves),
    UNIQUE (request_id, program_id, decision)
);
COMMENT ON TABLE quota_decision IS 'What the ministry decided of a request, once.';
COMMENT ON COLUMN quota_decision.request_id IS 'The request.';
COMMENT ON COLUMN quota_decision.program_id IS 'Of the request.';
COMMENT ON COLUMN quota_decision.prefecture IS 'Of the request.';
COMMENT ON COLUMN quota_decision.concerns IS 'Of the request, for policies.';
COMMENT ON COLUMN quota_decision.moves IS 'Of the request.';
COMMENT ON COLUMN quota_decision.decision IS 'granted, refused.';
COMMENT ON COLUMN quota_decision.reason IS 'Why.';
COMMENT ON COLUMN quota_decision.account_id IS 'Who decided; NULL for the system.';
COMMENT ON COLUMN quota_decision.decided_at IS 'By the server''s clock.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['quota_request', 'quota_move', 'quota_decision'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        -- A prefecture reads what it asked and what is asked of its cells.
        EXECUTE format('CREATE POLICY read_concerned ON %I FOR SELECT TO chosa_app USING (CASE (SELECT chosa_actor())
            WHEN ''prefecture'' THEN (SELECT chosa_prefecture()) = ANY (concerns)
            WHEN ''ministry_analyst'' THEN true WHEN ''ministry_administrator'' THEN true WHEN ''system'' THEN true ELSE false END)', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['quota_request', 'quota_move'] LOOP
        EXECUTE format('CREATE POLICY ask ON %I FOR INSERT TO chosa_app
            WITH CHECK ((SELECT chosa_actor()) = ''prefecture'' AND prefecture = (SELECT chosa_prefecture()))', name);
    END LOOP;
END $$;
CREATE POLICY ask_in_own_name ON quota_request AS RESTRICTIVE FOR INSERT TO chosa_app
    WITH CHECK (account_id IS NOT DISTINCT FROM (SELECT chosa_account()));
CREATE POLICY decide ON quota_decision FOR INSERT TO chosa_app
    WITH CHECK ((SELECT chosa_actor()) IN ('ministry_administrator', 'system') AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()));
GRANT SELECT, INSERT ON quota_request, quota_move, quota_decision TO chosa_app;

ALTER TABLE quota ADD COLUMN reason text;
ALTER TABLE quota ADD COLUMN request_id uuid;
ALTER TABLE quota ADD COLUMN granted text GENERATED ALWAYS AS (CASE WHEN request_id IS NOT NULL THEN 'granted' END) STORED;
ALTER TABLE quota ADD FOREIGN KEY (request_id, program_id, granted) REFERENCES quota_decision (request_id, program_id, decision);
-- NOT VALID: what was changed before reasons were kept has none, and is not given one.
ALTER TABLE quota ADD CONSTRAINT quota_reason_check CHECK (version = 1 OR coalesce(reason, '') <> '') NOT VALID;
COMMENT ON COLUMN quota.reason IS 'Why it was changed; NULL: the first version of a cell, or from before reasons were kept.';
COMMENT ON COLUMN quota.request_id IS 'The request that was granted by this version; NULL: the ministry''s own doing.';
COMMENT ON COLUMN quota.granted IS 'granted where there is a request: only a request that was granted can be the cause of a version.';
