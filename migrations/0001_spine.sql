-- What the spine needs, in the plain layout: tables partitioned by week, made by the server when data comes for them.

-- All observations of one metric with one set of labels. The digest (SHA-256 over metric and labels) is the key,
-- because sixteen labels of 256 bytes don't fit into a B-tree's row.
CREATE TABLE series (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    source text NOT NULL,
    metric text NOT NULL,
    labels jsonb NOT NULL,
    created_at timestamptz NOT NULL
);

-- The value is in the metric's unit; dividing by the resolution and rounding gives back the exact number of steps.
CREATE TABLE observation (
    time timestamptz NOT NULL,
    value float8 NOT NULL,
    series_id int NOT NULL,
    revision int NOT NULL,
    PRIMARY KEY (series_id, time)
) PARTITION BY RANGE (time);
CREATE INDEX observation_by_time ON observation USING brin (time) WITH (pages_per_range = 32, autosummarize = on);

-- One row for each committed batch; a lane's numbers have no holes. The times span the observations that it changed.
CREATE TABLE ingest_batch (
    lane smallint NOT NULL,
    seq bigint NOT NULL,
    committed_at timestamptz NOT NULL,
    min_time timestamptz,
    max_time timestamptz,
    PRIMARY KEY (lane, seq)
);

-- How far the engine has consumed each lane.
CREATE TABLE lane (
    lane smallint PRIMARY KEY,
    seq bigint NOT NULL
);

CREATE TABLE reject (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    source text NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    payload text NOT NULL
);

-- The present state of each case. Of two states the one with the larger (updated, hash) stays.
CREATE TABLE cases (
    source text NOT NULL,
    case_id text NOT NULL,
    version int NOT NULL,
    kind text NOT NULL,
    department text,
    area text,
    opened timestamptz NOT NULL,
    due timestamptz,
    closed timestamptz,
    updated timestamptz NOT NULL,
    hash bigint NOT NULL,
    labels jsonb NOT NULL,
    PRIMARY KEY (source, case_id)
);
CREATE INDEX cases_open ON cases (source) WHERE closed IS NULL;
CREATE INDEX cases_by_closed ON cases (closed);
CREATE INDEX cases_by_opened ON cases (opened);

-- Every state that a case has had here, append-only, with the batch that brought it.
CREATE TABLE case_version (
    source text NOT NULL,
    case_id text NOT NULL,
    version int NOT NULL,
    lane smallint NOT NULL,
    seq bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    kind text NOT NULL,
    department text,
    area text,
    opened timestamptz NOT NULL,
    due timestamptz,
    closed timestamptz,
    updated timestamptz NOT NULL,
    hash bigint NOT NULL,
    labels jsonb NOT NULL,
    PRIMARY KEY (source, case_id, version)
);
CREATE INDEX case_version_by_batch ON case_version (lane, seq);

-- Names that readings refer to by number, so that their rows stay small.
CREATE TABLE kpi (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);
CREATE TABLE scope (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);
CREATE TABLE kpi_version (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

-- Insert-only. As of T is the largest revision with recorded_at <= T. Quality: 0 good, 1 partial, 2 stale, 3 missing.
CREATE TABLE reading (
    time timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    value float8,
    numerator float8,
    denominator float8,
    coverage float8,
    samples bigint NOT NULL,
    data_time timestamptz,
    kpi_id int NOT NULL,
    scope_id int NOT NULL,
    revision int NOT NULL,
    definition_id int NOT NULL,
    quality smallint NOT NULL,
    PRIMARY KEY (kpi_id, scope_id, time, revision)
) PARTITION BY RANGE (time);
CREATE INDEX reading_by_time ON reading USING brin (time) WITH (pages_per_range = 32, autosummarize = on);

-- Boards and rules as they were: the files' names and contents.
CREATE TABLE definition_set (
    hash text PRIMARY KEY,
    loaded_at timestamptz NOT NULL,
    files jsonb NOT NULL
);

CREATE TABLE lease (
    name text PRIMARY KEY,
    fence bigint NOT NULL,
    taken_at timestamptz NOT NULL
);
