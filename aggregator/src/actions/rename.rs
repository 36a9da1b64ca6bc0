//! A title of a person for a session: it wins over what the coder says, and stays when everything is derived again.

use super::{ActionError, Actions};
use crate::access::{By, note};
use crate::derive::join;
use crate::domain::time::now_ms;
use crate::store::{session_titles, sessions, transcripts};

/// Characters of a title.
const TITLE_CHARS: usize = 200;

impl Actions {
    /// Gives a session a title; `None` gives the coder's back.
    pub async fn rename(&self, by: &By, session: &str, title: Option<&str>) -> Result<(), ActionError> {
        let title = title.map(checked).transpose()?;
        let row = sessions::get(&self.db, session).await?;
        let row = row.ok_or_else(|| ActionError::NotFound(format!("There is no session {session}")))?;
        let mut tx = self.db.begin().await?;
        match title {
            Some(title) => session_titles::put(&mut tx, session, title, &by.name, now_ms()).await?,
            None => session_titles::forget(&mut tx, session).await?,
        }
        // Without the title: the trail outlives a session that is deleted for good.
        let done = if title.is_some() { "session.rename" } else { "session.rename.undo" };
        note(&mut tx, by, done, session).await?;
        join::sessions(&mut tx, [(session.to_owned(), row.coder.clone())].into()).await?;
        tx.commit().await?;
        // Whoever joined the session at the same moment did not know of the title yet; and pages want to see it.
        for file in transcripts::of_session(&self.db, session).await? {
            self.changed.mark(file.id()?);
        }
        Ok(())
    }
}

fn checked(title: &str) -> Result<&str, ActionError> {
    let title = title.trim();
    let is_fine = !title.is_empty() && title.chars().count() <= TITLE_CHARS && !title.chars().any(char::is_control);
    let wrong =
        || format!("`title` must be one line of 1 to {TITLE_CHARS} characters, or null to give the coder's title back");
    is_fine.then_some(title).ok_or_else(|| ActionError::Invalid(wrong()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_printable_line() {
        assert_eq!(checked("  Limiter, take 2 \n").unwrap(), "Limiter, take 2");
        assert!(checked(&"ä".repeat(TITLE_CHARS)).is_ok());
        for wrong in ["", "  ", "a\nb", "\u{1b}[31m", &"x".repeat(TITLE_CHARS + 1)] {
            assert!(checked(wrong).is_err(), "{wrong:?}");
        }
    }
}
