//! A session's row: its main transcripts joined, and what was counted for it.

use std::collections::{BTreeSet, HashMap};

use super::facts::Facts;
use crate::domain::session::{Extras, TitleSource};
use crate::domain::time::{Millis, now_ms};
use crate::domain::transcript::TranscriptState;
use crate::store::db::Tx;
use crate::store::projects::{self, Beginning};
use crate::store::sessions::{self, AgentFile, CursorRow, SessionRow};
use crate::store::{StoreError, session_titles, tool_calls, turns, usage};
use crate::transcript::layout;

/// Main transcripts that are joined at most: copies on hosts, the latest ones.
const PARTS: usize = 64;

/// One main transcript's part of a session.
#[derive(Debug)]
pub struct Part {
    /// Transcript.
    pub id: String,
    /// Host that it lies on.
    pub host: String,
    /// It is still there.
    pub live: bool,
    /// What is known of it.
    pub facts: Facts,
}

/// What is counted over all parts, a copy of anything once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Prompts of a person.
    pub prompts: i64,
    /// Replies of a model.
    pub replies: i64,
    /// Tool calls.
    pub calls: tool_calls::Counts,
    /// Subagents.
    pub subagents: i64,
    /// Tokens and cost.
    pub sum: usage::Sum,
}

/// What became of a session.
#[derive(Debug)]
pub enum Joined {
    /// Its row is new or changed.
    Changed(Box<SessionRow>),
    /// No transcript is left of it, and its row went; the hosts (JSON) under which it was listed.
    Removed(String),
    /// There was nothing and there is nothing.
    Nothing,
}

/// Joins these sessions, each with its coder, as they now are, and stores their rows; tells what became of each.
pub async fn sessions(tx: &mut Tx, ids: BTreeSet<(String, String)>) -> Result<Vec<(String, Joined)>, StoreError> {
    let names: Vec<&str> = ids.iter().map(|(id, _)| id.as_str()).collect();
    let mut stored = sessions::parts(tx, &names).await?;
    let sums = usage::sums(tx, &names).await?;
    let agents = subagents(&sessions::agent_files(tx, &names).await?);
    let mut titles = session_titles::of(tx, &names).await?;
    let (mut rows, mut places, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (id, coder) in ids {
        let parts = parts(stored.remove(&id).unwrap_or_default());
        let Some(oldest) = parts.first() else {
            let joined = sessions::delete(tx, &id).await?.map_or(Joined::Nothing, Joined::Removed);
            others.push((id, joined));
            continue;
        };
        let sum = sums.get(&id).copied().unwrap_or_default();
        let counts = count(tx, &parts, agents.get(&id).copied().unwrap_or(0), sum).await?;
        let Some(mut row) = join(&id, &coder, &parts, counts, now_ms()) else { continue };
        if let Some(title) = titles.remove(&id) {
            (row.title, row.title_source) = (Some(title), Some(TitleSource::Custom.word().to_owned()));
        }
        places.push(beginning(oldest));
        rows.push(row);
    }
    place(tx, &mut rows, &places).await?;
    sessions::upsert(tx, rows.clone()).await?;
    let changed = rows.into_iter().map(|row| (row.id.clone(), Joined::Changed(Box::new(row))));
    Ok(others.into_iter().chain(changed).collect())
}

/// The transcripts that nothing has replaced: of a path whose content was rewritten only the newest.
pub(super) fn parts(rows: Vec<CursorRow>) -> Vec<Part> {
    let mut newest: HashMap<(String, String), i64> = HashMap::new();
    for row in &rows {
        let generation = newest.entry((row.host_id.clone(), row.path.clone())).or_default();
        *generation = row.generation.max(*generation);
    }
    let mut kept: Vec<Part> = rows
        .into_iter()
        .filter(|row| newest.get(&(row.host_id.clone(), row.path.clone())) == Some(&row.generation))
        .map(|row| Part {
            live: row.state == TranscriptState::Live.word(),
            facts: Facts::load(&row.facts),
            host: row.host_id,
            id: row.id,
        })
        .collect();
    kept.drain(..kept.len().saturating_sub(PARTS));
    kept
}

/// Subagents of each session: those that the client has continued in another file count once.
fn subagents(files: &[AgentFile]) -> HashMap<String, i64> {
    let mut names: HashMap<String, BTreeSet<String>> = HashMap::new();
    for file in files {
        let relative = relative(&file.root, &file.path);
        let name = layout::agent_of(&file.coder, relative).unwrap_or_else(|| relative.to_owned());
        names.entry(file.session_id.clone()).or_default().insert(name);
    }
    names.into_iter().map(|(id, names)| (id, i64::try_from(names.len()).unwrap_or(i64::MAX))).collect()
}

async fn count(tx: &mut Tx, parts: &[Part], subagents: i64, sum: usage::Sum) -> Result<Counts, StoreError> {
    if let [only] = parts {
        let Facts { prompts, replies, calls, errors, .. } = only.facts;
        return Ok(Counts { prompts, replies, calls: tool_calls::Counts { calls, errors }, subagents, sum });
    }
    let ids: Vec<&str> = parts.iter().map(|part| part.id.as_str()).collect();
    Ok(Counts {
        prompts: turns::count(tx, &ids).await?,
        replies: usage::count(tx, &ids).await?,
        calls: tool_calls::count(tx, &ids).await?,
        subagents,
        sum,
    })
}

/// A path below its root.
pub(super) fn relative<'a>(root: &str, path: &'a str) -> &'a str {
    path.strip_prefix(root).map_or(path, |rest| rest.trim_start_matches(['/', '\\']))
}

/// Where a session began, as its oldest part tells.
fn beginning(oldest: &Part) -> Option<Beginning> {
    let Facts { worktree_of, first_cwd, repository, .. } = &oldest.facts;
    let path = worktree_of.as_ref().or(first_cwd.as_ref())?;
    Some(Beginning { host_id: oldest.host.clone(), path: path.clone(), remote: repository.clone() })
}

/// Finds the projects of the directories in which sessions began.
async fn place(tx: &mut Tx, rows: &mut [SessionRow], places: &[Option<Beginning>]) -> Result<(), StoreError> {
    let wanted: BTreeSet<&Beginning> = places.iter().flatten().collect();
    let found = projects::place(tx, &wanted, now_ms()).await?;
    for (row, place) in rows.iter_mut().zip(places) {
        let Some((began, at)) = place.as_ref().and_then(|place| Some((place, found.get(place)?))) else { continue };
        row.began_host = Some(began.host_id.clone());
        row.began_path = Some(at.path.clone());
        row.project_id = Some(at.project_id.clone());
    }
    Ok(())
}

/// Joins the parts of a session. The one with the latest line speaks for it.
pub fn join(id: &str, coder: &str, parts: &[Part], counts: Counts, arrived: Millis) -> Option<SessionRow> {
    let mut by_time: Vec<&Part> = parts.iter().collect();
    by_time.sort_by_key(|part| part.facts.last_at);
    let newest = by_time.last()?;
    let recent =
        |field: fn(&Facts) -> &Option<String>| by_time.iter().rev().find_map(|part| field(&part.facts).clone());
    let title = title(&by_time);
    let mut hosts: Vec<&str> = Vec::new();
    for part in by_time.iter().rev() {
        if !hosts.contains(&part.host.as_str()) {
            hosts.push(&part.host);
        }
    }
    let all = || parts.iter().map(|part| &part.facts);
    Some(SessionRow {
        id: id.to_owned(),
        coder: coder.to_owned(),
        hosts: serde_json::to_string(&hosts).unwrap_or_default(),
        project_path: recent(|facts| &facts.cwd).unwrap_or_default(),
        title: title.map(|(_, title)| title.clone()),
        title_source: title.map(|(source, _)| source.word().to_owned()),
        branch: recent(|facts| &facts.branch),
        client_version: recent(|facts| &facts.version),
        entrypoint: recent(|facts| &facts.entrypoint),
        model: recent(|facts| &facts.model),
        first_activity_at: all().filter_map(|facts| facts.first_at).min(),
        last_activity_at: newest.facts.last_at.unwrap_or(arrived),
        entries: all().map(|facts| facts.entries).sum(),
        conversation: all().map(|facts| facts.conversation).sum(),
        unreadable: all().map(|facts| facts.unreadable).sum(),
        subagents: counts.subagents,
        gone: !parts.iter().any(|part| part.live),
        began_host: None,
        began_path: None,
        project_id: None,
        human_prompts: counts.prompts,
        assistant_messages: counts.replies,
        tool_calls: counts.calls.calls,
        tool_errors: counts.calls.errors,
        tokens: counts.sum.tokens,
        cost_microdollars: counts.sum.cost,
        context_tokens: newest.facts.context,
        extras: extras(&by_time, &newest.facts).store(),
    })
}

/// The best title; of equally good ones the latest.
fn title<'a>(by_time: &[&'a Part]) -> Option<(TitleSource, &'a String)> {
    by_time.iter().rev().filter_map(|part| part.facts.title()).min_by_key(|(source, _)| *source)
}

fn extras(by_time: &[&Part], newest: &Facts) -> Extras {
    let mut pull_requests: Vec<String> = Vec::new();
    for url in by_time.iter().flat_map(|part| &part.facts.pull_requests) {
        if !pull_requests.contains(url) {
            pull_requests.push(url.clone());
        }
    }
    let mode = by_time.iter().rev().find_map(|part| part.facts.mode.clone());
    let most = |field: fn(&Facts) -> u32| by_time.iter().map(|part| field(&part.facts)).max().unwrap_or(0);
    Extras {
        pull_requests,
        todos: newest.todos.told(),
        compactions: most(|facts| facts.compactions),
        interrupts: most(|facts| facts.interrupts),
        api_errors: most(|facts| facts.api_errors),
        mode,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fold::Fold;
    use super::*;
    use crate::transcript::{Depth, parse};

    fn facts(lines: &[&str]) -> Facts {
        let mut fold = Fold::new("t", true, Facts::default());
        for line in lines {
            fold.add(parse("claude", line.as_bytes(), Depth::Facts));
        }
        fold.facts
    }

    const PROMPT: &str =
        r#"{"type":"user","timestamp":"2026-01-01T00:00:00Z","cwd":"/a","message":{"content":"Fix it"}}"#;
    const REPLY: &str =
        r#"{"type":"assistant","timestamp":"2026-01-01T00:00:05Z","cwd":"/b","message":{"model":"m","content":[]}}"#;
    const NAME: &str = r#"{"type":"agent-name","agentName":"named"}"#;
    const TITLE: &str = r#"{"type":"custom-title","customTitle":"Mine"}"#;

    fn part(host: &str, live: bool, lines: &[&str]) -> Part {
        Part { id: "t".to_owned(), host: host.to_owned(), live, facts: facts(lines) }
    }

    fn joined(parts: &[Part]) -> Option<SessionRow> {
        join("claude-1", "claude", parts, Counts::default(), 0)
    }

    fn row(path: &str, generation: i64, state: &str) -> CursorRow {
        let text = str::to_owned;
        CursorRow {
            id: format!("{path}{generation}"),
            coder: text("claude"),
            host_id: text("h"),
            root: text("/r"),
            path: text(path),
            kind: text("main"),
            generation,
            session_id: None,
            joined_session: None,
            state: text(state),
            committed_offset: 0,
            derived_offset: 0,
            derived_version: 0,
            facts: facts(&[PROMPT]).store(),
        }
    }

    #[test]
    fn a_custom_title_wins_over_the_first_prompt() {
        let session = |lines: &[&str]| joined(&[part("h", true, lines)]).unwrap();
        assert_eq!(session(&[PROMPT, REPLY]).title.as_deref(), Some("Fix it"));
        assert_eq!(session(&[PROMPT, TITLE]).title.as_deref(), Some("Mine"));
        assert_eq!(session(&[PROMPT, NAME]).title.as_deref(), Some("named"));
        assert_eq!(session(&[PROMPT, TITLE, NAME]).title.as_deref(), Some("Mine"));
        assert_eq!(session(&[PROMPT, REPLY]).project_path, "/b");
    }

    #[test]
    fn a_replaced_generation_is_no_part() {
        let ids = |rows| parts(rows).into_iter().map(|part| part.id).collect::<Vec<String>>();
        assert_eq!(ids(vec![row("a", 0, "gone"), row("a", 1, "live"), row("b", 0, "gone")]), ["a1", "b0"]);
        assert_eq!(ids(vec![row("a", 0, "gone"), row("a", 1, "gone")]), ["a1"]);
    }

    #[test]
    fn a_session_is_gone_when_all_its_files_are() {
        assert!(!joined(&[part("h", false, &[PROMPT]), part("i", true, &[PROMPT])]).unwrap().gone);
        let kept = joined(&[part("h", false, &[PROMPT, REPLY])]).unwrap();
        assert_eq!((kept.entries, kept.gone), (2, true));
        assert_eq!(joined(&[]), None);
    }

    #[test]
    fn paths_are_taken_below_their_root() {
        assert_eq!(relative("/r/projects", "/r/projects/-srv/a.jsonl"), "-srv/a.jsonl");
        assert_eq!(relative("C:\\r", "C:\\r\\p\\a.jsonl"), "p\\a.jsonl");
        assert_eq!(relative("/elsewhere", "/r/a.jsonl"), "/r/a.jsonl");
    }
}
