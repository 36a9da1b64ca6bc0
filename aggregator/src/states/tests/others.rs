//! Coders without a registry and hooks: what their lines and their processes tell, and no more.

use muster_proto::fleet;
use muster_proto::ids::HostId;
use serde_json::{Value, json};

use crate::derive::testing::Growing;
use crate::domain::session::SessionId;
use crate::domain::session_state::{Source, Turn};
use crate::domain::session_view::View;
use crate::domain::time::{Millis, parse_rfc3339};
use crate::states::read::Greeting;
use crate::states::room::Room;
use crate::store::deletions::Tombstones;
use crate::transcript::testing::fixture;

const CODEX: &str = "codex/sessions/2026/10/02/rollout-2026-10-02T11-00-00-019a0001-81a0-7800-8aa0-3a6b2f7f5b22.jsonl";

const GEMINI: &str = "gemini/shop/chats/session-2026-10-01T09-00-0a1b2c3d.jsonl";

const PROCESS: &str = "7-1";

/// One session of one coder on one host.
struct Stage {
    room: Room,
    host: HostId,
    session: SessionId,
    file: Growing,
    now: Millis,
}

impl Stage {
    /// A coder that has just started in `/srv/shop`.
    fn new(coder: &str, kind: &str, began: Millis) -> Self {
        let (mut room, host) = (Room::new(began, Tombstones::default()), HostId::new());
        room.linked(host, &Greeting { clock_ms: began, reports_coders: true, no_stop: None }, began);
        let process = fleet::Coder {
            key: PROCESS.to_owned(),
            coder: coder.to_owned(),
            pid: 7,
            started_ms: began,
            cwd: "/srv/shop".to_owned(),
            kind: kind.to_owned(),
            ..fleet::Coder::default()
        };
        room.coders(
            host,
            fleet::Coders { whole: true, coders: vec![process], clock_ms: began, ..fleet::Coders::default() },
            began,
        );
        let session = SessionId::new(coder, "1").unwrap();
        let file = Growing::of(coder, host, "chat.jsonl", session.as_str(), false);
        Self { room, host, session, file, now: began }
    }

    fn line(&mut self, line: &str, at: Millis) -> View {
        self.now = at;
        self.room.end(self.file.add(line), at);
        self.later(0)
    }

    /// What is shown so many milliseconds later.
    fn later(&mut self, ms: i64) -> View {
        self.now += ms;
        self.room.look(self.now, true);
        self.room.view(&self.session).expect("a session")
    }

    /// The process ends.
    fn end(&mut self) -> View {
        let ended = vec![PROCESS.to_owned()];
        self.room.coders(
            self.host,
            fleet::Coders { whole: false, ended, clock_ms: self.now, ..fleet::Coders::default() },
            self.now,
        );
        self.later(60_000)
    }
}

fn lines(path: &str) -> Vec<(String, Option<Millis>)> {
    let text = std::fs::read_to_string(fixture(path)).unwrap();
    let time = |line: &Value| line["timestamp"].as_str().or(line["startTime"].as_str()).and_then(parse_rfc3339);
    text.lines().map(|line| (line.to_owned(), time(&serde_json::from_str(line).unwrap()))).collect()
}

/// Plays a fixture; what is shown after each line, with the line.
fn played(coder: &str, path: &str) -> (Stage, Vec<(String, View)>) {
    let lines = lines(path);
    let mut at = lines[0].1.unwrap();
    let mut stage = Stage::new(coder, "", at);
    let shown = lines
        .into_iter()
        .map(|(line, time)| {
            at = time.unwrap_or(at);
            let view = stage.line(&line, at);
            (line, view)
        })
        .collect();
    (stage, shown)
}

/// The states in their order, each with the first line that it was shown after.
fn turns(shown: &[(String, View)]) -> Vec<(Turn, usize)> {
    let mut turns: Vec<(Turn, usize)> = Vec::new();
    for (number, (_, view)) in shown.iter().enumerate() {
        if turns.last().is_none_or(|(turn, _)| *turn != view.state.turn) {
            turns.push((view.state.turn, number));
        }
    }
    turns
}

#[test]
fn a_rollout_tells_whose_turn_it_is() {
    use Turn::{NeedsAnswer, Working, YourTurn};
    let (mut stage, shown) = played("codex", CODEX);
    let at = |word: &str| shown.iter().position(|(line, _)| line.contains(word)).unwrap();
    let expected = [
        (YourTurn, 0),
        (Working, at("task_started")),
        (NeedsAnswer, at("request_user_input")),
        (Working, at("answers")),
        (YourTurn, at("task_complete")),
        (Working, at("turn-2")),
    ];
    assert_eq!(turns(&shown), expected);
    let view = |word: &str| &shown[at(word)].1;
    assert_eq!(view("request_user_input").state.reason.as_deref(), Some("Which rule shall I use?"));
    assert_eq!(view(r#""kind":"started""#).state.background.subagents, 1, "begun, and its answer has not come");
    assert_eq!(view("Curie").state.background.subagents, 2);
    assert_eq!(view("timed_out").state.background.subagents, 1, "one has reported");
    assert_eq!(view("SubAgentActivity").state.background.subagents, 0);
    // Nothing is written while a person is asked for a permission: what is known is that a call has no outcome.
    let running = stage.later(0);
    assert_eq!((running.state.turn, running.state.reason.as_deref()), (Working, Some("exec_command: npm test")));
    assert_eq!(running.state.source, Source::Transcript);
    assert_eq!(stage.end().state.turn, Turn::Failed, "in the middle of a turn");
}

#[test]
fn a_turn_without_a_prompt_is_work_too() {
    let mut stage = Stage::new("codex", "", 1_000);
    let mut event = |kind: &str, at: Millis| {
        let time = format!("1970-01-01T00:00:{:02}.000Z", at / 1_000);
        let line = json!({"timestamp": time, "type": "event_msg", "payload": {"type": kind, "turn_id": "t"}});
        stage.line(&line.to_string(), at).state.turn
    };
    assert_eq!(event("task_started", 2_000), Turn::Working, "a review, a compaction");
    assert_eq!(event("task_complete", 9_000), Turn::YourTurn);
    assert_eq!(event("task_started", 10_000), Turn::Working);
    assert_eq!(event("turn_aborted", 11_000), Turn::YourTurn);
    assert_eq!(stage.end().state.turn, Turn::Done);
}

#[test]
fn a_chat_does_not_tell_when_its_turn_ends() {
    let (prompt, reply) = (
        r#"{"id":"m1","timestamp":"1970-01-01T00:00:02.000Z","type":"user","content":"Why?"}"#,
        r#"{"id":"m2","timestamp":"1970-01-01T00:00:03.000Z","type":"gemini","content":"I will look.","tokens":{"input":9,"output":3}"#,
    );
    let begun = |kind: &str| {
        let mut stage = Stage::new("gemini", kind, 1_000);
        assert_eq!(stage.line(prompt, 2_000).state.turn, Turn::Working);
        let spoken = stage.line(&format!("{reply}}}"), 3_000);
        (stage, spoken)
    };
    let (mut stage, spoken) = begun("");
    assert_eq!((spoken.state.turn, spoken.state.source), (Turn::Unknown, Source::Transcript));
    assert!(spoken.state.reason.as_deref().is_some_and(|reason| reason.contains("does not write")), "{spoken:?}");
    let sources: Vec<Source> = spoken.state.sources.iter().map(|says| says.source).collect();
    assert_eq!(sources, [Source::Transcript, Source::Process]);
    // The call was written when it had ended: the model goes on.
    let call = r#","toolCalls":[{"id":"c1","name":"run_shell_command","args":{"command":"ls"},"status":"success"}]}"#;
    assert_eq!(stage.line(&format!("{reply}{call}"), 4_000).state.turn, Turn::Working);
    let last = reply.replace("m2", "m3").replace("00:03", "00:05");
    assert_eq!(stage.line(&format!("{last}}}"), 5_000).state.turn, Turn::Unknown);
    assert_eq!(stage.end().state.turn, Turn::Done, "nothing says that it was in the middle of anything");
    let (mut printing, spoken) = begun("print");
    assert_eq!(spoken.state.turn, Turn::Working, "it ends when it is done");
    assert_eq!(printing.end().state.turn, Turn::Done);
    let (mut silent, _) = begun("");
    assert_eq!(silent.later(1_200_000).state.turn, Turn::Unknown);
}

#[test]
fn a_chat_that_was_stopped_or_failed_says_so() {
    let (_, shown) = played("gemini", GEMINI);
    let at = |word: &str| &shown.iter().find(|(line, _)| line.contains(word)).unwrap().1.state;
    assert_eq!(at("Request cancelled").turn, Turn::YourTurn);
    assert_eq!(at("Request cancelled").reason.as_deref(), Some("interrupted"));
    assert_eq!(at("quota exceeded").turn, Turn::Failed);
}
