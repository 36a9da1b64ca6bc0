//! What goes into a backup comes out again, on either database.

use std::io::BufReader;

use super::*;
use crate::access::{Access, By, HostFacts};
use crate::domain::role::Role;
use crate::store::Db;
use crate::store::dump::{Cell, Snapshot, Target};
use crate::store::tables::{Kind, TABLES, table};
use crate::store::testing::{embedded, postgres};

const HERE: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// A little of everything.
async fn fill(db: &Db) {
    let access = Access::new(db.clone());
    let owner = access.owner().await.unwrap().id.parse().unwrap();
    access.set_password(&By::cli(), owner, "correct horse battery").await.unwrap();
    access.sign_in("owner", "correct horse battery", HERE, None).await.unwrap();
    access.add_token(&By::cli(), owner, "ci 夜", Role::Viewer, Some(3)).await.unwrap();
    let join = access.host_add(&By::cli(), "box").await.unwrap();
    let host = access.enrol(HERE, &join.secret, &[9; 32], HostFacts::default()).await.unwrap().host_id;
    let mut tx = db.begin().await.unwrap();
    let filled = [
        ("transcripts", 3),
        ("frames", 3),
        ("sessions", 40),
        ("turns", 3),
        ("tool_calls", 3),
        ("usage", 3),
        ("prices", 3),
        ("projects", 3),
        ("project_paths", 3),
        ("retention_rules", 3),
        ("deletions", 3),
        ("saved_searches", 3),
    ];
    // A session that has a title of a person has one; and each person has one set of rules.
    let rows = filled.map(|(name, rows)| (name, 0..rows)).into_iter();
    for (name, rows) in rows.chain([("session_titles", 1..4), ("notice_rules", 1..2)]) {
        let table = table(name).unwrap();
        let columns: Vec<String> = table.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let target = Target::new(table, &columns).unwrap();
        for row in rows {
            let cells =
                table.columns.iter().map(|column| cell(*column, row, &host.to_string(), &owner.to_string())).collect();
            target.insert(&mut tx, cells).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

fn cell((name, kind): (&str, Kind), row: i64, host: &str, owner: &str) -> Cell {
    match (name, kind) {
        ("host_id", _) => Cell::Text(host.to_owned()),
        ("actor_id", _) => Cell::Text(owner.to_owned()),
        // It is part of an index, whose entries PostgreSQL bounds.
        ("key", Kind::Blob) => Cell::Blob(row.to_le_bytes().to_vec()),
        ("kind", _) => Cell::Text("main".to_owned()),
        ("state", _) => Cell::Text("gone".to_owned()),
        ("head_sha256" | "gone_at" | "title", _) if row == 0 => Cell::Null,
        (_, Kind::Text) => Cell::Text(format!("{row} é 夜")),
        (_, Kind::Int) => Cell::Int(row - 1),
        (_, Kind::Bool) => Cell::Bool(row % 2 == 0),
        (_, Kind::Blob) => Cell::Blob((0..=255).cycle().take(100_000).collect()),
    }
}

/// Every row of every table, in an order that does not depend on the database.
async fn content(db: &Db) -> Vec<(&'static str, Vec<String>)> {
    let mut snapshot = Snapshot::begin(db).await.unwrap();
    let mut all = Vec::new();
    for table in TABLES {
        let mut rows = Vec::new();
        snapshot
            .each(table, |cells| {
                rows.push(format!("{cells:?}"));
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        rows.sort();
        all.push((table.name, rows));
    }
    all
}

async fn backup(db: &Db, data: &std::path::Path) -> Vec<u8> {
    let mut file = Vec::new();
    write(db, data, &mut file).await.unwrap();
    file
}

async fn try_restore(db: &Db, data: &std::path::Path, file: &[u8], force: bool) -> Result<Summary> {
    restore(db, data, BufReader::new(file), force).await
}

#[tokio::test]
async fn a_backup_moves_between_the_databases_and_back() {
    let (from, to, back) = (embedded().await, postgres().await, embedded().await);
    let [data, data_to, data_back] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    private_file(data.path(), "tls/key.pem", b"the key");
    fill(&from.db).await;
    let before = content(&from.db).await;
    assert!(before.iter().all(|(name, rows)| !rows.is_empty() || *name == "sign_in_links"));
    let there = try_restore(&to.db, data_to.path(), &backup(&from.db, data.path()).await, false).await.unwrap();
    assert_eq!(content(&to.db).await, before);
    try_restore(&back.db, data_back.path(), &backup(&to.db, data_to.path()).await, false).await.unwrap();
    assert_eq!(content(&back.db).await, before);
    assert_eq!(there.files, 1);
    assert_eq!(std::fs::read(data_back.path().join("tls/key.pem")).unwrap(), b"the key");
    let access = Access::new(back.db.clone());
    access.sign_in("owner", "correct horse battery", HERE, None).await.unwrap();
}

fn private_file(data: &std::path::Path, name: &str, content: &[u8]) {
    let path = data.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[tokio::test]
async fn a_damaged_backup_changes_nothing() {
    for to in [embedded().await, postgres().await] {
        let from = embedded().await;
        let data = tempfile::tempdir().unwrap();
        fill(&from.db).await;
        let file = backup(&from.db, data.path()).await;
        let before = content(&to.db).await;
        let flipped = |at: usize| {
            let mut file = file.clone();
            file[at] ^= 0x40;
            file
        };
        let (third, middle) = (flipped(file.len() / 3), flipped(file.len() / 2));
        let cut = &file[..file.len() - 20];
        for broken in [&third[..], &middle[..], cut, b"not a backup", b""] {
            let error = try_restore(&to.db, data.path(), broken, false).await.unwrap_err();
            // A flipped bit can also make a name that this build does not know.
            let told = matches!(error, BackupError::Damaged(_) | BackupError::File(_) | BackupError::Newer(_));
            assert!(told, "{error}");
            assert_eq!(content(&to.db).await, before);
        }
    }
}

#[tokio::test]
async fn a_used_database_is_replaced_only_by_force() {
    let (from, to) = (embedded().await, embedded().await);
    let data = tempfile::tempdir().unwrap();
    fill(&from.db).await;
    Access::new(to.db.clone()).add_member(&By::cli(), "other", None, Role::Admin).await.unwrap();
    let file = backup(&from.db, data.path()).await;
    let refused = try_restore(&to.db, data.path(), &file, false).await.unwrap_err();
    assert!(refused.to_string().contains("--force"), "{refused}");
    try_restore(&to.db, data.path(), &file, true).await.unwrap();
    assert_eq!(content(&to.db).await, content(&from.db).await);
}

#[tokio::test]
async fn a_backup_of_a_newer_muster_is_refused_in_words() {
    let (from, to) = (embedded().await, embedded().await);
    let data = tempfile::tempdir().unwrap();
    let mut file = backup(&from.db, data.path()).await;
    file[format::MAGIC.len()] = 2;
    let error = try_restore(&to.db, data.path(), &file, false).await.unwrap_err();
    assert!(matches!(error, BackupError::Newer(_)), "{error}");
}

#[tokio::test]
async fn a_backup_is_of_one_moment() {
    for test in [embedded().await, postgres().await] {
        let access = Access::new(test.db.clone());
        access.owner().await.unwrap();
        let mut snapshot = Snapshot::begin(&test.db).await.unwrap();
        let actors = table("actors").unwrap();
        let mut names = Vec::new();
        let mut see = async |names: &mut Vec<Vec<Cell>>| {
            let take = |cells| {
                names.push(cells);
                Ok::<_, StoreError>(())
            };
            snapshot.each(actors, take).await.unwrap();
        };
        see(&mut names).await;
        access.add_member(&By::cli(), "late", None, Role::Viewer).await.unwrap();
        see(&mut names).await;
        assert_eq!(names.len(), 2, "{names:?}");
    }
}
