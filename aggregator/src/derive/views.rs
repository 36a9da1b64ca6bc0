//! Everything derived as one thing: thrown away and made again while people read it, and how far that is.

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};

use super::facts::Facts;
use super::tail;
use crate::domain::session::SessionId;
use crate::domain::time::Millis;
use crate::live::Wake;
use crate::live::endings::Ending;
use crate::store::endings;
use crate::store::sessions::{self, CursorRow, Progress};
use crate::store::{Db, StoreError};
use crate::transcript::PARSER_VERSION;

/// What was derived of the archive.
#[derive(Debug, Clone)]
pub struct Views {
    db: Db,
    wake: Wake,
    /// Held while the follower reads, saves and tells of it: whoever outdates its cursors must not do so in the middle
    /// of that.
    pub(super) passing: Arc<Mutex<()>>,
}

impl Views {
    pub(super) fn new(db: Db, wake: Wake) -> Self {
        Self { db, wake, passing: Arc::default() }
    }

    /// Has everything derived again. What there is stays readable; each transcript's rows are replaced as its turn comes.
    /// Returns the number of transcripts.
    pub async fn rebuild(&self) -> Result<u64, StoreError> {
        let transcripts = {
            let _passing = self.passing.lock().await;
            sessions::anew(&self.db).await?
        };
        self.mark_behind().await?;
        tracing::info!(transcripts, "everything is derived again");
        Ok(transcripts)
    }

    /// Until the guard is dropped nothing is derived, and what was is told.
    pub async fn settled(&self) -> MutexGuard<'_, ()> {
        self.passing.lock().await
    }

    /// Marks whatever was archived, or understood differently, while nobody followed.
    pub(super) async fn mark_behind(&self) -> Result<(), StoreError> {
        for id in sessions::behind(&self.db, PARSER_VERSION).await? {
            if let Ok(id) = id.parse() {
                self.wake.mark(id);
            }
        }
        Ok(())
    }

    /// How the conversations end that grew after an instant, at most `most`.
    pub async fn endings_since(&self, at: Millis, most: u32) -> Result<Vec<Ending>, StoreError> {
        Ok(read(endings::since(&self.db, at, most).await?))
    }

    /// How the conversations of a session and its subagents end, at most `most`.
    pub async fn endings_of(&self, session: &SessionId, most: u32) -> Result<Vec<Ending>, StoreError> {
        Ok(read(endings::of_session(&self.db, session.as_str(), most).await?))
    }

    /// How far the archive is derived by this parser; `None` when it has begun every transcript. What was just appended
    /// to one is not worth telling.
    pub async fn progress(&self) -> Result<Option<Progress>, StoreError> {
        let progress = sessions::progress(&self.db, PARSER_VERSION).await?;
        Ok(Some(progress).filter(|progress| progress.behind > 0))
    }
}

fn read(rows: Vec<CursorRow>) -> Vec<Ending> {
    let ending = |row: CursorRow| tail::ending(&row, row.session_id.as_deref(), &Facts::load(&row.facts));
    rows.into_iter().filter_map(ending).collect()
}
