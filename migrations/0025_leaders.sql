-- What leaders give to units, what they change of targets at run time, and the copies of figures that they hand out.

-- A task's lines are append-only, in a chain of hashes over their very letters, as those of shift logs.
CREATE TABLE task (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kpi text NOT NULL,
    scope text NOT NULL,
    unit text NOT NULL,
    given_at timestamptz NOT NULL,
    -- By when it is to be answered now.
    due timestamptz NOT NULL,
    closed_at timestamptz,
    -- Whoever sends it a second time sends this again.
    key text,
    -- The task in short, as its lines make it.
    head jsonb NOT NULL,
    -- The hash of its last line.
    hash bytea NOT NULL
);
CREATE UNIQUE INDEX task_once ON task (key) WHERE key IS NOT NULL;
CREATE INDEX task_open ON task (due) WHERE closed_at IS NULL;
CREATE INDEX task_by_kpi ON task (kpi, scope, id);

CREATE TABLE task_line (
    task bigint NOT NULL REFERENCES task,
    number bigint NOT NULL,
    at timestamptz NOT NULL,
    line text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (task, number)
);
CREATE INDEX task_line_by_time ON task_line (at);

-- Each change of a target or a threshold, with who and why; the newest of a KPI's limit is in force. Without a value the
-- city's file holds again.
CREATE TABLE limit_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kpi text NOT NULL,
    -- `target`, `attention` or `critical`.
    which text NOT NULL,
    value double precision,
    person text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX limit_change_newest ON limit_change (kpi, which, id DESC);

-- A frozen copy of figures. Of the link only a hash is kept: whoever reads the table can't open the copies of others.
CREATE TABLE frozen_page (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    title jsonb NOT NULL,
    -- The page of which it is a copy.
    path text NOT NULL,
    person text NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_by text,
    -- The page as it is served, charts included; gone when nobody may see it any more.
    content text
);
