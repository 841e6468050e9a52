-- How this database keeps history: one row, chosen when the schema is new, by what the server finds. The days of
-- `observation_1d` are those of `zone`, which is known once the definitions are.
CREATE TABLE layout (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    name text NOT NULL,
    zone text,
    chosen_at timestamptz NOT NULL
);
