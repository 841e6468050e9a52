-- The city's operating stage: each confirmation, with who and why. The newest is in force; none is ever changed.
CREATE TABLE stage_confirmation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    stage smallint NOT NULL CHECK (stage BETWEEN 1 AND 5),
    person text NOT NULL,
    reason text NOT NULL,
    -- What was proposed, and what the figures came to, at that time.
    proposed smallint,
    computed smallint
);
