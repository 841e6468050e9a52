-- The room's shift logs. Lines and sheets are append-only, in a chain of hashes over their very letters: what was changed
-- or taken out afterwards doesn't fit any more.
CREATE TABLE shift_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The desk's name as an id, so that nobody opens a second log by writing it in another way.
    desk text NOT NULL,
    opened_at timestamptz NOT NULL,
    -- When the second signature was given.
    closed_at timestamptz,
    -- The log in short, as its lines make it.
    head jsonb NOT NULL,
    -- The hash of its last line.
    hash bytea NOT NULL
);
CREATE UNIQUE INDEX shift_log_open ON shift_log (desk) WHERE closed_at IS NULL;

CREATE TABLE shift_log_line (
    shift_log bigint NOT NULL REFERENCES shift_log,
    number bigint NOT NULL,
    at timestamptz NOT NULL,
    -- The incidents that it is about.
    incidents bigint[] NOT NULL,
    -- Whoever sends it a second time sends this again.
    key text,
    line text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (shift_log, number)
);
CREATE UNIQUE INDEX shift_log_line_once ON shift_log_line (shift_log, key) WHERE key IS NOT NULL;
CREATE INDEX shift_log_line_by_incident ON shift_log_line USING gin (incidents);

-- Each sheet as it was signed, under the number of the line that signed it and names its hash.
CREATE TABLE shift_log_sheet (
    shift_log bigint NOT NULL REFERENCES shift_log,
    number bigint NOT NULL,
    sheet text NOT NULL,
    PRIMARY KEY (shift_log, number)
);
