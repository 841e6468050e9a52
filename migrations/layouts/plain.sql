-- The plain layout: tables partitioned by time, whose partitions the server makes and drops.

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
) PARTITION BY RANGE (time);
CREATE TABLE rollup_1h (LIKE rollup_1m INCLUDING INDEXES) PARTITION BY RANGE (time);
CREATE TABLE rollup_1d (LIKE rollup_1m INCLUDING INDEXES);
