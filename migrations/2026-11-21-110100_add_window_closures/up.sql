CREATE TABLE window_closure (
    id uuid PRIMARY KEY,
    window_id uuid NOT NULL REFERENCES survey_window (id),
    survey_id text NOT NULL REFERENCES survey (id),
    closes timestamptz NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    account_id uuid,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE window_closure IS 'An earlier end of a window (調査期間の繰上げ終了), with its reason; the window''s own row stays as it was announced. The earliest one counts.';
COMMENT ON COLUMN window_closure.id IS 'Made by the server.';
COMMENT ON COLUMN window_closure.window_id IS 'The window.';
COMMENT ON COLUMN window_closure.survey_id IS 'As on the window.';
COMMENT ON COLUMN window_closure.closes IS 'Last second, included; before the window''s opening: it never opens.';
COMMENT ON COLUMN window_closure.reason IS 'Why it ends early.';
COMMENT ON COLUMN window_closure.account_id IS 'Who closed it; NULL for the system.';
COMMENT ON COLUMN window_closure.recorded_at IS 'When the row was made.';
CREATE INDEX window_closure_survey ON window_closure (survey_id);

ALTER TABLE window_closure ENABLE ROW LEVEL SECURITY;
ALTER TABLE window_closure FORCE ROW LEVEL SECURITY;
CREATE POLICY read_known ON window_closure FOR SELECT TO chosa_app USING ((SELECT chosa_actor()) IS NOT NULL);
CREATE POLICY grant_time ON window_closure FOR INSERT TO chosa_app WITH CHECK ((SELECT chosa_actor()) IN ('ministry_administrator', 'system'));
GRANT SELECT, INSERT ON window_closure TO chosa_app;
