//! What is known of one transcript as a whole; kept as JSON beside its cursor, and small however long the transcript is.

use serde::{Deserialize, Serialize};

use super::branches::Branches;
use super::repeats::Repeats;
use super::todos::Todos;
use crate::domain::session::TitleSource;
use crate::domain::session_state::Tail;
use crate::domain::time::Millis;
use crate::transcript::{Class, LineFacts};

/// Addresses of pull requests that are kept of one transcript: the latest.
const PULL_REQUESTS: usize = 20;

/// Facts of one transcript.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The coder's own session id that most recently stood in a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The coder's own id of the subagent whose conversation this is, as the first line that knows it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The client began this conversation for its own ends.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub internal: bool,
    /// Thread whose replies the lines tell of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// Working directory at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_cwd: Option<String>,
    /// Working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The directory that the working directory is a worktree of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worktree_of: Option<String>,
    /// Address of the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Git branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Version of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How the client was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<String>,
    /// What the client may do without asking, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Model of the latest reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Title given by a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_title: Option<String>,
    /// Name under which a person started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Title given by the coder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ai_title: Option<String>,
    /// Summary written by an older client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// First line of the first prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    /// Prompts of a person.
    pub prompts: i64,
    /// Replies of a model.
    pub replies: i64,
    /// Tool calls.
    pub calls: i64,
    /// Failed ones among them.
    pub errors: i64,
    /// Tokens that the context holds.
    pub context: Option<i64>,
    /// The turn that runs, or ran last: the lines of its prompts.
    pub turn: Vec<i64>,
    /// The coder has yielded since.
    pub yielded: bool,
    /// Id of the latest prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// How often the conversation was compacted.
    pub compactions: u32,
    /// How often a person interrupted.
    pub interrupts: u32,
    /// Requests to the model that failed for good.
    pub api_errors: u32,
    /// Addresses of pull requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pull_requests: Vec<String>,
    /// Things to do.
    #[serde(skip_serializing_if = "Todos::is_empty")]
    pub todos: Todos,
    /// How it ends.
    #[serde(skip_serializing_if = "Tail::is_empty")]
    pub tail: Tail,
    /// Calls that are made again and again.
    #[serde(skip_serializing_if = "Repeats::is_empty")]
    pub(super) repeats: Repeats,
    /// Where its prompts go on from.
    #[serde(skip_serializing_if = "Branches::is_empty")]
    pub(super) branches: Branches,
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

    /// Counts a line.
    pub(super) fn count(&mut self, class: Class, time: Option<Millis>) {
        self.entries += 1;
        match class {
            Class::Conversation => self.conversation += 1,
            Class::Unreadable => self.unreadable += 1,
            Class::Bookkeeping => {}
        }
        if let Some(time) = time {
            self.first_at = Some(self.first_at.map_or(time, |first| first.min(time)));
            self.last_at = Some(self.last_at.map_or(time, |last| last.max(time)));
        }
    }

    /// Takes what a line says about its session.
    pub(super) fn learn(&mut self, line: LineFacts) {
        if self.agent.is_none() {
            self.agent = line.agent;
        }
        self.internal |= line.internal;
        if self.first_cwd.is_none() {
            self.first_cwd.clone_from(&line.cwd);
        }
        if self.repository.is_none() {
            self.repository = line.repository;
        }
        latest(&mut self.session, line.session);
        latest(&mut self.thread, line.thread);
        latest(&mut self.cwd, line.cwd);
        latest(&mut self.worktree_of, line.worktree_of);
        latest(&mut self.branch, line.branch);
        latest(&mut self.version, line.version);
        latest(&mut self.entrypoint, line.entrypoint);
        latest(&mut self.mode, line.mode);
        latest(&mut self.name, line.name);
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

    /// Takes what a file beside the transcript says of its working directory; what lines say counts more.
    pub(super) fn works_in(&mut self, folder: String) {
        self.first_cwd.get_or_insert_with(|| folder.clone());
        self.cwd.get_or_insert(folder);
    }

    /// A pull request belongs to the session.
    pub(super) fn pull_request(&mut self, url: String) {
        self.pull_requests.retain(|known| *known != url);
        if self.pull_requests.len() == PULL_REQUESTS {
            self.pull_requests.remove(0);
        }
        self.pull_requests.push(url);
    }

    /// The best title, and where it comes from.
    pub fn title(&self) -> Option<(TitleSource, &String)> {
        [
            (TitleSource::Custom, &self.custom_title),
            (TitleSource::Custom, &self.name),
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
