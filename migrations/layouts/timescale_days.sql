-- The days of the timescale layout: those of the city's zone, `%zone%`.

CREATE MATERIALIZED VIEW observation_1d WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
    SELECT time_bucket('1 day', time, '%zone%') AS time, sum(sum) AS sum, min(min) AS min, max(max) AS max,
        last(last, time) AS last, sum(count)::bigint AS count, series_id
    FROM observation_1h GROUP BY series_id, 1 WITH NO DATA;

SELECT add_continuous_aggregate_policy('observation_1d', start_offset => NULL, end_offset => INTERVAL '1 day', schedule_interval => INTERVAL '1 hour');
