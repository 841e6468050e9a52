-- Rollups of observations for others to read, where the database has them.
CREATE OR REPLACE VIEW taydo_read.observation_1m AS
    SELECT series.metric, series.labels, rolled.series_id, rolled.time, rolled.last, rolled.min, rolled.max, rolled.sum, rolled.count
    FROM observation_1m AS rolled JOIN series ON series.id = rolled.series_id;
CREATE OR REPLACE VIEW taydo_read.observation_1h AS
    SELECT series.metric, series.labels, rolled.series_id, rolled.time, rolled.last, rolled.min, rolled.max, rolled.sum, rolled.count
    FROM observation_1h AS rolled JOIN series ON series.id = rolled.series_id;
CREATE OR REPLACE VIEW taydo_read.observation_1d AS
    SELECT series.metric, series.labels, rolled.series_id, rolled.time, rolled.last, rolled.min, rolled.max, rolled.sum, rolled.count
    FROM observation_1d AS rolled JOIN series ON series.id = rolled.series_id;
