//! Databases of every released schema: opened by this build they hold what they held, and everything derived is made again.

use std::borrow::Cow;

use muster_proto::ids::{HostId, TranscriptId};
use sqlx::migrate::Migrator;

use super::db::{Db, POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};
use super::testing::{TestDb, both_with};
use super::{frames, sessions, transcripts};
use crate::transcript::PARSER_VERSION;
use crate::vals;

/// Versions of the schema that were released.
const RELEASED: [i64; 1] = [1];

const PROMPT: &str =
    "{\"type\":\"user\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"message\":{\"content\":\"Fix it\"}}\n";

const HOST: &str = "INSERT INTO hosts (id, name, public_key, hostname, os, arch, agent_version, enrolled_at) VALUES ($1, 'h', $2, 'h', 'linux', 'x86_64', '0.1.0', 1)";
const TRANSCRIPT: &str = "INSERT INTO transcripts (id, host_id, coder, root, path, kind, in_lines, generation, device, inode, session_id,
    committed_offset, lines, state, created_at, updated_at, derived_offset, derived_version, facts, joined, joined_session)
    VALUES ($1, $2, 'claude', '/r', '/r/s.jsonl', 'main', TRUE, 0, '1', '2', 'claude-s', $3, 1, 'live', 1, 1, $3, 1, '{}', TRUE, 'claude-s')";
const FRAME: &str = "INSERT INTO frames (transcript_id, start_offset, end_offset, first_line, line_count, codec, bytes)
    VALUES ($1, 0, $2, 0, 1, 1, $3)";
const SESSION: &str = "INSERT INTO sessions (id, coder, hosts, project_path, title, last_activity_at, entries, conversation, unreadable, subagents, gone)
    VALUES ('claude-s', 'claude', $1, '/srv', 'Fix it', 1, 1, 1, 0, 0, FALSE)";

/// Brings an empty database to an older schema.
async fn age(db: &Db, version: i64) {
    let until = |migrator: &Migrator| {
        let kept = migrator.iter().filter(|migration| migration.version <= version).cloned().collect();
        Migrator { migrations: Cow::Owned(kept), ..Migrator::DEFAULT }
    };
    match db {
        Db::Lite { writer, .. } => until(&SQLITE_MIGRATIONS).run(writer).await.unwrap(),
        Db::Pg(pool) => until(&POSTGRES_MIGRATIONS).run(pool).await.unwrap(),
    }
}

#[tokio::test]
async fn a_database_of_every_released_schema_is_brought_up_to_date_with_all_it_holds() {
    for version in RELEASED {
        for test in both_with(|db| async move { age(&db, version).await }).await {
            holds_what_it_held(&test).await;
        }
    }
}

async fn holds_what_it_held(test: &TestDb) {
    let (host, transcript) = (HostId::new(), TranscriptId::new());
    let length = i64::try_from(PROMPT.len()).unwrap();
    test.db.execute(HOST, vals![host.to_string(), vec![1_u8; 32]]).await.unwrap();
    test.db.execute(TRANSCRIPT, vals![transcript.to_string(), host.to_string(), length]).await.unwrap();
    test.db.execute(FRAME, vals![transcript.to_string(), length, PROMPT.as_bytes().to_vec()]).await.unwrap();
    test.db.execute(SESSION, vals![format!("[\"{host}\"]")]).await.unwrap();

    let db = test.reopened().await;
    let kept = frames::from_offset(&db, transcript, 0, PROMPT.len() as u64, 10).await.unwrap();
    assert_eq!(kept[0].raw().unwrap(), PROMPT.as_bytes());
    assert_eq!(transcripts::get(&db, transcript).await.unwrap().unwrap().session_id.as_deref(), Some("claude-s"));
    let session = sessions::get(&db, "claude-s").await.unwrap().unwrap();
    assert_eq!((session.title.as_deref(), session.entries), (Some("Fix it"), 1));
    assert_eq!(sessions::behind(&db, PARSER_VERSION).await.unwrap(), [transcript.to_string()]);
}
