-- What departments enter. An entry is the truth, and an observation of the KPI's own metric follows from it.

-- One for each entry that was typed and each file that was sent, also of those that were refused.
CREATE TABLE form_receipt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    way text NOT NULL,
    department text NOT NULL,
    principal text NOT NULL,
    name text NOT NULL,
    file text,
    sha256 text,
    bytes bigint,
    taken int NOT NULL,
    unchanged int NOT NULL,
    refused int NOT NULL
);
CREATE INDEX form_receipt_by_file ON form_receipt (sha256) WHERE sha256 IS NOT NULL;

-- Append-only. Of one KPI, scope and term the largest revision counts; revision 0 is the first figure.
CREATE TABLE form_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receipt bigint NOT NULL REFERENCES form_receipt,
    recorded_at timestamptz NOT NULL,
    kpi text NOT NULL,
    scope text NOT NULL,
    term text NOT NULL,
    term_end timestamptz NOT NULL,
    revision int NOT NULL,
    value float8 NOT NULL,
    provisional boolean NOT NULL,
    reason text NOT NULL,
    confirmed boolean NOT NULL,
    cell text,
    UNIQUE (kpi, scope, term, revision)
);
CREATE INDEX form_entry_by_end ON form_entry (term_end);

-- One row for each reminder that was decided, so that none is decided twice.
CREATE TABLE form_reminder (
    kpi text NOT NULL,
    scope text NOT NULL,
    term text NOT NULL,
    kind text NOT NULL,
    department text NOT NULL,
    due timestamptz NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (kpi, scope, term, kind)
);
CREATE INDEX form_reminder_by_time ON form_reminder (decided_at);
