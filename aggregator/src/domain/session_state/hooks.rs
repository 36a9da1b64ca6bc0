//! What a session's hooks said. Events come in any order, twice, or again after a link stood: what is kept depends only on
//! which events there were.

use std::collections::BTreeMap;

use crate::domain::time::Millis;

/// Events of the main conversation that are kept: the latest. A dialog, and what happens beside it, fit.
const MAIN: usize = 32;

/// Events that are kept of each subagent.
const AGENT: usize = 8;

/// Subagents whose events are kept: those with the latest ones.
const AGENTS: usize = 64;

/// Tools that are a question to a person.
const QUESTIONS: [&str; 4] = ["AskUserQuestion", "ExitPlanMode", "request_user_input", "ask_user"];

/// What a hook says happened. Of events of the same time the later kind counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The coder started, or holds the session anew.
    Start,
    /// A subagent began.
    AgentStart,
    /// A prompt came: of a person, or of the client itself.
    Prompt,
    /// A tool is about to be called. A dialog may still come before it runs.
    Calls,
    /// The coder asks whether it may.
    Asks,
    /// The client wants a person's attention: a dialog has been open for some seconds.
    Notifies,
    /// A tool answered, failed, or was refused.
    Answers,
    /// All tools that were called together have answered.
    Batch,
    /// The conversation is being compacted.
    Compacts,
    /// It was compacted.
    Compacted,
    /// The coder has waited for a prompt for a while.
    Idle,
    /// A subagent ended.
    AgentStop,
    /// The coder yields.
    Stop,
    /// A request failed for good.
    StopFailure,
    /// The coder leaves the session.
    End,
}

/// One call of a hook.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    /// When.
    pub at: Millis,
    /// What.
    pub kind: Kind,
    /// Tool; empty where there is none.
    pub tool: String,
    /// Its input in one line.
    pub about: String,
    /// The coder's id of the use.
    pub call: String,
    /// Why: of a start, an end, a compaction, a failure.
    pub cause: String,
    /// What still runs in the background; only `Stop` says.
    pub tasks: u32,
}

/// Everything that is kept of a session's hooks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hooks {
    main: Vec<Event>,
    agents: BTreeMap<String, Vec<Event>>,
    /// Latest beginning of a turn, also when many events have come since.
    prompted: Option<Millis>,
}

/// An open dialog, as hooks tell of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialog<'a> {
    /// What asked.
    pub event: &'a Event,
    /// The subagent that asks; `None` for the main conversation.
    pub agent: Option<&'a str>,
}

impl Hooks {
    /// Takes an event; `agent` is the subagent in which it happened, empty for the main conversation.
    pub fn take(&mut self, agent: &str, event: Event) {
        if agent.is_empty() {
            if event.kind == Kind::Prompt {
                self.prompted = self.prompted.max(Some(event.at));
            }
            return insert(&mut self.main, event, MAIN);
        }
        insert(self.agents.entry(agent.to_owned()).or_default(), event, AGENT);
        if self.agents.len() > AGENTS {
            let oldest = self.agents.iter().min_by_key(|(id, events)| (events.last().map(|event| event.at), *id));
            if let Some(id) = oldest.map(|(id, _)| id.clone()) {
                self.agents.remove(&id);
            }
        }
    }

    /// No hook was ever called.
    pub fn is_empty(&self) -> bool {
        self.main.is_empty() && self.agents.is_empty()
    }

    /// When a hook was last called.
    pub fn latest_at(&self) -> Option<Millis> {
        let agents = self.agents.values().filter_map(|events| events.last());
        self.main.last().into_iter().chain(agents).map(|event| event.at).max()
    }

    /// The same in another clock, which is `ms` behind.
    #[must_use]
    pub fn earlier(mut self, ms: i64) -> Self {
        if ms != 0 {
            let all = self.main.iter_mut().chain(self.agents.values_mut().flatten());
            all.for_each(|event| event.at = event.at.saturating_sub(ms));
            self.prompted = self.prompted.map(|at| at.saturating_sub(ms));
        }
        self
    }

    /// The latest event that says whose turn it is.
    pub(super) fn word(&self) -> Option<&Event> {
        let says = |event: &&Event| match event.kind {
            Kind::Notifies | Kind::End => false,
            // It comes in the middle of a compaction.
            Kind::Start => event.cause != "compact",
            Kind::Idle => !self.main.iter().rev().any(|other| other.kind == Kind::StopFailure && other.at <= event.at),
            _ => true,
        };
        self.main.iter().rev().find(says)
    }

    /// The coder left the session, and nothing has happened since.
    pub(super) fn left(&self) -> Option<&Event> {
        self.main.last().filter(|event| event.kind == Kind::End)
    }

    /// When the turn began that `event` belongs to.
    pub(super) fn began(&self, event: &Event) -> Millis {
        self.prompted.filter(|at| *at <= event.at).unwrap_or(event.at)
    }

    /// The call that has no answer yet, the latest.
    pub(super) fn calling(&self) -> Option<&Event> {
        let (place, call) = self.main.iter().enumerate().rev().find(|(_, event)| event.kind == Kind::Calls)?;
        (!self.main[place + 1..].iter().any(|later| answers(call, later))).then_some(call)
    }

    /// The dialog that no later event has answered, the latest.
    pub(super) fn dialog(&self) -> Option<Dialog<'_>> {
        let main = asked(&self.main).map(|event| Dialog { event, agent: None });
        main.into_iter().chain(self.agent_dialogs()).max_by_key(|dialog| (dialog.event, dialog.agent))
    }

    /// Subagents whose dialog no later event has answered, by id.
    pub fn waiting_agents(&self) -> Vec<String> {
        self.agent_dialogs().filter_map(|dialog| dialog.agent.map(str::to_owned)).collect()
    }

    fn agent_dialogs(&self) -> impl Iterator<Item = Dialog<'_>> {
        let ends = |event: &&Event| event.kind == Kind::End;
        let left = self.main.iter().rev().find(ends).map(|event| event.at);
        self.agents.iter().filter_map(move |(id, events)| {
            let event = asked(events).filter(|event| left.is_none_or(|left| left < event.at))?;
            Some(Dialog { event, agent: Some(id.as_str()) })
        })
    }

    /// Subagents that have not ended, with their latest sign of life.
    pub(super) fn running_agents(&self) -> impl Iterator<Item = (&str, Millis)> {
        self.agents.iter().filter_map(|(id, events)| {
            let last = events.last().filter(|event| event.kind != Kind::AgentStop)?;
            Some((id.as_str(), last.at))
        })
    }
}

impl Event {
    /// It asks a question rather than for a permission.
    pub(super) fn is_question(&self) -> bool {
        is_question(&self.tool)
    }
}

/// A tool that is a question to a person.
pub(super) fn is_question(tool: &str) -> bool {
    QUESTIONS.contains(&tool)
}

/// The latest event that opened a dialog and was not answered.
fn asked(events: &[Event]) -> Option<&Event> {
    let opens = |event: &Event| match event.kind {
        Kind::Asks | Kind::Notifies => true,
        Kind::Calls => event.is_question(),
        _ => false,
    };
    let standing = |(place, event): (usize, &'_ Event)| {
        opens(event) && !events[place + 1..].iter().any(|later| answers(event, later))
    };
    let place = (0..events.len()).rev().find(|place| standing((*place, &events[*place])))?;
    let event = &events[place];
    // A notification says that a dialog is open, and not which: what asked before it does.
    let asks = |other: &&Event| other.kind == Kind::Asks || (other.kind == Kind::Calls && other.is_question());
    let before = events[..place].iter().enumerate().rev().find(|(_, other)| asks(other));
    match before.filter(|_| event.kind == Kind::Notifies) {
        Some((asked, other)) if standing((asked, other)) => Some(other),
        // It was answered before the notification came.
        Some((_, other)) if event.at.saturating_sub(other.at) < 10_000 => None,
        _ => Some(event),
    }
}

/// Whether `later` can only come when the dialog that `asked` opened is closed.
fn answers(asked: &Event, later: &Event) -> bool {
    match later.kind {
        // Several tools are called together: only the answer of this one counts.
        Kind::Answers => asked.tool.is_empty() || is_same_call(asked, later),
        Kind::AgentStart | Kind::Calls | Kind::Asks | Kind::Notifies | Kind::Compacted => false,
        _ => true,
    }
}

fn is_same_call(asked: &Event, later: &Event) -> bool {
    if !asked.call.is_empty() && !later.call.is_empty() {
        return asked.call == later.call;
    }
    let same_about = asked.about.is_empty() || later.about.is_empty() || asked.about == later.about;
    asked.tool == later.tool && same_about
}

/// Inserts in the order of time, once, and drops the oldest of more than `most`.
fn insert(events: &mut Vec<Event>, event: Event, most: usize) {
    if let Err(place) = events.binary_search(&event) {
        events.insert(place, event);
        events.drain(..events.len().saturating_sub(most));
    }
}

impl Hooks {
    /// The latest that was heard of this subagent is its end.
    pub(super) fn has_stopped(&self, agent: &str) -> bool {
        let last = self.agents.get(agent).and_then(|events| events.last());
        last.is_some_and(|event| event.kind == Kind::AgentStop)
    }
}

impl Hooks {
    /// The main conversation has gone on behind this call, as far as hooks tell.
    pub(super) fn is_past(&self, call: &super::tail::OpenCall) -> bool {
        let is_answer = |event: &&Event| match event.kind {
            Kind::Answers => event.call == call.id || (event.call.is_empty() && event.tool == call.name),
            Kind::Prompt | Kind::Stop | Kind::StopFailure | Kind::End | Kind::Batch => true,
            _ => false,
        };
        self.main.iter().rev().take_while(|event| event.at > call.at).any(|event| is_answer(&event))
    }
}
