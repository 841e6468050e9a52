-- Rollups that the server keeps itself, in the tables rollup_1m, rollup_1h and rollup_1d. What people read are the views
-- at the end: what is rolled up, and the rest from the rows.

-- How far each rollup has come; NULL while there is nothing. Rows of before `noted_until` that are written later are
-- noted in `rollup_note`. Rows of before `raw_from` were dropped, being old: their rollups can't be made again.
CREATE TABLE rollup_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    noted_until timestamptz,
    done_1m timestamptz,
    done_1h timestamptz,
    done_1d timestamptz,
    raw_from timestamptz
);
INSERT INTO rollup_state DEFAULT VALUES;

-- What was written or deleted after it was rolled up: of each series between which moments, both of one hour. A note is
-- what one batch did; an hour is noted as often as that happened.
CREATE TABLE rollup_note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series_ids int[] NOT NULL,
    firsts timestamptz[] NOT NULL,
    lasts timestamptz[] NOT NULL
);

-- What a writer asks before it commits. The lock is shared by writers and taken alone by whoever moves `noted_until`, so
-- that a row is either seen by the rollup or noted. It takes its own snapshot after the lock, being volatile.
CREATE FUNCTION rollup_noted_until() RETURNS timestamptz VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(127961997274883);
    RETURN (SELECT noted_until FROM rollup_state);
END $$;

CREATE FUNCTION note_deleted_observation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rollup_note (series_ids, firsts, lasts) VALUES (ARRAY[OLD.series_id], ARRAY[OLD.time], ARRAY[OLD.time]);
    RETURN NULL;
END $$;
CREATE TRIGGER note_deleted AFTER DELETE ON observation FOR EACH ROW EXECUTE FUNCTION note_deleted_observation();

CREATE VIEW observation_1m AS
    SELECT time, sum, min, max, last, count, series_id FROM rollup_1m WHERE time < (SELECT done_1m FROM rollup_state)
    UNION ALL
    SELECT date_bin('1 minute', time, 'epoch') AS time, sum(value), min(value), max(value),
        (array_agg(value ORDER BY time DESC))[1], count(*), series_id
    FROM observation WHERE time >= coalesce((SELECT done_1m FROM rollup_state), '-infinity') AND coalesce(state, 0) NOT IN (1, 2)
    GROUP BY series_id, 1;

CREATE VIEW observation_1h AS
    SELECT time, sum, min, max, last, count, series_id FROM rollup_1h WHERE time < (SELECT done_1h FROM rollup_state)
    UNION ALL
    SELECT date_bin('1 hour', time, 'epoch') AS time, sum(sum), min(min), max(max),
        (array_agg(last ORDER BY time DESC))[1], sum(count)::bigint, series_id
    FROM observation_1m WHERE time >= coalesce((SELECT done_1h FROM rollup_state), '-infinity')
    GROUP BY series_id, 1;

CREATE VIEW observation_1d AS
    SELECT time, sum, min, max, last, count, series_id FROM rollup_1d WHERE time < (SELECT done_1d FROM rollup_state)
    UNION ALL
    SELECT date_trunc('day', time, coalesce((SELECT zone FROM layout), 'UTC')) AS time, sum(sum), min(min), max(max),
        (array_agg(last ORDER BY time DESC))[1], sum(count)::bigint, series_id
    FROM observation_1h WHERE time >= coalesce((SELECT done_1d FROM rollup_state), '-infinity')
    GROUP BY series_id, 1;
