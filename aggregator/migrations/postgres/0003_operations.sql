-- What people say of sessions, and what they want to be told. Nothing of it is derived.

-- Titles that people gave to sessions: they win over what coders say, and stay when everything is derived again.
CREATE TABLE session_titles (
    session_id TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    renamed_by TEXT NOT NULL,
    renamed_at BIGINT NOT NULL
);

-- When a person wants to be told, as JSON; without a row the defaults count.
CREATE TABLE notice_rules (
    actor_id   TEXT PRIMARY KEY REFERENCES actors (id),
    rules      TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Live pages ask for the few calls that still run, among ten thousand that do not.
CREATE INDEX tool_calls_open ON tool_calls (transcript_id) WHERE is_error IS NULL AND name <> '';
