-- Views, made again by each program whose text differs from the one before: they hold nothing. A column is only ever added,
-- at the end.

-- Readings by hour: what is rolled up, and the rest from the readings themselves. It is right at every moment, also while
-- a correction waits for its hour to be rolled up again.
CREATE OR REPLACE VIEW reading_1h AS
    SELECT time, first, last, min, max, sum, kpi_id, scope_id, count, readings, partial, stale, missing
    FROM reading_rollup_1h AS rolled
    WHERE time < (SELECT done_1h FROM reading_rollup_state)
    AND NOT EXISTS (SELECT FROM reading_rollup_stale AS noted
        WHERE noted.kpi_id = rolled.kpi_id AND noted.scope_id = rolled.scope_id AND noted.hour = rolled.time)
    UNION ALL
    SELECT date_bin('1 hour', time, 'epoch'),
        (array_agg(value ORDER BY time) FILTER (WHERE value IS NOT NULL))[1],
        (array_agg(value ORDER BY time DESC) FILTER (WHERE value IS NOT NULL))[1],
        min(value), max(value), sum(value), kpi_id, scope_id, count(value)::int, count(*)::int,
        (count(*) FILTER (WHERE quality = 1))::int, (count(*) FILTER (WHERE quality = 2))::int, (count(*) FILTER (WHERE quality = 3))::int
    FROM (SELECT DISTINCT ON (kpi_id, scope_id, time) kpi_id, scope_id, time, value, quality FROM reading
        WHERE time >= coalesce((SELECT done_1h FROM reading_rollup_state), '-infinity')
        ORDER BY kpi_id, scope_id, time, revision DESC) AS newest
    GROUP BY kpi_id, scope_id, 1
    UNION ALL
    SELECT date_bin('1 hour', time, 'epoch'),
        (array_agg(value ORDER BY time) FILTER (WHERE value IS NOT NULL))[1],
        (array_agg(value ORDER BY time DESC) FILTER (WHERE value IS NOT NULL))[1],
        min(value), max(value), sum(value), kpi_id, scope_id, count(value)::int, count(*)::int,
        (count(*) FILTER (WHERE quality = 1))::int, (count(*) FILTER (WHERE quality = 2))::int, (count(*) FILTER (WHERE quality = 3))::int
    FROM (SELECT DISTINCT ON (noted.kpi_id, noted.scope_id, reading.time)
            noted.kpi_id, noted.scope_id, reading.time, reading.value, reading.quality
        FROM (SELECT DISTINCT kpi_id, scope_id, hour FROM reading_rollup_stale
            WHERE hour < (SELECT done_1h FROM reading_rollup_state)) AS noted
        JOIN reading ON reading.kpi_id = noted.kpi_id AND reading.scope_id = noted.scope_id
            AND reading.time >= noted.hour AND reading.time < noted.hour + interval '1 hour'
        ORDER BY noted.kpi_id, noted.scope_id, reading.time, reading.revision DESC) AS newest
    GROUP BY kpi_id, scope_id, 1;

-- The same by the city's day.
CREATE OR REPLACE VIEW reading_1d AS
    SELECT time, first, last, min, max, sum, kpi_id, scope_id, count, readings, partial, stale, missing
    FROM reading_rollup_1d AS rolled
    WHERE time < (SELECT done_1d FROM reading_rollup_state)
    AND NOT EXISTS (SELECT FROM reading_rollup_stale AS noted
        WHERE noted.kpi_id = rolled.kpi_id AND noted.scope_id = rolled.scope_id
        AND noted.hour >= rolled.time AND noted.hour < date_trunc('day', rolled.time + interval '36 hours', (SELECT zone FROM reading_rollup_state)))
    UNION ALL
    SELECT date_trunc('day', time, coalesce((SELECT zone FROM reading_rollup_state), 'UTC')),
        (array_agg(first ORDER BY time) FILTER (WHERE first IS NOT NULL))[1],
        (array_agg(last ORDER BY time DESC) FILTER (WHERE last IS NOT NULL))[1],
        min(min), max(max), sum(sum), kpi_id, scope_id, sum(count)::int, sum(readings)::int, sum(partial)::int, sum(stale)::int, sum(missing)::int
    FROM reading_1h WHERE time >= coalesce((SELECT done_1d FROM reading_rollup_state), '-infinity')
    GROUP BY kpi_id, scope_id, 1
    UNION ALL
    SELECT noted.day,
        (array_agg(first ORDER BY time) FILTER (WHERE first IS NOT NULL))[1],
        (array_agg(last ORDER BY time DESC) FILTER (WHERE last IS NOT NULL))[1],
        min(min), max(max), sum(sum), hours.kpi_id, hours.scope_id, sum(count)::int, sum(readings)::int, sum(partial)::int, sum(stale)::int, sum(missing)::int
    FROM (SELECT DISTINCT kpi_id, scope_id, date_trunc('day', hour, zone) AS day,
            date_trunc('day', date_trunc('day', hour, zone) + interval '36 hours', zone) AS next
        FROM reading_rollup_stale, reading_rollup_state WHERE hour < done_1d) AS noted
    JOIN reading_1h AS hours ON hours.kpi_id = noted.kpi_id AND hours.scope_id = noted.scope_id
        AND hours.time >= noted.day AND hours.time < noted.next
    GROUP BY hours.kpi_id, hours.scope_id, noted.day;

-- What programs other than this one may read (docs/sql.md): no person, no message, no secret, nothing of a case but its times.
CREATE SCHEMA IF NOT EXISTS taydo_read;

CREATE OR REPLACE VIEW taydo_read.revision AS
    SELECT kpi.name AS kpi, scope.name AS scope, reading.time, reading.revision, reading.recorded_at, kpi_version.name AS definition,
        reading.value, reading.numerator, reading.denominator, reading.samples, reading.coverage,
        (ARRAY['good', 'partial', 'stale', 'missing'])[reading.quality + 1] AS quality,
        coalesce(reading.flags, 0) & 1 <> 0 AS suspect, coalesce(reading.flags, 0) & 2 <> 0 AS provisional,
        coalesce(reading.flags, 0) & 4 <> 0 AS too_few, reading.data_time
    FROM reading JOIN kpi ON kpi.id = reading.kpi_id JOIN scope ON scope.id = reading.scope_id
    JOIN kpi_version ON kpi_version.id = reading.definition_id;

-- The newest revision is looked up row by row: it is always cheap, and never a join of the whole table with itself.
CREATE OR REPLACE VIEW taydo_read.reading AS
    SELECT kpi.name AS kpi, scope.name AS scope, reading.time,
        reading.value, reading.numerator, reading.denominator, reading.samples, reading.coverage,
        (ARRAY['good', 'partial', 'stale', 'missing'])[reading.quality + 1] AS quality,
        coalesce(reading.flags, 0) & 1 <> 0 AS suspect, coalesce(reading.flags, 0) & 2 <> 0 AS provisional,
        coalesce(reading.flags, 0) & 4 <> 0 AS too_few, reading.data_time, reading.recorded_at
    FROM reading JOIN kpi ON kpi.id = reading.kpi_id JOIN scope ON scope.id = reading.scope_id
    WHERE reading.revision = (SELECT max(newer.revision) FROM reading AS newer
        WHERE newer.kpi_id = reading.kpi_id AND newer.scope_id = reading.scope_id AND newer.time = reading.time);

CREATE OR REPLACE VIEW taydo_read.reading_1h AS
    SELECT kpi.name AS kpi, scope.name AS scope, rolled.time, first, last, min, max, sum / nullif(count, 0) AS mean,
        count, readings, partial, stale, missing
    FROM reading_1h AS rolled JOIN kpi ON kpi.id = rolled.kpi_id JOIN scope ON scope.id = rolled.scope_id;
CREATE OR REPLACE VIEW taydo_read.reading_1d AS
    SELECT kpi.name AS kpi, scope.name AS scope, rolled.time, first, last, min, max, sum / nullif(count, 0) AS mean,
        count, readings, partial, stale, missing
    FROM reading_1d AS rolled JOIN kpi ON kpi.id = rolled.kpi_id JOIN scope ON scope.id = rolled.scope_id;

CREATE OR REPLACE VIEW taydo_read.series AS SELECT id, source, metric, labels, created_at FROM series;
CREATE OR REPLACE VIEW taydo_read.observation AS
    SELECT series.metric, series.labels, observation.series_id, observation.time, observation.value,
        (ARRAY['normal', 'calibrating', 'fault', 'provisional'])[coalesce(observation.state, 0) + 1] AS state
    FROM observation JOIN series ON series.id = observation.series_id;

CREATE OR REPLACE VIEW taydo_read.cases AS
    SELECT source, case_id AS id, kind, department, area, labels ->> 'procedure' AS procedure, opened, due, closed, withdrawn, reopened, updated
    FROM cases;
