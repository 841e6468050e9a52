-- What the duty is measured by, and the morning letter.

-- Shifts as they were. Whoever is on call has a row without an end; a later change of the rota changes none of them.
CREATE TABLE shift (
    rota text NOT NULL,
    team text NOT NULL,
    person text NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (rota, person, began_at)
);
CREATE UNIQUE INDEX shift_on ON shift (rota, person) WHERE ended_at IS NULL;
CREATE INDEX shift_by_end ON shift (ended_at);
-- Up to when shifts are on record: whoever records locks this row. NULL before the first time.
CREATE TABLE shift_record (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    until timestamptz
);
INSERT INTO shift_record DEFAULT VALUES;

-- To whom the morning letter goes, and when; no row: to nobody.
CREATE TABLE letter_order (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    content jsonb NOT NULL,
    -- When it was given: turns before that are not made up for.
    since timestamptz NOT NULL
);
-- One row for a date, whatever became of its letter: so a letter is written once, by whichever server is first.
CREATE TABLE letter (
    date date PRIMARY KEY,
    written_at timestamptz NOT NULL,
    -- The letter, before it is put into a language; NULL where its time had passed when a server was there again.
    content jsonb
);
