-- The server's own back-ups: when each was begun and what came of it.
CREATE TABLE backup_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    begun_at timestamptz NOT NULL,
    -- NULL while it runs, or where the server ended meanwhile.
    ended_at timestamptz,
    name text,
    bytes bigint,
    -- Restored into a database of its own, which was the same.
    verified boolean NOT NULL DEFAULT false,
    -- What went wrong; NULL where nothing did.
    problem text
);
