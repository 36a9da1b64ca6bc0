-- A retention rule deletes what is old; what a coder appends to the same files afterwards is archived again.

-- Bytes and lines of the file before the archived ones: a rule deleted them. Offsets and lines of all other tables count
-- from there.
ALTER TABLE transcripts ADD COLUMN base_offset BIGINT NOT NULL DEFAULT 0;
ALTER TABLE transcripts ADD COLUMN base_line BIGINT NOT NULL DEFAULT 0;

-- A rule deleted it: the session may go on. False for what a person deleted, which is never archived again.
ALTER TABLE deletions ADD COLUMN by_rule BOOLEAN NOT NULL DEFAULT FALSE;
