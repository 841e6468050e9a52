-- Alerts, incidents, and the people who answer them. What routing decides by is kept as it is thought of (JSON of the model's
-- types); what is asked for by rows or must be kept unique has columns.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- People ---------------------------------------------------------------------------------------------------------------------

-- Raised with every change of what stands below, so that whoever holds a copy knows whether it is still good.
CREATE TABLE roster_version (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version bigint NOT NULL,
    -- Who is told when nobody else can be.
    keeper text
);
INSERT INTO roster_version (version) VALUES (1);

CREATE TABLE person (
    id text PRIMARY KEY,
    -- Name, zone, language, quiet hours, personal rules.
    content jsonb NOT NULL,
    -- Somebody who has left is kept for the logs that name them.
    removed_at timestamptz
);

CREATE TABLE contact (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person text NOT NULL REFERENCES person,
    channel text NOT NULL,
    address text NOT NULL,
    exercise boolean NOT NULL DEFAULT false,
    verified_at timestamptz,
    disabled_at timestamptz,
    disabled_why text,
    -- When the code that proves that it is theirs was last sent, and how often a code was tried since. The code itself is
    -- nowhere: it is made of this moment and the server's key.
    code_sent_at timestamptz,
    code_tries int NOT NULL DEFAULT 0,
    removed_at timestamptz
);
CREATE UNIQUE INDEX contact_once ON contact (person, channel, address) WHERE removed_at IS NULL;

-- Keys that the server has made for itself.
CREATE TABLE secret (name text PRIMARY KEY, key bytea NOT NULL);

CREATE TABLE team (id text PRIMARY KEY, content jsonb NOT NULL);
CREATE TABLE policy (id text PRIMARY KEY, content jsonb NOT NULL);
CREATE TABLE rota (id text PRIMARY KEY, team text NOT NULL, content jsonb NOT NULL);

CREATE TABLE rota_override (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rota text NOT NULL REFERENCES rota ON DELETE CASCADE,
    content jsonb NOT NULL,
    during tstzrange NOT NULL CHECK (NOT isempty(during)),
    author text,
    made_at timestamptz NOT NULL
);
-- Two overrides of a rota that name the same person never overlap; touching ones may follow each other.
CREATE TABLE rota_override_person (
    override bigint NOT NULL REFERENCES rota_override ON DELETE CASCADE,
    rota text NOT NULL,
    person text NOT NULL,
    during tstzrange NOT NULL,
    CONSTRAINT rota_override_overlap EXCLUDE USING gist (rota WITH =, person WITH =, during WITH &&)
);
CREATE TABLE rota_temporary (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rota text NOT NULL REFERENCES rota ON DELETE CASCADE,
    content jsonb NOT NULL,
    until timestamptz NOT NULL
);

CREATE TABLE silence (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    content jsonb NOT NULL,
    begins timestamptz NOT NULL,
    ends timestamptz NOT NULL CHECK (ends > begins),
    made_at timestamptz NOT NULL,
    warned_at timestamptz
);
CREATE INDEX silence_by_end ON silence (ends);

-- Alerts ---------------------------------------------------------------------------------------------------------------------

-- What a rule makes of each scope of which there is anything to remember.
CREATE TABLE alert (
    rule text NOT NULL,
    scope text NOT NULL,
    no_data boolean NOT NULL,
    content jsonb NOT NULL,
    PRIMARY KEY (rule, scope, no_data)
);
CREATE TABLE rule_evaluation (rule text PRIMARY KEY, content jsonb NOT NULL, at timestamptz NOT NULL);

-- Append-only. An alert's sequence makes a transition that is written twice the same row.
CREATE TABLE transition (
    rule text NOT NULL,
    scope text NOT NULL,
    no_data boolean NOT NULL,
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    turn text NOT NULL,
    cause text NOT NULL,
    content jsonb NOT NULL,
    PRIMARY KEY (rule, scope, no_data, sequence)
);
CREATE INDEX transition_by_time ON transition (at);

-- Incidents ------------------------------------------------------------------------------------------------------------------

-- An episode of a notification group: routing's whole memory of it is `content`, and whoever advances it holds the row.
CREATE TABLE incident_group (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team text NOT NULL,
    domain text NOT NULL,
    exercise boolean NOT NULL,
    content jsonb NOT NULL,
    -- When it must be looked at again, without anything having happened.
    wake timestamptz,
    opened_at timestamptz NOT NULL,
    over_at timestamptz,
    -- The hash of its log's last line.
    hash bytea NOT NULL
);
CREATE INDEX incident_group_wake ON incident_group (wake) WHERE over_at IS NULL;
CREATE INDEX incident_group_open ON incident_group (team, domain, exercise) WHERE over_at IS NULL;

CREATE TABLE incident (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id bigint NOT NULL REFERENCES incident_group,
    origin jsonb NOT NULL,
    -- One for each open alert; null for those that no alert opened.
    rule text,
    scope text,
    no_data boolean NOT NULL DEFAULT false,
    -- For those that other systems open: one open incident for a key.
    key text,
    severity text NOT NULL,
    team text NOT NULL,
    area text,
    exercise boolean NOT NULL DEFAULT false,
    -- What silences and inhibitions know it by.
    labels jsonb NOT NULL,
    -- Titles, place, caller, the reading that opened it: what people are shown.
    content jsonb NOT NULL,
    opened_at timestamptz NOT NULL,
    standing text NOT NULL CHECK (standing IN ('triggered', 'acknowledged', 'snoozed', 'resolved')),
    assignee text,
    acknowledged_at timestamptz,
    resolved_at timestamptz,
    merged_into bigint REFERENCES incident
);
CREATE UNIQUE INDEX incident_open_alert ON incident (rule, scope, no_data) WHERE resolved_at IS NULL AND rule IS NOT NULL;
CREATE UNIQUE INDEX incident_open_key ON incident (key) WHERE resolved_at IS NULL AND key IS NOT NULL;
CREATE INDEX incident_open ON incident (id) WHERE resolved_at IS NULL;
CREATE INDEX incident_by_time ON incident (opened_at);

-- Append-only, in a chain of hashes for each group: a line that was changed or taken out doesn't fit any more.
CREATE TABLE incident_log (
    group_id bigint NOT NULL REFERENCES incident_group,
    number bigint NOT NULL,
    at timestamptz NOT NULL,
    incidents bigint[] NOT NULL,
    line jsonb NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (group_id, number)
);
CREATE INDEX incident_log_by_incident ON incident_log USING gin (incidents);
