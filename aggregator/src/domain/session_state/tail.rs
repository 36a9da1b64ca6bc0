//! The end of a conversation, as its lines tell it: what happened last, what was called and has no outcome yet.

use serde::{Deserialize, Serialize};

use crate::domain::time::Millis;

/// Calls without an outcome that are kept: more at once were never seen.
const OPEN: usize = 32;

/// Outcomes that are kept: they answer dialogs of which hooks told.
const CLOSED: usize = 8;

/// Background work that is kept.
const TASKS: usize = 64;

/// Replies of the last minute that are kept.
const SPENT: usize = 64;

/// How far back replies are kept: a minute before the latest one.
const SPENT_MS: i64 = 60_000;

/// The end of one transcript.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tail {
    /// What happened last.
    pub last: Last,
    /// When, by the host's clock.
    pub at: Millis,
    /// When the turn began that `last` belongs to; of a turn that is over: when it ended.
    pub since: Millis,
    /// Calls without an outcome, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<OpenCall>,
    /// The latest outcomes: the calls as they were, with the time of the outcome.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<OpenCall>,
    /// What was begun in the background and has not reported its end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    /// Background work that ended, the latest: a report can come before the call that began the work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<String>,
    /// The error that ended the turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Replies of the last minute.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spent: Vec<Spent>,
}

/// What happened last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Last {
    /// Nothing that says whose turn it is.
    #[default]
    Nothing,
    /// Somebody prompted: a person, or the client itself.
    Prompted,
    /// The model spoke, and goes on.
    Replied,
    /// The model spoke, and its coder never writes whether the turn goes on.
    Spoke,
    /// The model called a tool.
    Called,
    /// A tool answered.
    Answered,
    /// The model has said its last word of the turn; hooks may still run.
    Yielded,
    /// The client says that the turn is over.
    Ended,
    /// A person interrupted.
    Interrupted,
    /// An error ended the turn.
    Failed,
}

/// A call without an outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCall {
    /// The coder's id of the use.
    pub id: String,
    /// Tool.
    pub name: String,
    /// The input that says most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// When it was called (or, among the closed ones, answered).
    pub at: Millis,
}

/// Something in the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The coder's id of it.
    pub id: String,
    /// What it is.
    pub kind: TaskKind,
    /// Call that began it.
    pub call: String,
    /// Since when.
    pub at: Millis,
}

/// Kinds of background work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A subagent, or a run of several.
    Subagent,
    /// A command.
    Shell,
}

/// Why a turn failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// In the client's words.
    pub text: String,
    /// When the limit ends that was hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Millis>,
}

/// Tokens of one reply, cache reads left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Names the reply: several lines tell of one.
    pub reply: String,
    /// When.
    pub at: Millis,
    /// Tokens.
    pub tokens: i64,
}

impl Last {
    /// Whose turn it is after that; `None` when it does not say.
    pub fn is_over(self) -> Option<bool> {
        match self {
            Self::Nothing | Self::Spoke => None,
            Self::Prompted | Self::Replied | Self::Called | Self::Answered => Some(false),
            Self::Yielded | Self::Ended | Self::Interrupted | Self::Failed => Some(true),
        }
    }
}

impl Tail {
    /// Nothing in it says anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A turn begins: by a person, or by the client itself. `joins` says that the prompt belongs to the turn that runs.
    pub fn prompted(&mut self, at: Millis, joins: bool) {
        let runs = self.last.is_over() == Some(false);
        if joins && runs {
            self.at = self.at.max(at);
            return;
        }
        // What a killed coder left open is never answered.
        self.open.clear();
        self.go(Last::Prompted, at);
        self.since = at;
    }

    /// The model spoke.
    pub fn replied(&mut self, at: Millis) {
        self.go(Last::Replied, at);
    }

    /// The model spoke, and nothing tells whether that was the end of the turn.
    pub fn spoke(&mut self, at: Millis) {
        self.go(Last::Spoke, at);
        self.since = at;
    }

    /// The model called a tool.
    pub fn called(&mut self, call: OpenCall) {
        let at = call.at;
        if call.id.is_empty() || self.open.iter().any(|open| open.id == call.id) {
            return;
        }
        self.open.push(call);
        keep(&mut self.open, OPEN);
        self.go(Last::Called, at);
    }

    /// A tool answered.
    pub fn answered(&mut self, id: &str, at: Millis) {
        if let Some(place) = self.open.iter().position(|open| open.id == id) {
            let call = self.open.remove(place);
            self.closed.push(OpenCall { at, ..call });
            keep(&mut self.closed, CLOSED);
        }
        // The answer to a call of a turn that is over (it was interrupted) opens nothing.
        if self.last.is_over() != Some(true) {
            self.go(Last::Answered, at);
        }
    }

    /// Something runs on in the background.
    pub fn began(&mut self, task: Task) {
        let is_told = self.ended.contains(&task.id) || self.tasks.iter().any(|known| known.id == task.id);
        if !task.id.is_empty() && !is_told {
            self.tasks.push(task);
            keep(&mut self.tasks, TASKS);
        }
    }

    /// Something in the background ended.
    pub fn reported(&mut self, id: &str, call: Option<&str>) {
        self.tasks.retain(|task| task.id != id && call.is_none_or(|call| task.call != call));
        if !id.is_empty() && !self.ended.iter().any(|known| known == id) {
            self.ended.push(id.to_owned());
            keep(&mut self.ended, TASKS);
        }
    }

    /// The turn is over. `ended` says that the client itself has closed it.
    pub fn yielded(&mut self, at: Millis, ended: bool) {
        // The client closes turns that were interrupted or failed, too.
        if matches!(self.last, Last::Interrupted | Last::Failed) {
            return;
        }
        let was_over = self.last.is_over() == Some(true);
        self.open.clear();
        let since = self.since;
        self.go(if ended { Last::Ended } else { Last::Yielded }, at);
        self.since = if was_over { since } else { at };
    }

    /// A person interrupted.
    pub fn interrupted(&mut self, at: Millis) {
        self.over(Last::Interrupted, at);
    }

    /// An error ended the turn.
    pub fn failed(&mut self, at: Millis, failure: Failure) {
        self.over(Last::Failed, at);
        self.failure = Some(failure);
    }

    /// A hook sent the coder back to work.
    pub fn sent_back(&mut self, at: Millis) {
        self.go(Last::Prompted, at);
    }

    /// A reply used tokens.
    pub fn spent(&mut self, spent: Spent) {
        match self.spent.iter_mut().find(|known| known.reply == spent.reply) {
            Some(known) => known.tokens = known.tokens.max(spent.tokens),
            None => self.spent.push(spent),
        }
        let latest = self.spent.iter().map(|spent| spent.at).max().unwrap_or(0);
        self.spent.retain(|spent| spent.at > latest.saturating_sub(SPENT_MS));
        keep(&mut self.spent, SPENT);
    }

    /// Tokens of the replies after an instant.
    pub fn tokens_since(&self, from: Millis) -> i64 {
        let recent = self.spent.iter().filter(|spent| spent.at > from);
        recent.fold(0_i64, |sum, spent| sum.saturating_add(spent.tokens))
    }

    /// The same in another clock, which is `ms` behind.
    #[must_use]
    pub fn earlier(mut self, ms: i64) -> Self {
        if ms == 0 {
            return self;
        }
        let shift = |at: &mut Millis| *at = at.saturating_sub(ms);
        shift(&mut self.at);
        shift(&mut self.since);
        self.open.iter_mut().chain(&mut self.closed).for_each(|call| shift(&mut call.at));
        self.tasks.iter_mut().for_each(|task| shift(&mut task.at));
        self.spent.iter_mut().for_each(|spent| shift(&mut spent.at));
        self
    }

    fn over(&mut self, last: Last, at: Millis) {
        self.open.clear();
        self.go(last, at);
        self.since = at;
    }

    fn go(&mut self, last: Last, at: Millis) {
        // The beginning of work after a turn that was over begins another one.
        if self.last.is_over() != Some(false) {
            self.since = at;
        }
        if last != Last::Failed {
            self.failure = None;
        }
        self.last = last;
        self.at = at;
    }
}

/// Drops the oldest of what is more than `most`.
fn keep<T>(kept: &mut Vec<T>, most: usize) {
    kept.drain(..kept.len().saturating_sub(most));
}
