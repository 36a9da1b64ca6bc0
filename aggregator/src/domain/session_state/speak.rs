//! What each source says for itself.

use super::hooks::{Dialog, Event, Kind, is_question};
use super::tail::{Last, OpenCall, Tail};
use super::{Presence, Process, Registry, Says, Source, Sources, Turn};
use crate::domain::time::Millis;

/// Characters of a reason.
const REASON: usize = 160;

/// What one source says of the turn.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub source: Source,
    pub turn: Turn,
    /// When the state began that it speaks for.
    pub since: Millis,
    /// When it was said.
    pub at: Millis,
    pub reason: Option<String>,
    pub says: String,
    /// The coder itself has closed the turn: nothing of it runs any more.
    pub closed: bool,
    /// It says so as long as something runs in the background.
    pub background: bool,
    /// A tool has answered: no dialog stands before it any more.
    pub answers: bool,
}

impl Claim {
    fn new(source: Source, turn: Turn, at: Millis, says: impl Into<String>) -> Self {
        Self {
            source,
            turn,
            since: at,
            at,
            reason: None,
            says: says.into(),
            closed: false,
            background: false,
            answers: false,
        }
    }

    pub(super) fn says(&self) -> Says {
        Says { source: self.source, turn: Some(self.turn), text: self.says.clone(), at: self.at }
    }

    /// The turn is not the coder's.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.turn, Turn::YourTurn | Turn::Done | Turn::Failed)
    }

    /// It says that something goes on: what ends now ends in the middle of it.
    pub(super) fn goes_on(&self) -> bool {
        !self.is_over() && self.turn != Turn::Unknown
    }
}

/// What the registries of living processes say: the one that is most in need of a person, then of time.
pub(super) fn registry(sources: &Sources) -> Option<(&Registry, Claim)> {
    let Presence::Living(processes) = &sources.presence else { return None };
    let entries = processes.iter().filter_map(|process| process.registry.as_ref());
    entries.filter_map(|entry| Some((entry, claim_of(entry)?))).max_by_key(|(entry, claim)| {
        let urgency = match claim.turn {
            Turn::NeedsPermission => 3,
            Turn::NeedsAnswer => 2,
            Turn::Working => 1,
            _ => 0,
        };
        (urgency, claim.at, entry.status.clone())
    })
}

/// What an entry says; `None` when its coder has just started, or says what nobody knows.
pub(super) fn claim_of(entry: &Registry) -> Option<Claim> {
    let turn = match entry.status.as_str() {
        "busy" => Turn::Working,
        "idle" | "shell" => Turn::YourTurn,
        "waiting" => waits_for(&entry.waiting_for),
        _ => return None,
    };
    let says = match entry.waiting_for.as_str() {
        "" => entry.status.clone(),
        what => format!("{} · {}", entry.status, cut(what)),
    };
    let reason = Some(cut(&entry.job)).filter(|job| !job.is_empty());
    Some(Claim { reason, ..Claim::new(Source::Registry, turn, entry.since, says) })
}

fn waits_for(what: &str) -> Turn {
    let is_permission = what.is_empty() || what.contains("permission") || what.contains("sandbox");
    if is_permission { Turn::NeedsPermission } else { Turn::NeedsAnswer }
}

/// The dialog that stands open, as hooks or the transcript tell of it.
pub(super) fn dialog(sources: &Sources) -> Option<Claim> {
    let tail = sources.tail.as_ref();
    let hook = sources.hooks.dialog().filter(|dialog| !tail.is_some_and(|tail| is_answered(dialog, tail)));
    let question = tail.and_then(question).filter(|call| !sources.hooks.is_past(call));
    match (hook, question) {
        // A notification does not know what it is about.
        (Some(Dialog { event, .. }), Some(call)) if event.tool.is_empty() => Some(of_question(call)),
        (Some(Dialog { event, agent }), _) => Some(of_hook(event, agent)),
        (None, Some(call)) => Some(of_question(call)),
        (None, None) => None,
    }
}

/// The transcript goes on behind the dialog.
fn is_answered(dialog: &Dialog<'_>, tail: &Tail) -> bool {
    let Dialog { event, agent } = dialog;
    if tail.last == Last::Interrupted && tail.at > event.at {
        return true;
    }
    if agent.is_some() {
        return false;
    }
    let is_later = tail.at > event.at && (tail.last.is_over() == Some(true) || tail.last == Last::Prompted);
    let answered = |call: &OpenCall| {
        let same_about = event.about.is_empty() || call.about.as_deref().is_none_or(|about| same(about, &event.about));
        call.at > event.at && call.name == event.tool && same_about
    };
    is_later || tail.closed.iter().any(answered)
}

/// Two lines that were cut at different lengths.
fn same(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|text| text.trim_end_matches('…').trim_end());
    one.starts_with(other) || other.starts_with(one)
}

/// A question that was asked and has no answer.
fn question(tail: &Tail) -> Option<&OpenCall> {
    tail.open.iter().rev().find(|call| is_question(&call.name))
}

fn of_question(call: &OpenCall) -> Claim {
    let says = format!("{} called, no outcome yet", cut(&call.name));
    let reason = asks(&call.name, call.about.as_deref().unwrap_or_default());
    Claim { reason, ..Claim::new(Source::Transcript, Turn::NeedsAnswer, call.at, says) }
}

fn of_hook(event: &Event, agent: Option<&str>) -> Claim {
    let turn = if event.is_question() { Turn::NeedsAnswer } else { Turn::NeedsPermission };
    let by = if agent.is_some() { " by a subagent" } else { "" };
    let says = match (event.kind, event.tool.as_str()) {
        (Kind::Notifies, _) => "Notification: wants attention".to_owned(),
        (kind, tool) => format!("{kind:?} for {}{by}", cut(tool)),
    };
    let reason = if event.is_question() { asks(&event.tool, &event.about) } else { allows(&event.tool, &event.about) };
    Claim { reason, ..Claim::new(Source::Hook, turn, event.at, says) }
}

/// `permission for Bash: rm -rf build`
fn allows(tool: &str, about: &str) -> Option<String> {
    match (tool, about) {
        ("", _) => None,
        (tool, "") => Some(cut(&format!("permission for {tool}"))),
        (tool, about) => Some(cut(&format!("permission for {tool}: {about}"))),
    }
}

/// The question itself, where it is known.
fn asks(tool: &str, about: &str) -> Option<String> {
    match (tool, about) {
        ("ExitPlanMode", _) => Some("approval of its plan".to_owned()),
        (_, "") => None,
        (_, about) => Some(cut(about)),
    }
}

/// What hooks and transcript say of the turn: whichever spoke last.
pub(super) fn turn(sources: &Sources) -> Option<Claim> {
    match (hook(sources), transcript(sources)) {
        (Some(hook), Some(transcript)) if hook.at > transcript.at => Some(with(hook, transcript)),
        (Some(hook), Some(transcript)) => Some(with(transcript, hook)),
        (hook, transcript) => hook.or(transcript),
    }
}

/// The same, and that the coder leaves with its turn over.
pub(super) fn word(sources: &Sources) -> Option<Claim> {
    match (left(sources), turn(sources)) {
        (Some(left), word) if word.as_ref().is_none_or(|word| word.turn == Turn::YourTurn && word.at <= left.at) => {
            Some(left)
        }
        (_, word) => word,
    }
}

/// The later one, with what only the earlier one knows.
fn with(mut later: Claim, earlier: Claim) -> Claim {
    if later.turn == earlier.turn {
        if !later.is_over() {
            later.since = later.since.min(earlier.since);
        }
        later.closed |= earlier.closed;
        later.background |= earlier.background;
        // The transcript knows an error's words, the hook only its kind.
        if later.source == Source::Hook || later.reason.is_none() {
            later.reason = earlier.reason.or(later.reason);
        }
    } else if earlier.turn == Turn::Failed && later.turn == Turn::YourTurn && later.at - earlier.at < super::SETTLE_MS {
        // A turn that failed is over, too.
        return earlier;
    }
    later
}

/// What hooks say of the turn.
pub(super) fn hook(sources: &Sources) -> Option<Claim> {
    let event = sources.hooks.word()?;
    Some(of_event(event, sources))
}

/// The coder says that it leaves the session.
pub(super) fn left(sources: &Sources) -> Option<Claim> {
    let event = sources.hooks.left()?;
    Some(Claim::new(Source::Hook, Turn::Done, event.at, format!("SessionEnd · {}", cut(&event.cause))))
}

fn of_event(event: &Event, sources: &Sources) -> Claim {
    let (turn, says) = match event.kind {
        Kind::Start => (Turn::YourTurn, format!("SessionStart · {}", cut(&event.cause))),
        Kind::Prompt => (Turn::Working, "UserPromptSubmit".to_owned()),
        Kind::Calls => (Turn::Working, format!("PreToolUse · {}", cut(&event.tool))),
        Kind::Asks => (Turn::Working, format!("PermissionRequest · {}", cut(&event.tool))),
        Kind::Answers => (Turn::Working, format!("PostToolUse · {}", cut(&event.tool))),
        Kind::Batch => (Turn::Working, "PostToolBatch".to_owned()),
        Kind::Compacts => (Turn::Working, "PreCompact".to_owned()),
        Kind::Compacted if event.cause == "manual" => (Turn::YourTurn, "PostCompact".to_owned()),
        Kind::Compacted => (Turn::Working, "PostCompact".to_owned()),
        Kind::Idle => (Turn::YourTurn, "Notification · idle".to_owned()),
        Kind::Stop => (Turn::YourTurn, "Stop".to_owned()),
        Kind::StopFailure => (Turn::Failed, format!("StopFailure · {}", cut(&event.cause))),
        Kind::End | Kind::AgentStart | Kind::AgentStop | Kind::Notifies => {
            (Turn::YourTurn, format!("{:?}", event.kind))
        }
    };
    let mut claim = Claim::new(Source::Hook, turn, event.at, says);
    match event.kind {
        Kind::Compacts => claim.reason = Some("compacting".to_owned()),
        Kind::StopFailure => {
            claim.closed = true;
            claim.reason = Some(cut(&event.cause)).filter(|cause| !cause.is_empty());
        }
        Kind::Idle | Kind::Compacted => claim.closed = true,
        Kind::Stop => claim.background = event.tasks > 0,
        Kind::Answers | Kind::Batch => claim.answers = true,
        _ => {}
    }
    if turn == Turn::Working {
        claim.since = sources.hooks.began(event);
        let call = sources.hooks.calling();
        claim.reason = claim.reason.or_else(|| Some(call.map_or_else(thinking, |call| doing(&call.tool, &call.about))));
    }
    claim
}

/// What the transcript says of the turn.
pub(super) fn transcript(sources: &Sources) -> Option<Claim> {
    let tail = sources.tail.as_ref()?;
    let call = tail.open.last();
    let (turn, says) = match tail.last {
        Last::Nothing => return None,
        Last::Prompted => (Turn::Working, "prompted".to_owned()),
        Last::Spoke => (Turn::Unknown, "the model spoke".to_owned()),
        Last::Replied | Last::Called | Last::Answered => match call {
            Some(call) => (Turn::Working, format!("{} called, no outcome yet", cut(&call.name))),
            None if tail.last == Last::Answered => (Turn::Working, "a tool answered".to_owned()),
            None => (Turn::Working, "the model speaks".to_owned()),
        },
        Last::Yielded => (Turn::YourTurn, "the model has yielded".to_owned()),
        Last::Ended => (Turn::YourTurn, "the turn ended".to_owned()),
        Last::Interrupted => (Turn::YourTurn, "interrupted".to_owned()),
        Last::Failed => (Turn::Failed, "an error ended the turn".to_owned()),
    };
    let reason = match tail.last {
        Last::Interrupted => Some("interrupted".to_owned()),
        Last::Spoke => Some("its coder does not write whether the turn goes on".to_owned()),
        Last::Failed => tail.failure.as_ref().map(|failure| cut(&failure.text)),
        _ if turn == Turn::Working => {
            Some(call.map_or_else(thinking, |call| doing(&call.name, call.about.as_deref().unwrap_or_default())))
        }
        _ => None,
    };
    let closed = matches!(tail.last, Last::Ended | Last::Interrupted | Last::Failed);
    let answers = tail.last == Last::Answered;
    Some(Claim { reason, closed, answers, since: tail.since, ..Claim::new(Source::Transcript, turn, tail.at, says) })
}

/// The youngest of the processes, as far as it says anything.
pub(super) fn process(sources: &Sources) -> Option<(&Process, Claim)> {
    let Presence::Living(processes) = &sources.presence else { return None };
    let youngest = processes.iter().max_by_key(|process| (process.started_at, &process.key))?;
    let turn = if youngest.kind == "print" { Turn::Working } else { Turn::YourTurn };
    let says = format!("process {} lives", youngest.pid);
    let reason = Some("just started".to_owned()).filter(|_| turn == Turn::YourTurn);
    Some((youngest, Claim { reason, ..Claim::new(Source::Process, turn, youngest.started_at, says) }))
}

fn thinking() -> String {
    "thinking".to_owned()
}

/// `Bash: npm test`
fn doing(tool: &str, about: &str) -> String {
    if about.is_empty() { cut(tool) } else { cut(&format!("{tool}: {about}")) }
}

/// At most [`REASON`] characters in one line.
pub(super) fn cut(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    if text.chars().count() <= REASON {
        return text.chars().map(plain).collect();
    }
    text.chars().take(REASON - 1).map(plain).chain(['…']).collect()
}
