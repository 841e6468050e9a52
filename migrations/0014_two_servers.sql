-- Whose a lease is, and that its holder lives. Apart from the lease's own row, which every transaction of the holder locks
-- until it ends: a sign of life must not wait for a long one.
CREATE TABLE lease_beat (
    name text PRIMARY KEY,
    -- The fence of whoever beats.
    fence bigint NOT NULL,
    -- The server that holds it, by the name in its data folder; null once it has given the lease back.
    holder text,
    beats bigint NOT NULL
);

-- Old rows are found by their age and deleted with all that hangs on them.
CREATE INDEX outcome_by_page ON outcome (page);
CREATE INDEX page_unsent_by_time ON page (decided_at) WHERE message IS NULL AND state NOT IN ('waiting', 'carried');
