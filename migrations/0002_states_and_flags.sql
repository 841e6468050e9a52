-- What a sender says of a measured value. NULL is a normal one, which most are: a NULL takes no room in the row.
-- 1 calibrating, 2 fault, 3 provisional.
ALTER TABLE observation ADD COLUMN state smallint;

-- What is to be known of a reading beside its quality, as bits: 1 suspect, 2 provisional, 4 too few. NULL is none.
ALTER TABLE reading ADD COLUMN flags smallint;
