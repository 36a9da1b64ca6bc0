//! Properties of the rules; the rules themselves are tested with recordings of real clients, in `states/tests`.

mod scene;
mod table;

use muster_proto::ids::HostId;
use proptest::prelude::*;

use super::*;

const KINDS: [Kind; 15] = [
    Kind::Start,
    Kind::AgentStart,
    Kind::Prompt,
    Kind::Calls,
    Kind::Asks,
    Kind::Notifies,
    Kind::Answers,
    Kind::Batch,
    Kind::Compacts,
    Kind::Compacted,
    Kind::Idle,
    Kind::AgentStop,
    Kind::Stop,
    Kind::StopFailure,
    Kind::End,
];

fn events() -> impl Strategy<Value = Vec<(String, Event)>> {
    let tool = prop::sample::select(vec!["", "Bash", "AskUserQuestion", "ExitPlanMode"]);
    let agent = prop::sample::select(vec!["", "", "a1", "a2"]);
    let event = (0_i64..60_000, prop::sample::select(KINDS.to_vec()), tool, agent, 0_u32..3);
    let event = event.prop_map(|(at, kind, tool, agent, tasks)| {
        let (tool, about) = (tool.to_owned(), String::new());
        (agent.to_owned(), Event { at, kind, tool, about, call: String::new(), cause: String::new(), tasks })
    });
    prop::collection::vec(event, 0..40)
}

fn registry() -> impl Strategy<Value = Option<Registry>> {
    let status = prop::sample::select(vec!["", "busy", "idle", "waiting", "shell", "new"]);
    let entry = (status, 0_i64..60_000).prop_map(|(status, since)| Registry {
        status: status.to_owned(),
        waiting_for: String::new(),
        job: String::new(),
        since,
    });
    prop::option::of(entry)
}

fn presence() -> impl Strategy<Value = Presence> {
    (0..4, registry(), 0_i64..60_000).prop_map(|(which, registry, at)| match which {
        0 => Presence::Untold,
        1 => Presence::Ended {
            at,
            how: [End::Left, End::Killed, End::Unseen][usize::try_from(at % 3).unwrap()],
            left: registry.map(|registry| Leaving { at, registry }),
        },
        2 => Presence::Disputed { processes: 1, sessions: 2 },
        _ => Presence::Living(vec![Process {
            key: "1-1".to_owned(),
            host: HostId::default(),
            pid: 1,
            started_at: at,
            cwd: String::new(),
            terminal: String::new(),
            tmux: String::new(),
            kind: String::new(),
            registry,
            leaving: None,
            no_stop: None,
        }]),
    })
}

fn hooks(events: impl IntoIterator<Item = (String, Event)>) -> Hooks {
    let mut hooks = Hooks::default();
    for (agent, event) in events {
        hooks.take(&agent, event);
    }
    hooks
}

proptest! {
    #[test]
    fn the_order_of_events_and_their_number_change_nothing(told in events(), presence in presence(), now in 0_i64..120_000) {
        let of = |hooks: Hooks| fuse(&Sources { presence: presence.clone(), hooks, ..Sources::default() }, now);
        let state = of(hooks(told.clone()));
        prop_assert_eq!(&state, &of(hooks(told.iter().rev().cloned())));
        prop_assert_eq!(&state, &of(hooks(told.iter().chain(&told).cloned())));
    }

    #[test]
    fn nobody_is_needed_without_a_source_that_says_so(told in events(), presence in presence(), now in 0_i64..120_000) {
        let sources = Sources { presence, hooks: hooks(told), ..Sources::default() };
        let state = fuse(&sources, now);
        if state.turn.needs_person() {
            prop_assert!(!matches!(sources.presence, Presence::Ended { .. }), "nobody is there to be answered");
            prop_assert!(state.sources[0].turn.is_some_and(Turn::needs_person), "{:?}", state.sources);
        }
    }
}

#[test]
fn a_host_that_is_away_for_long_is_known_no_more() {
    let prompt = |at| Event {
        at,
        kind: Kind::Prompt,
        tool: String::new(),
        about: String::new(),
        call: String::new(),
        cause: String::new(),
        tasks: 0,
    };
    let link = Link { away_since: Some(2_000), lag_ms: 0, heard_at: 2_000 };
    let sources = Sources { hooks: hooks([(String::new(), prompt(1_000))]), link, ..Sources::default() };
    assert_eq!(fuse(&sources, 2_000 + AWAY_MS).turn, Turn::Working);
    let later = fuse(&sources, 2_001 + AWAY_MS);
    assert_eq!((later.turn, later.source), (Turn::Unknown, Source::Heartbeat));
}
