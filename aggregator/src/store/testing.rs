//! Databases for tests: one of each kind, empty, gone with the value.

use sqlx::{Executor as _, SqlSafeStr as _, SqlStr};

use super::{
    Db, actors, audit, chat_folders, context, credentials, deletions, endings, enrolments, frames, hosts, notice_rules,
    prices, project_report, projects, retention, saved_searches, search, session_titles, sessions, settings, sign_ins,
    tokens, tool_calls, transcripts, turns, usage, usage_report,
};

/// An empty database of the current schema.
pub(crate) struct TestDb {
    /// Open.
    pub(crate) db: Db,
    folder: Option<tempfile::TempDir>,
    database: Option<muster_test_pg::Database>,
}

impl TestDb {
    /// The same database opened again, as a newer Muster opens it.
    pub(super) async fn reopened(&self) -> Db {
        let url = self.database.as_ref().map(muster_test_pg::Database::url);
        Db::open(url.as_deref(), &self.folder.as_ref().map(file).unwrap_or_default()).await.unwrap()
    }
}

fn file(folder: &tempfile::TempDir) -> std::path::PathBuf {
    folder.path().join("muster.db")
}

/// The embedded one.
pub(crate) async fn embedded() -> TestDb {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(None, &file(&folder)).await.unwrap();
    TestDb { db, folder: Some(folder), database: None }
}

/// PostgreSQL.
pub(crate) async fn postgres() -> TestDb {
    let database = tokio::task::spawn_blocking(muster_test_pg::database).await.unwrap();
    let db = Db::open(Some(&database.url()), std::path::Path::new("")).await.unwrap();
    TestDb { db, folder: None, database: Some(database) }
}

/// One of each, for tests that hold on both.
pub(crate) async fn both() -> [TestDb; 2] {
    [embedded().await, postgres().await]
}

/// One of each without a schema, which `begin` then gives it.
pub(super) async fn both_with<F: Future<Output = ()>>(begin: impl Fn(Db) -> F) -> [TestDb; 2] {
    let folder = tempfile::tempdir().unwrap();
    let lite = Db::connect(None, &file(&folder)).await.unwrap();
    let database = tokio::task::spawn_blocking(muster_test_pg::database).await.unwrap();
    let pg = Db::connect(Some(&database.url()), std::path::Path::new("")).await.unwrap();
    begin(lite.clone()).await;
    begin(pg.clone()).await;
    [
        TestDb { db: lite, folder: Some(folder), database: None },
        TestDb { db: pg, folder: None, database: Some(database) },
    ]
}

#[tokio::test]
async fn prepares_on_both_databases() {
    let files = [
        ("actors", actors::STATEMENTS),
        ("audit", audit::STATEMENTS),
        ("chat_folders", chat_folders::STATEMENTS),
        ("context", context::STATEMENTS),
        ("credentials", credentials::STATEMENTS),
        ("endings", endings::STATEMENTS),
        ("enrolments", enrolments::STATEMENTS),
        ("deletions", deletions::STATEMENTS),
        ("frames", frames::STATEMENTS),
        ("hosts", hosts::STATEMENTS),
        ("notice_rules", notice_rules::STATEMENTS),
        ("prices", prices::STATEMENTS),
        ("project_report", project_report::STATEMENTS),
        ("projects", projects::STATEMENTS),
        ("retention", retention::STATEMENTS),
        ("saved_searches", saved_searches::STATEMENTS),
        ("search", search::STATEMENTS),
        ("session_titles", session_titles::STATEMENTS),
        ("sessions", sessions::STATEMENTS),
        ("settings", settings::STATEMENTS),
        ("sign_ins", sign_ins::STATEMENTS),
        ("tokens", tokens::STATEMENTS),
        ("tool_calls", tool_calls::STATEMENTS),
        ("transcripts", transcripts::STATEMENTS),
        ("turns", turns::STATEMENTS),
        ("usage", usage::STATEMENTS),
        ("usage_report", usage_report::STATEMENTS),
    ];
    let mut wrong = Vec::new();
    for test in both().await {
        for (file, statements) in files {
            for (name, sql) in statements {
                if let Err(error) = prepare(&test.db, sql).await {
                    wrong.push(format!("{file}::{name} on {}: {error}", test.db.kind()));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

async fn prepare(db: &Db, sql: &'static str) -> sqlx::Result<()> {
    let sql: SqlStr = sql.into_sql_str();
    match db {
        Db::Lite { writer, .. } => writer.prepare(sql).await.map(drop),
        Db::Pg(pool) => pool.prepare(sql).await.map(drop),
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("muster.db");
    let db = Db::open(None, &file).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES (9999, 'from the future', TRUE, x'00', 0)";
    db.execute(newer, vec![]).await.unwrap();
    db.close().await;
    let error = Db::open(None, &file).await.unwrap_err().to_string();
    assert!(error.contains("9999") && error.contains("newer Muster"), "{error}");
}
