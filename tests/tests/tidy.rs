//! The shape of the house: who may import whom, where SQL stands, what spawns, how long a file may be.
//!
//! The source is read as text. Where a rule has an exception, the exception stands here with its reason, and a test fails
//! when it is no longer needed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Floors of the aggregator, lowest first. A module imports from the floors below its own.
const FLOORS: [&[&str]; 8] = [
    &["domain", "transcript"],
    &["store"],
    &["machine", "options", "private", "spawn", "tls"],
    &[
        "access", "actions", "alarms", "archive", "backup", "derive", "export", "ingest", "ledger", "live", "projects",
        "search", "states",
    ],
    &["house"],
    &["grpc", "http", "wire", "ws"],
    &["server"],
    &["cli", "main"],
];

/// Imports that do not point downwards, each with its reason.
const BESIDE: [(&str, &str, &str); 28] = [
    ("transcript", "domain", "a line speaks of sessions and times"),
    ("options", "machine", "what is not configured comes from the machine"),
    ("tls", "machine", "a certificate names the machine"),
    ("tls", "options", "where the certificate lies is configured"),
    ("tls", "private", "the key is a private file"),
    ("actions", "access", "who acts is written down"),
    ("actions", "derive", "a session with a new title is joined at once"),
    ("actions", "live", "the host is told through its link, and renamed sessions are published"),
    ("alarms", "access", "who changes thresholds is written down"),
    ("archive", "access", "who deletes a session is written down"),
    ("archive", "live", "verifying asks the host through its link"),
    ("derive", "live", "what was derived is published"),
    ("export", "archive", "what leaves is the conversation as it is read"),
    ("export", "derive", "what was left of a conversation is marked as in its outline"),
    ("ingest", "live", "what was accepted is published"),
    ("ledger", "access", "who changes prices is written down"),
    ("ledger", "live", "what costs something else now is published"),
    ("projects", "access", "who joins or splits projects is written down"),
    ("search", "live", "what was archived wakes the index"),
    ("states", "derive", "the archive knows how the conversations end that still go on"),
    ("states", "live", "what sessions do is published, and how transcripts end comes from there"),
    ("projects", "live", "the host is asked through its link, and moved sessions are published"),
    ("states", "alarms", "what is wrong is measured by thresholds that people set"),
    ("house", "wire", "the hub encodes an update once for all pages, and only the doors know how"),
    ("grpc", "http", "the guard knows the address behind a proxy"),
    ("grpc", "wire", "what a host says of its roots is stored as it is shown"),
    ("http", "ws", "a WebSocket begins as a request to the same router"),
    ("ws", "http", "a WebSocket begins as a request, behind the same guard"),
];

/// What the doors themselves speak; every door may use it.
const LANGUAGE: &str = "wire";

/// Layers of the web app: what each folder may import beside itself.
const LAYERS: [(&str, &[&str]); 6] = [
    ("lib", &[]),
    ("wire", &["lib"]),
    ("state", &["wire", "lib"]),
    ("ui", &["lib"]),
    ("parts", &["ui", "state", "wire", "lib"]),
    ("pages", &["parts", "ui", "state", "wire", "lib"]),
];

/// The files that start tasks, threads and programs, with what they start.
const SPAWNERS: [(&str, &str); 8] = [
    ("aggregator/src/spawn.rs", "tasks of the server, and programs that people use beside it"),
    ("agent/src/watcher.rs", "the one thread that looks at files"),
    ("agent/src/digest.rs", "the one thread for what takes long: reading whole files to verify them, asking git"),
    ("agent/src/repository.rs", "git, for the first commit of a repository"),
    ("agent/src/presence/lookout.rs", "the one thread that looks out for living coders"),
    ("agent/src/presence/tmux.rs", "tmux, to press Escape where a coder runs"),
    ("agent/src/cli/run.rs", "the thread that ends the agent with its parent"),
    ("agent/src/cli/hook.rs", "the thread of a hook that is left behind when it takes too long"),
];

/// Lines of a file at most. Generated files are not written by hand, so they may be longer.
const LINES: usize = 500;
const GENERATED: &str = "web/src/wire/types.gen.ts";

/// A source file: its path from the root of the repository, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The text without comments and without the tests at its end.
    fn code(&self) -> String {
        let text = self.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    /// Whether all of it is for tests.
    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        ["tests.rs", "testing.rs"].contains(&name)
            || name.ends_with("_tests.rs")
            || self.path.contains("/tests/")
            || name.ends_with(".test.ts")
    }

    /// First folder, or the file's own name, below `folder`.
    fn module(&self, folder: &str) -> &str {
        let below = self.path.strip_prefix(folder).expect("a file of this folder").trim_start_matches('/');
        below.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// All files with one of these endings below a folder of the repository. Never none.
fn sources(folder: &str, endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), endings, &mut found);
    assert!(!found.is_empty(), "nothing is left in {folder}: this test looks in the wrong place");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())).flatten() {
        let path = entry.path();
        let name = entry.file_name().into_string().unwrap();
        if path.is_dir() {
            if !["target", "node_modules", "dist", "corpus", "artifacts", "fixtures"].contains(&name.as_str()) {
                collect(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let path_in_repository = path.strip_prefix(root()).unwrap().display().to_string();
            found.push(Source { path: path_in_repository, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

fn all_rust() -> Vec<Source> {
    ["proto", "agent", "aggregator", "tests"].iter().flat_map(|folder| sources(folder, &[".rs"])).collect()
}

fn all_web() -> Vec<Source> {
    sources("web/src", &[".ts", ".svelte"])
}

/// Modules of its own crate that a file names after `crate::`.
fn imports(code: &str) -> BTreeSet<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => {
                found.extend(group.split('}').next().unwrap_or_default().split(',').map(|one| name(one.trim())));
            }
            None => {
                found.insert(name(rest));
            }
        }
    }
    found.remove("");
    found
}

/// Imports between the modules of a crate: from, to, and a file that does it.
fn edges(folder: &str) -> BTreeMap<(String, String), String> {
    let mut edges = BTreeMap::new();
    for source in sources(folder, &[".rs"]).iter().filter(|source| !source.is_test()) {
        let (module, code) = (source.module(folder), source.code());
        assert!(!code.contains("super::super"), "{}: say crate:: instead of climbing", source.path);
        for to in imports(&code) {
            // The macros of the store are visible everywhere.
            let to = if ["statements", "vals"].contains(&to.as_str()) { "store".to_owned() } else { to };
            if to != module {
                edges.insert((module.to_owned(), to), source.path.clone());
            }
        }
    }
    edges
}

fn floor_of(module: &str, seen_in: &str) -> usize {
    let floor = FLOORS.iter().position(|floor| floor.contains(&module));
    floor.unwrap_or_else(|| panic!("{seen_in}: the module {module} stands on no floor yet; give it one in FLOORS"))
}

#[test]
fn the_aggregator_imports_downwards() {
    let mut unused: Vec<(&str, &str)> = BESIDE.iter().map(|(from, to, _)| (*from, *to)).collect();
    for ((from, to), file) in edges("aggregator/src").into_iter().filter(|((from, _), _)| from != "lib") {
        let before = unused.len();
        unused.retain(|excuse| *excuse != (from.as_str(), to.as_str()));
        let excused = unused.len() < before;
        let (own, other) = (floor_of(&from, &file), floor_of(&to, &file));
        let speaks = to == LANGUAGE && own == other && from != "grpc";
        assert!(excused || other < own || speaks, "{file}: {from} may not import {to}, which is not below it");
    }
    assert!(unused.is_empty(), "nobody needs these exceptions any more: {unused:?}");
}

#[test]
fn nothing_imports_the_command_line() {
    for folder in ["aggregator/src", "agent/src"] {
        for ((from, to), file) in edges(folder) {
            assert!(to != "cli" || ["main", "lib"].contains(&from.as_str()), "{file} imports cli");
        }
    }
}

#[test]
fn the_agents_watcher_knows_files_and_nothing_else() {
    let allowed: BTreeMap<&str, &[&str]> =
        BTreeMap::from([("watch", &["platform", "roots"][..]), ("platform", &[]), ("roots", &[])]);
    for ((from, to), file) in edges("agent/src") {
        let may = allowed.get(from.as_str());
        assert!(may.is_none_or(|may| may.contains(&to.as_str())), "{file}: {from} may not import {to}");
    }
}

#[test]
fn agent_and_aggregator_meet_in_the_contract_only() {
    for (folder, strangers) in [
        ("proto", &["muster_agent", "muster::", "muster_test"][..]),
        ("agent/src", &["muster::", "muster_test"]),
        ("aggregator/src", &["muster_agent::"]),
    ] {
        for source in sources(folder, &[".rs"]) {
            for stranger in strangers {
                let known = source.code().contains(stranger);
                // The database for unit tests is a stranger that the aggregator's tests know.
                assert!(!known, "{} imports {stranger}", source.path);
            }
        }
    }
    for (crate_name, strangers) in
        [("proto", &["agent", "aggregator", "tests"][..]), ("agent", &["../aggregator"]), ("aggregator", &["../agent"])]
    {
        let manifest = fs::read_to_string(root().join(crate_name).join("Cargo.toml")).unwrap();
        for stranger in strangers {
            assert!(!manifest.contains(&format!("path = \"{stranger}")), "{crate_name} depends on {stranger}");
            assert!(!manifest.contains(&format!("path = \"../{stranger}")), "{crate_name} depends on {stranger}");
        }
    }
}

/// Modules of the app that a file of the web app imports, as paths from `web/src`.
fn web_imports(source: &Source) -> Vec<String> {
    let own: Vec<&str> = source.path.trim_start_matches("web/src/").split('/').collect();
    let named = source.text.lines().flat_map(|line| {
        let after = [" from ", "import ", "import("].into_iter().filter_map(move |word| line.split_once(word));
        after.map(|(_, rest)| rest.trim_start())
    });
    let quoted = named.filter_map(|rest| {
        let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c))?;
        rest[1..].split(quote).next()
    });
    let mut found = Vec::new();
    for target in quoted.filter(|target| target.starts_with('.')) {
        let mut path = own[..own.len() - 1].to_vec();
        for part in target.split('/') {
            match part {
                "." => {}
                ".." => assert!(path.pop().is_some(), "{} imports from outside: {target}", source.path),
                part => path.push(part),
            }
        }
        found.push(path.join("/"));
    }
    found
}

#[test]
fn the_web_app_imports_downwards() {
    let layers = BTreeMap::from(LAYERS);
    let mut seen = 0;
    for source in all_web().iter().filter(|source| !source.is_test()) {
        // What lies directly in `src` puts the app together.
        let Some((layer, _)) = source.path.trim_start_matches("web/src/").split_once('/') else { continue };
        let allowed = layers.get(layer).unwrap_or_else(|| panic!("{}: {layer} is no layer yet", source.path));
        for target in web_imports(source) {
            let other = target.split_once('/').map_or("", |(other, _)| other);
            assert!(other == layer || allowed.contains(&other), "{}: {layer} may not import {target}", source.path);
            seen += 1;
        }
    }
    assert!(seen > 50, "the imports were not found: {seen}");
}

#[test]
fn sql_stands_in_the_store() {
    const WORDS: [&str; 7] =
        ["SELECT ", "INSERT INTO ", "DELETE FROM ", "CREATE TABLE ", "PRAGMA ", "sqlx::", "UPDATE "];
    let mut seen = 0;
    for source in sources("aggregator/src", &[".rs"]).iter().chain(&sources("agent/src", &[".rs"])) {
        let found = WORDS.into_iter().find(|word| source.code().contains(word));
        if source.path.starts_with("aggregator/src/store/") {
            seen += usize::from(found.is_some());
        } else if let Some(word) = found.filter(|_| !source.is_test()) {
            panic!("{} speaks to the database ({word}): that belongs to aggregator/src/store", source.path);
        }
    }
    assert!(seen > 10, "the store speaks SQL: {seen}");
}

#[test]
fn only_named_files_spawn() {
    const STARTS: [&str; 7] = [
        "tokio::spawn",
        "task::spawn",
        "thread::spawn",
        "thread::Builder",
        "Command::new(",
        "JoinSet",
        "spawn_blocking(",
    ];
    let mut unused: BTreeSet<&str> = SPAWNERS.iter().map(|(file, _)| *file).collect();
    for folder in ["proto/src", "agent/src", "aggregator/src"] {
        for source in sources(folder, &[".rs"]).iter().filter(|source| !source.is_test()) {
            if let Some(word) = STARTS.into_iter().find(|word| source.code().contains(word)) {
                let named = SPAWNERS.iter().any(|(file, _)| *file == source.path);
                assert!(named, "{}: {word} belongs to one of {SPAWNERS:?}", source.path);
                unused.remove(source.path.as_str());
            }
        }
    }
    assert!(unused.is_empty(), "these files spawn nothing any more: {unused:?}");
}

#[test]
fn every_channel_is_bounded() {
    // Pieced together, so that this file passes its own test. The last makes a channel of the standard library.
    let words = [concat!("unbounded", "_channel"), concat!("unbounded", "("), concat!("mpsc::", "channel()")];
    for source in all_rust() {
        for word in words {
            assert!(!source.code().contains(word), "{}: {word} grows without a bound", source.path);
        }
    }
}

#[test]
fn files_are_short_and_finished() {
    let unfinished = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X "), concat!("unimpl", "emented!")];
    for source in all_rust().iter().chain(&all_web()).filter(|source| source.path != GENERATED) {
        let lines = source.text.lines().count();
        assert!(lines <= LINES, "{} has {lines} lines: find the rooms in it", source.path);
        for word in unfinished {
            assert!(!source.text.contains(word), "{} is not finished: {word}", source.path);
        }
    }
}

#[test]
fn every_rust_file_says_what_it_is() {
    for source in all_rust() {
        assert!(source.text.starts_with("//!"), "{} begins without //!", source.path);
    }
}
