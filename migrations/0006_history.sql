-- What stands around the readings: when the centre was there, what it missed, what happened in the city, what is usual.

-- When a process was last known to be there.
CREATE TABLE presence (
    name text PRIMARY KEY,
    alive_at timestamptz NOT NULL
);

-- Reports of the centre's own absences, as the interface gives them.
CREATE TABLE gap (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_time timestamptz NOT NULL,
    is_closed boolean NOT NULL,
    report jsonb NOT NULL
);
CREATE INDEX gap_open ON gap (id) WHERE NOT is_closed;

-- Everything that was ever said of an event, append-only: the highest version is what is said now.
CREATE SEQUENCE event_id AS bigint;
CREATE TABLE event (
    id bigint NOT NULL,
    version int NOT NULL,
    said_at timestamptz NOT NULL,
    kind text NOT NULL,
    title_vi text NOT NULL,
    title_en text NOT NULL,
    area text,
    from_time timestamptz NOT NULL,
    to_time timestamptz,
    source text NOT NULL,
    withdrawn boolean NOT NULL,
    PRIMARY KEY (id, version)
);

-- Baselines, insert-only: 168 bands, Monday's first hour first, NULL where the hour is not known.
CREATE TABLE baseline (
    kpi_id int NOT NULL,
    scope_id int NOT NULL,
    version int NOT NULL,
    made_at timestamptz NOT NULL,
    definition text NOT NULL,
    from_time timestamptz NOT NULL,
    to_time timestamptz NOT NULL,
    low float8[] NOT NULL,
    middle float8[] NOT NULL,
    high float8[] NOT NULL,
    PRIMARY KEY (kpi_id, scope_id, version)
);

-- Recomputes that somebody asked for.
CREATE TABLE recompute (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    requested_at timestamptz NOT NULL,
    kpis text[] NOT NULL,
    from_time timestamptz NOT NULL,
    to_time timestamptz NOT NULL,
    instants bigint NOT NULL,
    changed bigint NOT NULL,
    -- Both NULL while it waits or runs.
    finished_at timestamptz,
    error text
);
