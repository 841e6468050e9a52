-- Which definition set was in force from when on. A restart with the same set adds no row.
CREATE TABLE definition_load (
    loaded_at timestamptz PRIMARY KEY,
    hash text NOT NULL REFERENCES definition_set
);
INSERT INTO definition_load (loaded_at, hash) SELECT loaded_at, hash FROM definition_set ON CONFLICT DO NOTHING;
