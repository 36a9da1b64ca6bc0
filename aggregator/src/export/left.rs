//! Marks at prompts before which a person went back, so that nobody takes what was left for what the model saw.

use std::collections::HashMap;

use super::mask::Mask;
use super::words::Said;
use crate::derive::outline::{self, Prompt, Turn};
use crate::store::{Db, Result};

/// The turns of an export that were left, and those in whose place others stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Left {
    /// By the prompt's own id, which is the same in every copy.
    marks: HashMap<String, Vec<Mark>>,
}

#[derive(Debug, Clone)]
struct Mark {
    kind: &'static str,
    /// Beginning of the other prompt.
    text: String,
}

impl Left {
    /// What the turns of a session say.
    pub(super) async fn of_session(db: &Db, session: &str) -> Result<Self> {
        Ok(Self::of(&outline::of_session(db, session).await?))
    }

    fn of(turns: &[Turn]) -> Self {
        let texts: HashMap<(&str, i64), &str> = turns
            .iter()
            .map(|turn| ((turn.row.transcript_id.as_str(), turn.row.line), turn.row.text.as_str()))
            .collect();
        let mark = |kind, other: &Option<Prompt>| {
            let (transcript, line) = other.as_ref()?;
            let text = texts.get(&(transcript.as_str(), *line))?;
            Some(Mark { kind, text: (*text).to_owned() })
        };
        let marks = turns.iter().filter_map(|turn| {
            let instead = mark("In place of another prompt", &turn.instead_of);
            let left = mark("Left: the conversation went on from another prompt", &turn.left_for);
            let marks: Vec<Mark> = instead.into_iter().chain(left).collect();
            turn.row.uuid.clone().filter(|_| !marks.is_empty()).map(|uuid| (uuid, marks))
        });
        Self { marks: marks.collect() }
    }

    /// What is said above the entry with this id.
    pub(super) fn above(&self, uuid: Option<&str>, mask: &Mask) -> Vec<Said> {
        let said = |mark: &Mark| Said::Notice { kind: mark.kind, text: mask.text(&mark.text).into_owned() };
        uuid.and_then(|uuid| self.marks.get(uuid)).into_iter().flatten().map(said).collect()
    }
}
