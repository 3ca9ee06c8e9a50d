-- What came of supporting the hospitals of accepted lists, as the contractor reports it; and which prefectures asked to see it of their hospitals.
CREATE TABLE support_result (
    program_id text NOT NULL,
    hospital_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    prefecture smallint NOT NULL,
    progress text NOT NULL CHECK (progress IN ('done', 'running', 'waiting', 'declined')),
    surveyed_on date,
    connections integer CHECK (connections >= 0),
    findings integer CHECK (findings >= 0),
    offline_backup text CHECK (offline_backup IN ('made', 'planned', 'absent')),
    remarks text NOT NULL,
    file_hash text NOT NULL CHECK (file_hash ~ '^[0-9a-f]{64}$'),
    account_id uuid,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (program_id, hospital_id, version),
    FOREIGN KEY (program_id, hospital_id, prefecture) REFERENCES program_hospital (program_id, hospital_id, prefecture),
    FOREIGN KEY (program_id, hospital_id) REFERENCES listed_hospital (program_id, hospital_id)
);
COMMENT ON TABLE support_result IS '支援結果: what the contractor reports of a hospital; never changed, the highest version of a hospital is in force.';
COMMENT ON COLUMN support_result.program_id IS 'The programme.';
COMMENT ON COLUMN support_result.hospital_id IS 'The hospital.';
COMMENT ON COLUMN support_result.version IS '1, 2, 3 ... within programme and hospital.';
COMMENT ON COLUMN support_result.prefecture IS 'The hospital''s in the programme, for policies.';
COMMENT ON COLUMN support_result.progress IS 'done (実施済), running (実施中), waiting (未着手), declined (辞退).';
COMMENT ON COLUMN support_result.surveyed_on IS 'The day on which the site was surveyed, in Japan.';
COMMENT ON COLUMN support_result.connections IS 'Connections to networks outside that were found.';
COMMENT ON COLUMN support_result.findings IS 'Findings that need something done.';
COMMENT ON COLUMN support_result.offline_backup IS 'made (整備済), planned (計画策定済), absent (未整備).';
COMMENT ON COLUMN support_result.remarks IS 'Remarks; empty if there are none.';
COMMENT ON COLUMN support_result.file_hash IS 'SHA-256 of the file that said it.';
COMMENT ON COLUMN support_result.account_id IS 'Who brought it in; NULL for the system.';
COMMENT ON COLUMN support_result.recorded_at IS 'By the server''s clock.';
CREATE INDEX support_result_place ON support_result (program_id, prefecture);

CREATE TABLE result_request (
    id uuid PRIMARY KEY,
    program_id text NOT NULL REFERENCES program (id),
    prefecture smallint NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
    reason text NOT NULL CHECK (reason <> ''),
    account_id uuid,
    asked_at timestamptz NOT NULL,
    UNIQUE (id, program_id, prefecture)
);
COMMENT ON TABLE result_request IS '支援結果の提供の依頼: a prefecture asks to see the results of its hospitals. Never changed; what became of it is result_decision.';
COMMENT ON COLUMN result_request.id IS 'UUID version 7: sorts by time.';
COMMENT ON COLUMN result_request.program_id IS 'The programme.';
COMMENT ON COLUMN result_request.prefecture IS 'Who asks; JIS X 0401.';
COMMENT ON COLUMN result_request.reason IS 'What for.';
COMMENT ON COLUMN result_request.account_id IS 'Who asked.';
COMMENT ON COLUMN result_request.asked_at IS 'By the server''s clock.';

CREATE TABLE result_decision (
    request_id uuid PRIMARY KEY,
    program_id text NOT NULL,
    prefecture smallint NOT NULL,
    decision text NOT NULL CHECK (decision IN ('granted', 'refused')),
    reason text NOT NULL CHECK (reason <> ''),
    account_id uuid,
    decided_at timestamptz NOT NULL,
    FOREIGN KEY (request_id, program_id, prefecture) REFERENCES result_request (id, program_id, prefecture)
);
COMMENT ON TABLE result_decision IS 'What the ministry decided of a request, once. A prefecture with one that was granted sees the results of its hospitals.';
COMMENT ON COLUMN result_decision.request_id IS 'The request.';
COMMENT ON COLUMN result_decision.program_id IS 'Of the request.';
COMMENT ON COLUMN result_decision.prefecture IS 'Of the request.';
COMMENT ON COLUMN result_decision.decision IS 'granted, refused.';
COMMENT ON COLUMN result_decision.reason IS 'Why.';
COMMENT ON COLUMN result_decision.account_id IS 'Who decided; NULL for the system.';
COMMENT ON COLUMN result_decision.decided_at IS 'By the server''s clock.';
CREATE INDEX result_decision_place ON result_decision (program_id, prefecture);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['support_result', 'result_request', 'result_decision'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['result_request', 'result_decision'] LOOP
        EXECUTE format('CREATE POLICY read_prefecture ON %I FOR SELECT TO chosa_app USING (CASE (SELECT chosa_actor())
            WHEN ''prefecture'' THEN prefecture = (SELECT chosa_prefecture())
            WHEN ''ministry_analyst'' THEN true WHEN ''ministry_administrator'' THEN true WHEN ''system'' THEN true ELSE false END)', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['support_result', 'result_decision'] LOOP
        EXECUTE format('CREATE POLICY bring ON %I FOR INSERT TO chosa_app
            WITH CHECK ((SELECT chosa_actor()) IN (''ministry_administrator'', ''system'') AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()))',
            name);
    END LOOP;
END $$;
-- 必要とする各都道府県には情報提供することも可能 (notice, 4): on request, and only once it was granted.
CREATE POLICY read_granted ON support_result FOR SELECT TO chosa_app USING (CASE (SELECT chosa_actor())
    WHEN 'prefecture' THEN prefecture = (SELECT chosa_prefecture()) AND program_id IN (SELECT d.program_id FROM result_decision d
        WHERE d.prefecture = (SELECT chosa_prefecture()) AND d.decision = 'granted')
    WHEN 'ministry_analyst' THEN true WHEN 'ministry_administrator' THEN true WHEN 'system' THEN true ELSE false END);
CREATE POLICY ask ON result_request FOR INSERT TO chosa_app
    WITH CHECK ((SELECT chosa_actor()) = 'prefecture' AND prefecture = (SELECT chosa_prefecture())
        AND account_id IS NOT DISTINCT FROM (SELECT chosa_account()));
GRANT SELECT, INSERT ON support_result, result_request, result_decision TO chosa_app;
