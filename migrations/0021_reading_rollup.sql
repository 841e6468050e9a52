-- Readings by hour and by the city's day, kept by the server on every layout. What is read are the views reading_1h and
-- reading_1d (migrations/views.sql): these rows, and the readings themselves where the rows don't hold yet or no longer.

-- Of one KPI and scope, the newest revisions of an hour's (day's) instants. The first five are NULL where none has a value.
CREATE TABLE reading_rollup_1h (
    time timestamptz NOT NULL,
    first float8,
    last float8,
    min float8,
    max float8,
    sum float8,
    kpi_id int NOT NULL,
    scope_id int NOT NULL,
    -- How many instants have a value, how many there are, and how many of those are partial, stale and missing.
    count int NOT NULL,
    readings int NOT NULL,
    partial int NOT NULL,
    stale int NOT NULL,
    missing int NOT NULL,
    PRIMARY KEY (kpi_id, scope_id, time)
);
CREATE INDEX reading_rollup_1h_by_time ON reading_rollup_1h USING brin (time) WITH (pages_per_range = 32, autosummarize = on);
CREATE TABLE reading_rollup_1d (LIKE reading_rollup_1h INCLUDING INDEXES);

-- How far the rollups have come. Revisions of instants before `noted_until` are noted in `reading_rollup_stale`.
CREATE TABLE reading_rollup_state (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    noted_until timestamptz NOT NULL,
    done_1h timestamptz NOT NULL,
    done_1d timestamptz NOT NULL,
    zone text NOT NULL
);

-- Hours that got a revision after they were rolled up, as often as that happened.
CREATE TABLE reading_rollup_stale (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kpi_id int NOT NULL,
    scope_id int NOT NULL,
    hour timestamptz NOT NULL
);
CREATE INDEX reading_rollup_stale_of ON reading_rollup_stale (kpi_id, scope_id, hour);

-- What T2 asks before it writes readings. The lock is shared by those who write and taken alone by whoever moves
-- `noted_until`, so that a revision is either seen by the rollup or noted. It takes its own snapshot after the lock, being
-- volatile.
CREATE FUNCTION reading_rollup_noted_until() RETURNS timestamptz VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(127961997274897);
    RETURN (SELECT noted_until FROM reading_rollup_state);
END $$;

-- The text of the views that the database has: a program with others makes them again.
CREATE TABLE view_set (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    hash text NOT NULL
);
