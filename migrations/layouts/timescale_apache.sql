-- Rollups of the timescale-apache layout: hypertables that the server fills.

-- Of each series and minute (hour, day); `time` is its first moment. Days are the city's.
CREATE TABLE rollup_1m (
    time timestamptz NOT NULL,
    sum float8 NOT NULL,
    min float8 NOT NULL,
    max float8 NOT NULL,
    last float8 NOT NULL,
    count bigint NOT NULL,
    series_id int NOT NULL,
    PRIMARY KEY (series_id, time)
);
CREATE TABLE rollup_1h (LIKE rollup_1m INCLUDING INDEXES);
CREATE TABLE rollup_1d (LIKE rollup_1m INCLUDING INDEXES);
SELECT create_hypertable('rollup_1m', by_range('time', INTERVAL '28 days'), create_default_indexes => false);
SELECT create_hypertable('rollup_1h', by_range('time', INTERVAL '364 days'), create_default_indexes => false);
