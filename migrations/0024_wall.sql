-- What walls show, the screens that show it, and what people did with both.

-- The newest plan of each wall: a server that starts goes on where the last one was.
CREATE TABLE wall_plan (
    wall text PRIMARY KEY,
    plan jsonb NOT NULL
);

CREATE TABLE screen (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wall text NOT NULL,
    display text NOT NULL,
    -- The SHA-256 of its token; the token itself is on the screen and nowhere else.
    token bytea NOT NULL UNIQUE,
    enrolled_at timestamptz NOT NULL,
    enrolled_by text NOT NULL,
    -- When it last drew, to the minute.
    drawn_at timestamptz,
    revoked_at timestamptz
);

-- Append-only: who did what, and when.
CREATE TABLE wall_act (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wall text NOT NULL,
    at timestamptz NOT NULL,
    person text NOT NULL,
    act jsonb NOT NULL
);
CREATE INDEX wall_act_by_wall ON wall_act (wall, id DESC);
