-- Times are milliseconds since 1970 (UTC); ids are UUID v7 as text.

-- Facts about this database itself: its identity, secrets of this installation.
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE hosts (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    public_key    BLOB NOT NULL,
    hostname      TEXT NOT NULL,
    os            TEXT NOT NULL,
    arch          TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    enrolled_at   BIGINT NOT NULL,
    last_seen_at  BIGINT,
    -- Grows with every link; a commit names the epoch it was accepted under, so that an older link cannot write.
    link_epoch    BIGINT NOT NULL DEFAULT 0,
    -- Folders followed, as last reported (JSON).
    roots         TEXT NOT NULL DEFAULT '[]',
    removed_at    BIGINT
);
CREATE UNIQUE INDEX hosts_name ON hosts (name) WHERE removed_at IS NULL;

-- One-time tokens that let a machine join as a host.
CREATE TABLE enrolments (
    id         TEXT PRIMARY KEY,
    host_name  TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    host_id    TEXT REFERENCES hosts (id)
);

-- People and coders.
CREATE TABLE actors (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('person', 'coder')),
    name         TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin')),
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT,
    disabled_at  BIGINT
);

-- How an actor proves who they are: an argon2id hash now, passkeys later.
CREATE TABLE credentials (
    actor_id   TEXT NOT NULL REFERENCES actors (id),
    kind       TEXT NOT NULL CHECK (kind IN ('password')),
    secret     TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (actor_id, kind)
);

-- One-time links with which an actor signs in without a password.
CREATE TABLE sign_in_links (
    secret_hash BLOB PRIMARY KEY,
    actor_id    TEXT NOT NULL REFERENCES actors (id),
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT
);

-- Signed-in browsers.
CREATE TABLE sign_ins (
    secret_hash  BLOB PRIMARY KEY,
    actor_id     TEXT NOT NULL REFERENCES actors (id),
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    origin       TEXT NOT NULL
);
CREATE INDEX sign_ins_actor ON sign_ins (actor_id);

-- Credentials of scripts.
CREATE TABLE tokens (
    id           TEXT PRIMARY KEY,
    actor_id     TEXT NOT NULL REFERENCES actors (id),
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    secret_hash  BLOB NOT NULL UNIQUE,
    role         TEXT NOT NULL CHECK (role IN ('viewer', 'member', 'admin')),
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at   BIGINT,
    revoked_at   BIGINT
);

-- Every change of access. Rows are only ever added.
CREATE TABLE audit (
    id         TEXT PRIMARY KEY,
    at         BIGINT NOT NULL,
    actor_id   TEXT,
    actor_name TEXT NOT NULL,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    origin     TEXT NOT NULL
);

-- One file in one generation of its content.
CREATE TABLE transcripts (
    id               TEXT PRIMARY KEY,
    host_id          TEXT NOT NULL REFERENCES hosts (id),
    coder            TEXT NOT NULL,
    root             TEXT NOT NULL,
    path             TEXT NOT NULL,
    kind             TEXT NOT NULL CHECK (kind IN ('main', 'subagent', 'workflow', 'tool_result', 'meta')),
    -- Whether frames are cut at newlines (false: a side file that travels whole).
    in_lines         BOOLEAN NOT NULL,
    generation       BIGINT NOT NULL,
    -- Device and inode as the host reported them, unsigned numbers in decimal.
    device           TEXT NOT NULL,
    inode            TEXT NOT NULL,
    session_id       TEXT,
    committed_offset BIGINT NOT NULL DEFAULT 0,
    lines            BIGINT NOT NULL DEFAULT 0,
    -- The committed bytes end inside a line that was torn and archived as it was.
    mid_line         BOOLEAN NOT NULL DEFAULT FALSE,
    -- Fingerprints: SHA-256 of the first and of the last few committed bytes, by which a host finds the file again.
    head_bytes       BIGINT NOT NULL DEFAULT 0,
    head_sha256      BLOB,
    tail_bytes       BIGINT NOT NULL DEFAULT 0,
    tail_sha256      BLOB,
    state            TEXT NOT NULL CHECK (state IN ('live', 'gone')),
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    gone_at          BIGINT,
    -- The follower `derive`: how far it has read, with which parser, and what it knows of this file (JSON).
    derived_offset   BIGINT NOT NULL DEFAULT 0,
    derived_version  BIGINT NOT NULL DEFAULT 0,
    facts            TEXT NOT NULL DEFAULT '',
    -- The session's row knows of this file's present path and state; and which session's row that is.
    joined           BOOLEAN NOT NULL DEFAULT FALSE,
    joined_session   TEXT,
    -- Bytes whose frames were merged into blocks; everything before it is compact.
    compacted_offset BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX transcripts_live_path ON transcripts (host_id, path) WHERE state = 'live';
CREATE INDEX transcripts_session ON transcripts (session_id);

-- The archive: bytes exactly as the coder wrote them, in pieces.
CREATE TABLE frames (
    transcript_id TEXT NOT NULL REFERENCES transcripts (id),
    start_offset  BIGINT NOT NULL,
    end_offset    BIGINT NOT NULL,
    -- Number of the line that the first byte belongs to, and newlines in the piece.
    first_line    BIGINT NOT NULL,
    line_count    BIGINT NOT NULL,
    codec         BIGINT NOT NULL,
    bytes         BLOB NOT NULL,
    PRIMARY KEY (transcript_id, start_offset)
);
CREATE INDEX frames_line ON frames (transcript_id, first_line);

-- One conversation; derived, rebuilt from the archive at any time.
CREATE TABLE sessions (
    id                TEXT PRIMARY KEY,
    coder             TEXT NOT NULL,
    -- Hosts with a transcript of it, latest activity first (JSON array of ids).
    hosts             TEXT NOT NULL,
    project_path      TEXT NOT NULL,
    title             TEXT,
    title_source      TEXT,
    branch            TEXT,
    client_version    TEXT,
    entrypoint        TEXT,
    model             TEXT,
    first_activity_at BIGINT,
    last_activity_at  BIGINT NOT NULL,
    entries           BIGINT NOT NULL,
    conversation      BIGINT NOT NULL,
    unreadable        BIGINT NOT NULL,
    subagents         BIGINT NOT NULL,
    gone              BOOLEAN NOT NULL
);
CREATE INDEX sessions_activity ON sessions (last_activity_at DESC, id);
