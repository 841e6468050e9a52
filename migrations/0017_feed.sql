-- When something last came of each source, so that a feed that fell silent is known after a restart, and by every server.
CREATE TABLE feed (
    source text PRIMARY KEY,
    last_at timestamptz NOT NULL
);
-- Up to when shifts that begin have been told: one row.
CREATE TABLE shift_told (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    until timestamptz NOT NULL
);
