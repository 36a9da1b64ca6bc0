-- What transcripts mean: turns, tool calls, subagents, usage, projects. All of it but projects, prices, rules and
-- saved searches is derived, and rebuilt from the archive at any time. A row of a transcript is replaced when its line is
-- read again.

-- A person's prompt and everything until the coder yields.
CREATE TABLE turns (
    transcript_id TEXT NOT NULL REFERENCES transcripts (id),
    -- Line of the prompt.
    line          BIGINT NOT NULL,
    -- The prompt's own id: the same in copies of the session.
    uuid          TEXT,
    text          TEXT NOT NULL,
    queued        BOOLEAN NOT NULL,
    started_at    BIGINT,
    ended_at      BIGINT,
    duration_ms   BIGINT,
    PRIMARY KEY (transcript_id, line)
) WITHOUT ROWID;

CREATE TABLE tool_calls (
    transcript_id TEXT NOT NULL REFERENCES transcripts (id),
    -- Line of the use, and of its outcome. An outcome whose use has not come yet has an empty name and no reader.
    line          BIGINT NOT NULL,
    result_line   BIGINT,
    -- The coder's id of the use: the same in copies of the session.
    id            TEXT NOT NULL,
    name          TEXT NOT NULL,
    about         TEXT,
    path          TEXT,
    writes        BOOLEAN NOT NULL,
    started_at    BIGINT,
    ended_at      BIGINT,
    -- As the outcome tells it; else the difference of the times counts.
    duration_ms   BIGINT,
    -- NULL while there is no outcome.
    is_error      BOOLEAN,
    exit_code     BIGINT,
    added         BIGINT,
    removed       BIGINT,
    -- The subagent that it began: the coder's own id, type and whether it runs in the background.
    agent_id      TEXT,
    agent_kind    TEXT,
    agent_background BOOLEAN,
    -- How the subagent ended, as it was reported later; NULL until then.
    agent_ok      BOOLEAN,
    workflow_id   TEXT,
    PRIMARY KEY (transcript_id, id)
) WITHOUT ROWID;
CREATE INDEX tool_calls_path ON tool_calls (path) WHERE path IS NOT NULL;

-- Tokens of replies, one row per transcript and reply that it tells of. `counted` marks, of all rows with the same key,
-- the one with the greatest output (then the one that is no copy, then the lowest transcript id): sums take only those.
CREATE TABLE usage (
    -- First 16 bytes of SHA-256 of message id, a zero byte, request id.
    key                BLOB NOT NULL,
    transcript_id      TEXT NOT NULL REFERENCES transcripts (id),
    line               BIGINT NOT NULL,
    at                 BIGINT NOT NULL,
    model              TEXT NOT NULL,
    input_tokens       BIGINT NOT NULL,
    output_tokens      BIGINT NOT NULL,
    cache_read_tokens  BIGINT NOT NULL,
    cache_write_5m_tokens BIGINT NOT NULL,
    cache_write_1h_tokens BIGINT NOT NULL,
    thinking_tokens    BIGINT NOT NULL,
    web_searches       BIGINT NOT NULL,
    -- Lines of this transcript that told of the reply.
    records            BIGINT NOT NULL,
    copied             BOOLEAN NOT NULL,
    counted            BOOLEAN NOT NULL,
    -- By the price table as it now is; NULL when the model has no price.
    cost_microdollars  BIGINT,
    PRIMARY KEY (transcript_id, key)
) WITHOUT ROWID;
CREATE INDEX usage_key ON usage (key);
CREATE INDEX usage_at ON usage (at);
-- Reports read all replies: in this index they stand in the order of its groups, with everything that is summed. Several
-- times faster than sorting the rows; PostgreSQL hashes them instead, and needs none.
CREATE INDEX usage_report ON usage (transcript_id, model, at / 900000, at, input_tokens, output_tokens, cache_read_tokens,
    cache_write_5m_tokens, cache_write_1h_tokens, thinking_tokens, web_searches, cost_microdollars, records, counted)
    WHERE counted;
CREATE INDEX usage_dropped ON usage (key) WHERE NOT counted;

-- Micro-dollars per million tokens, from a day on, for models whose name begins with `model`; the longest match counts.
CREATE TABLE prices (
    model          TEXT NOT NULL,
    valid_from     BIGINT NOT NULL,
    input          BIGINT NOT NULL,
    output         BIGINT NOT NULL,
    cache_read     BIGINT NOT NULL,
    cache_write_5m BIGINT NOT NULL,
    cache_write_1h BIGINT NOT NULL,
    -- Micro-dollars per thousand searches.
    web_search     BIGINT NOT NULL,
    PRIMARY KEY (model, valid_from)
);

-- Working directories joined across hosts.
CREATE TABLE projects (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    -- A person has given the name; the others are shown with as much of their address as tells them apart.
    named      BOOLEAN NOT NULL,
    -- What makes it one: `remote:HOST/PATH`, `root:COMMIT`, `path:PATH`, `own:ID` when a person made it.
    identity   TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

-- One working directory of a host, and the project that it belongs to.
CREATE TABLE project_paths (
    host_id     TEXT NOT NULL REFERENCES hosts (id),
    path        TEXT NOT NULL,
    project_id  TEXT NOT NULL REFERENCES projects (id),
    -- As the host says: the repository's address, first commit, top folder, and who owns the directory; NULL when unknown.
    remote      TEXT,
    root_commit TEXT,
    top_level   TEXT,
    owner       TEXT,
    -- A person has chosen the project: what the host says changes nothing.
    pinned      BOOLEAN NOT NULL,
    -- When the host last answered; NULL when it has not yet.
    asked_at    BIGINT,
    PRIMARY KEY (host_id, path)
);
CREATE INDEX project_paths_project ON project_paths (project_id);

-- The working directory in which it began, as in project_paths, and the project of that.
ALTER TABLE sessions ADD COLUMN began_host TEXT;
ALTER TABLE sessions ADD COLUMN began_path TEXT;
ALTER TABLE sessions ADD COLUMN project_id TEXT;
ALTER TABLE sessions ADD COLUMN human_prompts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN assistant_messages BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN tool_calls BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN tool_errors BIGINT NOT NULL DEFAULT 0;
-- Tokens of all kinds with subagents, and their cost; each reply counted once in the whole fleet.
ALTER TABLE sessions ADD COLUMN tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN cost_microdollars BIGINT;
-- Tokens that the context of the main conversation holds.
ALTER TABLE sessions ADD COLUMN context_tokens BIGINT;
-- What only the session's own page shows (JSON): pull requests, things to do, compactions, errors of the API.
ALTER TABLE sessions ADD COLUMN extras TEXT NOT NULL DEFAULT '{}';
CREATE INDEX sessions_project ON sessions (project_id);
CREATE INDEX sessions_began ON sessions (began_host, began_path);

-- Who keeps what for how long. Without a rule everything is kept for ever.
CREATE TABLE retention_rules (
    id         TEXT PRIMARY KEY,
    -- NULL: any.
    host_id    TEXT,
    project_id TEXT,
    -- Sessions without activity for longer are deleted.
    days       BIGINT NOT NULL,
    enabled    BOOLEAN NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Sessions that were deleted on purpose: what a host still has of them is not archived again.
CREATE TABLE deletions (
    session_id TEXT PRIMARY KEY,
    deleted_by TEXT NOT NULL,
    deleted_at BIGINT NOT NULL,
    reason     TEXT NOT NULL
);

CREATE TABLE saved_searches (
    id         TEXT PRIMARY KEY,
    actor_id   TEXT NOT NULL REFERENCES actors (id),
    name       TEXT NOT NULL,
    query      TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX saved_searches_actor ON saved_searches (actor_id);
