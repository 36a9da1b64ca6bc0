//! The tables of `docs/STATES.md` are what the code decides: the left columns are made here, the others by `fuse`.
//! `MUSTER_WRITE_EXPECTED=1 cargo nextest run -p muster session_state` writes them anew; read the difference.

use std::fmt::Write as _;
use std::path::Path;

use super::scene::{AGO, NOW, Scene};
use super::*;

/// What is known, in words, and as facts.
type Row = (&'static str, Scene);

fn registered(status: &str) -> Scene {
    Scene::living().registry(status, "", AGO)
}

fn asks(at: Millis) -> Event {
    Scene::event(Kind::Asks, "Bash", at)
}

fn with_registry() -> Vec<Row> {
    let waiting = || registered("waiting");
    let vague = || Scene::living().registry("waiting", "input needed", AGO);
    let failed = |scene: Scene| scene.line(Last::Failed, AGO - 100);
    let job = || registered("waiting").job("approve Bash: rm -rf build");
    vec![
        ("registry `waiting` for a permission", waiting()),
        ("the same, and the dialog's hook says for what", waiting().hook(asks(AGO))),
        ("the same, without a hook, and a background job says for what", job()),
        ("registry `waiting`, and the dialog is a question or a plan", waiting().open("AskUserQuestion", AGO)),
        ("registry `waiting` for something vague", vague()),
        ("the same after an error", failed(vague())),
        (
            "registry `waiting`, and a tool has answered less than 1.5 s ago",
            waiting().hook(Scene::event(Kind::Answers, "Read", NOW - 500)),
        ),
        (
            "registry `waiting`, and a tool has answered longer ago",
            waiting().hook(Scene::event(Kind::Answers, "Read", NOW - SETTLE_MS - 1)),
        ),
        ("registry `busy`, and a dialog's hook less than 1.5 s ago", registered("busy").hook(asks(NOW - 500))),
        ("registry `busy`, and a newer dialog's hook longer ago", registered("busy").hook(asks(NOW - SETTLE_MS - 1))),
        ("registry `busy`", registered("busy")),
        ("registry `busy`, and the turn over but not closed", registered("busy").line(Last::Yielded, AGO + 500)),
        (
            "registry `busy`, the turn over, subagents running",
            registered("busy").line(Last::Yielded, AGO + 500).subagent(AGO),
        ),
        (
            "registry `busy`, the turn closed more than 1.5 s ago, nothing in the background",
            registered("busy").line(Last::Ended, NOW - SETTLE_MS - 1),
        ),
        ("registry `idle`", registered("idle")),
        ("registry `shell`", registered("shell")),
        ("registry `idle`, the last thing was an error", failed(registered("idle"))),
        (
            "registry `idle`, a newer prompt or tool less than 1.5 s ago",
            registered("idle").line(Last::Called, NOW - 500),
        ),
        (
            "registry `idle`, work that began more than 1.5 s after it and goes on",
            registered("idle").line(Last::Called, NOW - SETTLE_MS - 1),
        ),
        ("the same, and two processes hold the session", registered("idle").twice("busy")),
        ("registry with a word that nobody knows", registered("dreaming").line(Last::Called, AGO)),
    ]
}

fn without_registry() -> Vec<Row> {
    let print = || Scene::living().prints();
    vec![
        ("a dialog's hook without an answer", Scene::living().hook(asks(AGO))),
        ("an open question in the transcript", Scene::living().open("AskUserQuestion", AGO)),
        ("an open call in the transcript", Scene::living().open("Bash", AGO)),
        (
            "the latest of hooks and transcript",
            Scene::living().hook(Scene::event(Kind::Stop, "", AGO)).open("Bash", AGO - 1),
        ),
        ("nothing since the process began", Scene::living()),
        ("nothing that is younger than the process", Scene::living().line(Last::Called, 0)),
        ("no process is told of, work", Scene::untold().open("Bash", AGO)),
        (
            "no process is told of, nothing heard for 15 minutes of work",
            Scene::untold().open("Bash", NOW - SILENT_MS - 1),
        ),
        ("no process is told of, the turn over", Scene::untold().line(Last::Ended, AGO)),
        ("no process is told of, and nothing else", Scene::untold()),
        ("fewer processes in its folder than sessions, the turn over", Scene::disputed().line(Last::Ended, AGO)),
        ("fewer processes in its folder than sessions, work", Scene::disputed().open("Bash", AGO)),
        ("started with its only prompt (`-p`)", print()),
        ("started with its only prompt, a dialog's hook", print().hook(asks(AGO))),
    ]
}

fn ended() -> Vec<Row> {
    let busy = || Scene::ended(End::Left, "busy");
    let killed = || Scene::ended(End::Killed, "busy");
    let unseen = || Scene::ended(End::Unseen, "");
    vec![
        ("the turn was over", Scene::ended(End::Left, "idle").line(Last::Ended, AGO - 100)),
        (
            "the turn was over, whoever ended the process",
            Scene::ended(End::Killed, "idle").line(Last::Ended, AGO - 100),
        ),
        ("an error had ended the turn", Scene::ended(End::Left, "idle").line(Last::Failed, AGO - 100)),
        (
            "in the middle of a turn, killed (its registry entry stayed behind)",
            killed().line(Last::Called, AGO).at(NOW),
        ),
        ("killed with the registry `busy`, and nothing else known", killed().at(NOW)),
        ("in the middle of a turn, by itself, less than 1.5 s ago", busy().line(Last::Called, AGO).at(NOW - 500)),
        ("the same longer ago", busy().line(Last::Called, AGO).at(NOW - SETTLE_MS - 1)),
        ("no process was ever seen, the turn over", unseen().line(Last::Ended, AGO)),
        ("no process was ever seen, work", unseen().open("Bash", AGO)),
        ("before an open dialog", Scene::ended(End::Left, "waiting").open("Bash", AGO).at(NOW)),
    ]
}

fn away() -> Vec<Row> {
    let working = || registered("busy");
    vec![
        ("the host is offline for less than a minute", working().away(NOW - AWAY_MS)),
        ("the host is offline for longer", working().away(NOW - AWAY_MS - 1)),
        (
            "the host is offline for longer, and it was done before",
            Scene::ended(End::Left, "idle").away(NOW - AWAY_MS - 1),
        ),
        ("what the host sends arrives late", working().late(9_000)),
    ]
}

fn alone() -> Vec<(String, Scene)> {
    let registries = ["busy", "waiting", "idle", "shell"];
    let of_registry = registries.iter().map(|status| (format!("registry `{status}`"), registered(status)));
    let of_hooks = KINDS.iter().map(|kind| {
        let tool = if matches!(kind, Kind::Calls | Kind::Asks | Kind::Answers) { "Bash" } else { "" };
        (format!("hook: {}", hook(*kind)), Scene::living().hook(Scene::event(*kind, tool, AGO)))
    });
    let of_lines = LASTS.iter().map(|(last, says)| (format!("transcript: {says}"), Scene::living().line(*last, AGO)));
    of_registry.chain(of_hooks).chain(of_lines).collect()
}

/// What the coder calls an event.
fn hook(kind: Kind) -> &'static str {
    match kind {
        Kind::Start => "SessionStart",
        Kind::AgentStart => "SubagentStart",
        Kind::Prompt => "UserPromptSubmit",
        Kind::Calls => "PreToolUse",
        Kind::Asks => "PermissionRequest, Elicitation",
        Kind::Notifies => "Notification of a dialog",
        Kind::Answers => "PostToolUse, PostToolUseFailure, PermissionDenied, ElicitationResult",
        Kind::Batch => "PostToolBatch",
        Kind::Compacts => "PreCompact",
        Kind::Compacted => "PostCompact",
        Kind::Idle => "Notification of an idle prompt",
        Kind::AgentStop => "SubagentStop",
        Kind::Stop => "Stop",
        Kind::StopFailure => "StopFailure",
        Kind::End => "SessionEnd",
    }
}

const LASTS: [(Last, &str); 9] = [
    (Last::Nothing, "nothing that says whose turn it is"),
    (Last::Prompted, "a prompt"),
    (Last::Replied, "words or thoughts of the model"),
    (Last::Called, "a tool call"),
    (Last::Answered, "the outcome of a call"),
    (Last::Yielded, "the last words of the model"),
    (Last::Ended, "the end of the turn"),
    (Last::Interrupted, "an interrupt"),
    (Last::Failed, "an error that ended the turn"),
];

/// The table of some rows.
fn table<T: AsRef<str>>(rows: &[(T, Scene)]) -> String {
    let mut text = "| what is known | state | said by | reason |\n|---|---|---|---|\n".to_owned();
    for (known, scene) in rows {
        let state = scene.state();
        let source = format!("{:?}", state.source).to_lowercase();
        let reason = state.reason.unwrap_or_default();
        writeln!(text, "| {} | `{}` | {source} | {reason} |", known.as_ref(), state.turn.word()).unwrap();
    }
    text
}

/// Puts each text between the marks of its name.
fn filled(document: &str, texts: &[(&str, String)]) -> String {
    texts.iter().fold(document.to_owned(), |document, (name, text)| {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let (before, rest) = document.split_once(&begin).unwrap_or_else(|| panic!("no mark {begin}"));
        let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no mark {end}"));
        format!("{before}{begin}{text}{end}{after}")
    })
}

#[test]
fn the_tables_of_the_document_are_what_the_code_decides() {
    let tables = [
        ("with a registry", table(&with_registry())),
        ("without a registry", table(&without_registry())),
        ("ended", table(&ended())),
        ("away", table(&away())),
        ("alone", table(&alone())),
    ];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/STATES.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let told = filled(&document, &tables);
    if std::env::var_os("MUSTER_WRITE_EXPECTED").is_some() {
        std::fs::write(&path, &told).unwrap();
        return;
    }
    for (told, stands) in told.lines().zip(document.lines()) {
        assert_eq!(stands, told, "docs/STATES.md is not what the code decides");
    }
    assert_eq!(document.lines().count(), told.lines().count());
}

#[test]
fn the_tables_name_every_state_and_every_source() {
    let rows: Vec<Row> = [with_registry(), without_registry(), ended(), away()].concat();
    let states: Vec<State> = rows.iter().map(|(_, scene)| scene.state()).collect();
    for turn in Turn::ALL {
        assert!(states.iter().any(|state| state.turn == turn), "no row leads to {turn:?}");
    }
    for source in [Source::Registry, Source::Hook, Source::Transcript, Source::Process, Source::Heartbeat] {
        assert!(states.iter().any(|state| state.source == source), "no row is said by {source:?}");
    }
}
