//! Deleting a session for good: a tombstone first, then everything that is stored of it, in small steps.
//!
//! From the tombstone on nothing of the session is archived any more, whatever hosts still have of it. A deletion that is
//! interrupted goes on where it was ([`finish`]). What a rule deletes may go on ([`empty`]); interrupted, the rule means it
//! again.

use std::collections::BTreeSet;

use muster_proto::ids::{HostId, TranscriptId};

use crate::access::{By, note};
use crate::domain::session::SessionId;
use crate::domain::time::now_ms;
use crate::domain::transcript::TranscriptState;
use crate::store::deletions::{self, LeftRow, Tombstones};
use crate::store::{Db, Result, StoreError};

/// Frames that one transaction takes away: whoever archives waits for it.
const FRAMES: u32 = 64;

/// Writes down that a session is deleted, by whom and why. Nothing is taken away yet.
pub async fn bury(db: &Db, tombstones: &Tombstones, session: &str, by: &By, reason: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    deletions::bury(&mut tx, session, &by.name, now_ms(), reason, false).await?;
    note(&mut tx, by, "session.delete", &format!("{session}: {reason}")).await?;
    tx.commit().await?;
    tombstones.add(session);
    Ok(())
}

/// What went.
#[derive(Debug, Default)]
pub struct Removed {
    /// Sessions.
    pub sessions: BTreeSet<SessionId>,
    /// Hosts that their transcripts lie on.
    pub hosts: BTreeSet<HostId>,
    /// Transcripts.
    pub transcripts: Vec<TranscriptId>,
    /// Sessions for which copies of replies count now that counted in what went.
    pub touched: BTreeSet<String>,
}

/// Takes away what is stored of a session that has its tombstone.
pub async fn remove(db: &Db, session: &str) -> Result<Removed> {
    let files = deletions::files(db, session).await?;
    remove_files(db, &files, &BTreeSet::from([session.to_owned()])).await
}

/// Takes away what is stored of a session that a rule gives up. Its files stay known, so that nothing of what was deleted
/// comes again, and what a coder appends to them from now on is archived. A file that has grown meanwhile stays whole:
/// the session is not old any more.
pub async fn empty(db: &Db, tombstones: &Tombstones, session: &str, by: &By, reason: &str) -> Result<Removed> {
    let mut tx = db.begin().await?;
    deletions::bury(&mut tx, session, &by.name, now_ms(), reason, true).await?;
    note(&mut tx, by, "session.delete", &format!("{session}: {reason}")).await?;
    tx.commit().await?;
    let (mut removed, mut is_alive) = (Removed::default(), false);
    for file in deletions::files(db, session).await? {
        let mut tx = db.begin().await?;
        let (base, elsewhere) = if file.state == TranscriptState::Live.word() {
            let emptied = deletions::empty_transcript(&mut tx, &file.id, file.committed_offset).await?;
            let Some((base, elsewhere)) = emptied else {
                is_alive = true;
                continue;
            };
            (Some(base), elsewhere)
        } else {
            while deletions::remove_frames(&mut tx, &file.id, FRAMES).await? == u64::from(FRAMES) {}
            (None, deletions::remove_transcript(&mut tx, &file.id).await?)
        };
        tx.commit().await?;
        let id = stored(&file.id)?;
        if let Some(base) = base {
            tombstones.begin_anew(id, base);
        }
        removed.touched.extend(elsewhere.into_iter().map(|(session, _)| session));
        removed.hosts.extend(file.host_id.parse::<HostId>().ok());
        removed.transcripts.push(id);
    }
    if is_alive {
        removed.touched.insert(session.to_owned());
    } else {
        let mut tx = db.begin().await?;
        deletions::remove_session(&mut tx, session).await?;
        tx.commit().await?;
        removed.touched.remove(session);
        removed.sessions.insert(SessionId::from_stored(session));
    }
    fold_log(db).await?;
    Ok(removed)
}

fn stored(id: &str) -> Result<TranscriptId> {
    id.parse().map_err(|error| StoreError::Corrupt(format!("{error}")))
}

/// Folds the log of the embedded database: until then its file holds what was overwritten. Comes after the last commit of a
/// deletion, and at the start, because a deletion may have been cut short before it.
pub async fn fold_log(db: &Db) -> Result<()> {
    if !db.fold_log().await? {
        tracing::warn!(
            "somebody reads the database for long: deleted text stands in its log until the log is next folded"
        );
    }
    Ok(())
}

/// Goes on with deletions that were interrupted, and takes away what came in by another way.
pub async fn finish(db: &Db) -> Result<Removed> {
    let files = deletions::left(db).await?;
    let sessions = files.iter().filter_map(|file| file.session_id.clone()).collect();
    if files.is_empty() { Ok(Removed::default()) } else { remove_files(db, &files, &sessions).await }
}

async fn remove_files(db: &Db, files: &[LeftRow], sessions: &BTreeSet<String>) -> Result<Removed> {
    let mut touched = BTreeSet::new();
    for file in files {
        loop {
            let mut tx = db.begin().await?;
            let removed = deletions::remove_frames(&mut tx, &file.id, FRAMES).await?;
            if removed < u64::from(FRAMES) {
                let elsewhere = deletions::remove_transcript(&mut tx, &file.id).await?;
                touched.extend(elsewhere.into_iter().map(|(session, _)| session));
            }
            tx.commit().await?;
            if removed < u64::from(FRAMES) {
                break;
            }
        }
    }
    let mut tx = db.begin().await?;
    for session in sessions {
        deletions::remove_session(&mut tx, session).await?;
    }
    tx.commit().await?;
    fold_log(db).await?;
    touched.retain(|session| !sessions.contains(session));
    Ok(Removed {
        sessions: sessions.iter().map(|id| SessionId::from_stored(id.as_str())).collect(),
        hosts: files.iter().filter_map(|file| file.host_id.parse().ok()).collect(),
        transcripts: files.iter().filter_map(|file| file.id.parse().ok()).collect(),
        touched,
    })
}
