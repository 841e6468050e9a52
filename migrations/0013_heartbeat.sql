-- Outside systems that say that they are there, and what follows when they don't.
CREATE TABLE heartbeat (
    name text PRIMARY KEY,
    title jsonb NOT NULL,
    every_s int NOT NULL CHECK (every_s > 0),
    severity text NOT NULL,
    team text NOT NULL,
    -- Why it pages nobody for now; null when it does.
    muted text,
    -- Null until it has beaten for the first time: then it isn't failing, but not there yet.
    last_at timestamptz,
    -- Whether an incident was opened for the silence that goes on.
    told boolean NOT NULL DEFAULT false
);
