DROP POLICY sign ON adjustment;
DROP POLICY step ON adjustment;
ALTER TABLE prefecture_list DROP CONSTRAINT prefecture_list_step;
ALTER TABLE adjustment
    DROP CONSTRAINT adjustment_order,
    DROP CONSTRAINT adjustment_first,
    DROP CONSTRAINT adjustment_follows,
    DROP CONSTRAINT adjustment_state;
ALTER TABLE adjustment DROP before, DROP state, DROP was;
