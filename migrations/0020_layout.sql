-- How this database keeps history: one row, chosen when the schema is new, by what the server finds.
CREATE TABLE layout (
    only boolean PRIMARY KEY DEFAULT true CHECK (only),
    name text NOT NULL,
    chosen_at timestamptz NOT NULL
);
