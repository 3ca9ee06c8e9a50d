-- A programme's cells say which bands it has, three or six: quota moves between cells that there are.
ALTER TABLE quota_move
    DROP CONSTRAINT quota_move_from_band_check,
    DROP CONSTRAINT quota_move_to_band_check,
    ADD CONSTRAINT quota_move_from_cell FOREIGN KEY (program_id, from_prefecture, from_band) REFERENCES cell (program_id, prefecture, band),
    ADD CONSTRAINT quota_move_to_cell FOREIGN KEY (program_id, to_prefecture, to_band) REFERENCES cell (program_id, prefecture, band);
