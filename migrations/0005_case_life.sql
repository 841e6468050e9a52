-- How long a case may take, as its source said ('5wd' are working days), and the version of the working calendar that made
-- its deadline of that; 'none' where it took no calendar, NULL where the source gave the deadline or there is none. When it
-- was withdrawn, which is also when it was closed, and when it was last opened again.
ALTER TABLE cases
    ADD COLUMN allowance text,
    ADD COLUMN calendar text,
    ADD COLUMN withdrawn timestamptz,
    ADD COLUMN reopened timestamptz;
ALTER TABLE case_version
    ADD COLUMN allowance text,
    ADD COLUMN calendar text,
    ADD COLUMN withdrawn timestamptz,
    ADD COLUMN reopened timestamptz;
