//! Every recording through the real room in simulated time: what is shown is what the person at the terminal saw.

use super::recording::{ALL, Feeder, Heard, Mark, Recording, all};
use crate::domain::session::SessionId;
use crate::domain::session_state::{Background, SETTLE_MS, Says, Turn};
use crate::domain::session_view::View;
use crate::domain::time::Millis;
use crate::states::room::Room;
use crate::store::deletions::Tombstones;

/// How often the simulated time stands still to look.
const STEP_MS: i64 = 10;

/// The picture of a terminal is late by this at most, and a dialog is known before it is drawn.
const EARLY_MS: i64 = 500;

/// Sources have settled by then, and were looked at.
const LATE_MS: i64 = SETTLE_MS + 100;

/// What nobody sees.
const BLINK_MS: i64 = 100;

/// How long a line comes after the registry that it explains.
const LINE_MS: i64 = 400;

/// How long the simulation goes on behind the last item.
const AFTER_MS: i64 = 5_000;

/// What is shown at a moment; `None` before anything is known.
struct Shown {
    at: Millis,
    views: Vec<View>,
}

fn replay(recording: &Recording, heard: Heard) -> Vec<Shown> {
    let mut room = Room::new(recording.started_at, Tombstones::default());
    let mut feeder = Feeder::new(recording, heard, &mut room);
    let mut items = recording.items.iter().peekable();
    let mut shown = Vec::new();
    let mut now = recording.started_at;
    while now < recording.ends_at + AFTER_MS {
        while let Some(item) = items.next_if(|item| recording.started_at + item["at_ms"].as_i64().unwrap() <= now) {
            feeder.feed(item, &mut room);
        }
        let is_tick = (now - recording.started_at) % 1_000 == 0;
        room.look(now, is_tick);
        shown.push(Shown { at: now, views: room.views() });
        now += STEP_MS;
    }
    shown
}

/// Marks of a session that a person could have seen around a moment.
fn around<'a>(marks: &'a [&Mark], at: Millis, late: i64) -> impl Iterator<Item = &'a &'a Mark> {
    marks.iter().enumerate().filter_map(move |(place, mark)| {
        let until = marks.get(place + 1).map_or(Millis::MAX, |next| next.at);
        (mark.at <= at + EARLY_MS && until >= at - late).then_some(mark)
    })
}

/// Moments at which something else is shown than what was seen, for longer than `patience_ms`.
fn wrong(recording: &Recording, heard: Heard, patience_ms: i64, also: &[Turn]) -> Vec<String> {
    let mut stretches: Vec<(Millis, Millis, SessionId, String)> = Vec::new();
    for moment in replay(recording, heard) {
        for view in &moment.views {
            let marks: Vec<&Mark> = recording.marks.iter().filter(|mark| mark.session == view.session).collect();
            let is_early = marks.first().is_none_or(|first| moment.at < first.at + SETTLE_MS);
            let turn = view.state.turn;
            if is_early || also.contains(&turn) || around(&marks, moment.at, LATE_MS).any(|mark| mark.turn == turn) {
                continue;
            }
            let seen: Vec<Turn> = around(&marks, moment.at, 0).map(|mark| mark.turn).collect();
            let of = |says: &Says| {
                format!("{:?} {:?} {} @{}", says.source, says.turn, says.text, says.at - recording.started_at)
            };
            let said: Vec<String> = view.state.sources.iter().map(of).collect();
            let what = format!("{turn:?} ({:?}; {}), seen was {seen:?}", view.state.reason, said.join(", "));
            let goes_on = stretches.iter_mut().find(|(_, until, id, before)| {
                let same_turn = before.split(' ').next() == what.split(' ').next();
                *until + STEP_MS >= moment.at && *id == view.session && same_turn
            });
            match goes_on {
                Some((_, until, ..)) => *until = moment.at,
                None => stretches.push((moment.at, moment.at, view.session.clone(), what)),
            }
        }
    }
    let is_long = |(from, until, ..): &&(Millis, Millis, SessionId, String)| until - from >= patience_ms;
    let line = |(from, until, _, what): &(Millis, Millis, SessionId, String)| {
        let [from, until] = [from, until].map(|at| at - recording.started_at);
        format!("{}: from {from} to {until} ms shows {what}", recording.name)
    };
    stretches.iter().filter(is_long).map(line).collect()
}

/// Recordings of two clients on one session: what is seen depends on which of them one looks at.
fn is_of_two(recording: &Recording) -> bool {
    recording.name.ends_with("two-writers")
}

/// The same, and a terminal that was closed: the client ends its turn unseen before it goes.
fn is_unseen(recording: &Recording) -> bool {
    is_of_two(recording) || recording.name == "2.1.197-hangup"
}

/// What only a registry can tell: a command of the person itself (no hook tells of it, and its lines come when it has
/// ended), that a process was on its way out, and which of two sessions in one folder a process holds.
fn needs_registry(recording: &Recording) -> bool {
    let only = ["two-writers", "shell-mode", "hangup", "clear", "resume", "idle"];
    only.iter().any(|end| recording.name.ends_with(end))
}

/// The same, and a dialog of a subagent after the turn: in the transcripts it is a call that has no outcome yet.
fn needs_more_than_lines(recording: &Recording) -> bool {
    let only = ["subagent-permission", "background-permission"];
    needs_registry(recording) || only.iter().any(|end| recording.name.ends_with(end))
}

fn assert_right(heard: Heard, patience_ms: i64, also: &[Turn], leave_out: fn(&Recording) -> bool) {
    let recordings = all();
    let kept = recordings.iter().filter(|recording| !leave_out(recording));
    let wrong: Vec<String> = kept.flat_map(|recording| wrong(recording, heard, patience_ms, also)).collect();
    assert!(wrong.is_empty(), "{heard:?}\n{}", wrong.join("\n"));
}

#[test]
fn what_is_shown_is_what_the_person_saw() {
    assert_right(ALL, BLINK_MS, &[], is_unseen);
}

#[test]
fn the_subagent_that_asks_is_named_and_nobody_else() {
    for recording in all() {
        let moments = replay(&recording, ALL);
        let named: Vec<&View> =
            moments.iter().flat_map(|moment| &moment.views).filter(|view| !view.waiting.is_empty()).collect();
        let of_agent = ["subagent-permission", "background-permission"];
        assert_eq!(!named.is_empty(), of_agent.iter().any(|end| recording.name.ends_with(end)), "{}", recording.name);
        assert!(named.iter().all(|view| view.state.turn.needs_person()), "{}", recording.name);
    }
}

#[test]
fn of_two_writers_the_one_that_works_is_shown() {
    assert_right(ALL, BLINK_MS, &[Turn::Working], |recording| !is_of_two(recording));
}

#[test]
fn without_hooks_it_is_the_same() {
    assert_right(Heard { hooks: false, ..ALL }, LINE_MS, &[Turn::Unknown], is_unseen);
}

#[test]
fn without_a_registry_it_is_less_exact_and_never_wrong() {
    let also = [Turn::Unknown, Turn::Working];
    assert_right(Heard { registry: false, ..ALL }, SETTLE_MS, &also, needs_registry);
}

#[test]
fn from_transcripts_alone_it_is_less_exact_and_never_wrong() {
    let heard = Heard { registry: false, hooks: false, transcript: true };
    assert_right(heard, SETTLE_MS, &[Turn::Unknown, Turn::Working], needs_more_than_lines);
}

/// Moments after which the background was counted wrong for as long as sources need to settle.
fn miscounted(recording: &Recording, heard: Heard) -> Vec<String> {
    let is_right = |moment: &Shown, view: &View| {
        let marks: Vec<&Mark> = recording.marks.iter().filter(|mark| mark.session == view.session).collect();
        let Background { subagents, shells } = view.state.background;
        let counted = |mark: &&Mark| (mark.subagents, mark.shells) == (subagents, shells);
        marks.is_empty() || around(&marks, moment.at, LATE_MS).any(counted)
    };
    let (mut wrong, mut since) = (Vec::new(), None);
    for moment in replay(recording, heard) {
        let all_right = moment.views.iter().all(|view| is_right(&moment, view));
        since = if all_right { None } else { since.or(Some(moment.at)) };
        if since.is_some_and(|since| moment.at - since == SETTLE_MS) {
            let shown: Vec<Background> = moment.views.iter().map(|view| view.state.background).collect();
            wrong.push(format!("{} {heard:?}: at {} ms {shown:?}", recording.name, moment.at - recording.started_at));
        }
    }
    wrong
}

#[test]
fn what_runs_in_the_background_is_counted() {
    let ways = [ALL, Heard { hooks: false, ..ALL }];
    let of = |recording: &Recording| ways.map(|heard| miscounted(recording, heard)).concat();
    let wrong: Vec<String> = all().iter().flat_map(of).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a session is shown as from a moment on.
fn from<'a>(shown: &'a [Shown], session: &'a SessionId, at: Millis) -> impl Iterator<Item = &'a View> {
    let views = shown.iter().filter(move |moment| moment.at >= at).flat_map(|moment| &moment.views);
    views.filter(move |view| view.session == *session)
}

#[test]
fn a_coder_that_was_killed_in_the_middle_of_a_turn_has_failed_at_once() {
    let killed: Vec<Recording> = all().into_iter().filter(|recording| recording.name.contains("-kill-")).collect();
    assert_eq!(killed.len(), 6);
    for recording in killed {
        let last = recording.marks.last().unwrap();
        let shown = replay(&recording, ALL);
        let view = from(&shown, &last.session, last.at + STEP_MS).next().unwrap();
        assert_eq!(view.state.turn, Turn::Failed, "{}: {:?}", recording.name, view.state);
    }
}

#[test]
fn nothing_is_shown_as_failed_that_has_not_not_even_for_a_moment() {
    for recording in all().iter().filter(|recording| !is_unseen(recording)) {
        for moment in replay(recording, ALL) {
            for view in moment.views.iter().filter(|view| view.state.turn == Turn::Failed) {
                let marks: Vec<&Mark> = recording.marks.iter().filter(|mark| mark.session == view.session).collect();
                let seen = around(&marks, moment.at, LATE_MS).any(|mark| mark.turn == Turn::Failed);
                assert!(seen, "{} at {} ms: {:?}", recording.name, moment.at - recording.started_at, view.state);
            }
        }
    }
}

#[test]
fn a_background_job_says_itself_what_it_needs() {
    let asks = all().into_iter().find(|recording| recording.name.ends_with("background-session-asks")).unwrap();
    let asked = asks.marks.iter().find(|mark| mark.turn == Turn::NeedsPermission).unwrap();
    let shown = replay(&asks, Heard { hooks: false, ..ALL });
    let view = from(&shown, &asked.session, asked.at + LATE_MS).next().unwrap();
    assert_eq!(view.state.reason.as_deref(), Some("approve Bash: rm -rf build-cache"), "{:?}", view.state);
}

#[test]
fn a_client_that_was_only_started_has_no_transcript_until_its_first_line() {
    let all = all();
    let recordings: Vec<&Recording> = all.iter().filter(|recording| recording.name.ends_with("-tool-fails")).collect();
    assert_eq!(recordings.len(), 2);
    for recording in recordings {
        let views = replay(recording, ALL).into_iter().flat_map(|moment| moment.views);
        let told: Vec<bool> = views.map(|view| view.has_transcript).collect();
        assert_eq!((told.first(), told.last()), (Some(&false), Some(&true)), "{}", recording.name);
        assert!(told.is_sorted(), "{}", recording.name);
    }
}
