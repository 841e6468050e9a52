-- What was recorded, and what happened to incidents, in a stretch of time: replays read both in pieces.

-- Rows come in the order in which they are recorded, so ranges of blocks tell times apart, for a few pages of index.
CREATE INDEX reading_by_recorded ON reading USING brin (recorded_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX incident_log_by_time ON incident_log (at);
CREATE INDEX incident_by_end ON incident (resolved_at);
