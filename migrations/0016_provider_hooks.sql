-- What people answer to messages, over a provider: each event counts once. Their words are not kept.
CREATE TABLE provider_reply (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text NOT NULL,
    event text NOT NULL,
    -- Whose it was; null for strangers.
    contact bigint,
    -- What came of it.
    did text NOT NULL,
    received_at timestamptz NOT NULL,
    UNIQUE (provider, event)
);
CREATE INDEX provider_reply_by_contact ON provider_reply (contact, received_at) WHERE contact IS NOT NULL;
CREATE INDEX provider_reply_by_time ON provider_reply (received_at);

-- For an answer without a number: which message it is about.
CREATE INDEX message_by_contact ON message (contact, id);

-- Messages that go through each provider now and then, to find out whether they arrive.
CREATE TABLE canary (
    provider text PRIMARY KEY,
    -- Ours, of the last one.
    reference uuid NOT NULL,
    -- The provider's, of the last one.
    provider_reference text,
    sent_at timestamptz NOT NULL,
    -- When the last one was received.
    received_at timestamptz,
    -- Since when none of those sent was received; null when the last one was.
    waiting_since timestamptz
);
