-- The outbox: pages that were decided, the messages that carry them, and each attempt to send one.
-- Persons, contacts, groups and incidents are named by their keys without foreign keys: the outbox is written in the
-- transactions of others and must never wait for, or fail by, their rows.

CREATE SEQUENCE page_token;

-- One message to one contact. It may carry several pages of one team and one kind, which are then answered together.
-- While it is 'sending', due_at is the end of its lease; whoever finds it after that may take it over.
CREATE TABLE message (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Ours, the same in every attempt: providers are asked by it.
    reference uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    contact bigint NOT NULL,
    person text NOT NULL,
    team text,
    kind text NOT NULL,
    exercise boolean NOT NULL,
    rank smallint NOT NULL,
    created_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'sending', 'accepted', 'delivered', 'read', 'failed', 'suppressed', 'expired', 'unconfirmed')),
    due_at timestamptz NOT NULL,
    -- Of the worker that holds it; a finish with another one is late.
    token bigint,
    -- Whether it isn't known what became of the last attempt.
    doubt boolean NOT NULL DEFAULT false,
    attempts int NOT NULL DEFAULT 0,
    -- How often it was sent again without knowing whether the first had arrived: never more than once.
    repeats int NOT NULL DEFAULT 0,
    -- How often the provider was asked in vain what became of the last attempt.
    asks int NOT NULL DEFAULT 0,
    -- Whether the person's next contact was pulled forward because of it.
    pulled boolean NOT NULL DEFAULT false,
    provider text,
    provider_reference text,
    finished_at timestamptz
);
CREATE INDEX message_open ON message (rank, due_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX message_by_provider_reference ON message (provider, provider_reference) WHERE provider_reference IS NOT NULL;
CREATE INDEX message_by_time ON message (finished_at) WHERE finished_at IS NOT NULL;

-- A page is decided once: the same decision taken twice gives the same key.
CREATE TABLE page (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dedupe_key bytea NOT NULL UNIQUE,
    group_id bigint,
    team text,
    incidents bigint[] NOT NULL,
    escalation bigint NOT NULL,
    person text NOT NULL,
    contact bigint NOT NULL,
    kind text NOT NULL,
    -- The page as it was decided.
    content jsonb NOT NULL,
    exercise boolean NOT NULL,
    -- 0: people are waited for; 1: other pages; 2: digests and what else may wait.
    rank smallint NOT NULL,
    decided_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    -- 'carried' while its message is open; then as its message.
    state text NOT NULL CHECK (state IN ('waiting', 'carried', 'accepted', 'delivered', 'read', 'failed', 'suppressed', 'expired', 'unconfirmed')),
    message bigint REFERENCES message
);
CREATE INDEX page_waiting ON page (rank, due_at) WHERE state = 'waiting';
CREATE INDEX page_waiting_by_contact ON page (contact, kind) WHERE state = 'waiting';
CREATE INDEX page_waiting_by_person ON page (person) WHERE state = 'waiting';
CREATE INDEX page_by_group ON page (group_id, escalation);
CREATE INDEX page_by_message ON page (message) WHERE message IS NOT NULL;

-- Append-only: a row is written before the provider is called, and gets its outcome once.
CREATE TABLE attempt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message bigint NOT NULL REFERENCES message,
    token bigint NOT NULL,
    provider text NOT NULL,
    is_repeat boolean NOT NULL,
    begun_at timestamptz NOT NULL,
    finished_at timestamptz,
    -- accepted, retry, permanent, unknown; 'late:' before it when the lease was lost.
    outcome text,
    detail text,
    provider_reference text
);
CREATE INDEX attempt_by_message ON attempt (message, id);

-- What became of pages, for the log of their incidents: written with the change itself, noted by whoever keeps that log.
CREATE TABLE outcome (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    page bigint NOT NULL REFERENCES page,
    message bigint,
    what text NOT NULL,
    provider text,
    detail text,
    noted_at timestamptz
);
CREATE INDEX outcome_not_noted ON outcome (id) WHERE noted_at IS NULL;

-- A provider's breaker, shared by all servers.
CREATE TABLE provider_health (
    provider text PRIMARY KEY,
    -- In a row.
    failures int NOT NULL,
    open_until timestamptz,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    last_failure text
);

-- What providers reported, each event once.
CREATE TABLE provider_event (
    provider text NOT NULL,
    event text NOT NULL,
    message bigint,
    state text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (provider, event)
);
CREATE INDEX provider_event_by_time ON provider_event (received_at);
