-- Rollups of the timescale layout: continuous aggregates, refreshed by the database's own jobs, with what is not yet
-- aggregated read from the rows; and old rows compressed by series.

CREATE MATERIALIZED VIEW observation_1m WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
    SELECT time_bucket('1 minute', time) AS time, sum(value) AS sum, min(value) AS min, max(value) AS max,
        last(value, time) AS last, count(*) AS count, series_id
    FROM observation WHERE coalesce(state, 0) NOT IN (1, 2) GROUP BY series_id, 1 WITH NO DATA;

CREATE MATERIALIZED VIEW observation_1h WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
    SELECT time_bucket('1 hour', time) AS time, sum(sum) AS sum, min(min) AS min, max(max) AS max,
        last(last, time) AS last, sum(count)::bigint AS count, series_id
    FROM observation_1m GROUP BY series_id, 1 WITH NO DATA;

SELECT add_continuous_aggregate_policy('observation_1m', start_offset => NULL, end_offset => INTERVAL '1 minute', schedule_interval => INTERVAL '1 minute');
SELECT add_continuous_aggregate_policy('observation_1h', start_offset => NULL, end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '10 minutes');

ALTER TABLE observation SET (timescaledb.compress, timescaledb.compress_segmentby = 'series_id', timescaledb.compress_orderby = 'time');
SELECT add_compression_policy('observation', compress_after => INTERVAL '7 days');
