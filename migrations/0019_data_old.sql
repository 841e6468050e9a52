-- Since when an open incident's alert fires on data that is old or missing.
ALTER TABLE incident ADD COLUMN data_old_since timestamptz;
