ALTER TABLE quota_move
    DROP CONSTRAINT quota_move_from_cell,
    DROP CONSTRAINT quota_move_to_cell,
    -- NOT VALID: moves of a programme of six bands stay as they were asked for.
    ADD CONSTRAINT quota_move_from_band_check CHECK (from_band IN ('20-199', '200-399', '400+')) NOT VALID,
    ADD CONSTRAINT quota_move_to_band_check CHECK (to_band IN ('20-199', '200-399', '400+')) NOT VALID;
