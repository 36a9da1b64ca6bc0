//! What happens to settings when our entries come and go.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::hooks::diff;

fn command() -> HookLine {
    HookLine::new(Path::new("/usr/local/bin/muster-agent"), None)
}

fn installed(text: &str) -> String {
    install(text, &command()).unwrap()
}

const SETTINGS: &str = r#"{
  "model": "opus",
  "zeta": [1,2,  3],
  "hooks": {
    "Stop": [
      {
        "matcher": "",
        "hooks": [
          { "type": "command", "command": "say done" }
        ]
      }
    ]
  },
  "alpha": null
}
"#;

#[test]
fn what_is_there_stays_byte_for_byte_and_ours_comes_last() {
    let text = installed(SETTINGS);
    let lines: Vec<String> = diff(SETTINGS, &text).lines().map(str::to_owned).collect();
    assert!(
        lines.iter().all(|line| !line.starts_with('-') || line.trim_matches(['-', ' ']).ends_with(['}', ']'])),
        "{lines:#?}"
    );
    let settings: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(settings["hooks"]["Stop"][0]["hooks"][0]["command"], "say done");
    assert_eq!(settings["hooks"]["Stop"][1]["hooks"][0]["command"], "/usr/local/bin/muster-agent hook");
    assert!(text.contains(r#""zeta": [1,2,  3]"#));
    assert_eq!(installed(&text), text, "a second time changes nothing");
    assert_eq!(uninstall(&text).unwrap(), SETTINGS);
}

#[test]
fn a_missing_empty_or_one_line_file_gets_a_readable_one() {
    for text in ["", "{}", "{}\n", " \n", "{\n}\n"] {
        let text = installed(text);
        assert!(text.starts_with("{\n  \"hooks\": {\n    \"SessionStart\": [{\"hooks\""), "{text}");
        assert!(text.trim_end().ends_with("]\n  }\n}"), "{text}");
        assert_eq!(uninstall(&text).unwrap().trim(), "{}");
    }
    let line = r#"{"model":"opus"}"#;
    assert!(!installed(line).contains('\n'));
    assert_eq!(uninstall(&installed(line)).unwrap(), line);
}

#[test]
fn tabs_stay_tabs() {
    let text = installed("{\n\t\"model\": \"opus\"\n}\n");
    assert!(text.contains("\n\t\"hooks\": {\n\t\t\"SessionStart\": ["), "{text}");
}

#[test]
fn an_entry_of_an_older_place_is_replaced_and_a_doubled_one_made_single() {
    let old = install(SETTINGS, &HookLine::new(Path::new("/old/muster-agent"), None)).unwrap();
    assert!(standing(&old, &command()).unwrap().iter().all(|state| state.standing == Standing::Outdated));
    let text = installed(&old);
    assert!(!text.contains("/old/"));
    let twice = text.replace(
        "[{\"hooks\": [{\"type\"",
        "[{\"hooks\": [{\"type\": \"command\", \"command\": \"muster-agent hook\"}]}, {\"hooks\": [{\"type\"",
    );
    assert_ne!(twice, text);
    let again = installed(&twice);
    assert!(standing(&again, &command()).unwrap().iter().all(|state| state.standing == Standing::Ours), "{again}");
}

#[test]
fn an_event_that_we_ask_for_no_more_is_taken_out() {
    let entry = command().text();
    let text = installed(&format!("{{\"hooks\": {{\"Setup\": [{entry}]}}}}"));
    assert!(!text.contains("Setup"), "{text}");
}

#[test]
fn a_handler_of_ours_among_others_is_taken_out_alone() {
    let text = r#"{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"a"},{"type":"command","command":"muster-agent hook"}]}]}}"#;
    let left = uninstall(text).unwrap();
    assert_eq!(left, r#"{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"a"}]}]}}"#);
    let state = &standing(text, &command()).unwrap()[10];
    assert_eq!((state.event.as_str(), state.standing, state.foreign), ("Stop", Standing::Outdated, 1));
}

#[test]
fn what_is_not_understood_is_refused_with_the_reason() {
    for (text, said) in [
        ("{ // comment\n}", "not valid JSON"),
        ("{\"a\": 1,}", "line 1"),
        ("[]", "the file is not a JSON object"),
        ("{\"hooks\": []}", "\"hooks\" is not an object"),
        ("{\"hooks\": {\"Stop\": {}}}", "\"Stop\" is not a list"),
        ("{\"hooks\": {}, \"hooks\": {}}", "\"hooks\" twice"),
        ("{\"hooks\": {\"Stop\": [], \"Stop\": []}}", "\"Stop\" twice"),
    ] {
        let error = install(text, &command()).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
        assert_eq!(uninstall(text).unwrap_err().to_string(), error);
    }
}

/// Settings of others: any keys, hooks for any events, with and without matchers.
fn foreign() -> impl Strategy<Value = Value> {
    let handler = prop_oneof![
        "[a-z \"]{1,8}".prop_map(|command| json!({ "type": "command", "command": command })),
        Just(json!({ "type": "http", "url": "http://localhost" })),
    ];
    let entry = prop::collection::vec(handler, 1..3).prop_map(|hooks| json!({ "matcher": "*", "hooks": hooks }));
    let events = prop::sample::select(vec!["Stop", "PreToolUse", "Setup", "Notification", "Other"]);
    let hooks = prop::collection::btree_map(events, prop::collection::vec(entry, 1..3), 1..4);
    let keys = prop::collection::btree_map("[a-gi-z]{1,6}", any::<Option<i32>>(), 0..4);
    (keys, prop::option::of(hooks)).prop_map(|(keys, hooks)| {
        let mut settings = json!(keys);
        if let Some(hooks) = hooks {
            settings["hooks"] = json!(hooks);
        }
        settings
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn uninstall_undoes_install_byte_for_byte(settings in foreign(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&settings) } else { serde_json::to_string(&settings) }.unwrap();
        let with = installed(&text);
        prop_assert_eq!(&installed(&with), &with);
        let states = standing(&with, &command()).unwrap();
        let ours = states.iter().filter(|state| state.standing == Standing::Ours).count();
        prop_assert_eq!(ours, EVENTS.len());
        prop_assert_eq!(uninstall(&with).unwrap(), text);
    }
}
