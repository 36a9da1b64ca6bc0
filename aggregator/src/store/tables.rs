//! The schema as data: every table and column, for what copies whole databases.

use Kind::{Blob, Bool, Int, Text};

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// TEXT
    Text,
    /// BIGINT
    Int,
    /// BOOLEAN
    Bool,
    /// BLOB, BYTEA
    Blob,
}

/// A table and its columns.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns in order.
    pub columns: &'static [(&'static str, Kind)],
}

/// All tables, those that others refer to first. A test compares them with the schema.
pub const TABLES: &[Table] = &[
    Table { name: "settings", columns: &[("key", Text), ("value", Text)] },
    Table {
        name: "hosts",
        columns: &[
            ("id", Text),
            ("name", Text),
            ("public_key", Blob),
            ("hostname", Text),
            ("os", Text),
            ("arch", Text),
            ("agent_version", Text),
            ("enrolled_at", Int),
            ("last_seen_at", Int),
            ("link_epoch", Int),
            ("roots", Text),
            ("removed_at", Int),
        ],
    },
    Table {
        name: "enrolments",
        columns: &[
            ("id", Text),
            ("host_name", Text),
            ("token_hash", Blob),
            ("created_by", Text),
            ("created_at", Int),
            ("expires_at", Int),
            ("used_at", Int),
            ("host_id", Text),
        ],
    },
    Table {
        name: "actors",
        columns: &[
            ("id", Text),
            ("kind", Text),
            ("name", Text),
            ("display_name", Text),
            ("role", Text),
            ("created_at", Int),
            ("last_seen_at", Int),
            ("disabled_at", Int),
        ],
    },
    Table {
        name: "credentials",
        columns: &[("actor_id", Text), ("kind", Text), ("secret", Text), ("updated_at", Int)],
    },
    Table {
        name: "sign_in_links",
        columns: &[
            ("secret_hash", Blob),
            ("actor_id", Text),
            ("created_at", Int),
            ("expires_at", Int),
            ("used_at", Int),
        ],
    },
    Table {
        name: "sign_ins",
        columns: &[
            ("secret_hash", Blob),
            ("actor_id", Text),
            ("created_at", Int),
            ("last_seen_at", Int),
            ("expires_at", Int),
            ("origin", Text),
        ],
    },
    Table {
        name: "tokens",
        columns: &[
            ("id", Text),
            ("actor_id", Text),
            ("name", Text),
            ("prefix", Text),
            ("secret_hash", Blob),
            ("role", Text),
            ("created_at", Int),
            ("last_used_at", Int),
            ("expires_at", Int),
            ("revoked_at", Int),
        ],
    },
    Table {
        name: "audit",
        columns: &[
            ("id", Text),
            ("at", Int),
            ("actor_id", Text),
            ("actor_name", Text),
            ("action", Text),
            ("subject", Text),
            ("origin", Text),
        ],
    },
    Table {
        name: "transcripts",
        columns: &[
            ("id", Text),
            ("host_id", Text),
            ("coder", Text),
            ("root", Text),
            ("path", Text),
            ("kind", Text),
            ("in_lines", Bool),
            ("generation", Int),
            ("device", Text),
            ("inode", Text),
            ("session_id", Text),
            ("committed_offset", Int),
            ("lines", Int),
            ("mid_line", Bool),
            ("head_bytes", Int),
            ("head_sha256", Blob),
            ("tail_bytes", Int),
            ("tail_sha256", Blob),
            ("state", Text),
            ("created_at", Int),
            ("updated_at", Int),
            ("gone_at", Int),
            ("derived_offset", Int),
            ("derived_version", Int),
            ("facts", Text),
            ("joined", Bool),
            ("joined_session", Text),
            ("compacted_offset", Int),
            ("base_offset", Int),
            ("base_line", Int),
        ],
    },
    Table {
        name: "frames",
        columns: &[
            ("transcript_id", Text),
            ("start_offset", Int),
            ("end_offset", Int),
            ("first_line", Int),
            ("line_count", Int),
            ("codec", Int),
            ("bytes", Blob),
        ],
    },
    Table {
        name: "sessions",
        columns: &[
            ("id", Text),
            ("coder", Text),
            ("hosts", Text),
            ("project_path", Text),
            ("title", Text),
            ("title_source", Text),
            ("branch", Text),
            ("client_version", Text),
            ("entrypoint", Text),
            ("model", Text),
            ("first_activity_at", Int),
            ("last_activity_at", Int),
            ("entries", Int),
            ("conversation", Int),
            ("unreadable", Int),
            ("subagents", Int),
            ("gone", Bool),
            ("began_host", Text),
            ("began_path", Text),
            ("project_id", Text),
            ("human_prompts", Int),
            ("assistant_messages", Int),
            ("tool_calls", Int),
            ("tool_errors", Int),
            ("tokens", Int),
            ("cost_microdollars", Int),
            ("context_tokens", Int),
            ("extras", Text),
        ],
    },
    Table {
        name: "turns",
        columns: &[
            ("transcript_id", Text),
            ("line", Int),
            ("uuid", Text),
            ("text", Text),
            ("queued", Bool),
            ("started_at", Int),
            ("ended_at", Int),
            ("duration_ms", Int),
            ("after_line", Int),
            ("named_line", Int),
        ],
    },
    Table {
        name: "tool_calls",
        columns: &[
            ("transcript_id", Text),
            ("line", Int),
            ("result_line", Int),
            ("id", Text),
            ("name", Text),
            ("about", Text),
            ("path", Text),
            ("writes", Bool),
            ("started_at", Int),
            ("ended_at", Int),
            ("duration_ms", Int),
            ("is_error", Bool),
            ("exit_code", Int),
            ("added", Int),
            ("removed", Int),
            ("agent_id", Text),
            ("agent_kind", Text),
            ("agent_background", Bool),
            ("agent_ok", Bool),
            ("workflow_id", Text),
        ],
    },
    Table {
        name: "usage",
        columns: &[
            ("key", Blob),
            ("transcript_id", Text),
            ("line", Int),
            ("at", Int),
            ("model", Text),
            ("input_tokens", Int),
            ("output_tokens", Int),
            ("cache_read_tokens", Int),
            ("cache_write_5m_tokens", Int),
            ("cache_write_1h_tokens", Int),
            ("thinking_tokens", Int),
            ("web_searches", Int),
            ("records", Int),
            ("copied", Bool),
            ("counted", Bool),
            ("cost_microdollars", Int),
        ],
    },
    Table {
        name: "prices",
        columns: &[
            ("model", Text),
            ("valid_from", Int),
            ("input", Int),
            ("output", Int),
            ("cache_read", Int),
            ("cache_write_5m", Int),
            ("cache_write_1h", Int),
            ("web_search", Int),
        ],
    },
    Table {
        name: "projects",
        columns: &[("id", Text), ("name", Text), ("named", Bool), ("identity", Text), ("created_at", Int)],
    },
    Table {
        name: "project_paths",
        columns: &[
            ("host_id", Text),
            ("path", Text),
            ("project_id", Text),
            ("remote", Text),
            ("root_commit", Text),
            ("top_level", Text),
            ("owner", Text),
            ("pinned", Bool),
            ("asked_at", Int),
        ],
    },
    Table {
        name: "retention_rules",
        columns: &[
            ("id", Text),
            ("host_id", Text),
            ("project_id", Text),
            ("days", Int),
            ("enabled", Bool),
            ("created_by", Text),
            ("created_at", Int),
        ],
    },
    Table {
        name: "deletions",
        columns: &[
            ("session_id", Text),
            ("deleted_by", Text),
            ("deleted_at", Int),
            ("reason", Text),
            ("by_rule", Bool),
        ],
    },
    Table {
        name: "saved_searches",
        columns: &[("id", Text), ("actor_id", Text), ("name", Text), ("query", Text), ("created_at", Int)],
    },
    Table {
        name: "session_titles",
        columns: &[("session_id", Text), ("title", Text), ("renamed_by", Text), ("renamed_at", Int)],
    },
    Table { name: "notice_rules", columns: &[("actor_id", Text), ("rules", Text), ("updated_at", Int)] },
];

/// The table of this name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
