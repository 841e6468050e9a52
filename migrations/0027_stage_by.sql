-- By what somebody could confirm a stage: as the lead of a shift log, by the plan of duty, as the server's keeper, or as
-- anybody where nobody was known to lead. Unknown of what was confirmed before it was asked.
ALTER TABLE stage_confirmation ADD COLUMN by_what text CHECK (by_what IN ('shift_log', 'duty', 'keeper', 'anybody'));
