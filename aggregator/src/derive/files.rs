//! The files that a session and its subagents worked on.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::domain::time::Millis;
use crate::store::tool_calls::{self, Touch};
use crate::store::{Db, StoreError};

/// Places of one file that are told: the latest.
const PLACES: usize = 50;

/// A file, and what was done with it. Calls that failed are not among it.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// Path as the calls name it.
    pub path: String,
    /// Calls that changed it.
    pub changes: u32,
    /// Calls that read it.
    pub reads: u32,
    /// Lines added.
    pub added: i64,
    /// Lines removed.
    pub removed: i64,
    /// Latest call; 0 when none says when.
    pub last_at: Millis,
    /// The calls that changed it, oldest first.
    pub places: Vec<Touch>,
}

impl File {
    /// Its place in the list: the latest first.
    pub fn place(&self) -> (Reverse<Millis>, &str) {
        (Reverse(self.last_at), &self.path)
    }
}

/// The files of a session, that of the latest call first.
pub async fn of_session(db: &Db, session: &str) -> Result<Vec<File>, StoreError> {
    Ok(gathered(tool_calls::touching(db, session).await?))
}

fn gathered(mut calls: Vec<Touch>) -> Vec<File> {
    calls.sort_by(|a, b| (a.started_at, a.line, &a.transcript_id).cmp(&(b.started_at, b.line, &b.transcript_id)));
    let mut seen: HashSet<String> = HashSet::new();
    let mut files: HashMap<String, File> = HashMap::new();
    // A call that several copies of the session hold counts once.
    for call in calls.into_iter().filter(|call| seen.insert(call.id.clone())) {
        let file =
            files.entry(call.path.clone()).or_insert_with(|| File { path: call.path.clone(), ..File::default() });
        file.last_at = file.last_at.max(call.ended_at.or(call.started_at).unwrap_or(0));
        file.added += call.added.unwrap_or(0);
        file.removed += call.removed.unwrap_or(0);
        if call.writes {
            file.changes += 1;
            file.places.push(call);
        } else {
            file.reads += 1;
        }
    }
    let mut files: Vec<File> = files.into_values().collect();
    for file in &mut files {
        file.places.drain(..file.places.len().saturating_sub(PLACES));
    }
    files.sort_by(|a, b| a.place().cmp(&b.place()));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_with_a_file_is_gathered_once() {
        let call = |id: &str, path: &str, at: i64, writes, added| Touch {
            transcript_id: "t".to_owned(),
            line: at,
            result_line: Some(at + 1),
            id: id.to_owned(),
            name: if writes { "Edit" } else { "Read" }.to_owned(),
            path: path.to_owned(),
            writes,
            started_at: Some(at),
            ended_at: Some(at + 5),
            added,
            removed: added.map(|_| 1),
        };
        let copy = Touch { transcript_id: "u".to_owned(), ..call("2", "/a", 2, true, Some(4)) };
        let files = gathered(vec![
            call("3", "/b", 9, false, None),
            copy,
            call("1", "/a", 1, false, None),
            call("2", "/a", 2, true, Some(4)),
            call("4", "/a", 3, true, Some(2)),
        ]);
        let told: Vec<_> = files
            .iter()
            .map(|file| (file.path.as_str(), file.changes, file.reads, file.added, file.removed, file.last_at))
            .collect();
        assert_eq!(told, [("/b", 0, 1, 0, 0, 14), ("/a", 2, 1, 6, 2, 8)]);
        let places: Vec<&str> = files[1].places.iter().map(|place| place.id.as_str()).collect();
        assert_eq!(places, ["2", "4"]);
        let many = gathered((0..60).map(|at| call(&at.to_string(), "/a", at, true, None)).collect());
        assert_eq!((many[0].changes, many[0].places.len(), many[0].places[0].line), (60, PLACES, 10));
    }
}
