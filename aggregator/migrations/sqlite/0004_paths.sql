-- A file that is opened asks which ones were at its path before, live or gone.
CREATE INDEX transcripts_path ON transcripts (host_id, path);
