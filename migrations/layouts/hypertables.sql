-- The two large tables as hypertables of TimescaleDB. They are new and empty.

CREATE EXTENSION IF NOT EXISTS timescaledb;

ALTER TABLE observation RENAME TO observation_plain;
ALTER INDEX observation_pkey RENAME TO observation_plain_pkey;
CREATE TABLE observation (LIKE observation_plain INCLUDING DEFAULTS);
ALTER TABLE observation ADD PRIMARY KEY (series_id, time);
DROP TABLE observation_plain;
SELECT create_hypertable('observation', by_range('time', INTERVAL '7 days'), create_default_indexes => false);

ALTER TABLE reading RENAME TO reading_plain;
ALTER INDEX reading_pkey RENAME TO reading_plain_pkey;
CREATE TABLE reading (LIKE reading_plain INCLUDING DEFAULTS);
ALTER TABLE reading ADD PRIMARY KEY (kpi_id, scope_id, time, revision);
DROP TABLE reading_plain;
SELECT create_hypertable('reading', by_range('time', INTERVAL '7 days'), create_default_indexes => false);

CREATE INDEX observation_by_time ON observation USING brin (time) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX reading_by_time ON reading USING brin (time) WITH (pages_per_range = 32, autosummarize = on);
