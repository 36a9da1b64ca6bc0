//! Alarms come by their threshold, stay as long as it is crossed, and go.

use muster_proto::ids::HostId;
use proptest::prelude::*;

use super::*;
use crate::domain::session::SessionId;
use crate::domain::session_state::{Background, Process, Source, State, Turn};
use crate::domain::session_view::View;

const NOW: Millis = 1_800_000_000_000;

fn view(turn: Turn) -> View {
    let state = State {
        turn,
        since: NOW - 5_000,
        reason: None,
        source: Source::Transcript,
        source_at: NOW,
        sources: Vec::new(),
        background: Background::default(),
    };
    View {
        session: SessionId::from_stored("claude-s"),
        coder: "claude".to_owned(),
        hosts: Vec::new(),
        has_transcript: true,
        state,
        running: Vec::new(),
        waiting: Vec::new(),
        processes: Vec::new(),
        progress_at: NOW,
        tokens_per_minute: 0,
        model: None,
        context_tokens: None,
        context_window: None,
        limit_resets_at: None,
        loops: Vec::new(),
        alarms: Vec::new(),
    }
}

fn process(pid: u32, started_at: Millis) -> Process {
    Process {
        key: pid.to_string(),
        host: HostId::new(),
        pid,
        started_at,
        cwd: String::new(),
        terminal: String::new(),
        tmux: String::new(),
        kind: String::new(),
        registry: None,
        leaving: None,
        no_stop: None,
    }
}

fn looping(weight: u32) -> Looping {
    Looping { subagent: None, calls: vec!["Bash \"npm test\"".to_owned()], times: weight, weight, since: NOW - 9 }
}

fn kinds(view: &View) -> Vec<AlarmKind> {
    alarms(view, &Settings::default(), &[], NOW).into_iter().map(|alarm| alarm.kind).collect()
}

#[test]
fn a_session_that_is_well_has_no_alarm() {
    for turn in Turn::ALL {
        let well = View {
            progress_at: NOW - 599_000,
            tokens_per_minute: 200_000,
            context_tokens: Some(169_999),
            context_window: Some(200_000),
            limit_resets_at: Some(NOW - 1),
            loops: vec![looping(4)],
            processes: vec![process(7, 1)],
            ..view(turn)
        };
        assert_eq!(kinds(&well), [], "{turn:?}");
    }
}

#[test]
fn every_threshold_that_is_crossed_is_told() {
    let wrong = View {
        progress_at: NOW - 600_000,
        tokens_per_minute: 200_001,
        context_tokens: Some(170_000),
        context_window: Some(200_000),
        loops: vec![looping(5), looping(9)],
        processes: vec![process(8, NOW - 1), process(7, NOW - 100)],
        ..view(Turn::Working)
    };
    let told = alarms(&wrong, &Settings::default(), &[], NOW);
    let told: Vec<(AlarmKind, Millis, &str)> =
        told.iter().map(|alarm| (alarm.kind, NOW - alarm.since, alarm.text.as_str())).collect();
    assert_eq!(
        told,
        [
            (AlarmKind::Loop, 9, "Bash \"npm test\" called 9 times in a row"),
            (AlarmKind::Stuck, 600_000, "works, but nothing has come for more than 10 min"),
            (AlarmKind::BurnRate, 0, "uses more than 200000 tokens a minute"),
            (AlarmKind::Context, 0, "context is 85 % full"),
            (AlarmKind::TwoWriters, 1, "2 processes write one conversation: 8, 7"),
        ]
    );
    let off = Settings {
        loop_calls: None,
        stuck_seconds: None,
        tokens_per_minute: None,
        context_percent: None,
        ..Settings::default()
    };
    assert_eq!(alarms(&wrong, &off, &[], NOW).len(), 1, "two writers are wrong by any settings");
}

#[test]
fn a_limit_is_told_until_it_ends_and_a_loop_only_while_somebody_works() {
    let limited = |resets| View { limit_resets_at: Some(resets), ..view(Turn::Failed) };
    assert_eq!(kinds(&limited(NOW + 1)), [AlarmKind::UsageLimit]);
    assert_eq!(kinds(&limited(NOW)), []);
    let mut looped = View { loops: vec![looping(5)], ..view(Turn::YourTurn) };
    assert_eq!(kinds(&looped), []);
    looped.state.background.subagents = 1;
    assert_eq!(kinds(&looped), [AlarmKind::Loop]);
}

#[test]
fn calls_in_turn_are_told_together() {
    let calls = vec!["Read \"a\"".to_owned(), "Bash \"b\"".to_owned()];
    let looping = Looping { calls, times: 6, ..looping(6) };
    assert_eq!(looping.text(), "Read \"a\" and Bash \"b\" called in turn, 6 times");
}

#[test]
fn a_host_is_told_by_what_it_says_and_by_its_silence() {
    let told = |host: Measured| -> Vec<(AlarmKind, String)> {
        host_alarms(&host, &Settings::default(), &[], NOW).into_iter().map(|alarm| (alarm.kind, alarm.text)).collect()
    };
    let well = Measured { lag_ms: 15_000, clock_skew_ms: -30_000, disk: Some((1_000, 100)), ..Measured::default() };
    assert_eq!(told(well), []);
    let wrong = Measured { lag_ms: 15_001, clock_skew_ms: -30_001, disk: Some((1_000, 99)), ..Measured::default() };
    let right = [
        (AlarmKind::Lagging, "what is shown is more than 15 s old"),
        (AlarmKind::Disk, "9 % of the disk is free"),
        (AlarmKind::Clock, "its clock is more than 30 s behind"),
    ];
    assert_eq!(told(wrong), right.map(|(kind, text)| (kind, text.to_owned())));
    let away = |lives| Measured { link: Link::Away { since: 1, lives }, ..wrong };
    assert_eq!(told(away(true)), [(AlarmKind::Offline, "offline with living sessions".to_owned())]);
    assert_eq!(told(away(false)), []);
}

#[test]
fn thresholds_have_bounds_and_can_be_off() {
    assert_eq!(Settings::default().check(), Ok(()));
    let wrong = Settings { context_percent: Some(101), ..Settings::default() };
    assert!(wrong.check().unwrap_err().contains("context_percent"));
    assert_eq!(Settings { loop_calls: None, ..Settings::default() }.check(), Ok(()));
    assert!(Settings { loop_calls: Some(1), ..Settings::default() }.check().is_err());
}

fn any_view() -> impl Strategy<Value = View> {
    let numbers = (0..2_000_000_i64, 0..500_000_i64, 0..1_200_000_i64, prop::option::of(-5..5_i64));
    let loops = prop::collection::vec(0..12_u32, 0..3);
    (0..Turn::ALL.len(), numbers, loops, 0..4_usize).prop_map(|(turn, (silent, rate, held, resets), loops, living)| {
        View {
            progress_at: NOW - silent,
            tokens_per_minute: rate,
            context_tokens: Some(held),
            context_window: Some(1_000_000),
            limit_resets_at: resets.map(|at| NOW + at),
            loops: loops.into_iter().map(looping).collect(),
            processes: (1..).take(living).map(|pid| process(pid, NOW - i64::from(pid))).collect(),
            ..view(Turn::ALL[turn])
        }
    })
}

proptest! {
    /// Looking twice tells the same; each kind stands once, in order; nothing began later than now.
    #[test]
    fn looking_again_changes_nothing(view in any_view(), later in 0..10_000_i64) {
        let first = alarms(&view, &Settings::default(), &[], NOW);
        prop_assert!(first.windows(2).all(|two| two[0].kind < two[1].kind));
        prop_assert!(first.iter().all(|alarm| alarm.since <= NOW && !alarm.text.is_empty()));
        prop_assert_eq!(&alarms(&view, &Settings::default(), &first, NOW), &first);
        for alarm in alarms(&view, &Settings::default(), &first, NOW + later) {
            if let Some(before) = first.iter().find(|before| before.kind == alarm.kind) {
                prop_assert_eq!(alarm.since, before.since);
            }
        }
    }

    /// What is not measured by a threshold that is off is no alarm, and a higher bound never makes more of them.
    #[test]
    fn a_higher_threshold_never_tells_more(view in any_view(), calls in 3..20_u32, percent in 10..100_u32) {
        let strict = Settings { loop_calls: Some(calls), context_percent: Some(percent), ..Settings::default() };
        let mild = Settings { loop_calls: Some(calls + 1), context_percent: Some(percent + 1), ..Settings::default() };
        let told = |settings: &Settings| -> Vec<AlarmKind> {
            alarms(&view, settings, &[], NOW).into_iter().map(|alarm| alarm.kind).collect()
        };
        let (strict, mild) = (told(&strict), told(&mild));
        prop_assert!(mild.iter().all(|kind| strict.contains(kind)));
    }
}
