-- When a version of a definition first made readings. NULL for versions from before this was kept.
ALTER TABLE kpi_version ADD COLUMN kpi text;
ALTER TABLE kpi_version ADD COLUMN first_used timestamptz;
CREATE INDEX kpi_version_by_kpi ON kpi_version (kpi, first_used);
