//! Coders that do not say which session they hold: what can be known is shown, and what cannot is not guessed.

use muster_proto::fleet;
use muster_proto::ids::HostId;

use crate::domain::session::SessionId;
use crate::domain::session_state::{Last, OpenCall, Source, State, Tail, Turn};
use crate::domain::session_view::View;
use crate::domain::time::Millis;
use crate::live::endings::Ending;
use crate::states::read::Greeting;
use crate::states::room::Room;
use crate::store::deletions::Tombstones;

const BEGAN: Millis = 1_000_000_000;
const FOLDER: &str = "/srv/demo/api";

/// A host with coders that keep no registry.
struct Scene {
    room: Room,
    host: HostId,
    now: Millis,
}

impl Scene {
    fn new() -> Self {
        let mut scene = Self { room: Room::new(BEGAN, Tombstones::default()), host: HostId::new(), now: BEGAN };
        let greeting = Greeting { clock_ms: BEGAN, reports_coders: true, no_stop: None };
        scene.room.linked(scene.host, &greeting, BEGAN);
        scene.tell(true, &[], &[]);
        scene
    }

    fn tell(&mut self, whole: bool, pids: &[u32], ended: &[u32]) {
        let key = |pid: &u32| format!("{pid}-1");
        let coder = |pid: &u32| fleet::Coder {
            key: key(pid),
            coder: "codex".to_owned(),
            pid: *pid,
            started_ms: self.now,
            cwd: FOLDER.to_owned(),
            ..fleet::Coder::default()
        };
        let coders = pids.iter().map(coder).collect();
        let ended = ended.iter().map(key).collect();
        self.room.coders(
            self.host,
            fleet::Coders { whole, coders, ended, clock_ms: self.now, killed: Vec::new() },
            self.now,
        );
    }

    fn begins(&mut self, pid: u32) {
        self.tell(false, &[pid], &[]);
    }

    fn ends(&mut self, pid: u32) {
        self.tell(false, &[], &[pid]);
    }

    fn line(&mut self, session: &str, cwd: &str, last: Last) {
        let mut tail = Tail { last, at: self.now, since: self.now, ..Tail::default() };
        if last == Last::Called {
            tail.open.push(OpenCall { id: "c".to_owned(), name: "shell".to_owned(), about: None, at: self.now });
        }
        let ending = Ending {
            transcript: session.to_owned(),
            host: self.host,
            session: id(session),
            coder: "codex".to_owned(),
            agent: None,
            cwd: cwd.to_owned(),
            model: None,
            context_tokens: None,
            last_at: self.now,
            tail,
            looping: None,
        };
        self.room.end(ending, self.now);
    }

    fn wait(&mut self, seconds: i64) {
        self.now += seconds * 1_000;
    }

    fn view(&mut self, session: &str) -> View {
        self.room.look(self.now, true);
        self.room.view(&id(session)).unwrap()
    }

    fn shown(&mut self, session: &str) -> (Turn, usize) {
        let view = self.view(session);
        (view.state.turn, view.processes.len())
    }
}

fn id(session: &str) -> SessionId {
    SessionId::new("codex", session).unwrap()
}

fn says(state: &State, source: Source, words: &str) -> bool {
    state.sources.iter().any(|says| says.source == source && says.text.contains(words))
}

#[test]
fn one_process_and_one_session_belong_together() {
    let mut scene = Scene::new();
    scene.begins(7);
    scene.wait(5);
    scene.line("one", FOLDER, Last::Ended);
    scene.line("elsewhere", "/srv/other", Last::Ended);
    assert_eq!(scene.shown("one"), (Turn::YourTurn, 1));
    scene.wait(60);
    scene.ends(7);
    assert_eq!(scene.shown("one"), (Turn::Done, 0));
}

#[test]
fn two_sessions_that_one_process_could_hold_are_unknown_until_it_is_clear() {
    let mut scene = Scene::new();
    scene.begins(7);
    scene.begins(8);
    scene.wait(5);
    scene.line("one", FOLDER, Last::Ended);
    scene.line("two", FOLDER, Last::Ended);
    // Each may have its own.
    assert_eq!((scene.shown("one"), scene.shown("two")), ((Turn::YourTurn, 0), (Turn::YourTurn, 0)));
    scene.wait(5);
    scene.ends(8);
    for session in ["one", "two"] {
        let view = scene.view(session);
        assert_eq!(
            (view.state.turn, view.processes.len()),
            (Turn::Unknown, 0),
            "nobody can stop what may be another's"
        );
        assert!(says(&view.state, Source::Process, "1 living for 2 sessions"), "{:?}", view.state.sources);
        assert!(says(&view.state, Source::Transcript, "the turn ended"), "{:?}", view.state.sources);
    }
    // What is at work says so itself.
    scene.wait(5);
    scene.line("two", FOLDER, Last::Called);
    assert_eq!((scene.shown("one"), scene.shown("two")), ((Turn::Unknown, 0), (Turn::Working, 0)));
    scene.wait(5);
    scene.ends(7);
    scene.wait(16);
    assert_eq!(scene.shown("one"), (Turn::Done, 0));
}

#[test]
fn a_session_that_ended_before_the_process_began_claims_nothing() {
    let mut scene = Scene::new();
    scene.line("before", FOLDER, Last::Ended);
    scene.wait(5);
    scene.begins(7);
    scene.wait(5);
    scene.line("now", FOLDER, Last::Ended);
    assert_eq!(scene.shown("now"), (Turn::YourTurn, 1));
}

#[test]
fn work_of_a_process_that_nobody_saw_has_not_failed() {
    let mut scene = Scene::new();
    scene.line("inside", FOLDER, Last::Called);
    assert_eq!(scene.shown("inside"), (Turn::Working, 0));
    // A long call in a container looks just so.
    scene.wait(60);
    let view = scene.view("inside");
    assert_eq!((view.state.turn, view.state.source), (Turn::Unknown, Source::Process));
    assert!(says(&view.state, Source::Transcript, "shell called"), "{:?}", view.state.sources);
    scene.line("inside", FOLDER, Last::Answered);
    assert_eq!(scene.shown("inside"), (Turn::Working, 0));
    scene.line("inside", FOLDER, Last::Ended);
    scene.wait(60);
    assert_eq!(scene.shown("inside"), (Turn::Done, 0));
}

#[test]
fn a_host_that_told_of_no_coder_yet_knows_nothing_of_processes() {
    let mut scene = Scene::new();
    scene.line("one", FOLDER, Last::Ended);
    scene.room.unlinked(scene.host, scene.now);
    scene.wait(20);
    let greeting = Greeting { clock_ms: scene.now, reports_coders: true, no_stop: None };
    scene.room.linked(scene.host, &greeting, scene.now);
    assert_eq!(scene.shown("one"), (Turn::YourTurn, 0));
    scene.tell(true, &[], &[]);
    assert_eq!(scene.shown("one"), (Turn::Done, 0));
}
