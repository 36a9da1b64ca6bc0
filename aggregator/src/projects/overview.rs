//! What happened in a project: its days, people, branches, tools, files and open ends.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::session::Extras;
use crate::domain::time::Millis;
use crate::store::project_report::{self, DayCount, FileRow, Period, SessionRow, ToolRow};
use crate::store::{Db, Result};

/// Files, people and branches that are shown.
const MOST: usize = 50;

/// Open things to do that are shown.
const MOST_OPEN: usize = 100;

/// What happened in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Happened {
    /// Days since 1970 (UTC): sessions, prompts, tool calls.
    pub days: BTreeMap<i64, [i64; 3]>,
    /// Sessions.
    pub sessions: usize,
    /// Sessions by branch, most first.
    pub branches: Vec<(String, u64)>,
    /// Sessions by who owns the directory in which they began.
    pub people: Vec<(String, u64)>,
    /// Calls by tool.
    pub tools: Vec<ToolRow>,
    /// Files worked on most, their paths below the project's folders.
    pub files: Vec<FileRow>,
    /// Text, state and session of what nobody has finished, latest first.
    pub open_todos: Vec<(String, String, String)>,
}

/// Looks at a period of a project whose working directories have these top folders.
pub async fn overview(db: &Db, project: &str, from: Millis, to: Millis, folders: &[String]) -> Result<Happened> {
    let period = Period { project, from, to };
    let sessions = project_report::sessions(db, period).await?;
    let mut days: BTreeMap<i64, [i64; 3]> = BTreeMap::new();
    let counts: [Vec<DayCount>; 3] = [
        project_report::active(db, period).await?,
        project_report::prompts(db, period).await?,
        project_report::calls(db, period).await?,
    ];
    for (at, counts) in counts.into_iter().enumerate() {
        for count in counts {
            days.entry(count.day).or_default()[at] = count.n;
        }
    }
    Ok(Happened {
        days,
        sessions: sessions.len(),
        branches: ranked(sessions.iter().filter_map(|session| session.branch.clone())),
        people: ranked(sessions.iter().filter_map(|session| session.owner.clone())),
        tools: project_report::tools(db, period).await?,
        files: joined(project_report::files(db, period).await?, folders),
        open_todos: open_todos(&sessions),
    })
}

/// How often each value comes, most often first.
fn ranked(values: impl Iterator<Item = String>) -> Vec<(String, u64)> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut ranked: Vec<(String, u64)> = counts.into_iter().collect();
    ranked.sort_by(|(one, first), (other, second)| second.cmp(first).then_with(|| one.cmp(other)));
    ranked.truncate(MOST);
    ranked
}

/// The same file in two clones is one.
fn joined(rows: Vec<FileRow>, folders: &[String]) -> Vec<FileRow> {
    let mut files: HashMap<String, FileRow> = HashMap::new();
    for row in rows {
        let path = below(&row.path, folders);
        let file = files.entry(path.clone()).or_insert_with(|| FileRow {
            path,
            writes: 0,
            reads: 0,
            added: 0,
            removed: 0,
            latest: String::new(),
        });
        file.writes += row.writes;
        file.reads += row.reads;
        file.added += row.added;
        file.removed += row.removed;
        file.latest = std::mem::take(&mut file.latest).max(row.latest);
    }
    let mut files: Vec<FileRow> = files.into_values().collect();
    files.sort_by(|one, other| (other.writes, other.reads, &one.path).cmp(&(one.writes, one.reads, &other.path)));
    files.truncate(MOST);
    files
}

/// The path below the longest of the folders that it lies in, or in a worktree that a coder made there.
fn below(path: &str, folders: &[String]) -> String {
    let inside = folders.iter().filter_map(|folder| path.strip_prefix(folder.as_str())?.strip_prefix(['/', '\\']));
    let Some(rest) = inside.min_by_key(|rest| rest.len()) else { return path.to_owned() };
    let in_worktree = rest.strip_prefix(".claude/worktrees/").and_then(|rest| rest.split_once('/'));
    in_worktree.map_or(rest, |(_, rest)| rest).to_owned()
}

fn open_todos(sessions: &[SessionRow]) -> Vec<(String, String, String)> {
    let mut seen = HashSet::new();
    let mut open = Vec::new();
    for session in sessions {
        for (text, state) in Extras::load(&session.extras).todos {
            let is_open = matches!(state.as_str(), "pending" | "active");
            // A list that was handed on to the next session is told by the latest.
            if seen.insert(text.clone()) && is_open && open.len() < MOST_OPEN {
                open.push((text, state, session.id.clone()));
            }
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, writes: i64, latest: &str) -> FileRow {
        FileRow { path: path.to_owned(), writes, reads: 1, added: 2, removed: 0, latest: latest.to_owned() }
    }

    #[test]
    fn the_same_file_in_two_clones_is_one() {
        let folders = ["/srv/api".to_owned(), "/Users/ann/api".to_owned()];
        let rows = vec![
            file("/srv/api/src/main.rs", 2, "10 claude-a"),
            file("/Users/ann/api/src/main.rs", 3, "20 claude-b"),
            file("/srv/api/.claude/worktrees/side/src/main.rs", 1, "15 claude-c"),
            file("/srv/api2/src/main.rs", 4, "1 claude-d"),
        ];
        let files = joined(rows, &folders);
        let expected = FileRow { reads: 3, added: 6, ..file("src/main.rs", 6, "20 claude-b") };
        assert_eq!(files, [expected, file("/srv/api2/src/main.rs", 4, "1 claude-d")]);
    }

    #[test]
    fn what_the_latest_session_finished_is_not_open() {
        let session = |id: &str, state: &str| SessionRow {
            branch: None,
            owner: None,
            extras: format!("{{\"todos\":[[\"Fix it\",\"{state}\"],[\"Of {id}\",\"active\"]]}}"),
            id: id.to_owned(),
            last_activity_at: 0,
        };
        let open = open_todos(&[session("new", "done"), session("old", "pending")]);
        let texts: Vec<&str> = open.iter().map(|(text, _, _)| text.as_str()).collect();
        assert_eq!(texts, ["Of new", "Of old"]);
    }

    #[test]
    fn values_are_ranked() {
        let values = ["b", "a", "b", "c"].map(str::to_owned);
        let expected = [("b", 2), ("a", 1), ("c", 1)].map(|(value, count)| (value.to_owned(), count));
        assert_eq!(ranked(values.into_iter()), expected);
    }
}
