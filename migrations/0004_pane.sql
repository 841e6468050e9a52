-- What KPIs with long windows remember of stretches of time in which no sample is corrected any more: derived from the
-- observations, so that neither a restart nor a recompute reads a year of them. One row has a stretch of one KPI for all
-- its scopes, so that a row's being there says that nothing of the stretch is missing. Rows of another basis (definition,
-- metric, zone, format) are of no use and may go.
CREATE TABLE pane (
    kpi text NOT NULL,
    basis bigint NOT NULL,
    until timestamptz NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (kpi, basis, until)
);
