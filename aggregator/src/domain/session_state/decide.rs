//! Who is right. `docs/STATES.md` says it in a table; this is its order.

use super::background::{self, Background};
use super::speak::{self, Claim};
use super::{
    AWAY_MS, End, Leaving, Presence, SETTLE_MS, SILENT_HOST_MS, SILENT_MS, Says, Source, Sources, State, Turn,
};
use crate::domain::time::Millis;

/// A registry's clock and a hook's may differ by the time that writing takes.
const SAME_MS: i64 = 100;

/// What was decided: the claim that counts.
struct Verdict {
    claim: Claim,
    /// The claim that contradicts it.
    against: Option<Claim>,
}

impl From<Claim> for Verdict {
    fn from(claim: Claim) -> Self {
        Self { claim, against: None }
    }
}

/// The state that all sources together speak for.
pub fn fuse(sources: &Sources, now: Millis) -> State {
    let entry = speak::registry(sources);
    let background = background::count(sources, entry.as_ref().map(|(entry, _)| *entry));
    let verdict = match (&sources.presence, entry) {
        (Presence::Ended { at, left, how }, _) => ended(sources, *at, left.as_ref(), *how, now),
        (Presence::Living(_), Some((_, registry))) => registered(sources, registry, background, now),
        (Presence::Disputed { .. }, _) => disputed(unregistered(sources, now)),
        (Presence::Living(_) | Presence::Untold, _) => unregistered(sources, now),
    };
    let verdict = printing(verdict, sources, now);
    away(state(sources, verdict, background, now), sources, now)
}

/// The coder's own registry speaks.
fn registered(sources: &Sources, registry: Claim, background: Background, now: Millis) -> Verdict {
    let word = speak::word(sources);
    let dialog = speak::dialog(sources).filter(|_| registry.turn.needs_person() || !prints(sources));
    match registry.turn {
        Turn::NeedsPermission | Turn::NeedsAnswer => waiting(registry, dialog, word, now),
        _ if dialog.as_ref().is_some_and(|dialog| is_fresher(dialog, &registry, now)) => {
            dialog.map_or_else(|| registry.into(), Verdict::from)
        }
        Turn::Working => busy(registry, word, background, is_alone(sources), now),
        _ => idle(registry, word, now),
    }
}

/// Started with its only prompt: nobody is there to answer, and what is not allowed is refused.
fn prints(sources: &Sources) -> bool {
    matches!(&sources.presence, Presence::Living(processes) if processes.iter().all(|one| one.kind == "print"))
}

/// A dialog of which the registry cannot know yet. When it does not follow, there was none: something else has answered.
fn is_fresher(dialog: &Claim, registry: &Claim, now: Millis) -> bool {
    dialog.at >= registry.at - SAME_MS && now - dialog.at <= SETTLE_MS
}

/// One process, whose registry and whose words speak of the same.
fn is_alone(sources: &Sources) -> bool {
    matches!(&sources.presence, Presence::Living(processes) if processes.len() == 1)
}

/// A dialog stands open. What it asks, hooks and the transcript know better.
fn waiting(mut registry: Claim, dialog: Option<Claim>, word: Option<Claim>, now: Millis) -> Verdict {
    let is_vague = registry.turn == Turn::NeedsAnswer;
    if let Some(dialog) = dialog {
        // The plan is a permission to the registry; for a person it is a question.
        registry.turn = dialog.turn;
        registry.reason = dialog.reason.or(registry.reason);
        registry.since = registry.since.min(dialog.since);
        return registry.into();
    }
    match word {
        // The client shows a dialog about the error itself.
        Some(word) if is_vague && word.turn == Turn::Failed => word.into(),
        // It was answered just now, and the registry does not know yet.
        Some(word) if word.answers && word.at > registry.at && now - word.at <= SETTLE_MS => word.into(),
        _ => registry.into(),
    }
}

/// The coder is busy: with the turn, or with what the turn has left in the background.
fn busy(mut registry: Claim, word: Option<Claim>, background: Background, is_alone: bool, now: Millis) -> Verdict {
    let Some(word) = word else { return registry.into() };
    // What is busy are its subagents, also after a dialog of theirs.
    if word.is_over() && background.subagents > 0 {
        return word.into();
    }
    if word.at < registry.at - SAME_MS {
        return registry.into();
    }
    if !word.is_over() {
        registry.reason = word.reason.or(registry.reason);
        registry.since = registry.since.min(word.since);
        return registry.into();
    }
    if word.background {
        return word.into();
    }
    // Of two processes one may be busy while the other has ended its turn.
    if is_alone && word.closed && now - word.at > SETTLE_MS {
        return disagree(registry, word);
    }
    // Hooks of its own may run after the last word of the model.
    registry.reason = Some("finishing".to_owned());
    registry.into()
}

/// The coder waits for a prompt.
fn idle(mut registry: Claim, word: Option<Claim>, now: Millis) -> Verdict {
    let Some(word) = word else { return registry.into() };
    match word.turn {
        // An error leaves an idle coder.
        Turn::Failed => word.into(),
        Turn::Working if word.at > registry.at && now - word.at <= SETTLE_MS => word.into(),
        Turn::Working if word.at > registry.at + SETTLE_MS => disagree(registry, word),
        _ => {
            registry.reason = word.reason.filter(|_| word.turn == Turn::YourTurn).or(registry.reason);
            registry.into()
        }
    }
}

/// No registry: the latest of hooks and transcript, or that the process has only just begun.
fn unregistered(sources: &Sources, now: Millis) -> Verdict {
    let stands = |dialog: &Claim| !is_older_than_process(dialog, sources) && !prints(sources);
    if let Some(dialog) = speak::dialog(sources).filter(stands) {
        return dialog.into();
    }
    let living = speak::process(sources).map(|(_, claim)| claim);
    let word = speak::word(sources).filter(|word| word.turn == Turn::Failed || !is_older_than_process(word, sources));
    match (word, living) {
        (Some(word), None) if !word.is_over() && now - word.at > SILENT_MS => {
            let mut silent = unknown(word.at);
            silent.reason = Some("nothing was heard of it for a while".to_owned());
            Verdict { claim: silent, against: None }
        }
        (Some(word), _) => word.into(),
        (None, Some(living)) => living.into(),
        (None, None) => unknown(now.min(sources.link.heard_at)).into(),
    }
}

/// A turn that is over leaves a coder that waits, or none; what goes on is known all the same.
fn disputed(verdict: Verdict) -> Verdict {
    if verdict.claim.turn != Turn::YourTurn {
        return verdict;
    }
    let reason = Some("the turn is over, but a process in its folder may hold another session".to_owned());
    Verdict { claim: Claim { turn: Turn::Unknown, reason, ..verdict.claim }, against: None }
}

/// It was said of a process that is no more: another one has begun since.
fn is_older_than_process(claim: &Claim, sources: &Sources) -> bool {
    speak::process(sources).is_some_and(|(process, _)| claim.at < process.started_at)
}

/// A coder that was started with its only prompt has no turn to give to anybody: it ends instead.
fn printing(verdict: Verdict, sources: &Sources, now: Millis) -> Verdict {
    let claim = &verdict.claim;
    if prints(sources) && claim.turn == Turn::Unknown && claim.source == Source::Transcript {
        return Claim { turn: Turn::Working, ..verdict.claim }.into();
    }
    // One that is fed with prompts by a program lives on.
    if !prints(sources)
        || claim.turn != Turn::YourTurn
        || (claim.source != Source::Process && now - claim.at > 2 * SETTLE_MS)
    {
        return verdict;
    }
    Claim { turn: Turn::Working, reason: Some("starting or finishing".to_owned()), ..verdict.claim }.into()
}

/// No process is left: the turn is closed, or it died with it.
fn ended(sources: &Sources, at: Millis, left: Option<&Leaving>, how: End, now: Millis) -> Verdict {
    let word = speak::turn(sources);
    let process = |turn: Turn, reason: Option<&str>| {
        let (reason, says) = (reason.map(str::to_owned), says_end(how));
        Verdict::from(Claim { source: Source::Process, turn, reason, says, ..unknown(at) })
    };
    let unseen = (how == End::Unseen).then_some("no process of it was seen");
    if let Some(failed) = word.clone().filter(|word| word.turn == Turn::Failed) {
        return failed.into();
    }
    let last = left.and_then(|left| speak::claim_of(&left.registry));
    let is_after_word =
        |at: Millis, slack: Millis| word.as_ref().is_none_or(|word| at >= word.at.saturating_sub(slack));
    // What was open when the process ended is open for ever.
    let asked = last.as_ref().is_some_and(|last| last.turn.needs_person() && is_after_word(last.at, SETTLE_MS))
        || speak::dialog(sources).is_some();
    let was_idle = last.as_ref().is_some_and(|last| last.is_over() && is_after_word(last.at, 0));
    let was_busy = last.as_ref().is_some_and(|last| !last.is_over());
    let is_closed = was_idle || word.as_ref().map_or(!(how == End::Killed && was_busy), |word| !word.goes_on());
    if is_closed && !asked {
        return process(Turn::Done, unseen);
    }
    // One that leaves by itself writes its last lines first, and they may still be on their way.
    if let Some(word) = word.filter(|_| !asked && how == End::Left && now - at <= SETTLE_MS) {
        let reason = Some("its process has ended, its last lines may still come".to_owned());
        return Claim { reason, ..word }.into();
    }
    if unseen.is_some() {
        return process(Turn::Unknown, Some("in the middle of a turn, and no process of it was seen"));
    }
    process(Turn::Failed, Some("the process ended in the middle of a turn"))
}

fn says_end(how: End) -> String {
    let says = match how {
        End::Left => "its process has ended",
        End::Killed => "its process was killed",
        End::Unseen => "no process of it was seen",
    };
    says.to_owned()
}

fn unknown(at: Millis) -> Claim {
    Claim {
        source: Source::Heartbeat,
        turn: Turn::Unknown,
        since: at,
        at,
        reason: None,
        says: "nothing says".to_owned(),
        closed: false,
        background: false,
        answers: false,
    }
}

/// Two that cannot both be right.
fn disagree(one: Claim, other: Claim) -> Verdict {
    let of = |claim: &Claim| format!("{} says {}", name(claim.source), claim.turn.word().replace('_', " "));
    let (reason, since) = (Some(format!("{}, {}", of(&one), of(&other))), one.at.max(other.at));
    Verdict { claim: Claim { turn: Turn::Unknown, reason, since, ..one }, against: Some(other) }
}

fn name(source: Source) -> &'static str {
    match source {
        Source::Registry => "the registry",
        Source::Hook => "a hook",
        Source::Transcript => "the transcript",
        Source::Process => "the process table",
        Source::Heartbeat => "the link",
    }
}

/// The verdict with everything that was said, the one that counts first.
fn state(sources: &Sources, verdict: Verdict, background: Background, now: Millis) -> State {
    let Verdict { claim, against } = verdict;
    let mut said = Vec::new();
    if let Some((_, registry)) = speak::registry(sources) {
        said.push(registry.says());
    }
    said.extend(speak::hook(sources).map(|claim| claim.says()));
    said.extend(speak::dialog(sources).filter(|dialog| dialog.source == Source::Hook).map(|dialog| dialog.says()));
    said.extend(speak::transcript(sources).map(|claim| claim.says()));
    said.extend(speak::left(sources).map(|claim| claim.says()));
    said.push(of_presence(sources, now));
    let first = |says: &Says| match &against {
        _ if says.source == claim.source && says.at == claim.at && says.turn == Some(claim.turn) => 0,
        _ if says.source == claim.source && says.at == claim.at => 1,
        Some(against) if says.source == against.source => 2,
        _ if says.source == claim.source => 2,
        _ => 3,
    };
    said.sort_by_key(first);
    // Lines that were written before a clock was set may lie ahead; nothing has happened that is still to come.
    for says in &mut said {
        says.at = says.at.min(now);
    }
    State {
        turn: claim.turn,
        since: claim.since.min(now),
        reason: claim.reason,
        source: claim.source,
        source_at: claim.at.min(now),
        sources: said,
        background,
    }
}

fn of_presence(sources: &Sources, now: Millis) -> Says {
    let (text, at) = match &sources.presence {
        Presence::Untold => ("nobody tells of its process".to_owned(), sources.link.heard_at.min(now)),
        Presence::Living(processes) => match processes.as_slice() {
            [one] => (format!("process {} lives", one.pid), one.started_at),
            many => {
                let latest = many.iter().map(|process| process.started_at).max().unwrap_or(0);
                (format!("{} processes live", many.len()), latest)
            }
        },
        Presence::Disputed { processes, sessions } => {
            let text = format!("{processes} living for {sessions} sessions in its folder");
            (text, sources.link.heard_at.min(now))
        }
        Presence::Ended { at, how, .. } => (says_end(*how), *at),
    };
    Says { source: Source::Process, turn: None, text, at }
}

/// What a host does that cannot be heard is known for a while, and then no more.
fn away(mut state: State, sources: &Sources, now: Millis) -> State {
    let link = sources.link;
    let heartbeat = |text: String, at: Millis| Says { source: Source::Heartbeat, turn: None, text, at };
    let Some(since) = link.away_since else {
        if now - link.heard_at > SILENT_HOST_MS {
            state.sources.push(heartbeat("the host is silent".to_owned(), link.heard_at));
        }
        if link.lag_ms > 0 {
            let seconds = link.lag_ms / 1000;
            state.sources.push(heartbeat(format!("what it writes arrives {seconds} s late"), link.heard_at));
        }
        return state;
    };
    let says = heartbeat("the host is offline".to_owned(), since);
    let can_change = !matches!(state.turn, Turn::Done | Turn::Failed | Turn::Unknown);
    if can_change && now - since > AWAY_MS {
        state.reason = Some(format!("the host is offline; before: {}", state.turn.word().replace('_', " ")));
        state.turn = Turn::Unknown;
        (state.since, state.source, state.source_at) = (since, Source::Heartbeat, since);
        state.sources.insert(0, says);
    } else {
        state.sources.push(says);
    }
    state
}
