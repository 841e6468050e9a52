-- Late rows are noted once a batch, with the moments between which each series was written, instead of once for each series
-- and hour. A database without a layout, or whose rollups are its own, has nothing to change: the layout makes the table.

DO $$
BEGIN
    IF to_regclass('rollup_stale') IS NULL THEN
        RETURN;
    END IF;
    -- Nobody notes between what is taken over here and the trigger below.
    LOCK TABLE rollup_stale IN ACCESS EXCLUSIVE MODE;
    CREATE TABLE rollup_note (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        series_ids int[] NOT NULL,
        firsts timestamptz[] NOT NULL,
        lasts timestamptz[] NOT NULL
    );
    INSERT INTO rollup_note (series_ids, firsts, lasts)
        SELECT ARRAY[series_id], ARRAY[hour], ARRAY[hour + interval '1 hour' - interval '1 microsecond']
        FROM rollup_stale GROUP BY series_id, hour ORDER BY min(id);
    DELETE FROM rollup_stale;

    -- A server of the version before may still be writing, and rows deleted by hand are noted by its trigger.
    CREATE FUNCTION rollup_stale_is_noted() RETURNS trigger LANGUAGE plpgsql AS $f$
    BEGIN
        INSERT INTO rollup_note (series_ids, firsts, lasts)
            VALUES (ARRAY[NEW.series_id], ARRAY[NEW.hour], ARRAY[NEW.hour + interval '1 hour' - interval '1 microsecond']);
        RETURN NULL;
    END $f$;
    CREATE TRIGGER is_noted BEFORE INSERT ON rollup_stale FOR EACH ROW EXECUTE FUNCTION rollup_stale_is_noted();
END $$;
