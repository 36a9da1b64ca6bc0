//! What is known of one transcript: a fold over its lines that gives the same result in any chunking.

use serde::{Deserialize, Serialize};

use crate::domain::session::{Extras, TitleSource};
use crate::domain::time::Millis;
use crate::store::sessions::SessionRow;
use crate::transcript::{Class, Entry};

/// Facts of one transcript, kept as JSON beside the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The coder's own session id that most recently stood in a line.
    pub session: Option<String>,
    /// Working directory.
    pub cwd: Option<String>,
    /// Git branch.
    pub branch: Option<String>,
    /// Version of the client.
    pub version: Option<String>,
    /// How the client was started.
    pub entrypoint: Option<String>,
    /// Model of the latest reply.
    pub model: Option<String>,
    /// Title given by a person.
    pub custom_title: Option<String>,
    /// Title given by the coder.
    pub ai_title: Option<String>,
    /// Summary written by an older client.
    pub summary: Option<String>,
    /// First line of the first prompt.
    pub first_prompt: Option<String>,
    /// Earliest time of a line.
    pub first_at: Option<Millis>,
    /// Latest time of a line.
    pub last_at: Option<Millis>,
    /// Lines.
    pub entries: i64,
    /// Conversation among them.
    pub conversation: i64,
    /// Unreadable among them.
    pub unreadable: i64,
}

impl Facts {
    /// Reads stored facts; whatever cannot be read is derived again from nothing.
    pub fn load(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// As stored.
    pub fn store(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Takes the next line.
    pub fn add(&mut self, entry: Entry) {
        self.entries += 1;
        match entry.class {
            Class::Conversation => self.conversation += 1,
            Class::Unreadable => self.unreadable += 1,
            Class::Bookkeeping => {}
        }
        if let Some(time) = entry.time {
            self.first_at = Some(self.first_at.map_or(time, |first| first.min(time)));
            self.last_at = Some(self.last_at.map_or(time, |last| last.max(time)));
        }
        let line = entry.facts;
        latest(&mut self.session, line.session);
        latest(&mut self.cwd, line.cwd);
        latest(&mut self.branch, line.branch);
        latest(&mut self.version, line.version);
        latest(&mut self.entrypoint, line.entrypoint);
        latest(&mut self.model, line.model);
        match line.title {
            Some((TitleSource::Custom, title)) => self.custom_title = Some(title),
            Some((TitleSource::Ai, title)) => self.ai_title = Some(title),
            Some((TitleSource::Summary, title)) => self.summary = Some(title),
            Some((TitleSource::Prompt, title)) => {
                self.first_prompt.get_or_insert(title);
            }
            None => {}
        }
    }

    fn title(&self) -> Option<(TitleSource, &String)> {
        [
            (TitleSource::Custom, &self.custom_title),
            (TitleSource::Ai, &self.ai_title),
            (TitleSource::Summary, &self.summary),
            (TitleSource::Prompt, &self.first_prompt),
        ]
        .into_iter()
        .find_map(|(source, title)| title.as_ref().map(|title| (source, title)))
    }
}

fn latest(kept: &mut Option<String>, new: Option<String>) {
    if new.is_some() {
        *kept = new;
    }
}

/// One main transcript's part of a session.
#[derive(Debug)]
pub struct Part {
    /// Host that it lies on.
    pub host: String,
    /// It is still there.
    pub live: bool,
    /// What is known of it.
    pub facts: Facts,
}

/// Joins the main transcripts of a session. Where several live copies exist (two hosts), the latest one speaks for the
/// session; copies that a newer generation replaced speak only when nothing else does.
pub fn join(id: &str, coder: &str, mut parts: Vec<Part>, subagents: i64, arrived: Millis) -> Option<SessionRow> {
    let gone = !parts.iter().any(|part| part.live);
    if !gone {
        parts.retain(|part| part.live);
    }
    parts.sort_by_key(|part| part.facts.last_at);
    let newest = parts.last()?;
    let recent = |field: fn(&Facts) -> &Option<String>| parts.iter().rev().find_map(|part| field(&part.facts).clone());
    let title = parts.iter().rev().filter_map(|part| part.facts.title()).min_by_key(|(source, _)| *source);
    let mut hosts: Vec<&str> = Vec::new();
    for part in parts.iter().rev() {
        if !hosts.contains(&part.host.as_str()) {
            hosts.push(&part.host);
        }
    }
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
        first_activity_at: parts.iter().filter_map(|part| part.facts.first_at).min(),
        last_activity_at: newest.facts.last_at.unwrap_or(arrived),
        entries: parts.iter().map(|part| part.facts.entries).sum(),
        conversation: parts.iter().map(|part| part.facts.conversation).sum(),
        unreadable: parts.iter().map(|part| part.facts.unreadable).sum(),
        subagents,
        gone,
        began_host: None,
        began_path: None,
        project_id: None,
        human_prompts: 0,
        assistant_messages: 0,
        tool_calls: 0,
        tool_errors: 0,
        tokens: 0,
        cost_microdollars: None,
        context_tokens: None,
        extras: Extras::default().store(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::parse_line;

    fn facts(lines: &[&str]) -> Facts {
        let mut facts = Facts::default();
        for line in lines {
            facts.add(parse_line("claude", line.as_bytes()));
        }
        facts
    }

    const PROMPT: &str =
        r#"{"type":"user","timestamp":"2026-01-01T00:00:00Z","cwd":"/a","message":{"content":"Fix it"}}"#;
    const REPLY: &str =
        r#"{"type":"assistant","timestamp":"2026-01-01T00:00:05Z","cwd":"/b","message":{"model":"m","content":[]}}"#;
    const TITLE: &str = r#"{"type":"custom-title","customTitle":"Mine"}"#;

    fn part(host: &str, live: bool, lines: &[&str]) -> Part {
        Part { host: host.to_owned(), live, facts: facts(lines) }
    }

    #[test]
    fn facts_survive_storage_at_any_line() {
        let lines = [PROMPT, REPLY, TITLE, "torn"];
        let whole = facts(&lines);
        for cut in 0..lines.len() {
            let mut resumed = Facts::load(&facts(&lines[..cut]).store());
            for line in &lines[cut..] {
                resumed.add(parse_line("claude", line.as_bytes()));
            }
            assert_eq!(resumed, whole);
        }
        assert_eq!((whole.entries, whole.conversation, whole.unreadable), (4, 2, 1));
    }

    #[test]
    fn a_custom_title_wins_over_the_first_prompt() {
        let session = |lines: &[&str]| join("claude-1", "claude", vec![part("h", true, lines)], 0, 0).unwrap();
        assert_eq!(session(&[PROMPT, REPLY]).title.as_deref(), Some("Fix it"));
        assert_eq!(session(&[PROMPT, TITLE]).title.as_deref(), Some("Mine"));
        assert_eq!(session(&[PROMPT, REPLY]).project_path, "/b");
    }

    #[test]
    fn a_replaced_generation_does_not_count_beside_a_live_one() {
        let parts = || vec![part("h", false, &[PROMPT, REPLY]), part("h", true, &[PROMPT])];
        let session = join("claude-1", "claude", parts(), 0, 0).unwrap();
        assert_eq!((session.entries, session.gone), (1, false));
        let kept = join("claude-1", "claude", vec![part("h", false, &[PROMPT, REPLY])], 0, 0).unwrap();
        assert_eq!((kept.entries, kept.gone), (2, true));
        assert_eq!(join("claude-1", "claude", vec![], 0, 0), None);
    }
}
