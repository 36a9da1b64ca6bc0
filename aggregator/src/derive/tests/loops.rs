//! Stories of conversations that are loops, and of those that only look like one, in the lines of the real client.

use muster_proto::ids::HostId;
use serde_json::{Value, json};

use super::super::testing::Growing;
use crate::domain::alarm::{Looping, Settings};

/// A conversation that calls one tool after the other.
struct Story {
    file: Growing,
    calls: u32,
    looping: Option<Looping>,
}

impl Story {
    fn begun() -> Self {
        let mut file = Growing::new(HostId::new(), "p/s1.jsonl", "claude-s1", false);
        file.add(r#"{"type":"user","uuid":"p","timestamp":"2026-01-01T00:00:00Z","message":{"content":"Fix it"}}"#);
        Self { file, calls: 0, looping: None }
    }

    fn call(&mut self, tool: &str, input: &Value, is_error: bool, answer: &str) {
        self.calls += 1;
        let (id, time) = (format!("t{}", self.calls), format!("2026-01-01T00:{:02}:00Z", self.calls));
        let used = json!([{"type": "tool_use", "id": id, "name": tool, "input": input}]);
        let reply = json!({"type": "assistant", "timestamp": time, "message": {"model": "m", "content": used}});
        self.file.add(&reply.to_string());
        let result = json!([{"type": "tool_result", "tool_use_id": id, "is_error": is_error, "content": answer}]);
        let line = json!({"type": "user", "timestamp": time, "message": {"content": result}});
        self.looping = self.file.add(&line.to_string()).looping;
    }

    fn line(&mut self, line: &Value) {
        self.looping = self.file.add(&line.to_string()).looping;
    }

    /// What the alarm would say by the default thresholds.
    fn told(&self) -> Option<String> {
        let counts = |looping: &&Looping| looping.counts(&Settings::default());
        self.looping.as_ref().filter(counts).map(Looping::text)
    }
}

#[test]
fn a_test_that_fails_again_and_again_is_a_loop_from_the_fifth_time() {
    let mut story = Story::begun();
    for time in 1..=9 {
        story.call("Bash", &json!({"command": "npm test"}), true, &format!("Exit code 1\nfailed after {time} ms"));
        let right = (time >= 5).then(|| format!("Bash \"npm test\" called {time} times in a row"));
        assert_eq!(story.told(), right);
    }
    story.call("Edit", &json!({"file_path": "/a", "old_string": "x", "new_string": "y"}), false, "done");
    assert_eq!(story.told(), None, "it does something else now");
}

#[test]
fn reading_the_same_two_files_in_turn_is_a_loop() {
    let mut story = Story::begun();
    for _ in 0..5 {
        story.call("Read", &json!({"file_path": "/a"}), false, "the same");
        story.call("Read", &json!({"file_path": "/b"}), false, "as before");
    }
    assert_eq!(story.told().unwrap(), "Read \"/a\" and Read \"/b\" called in turn, 5 times");
}

#[test]
fn work_that_repeats_itself_in_part_is_no_loop() {
    // Each time another stretch of the same file.
    let mut story = Story::begun();
    for part in 0..20 {
        story.call("Read", &json!({"file_path": "/a", "offset": part * 100}), false, "text");
    }
    assert_eq!(story.told(), None);
    // A test after each change.
    let mut story = Story::begun();
    for number in 0..20 {
        story.call("Edit", &json!({"file_path": "/a", "old_string": "x", "new_string": number}), false, "done");
        story.call("Bash", &json!({"command": "npm test"}), true, "Exit code 1");
    }
    assert_eq!(story.told(), None);
}

#[test]
fn waiting_is_no_loop() {
    let waits = [
        ("BashOutput", json!({"bash_id": "b1"}), ""),
        ("TaskOutput", json!({"task_id": "a1", "block": true}), "not ready"),
        ("Bash", json!({"command": "sleep 30; gh run view 12"}), "in_progress"),
        ("Bash", json!({"command": "gh pr checks 7 --watch"}), "pending"),
    ];
    for (tool, input, answer) in waits {
        let mut story = Story::begun();
        for _ in 0..20 {
            story.call(tool, &input, false, answer);
        }
        assert_eq!(story.told(), None, "{tool} {input}");
    }
    // Between two looks it sleeps.
    let mut story = Story::begun();
    for _ in 0..20 {
        story.call("Bash", &json!({"command": "curl -s localhost:8080/health"}), true, "refused");
        story.call("Bash", &json!({"command": "sleep 2"}), false, "");
    }
    assert_eq!(story.told(), None);
}

#[test]
fn who_asks_again_and_learns_something_new_is_given_twice_the_time() {
    let mut story = Story::begun();
    for time in 1..=10 {
        story.call("Bash", &json!({"command": "git log --oneline -1"}), false, &format!("commit {time}"));
        assert_eq!(story.told().is_some(), time == 10, "{time}");
    }
}

#[test]
fn a_loop_ends_with_the_turn_and_with_a_word_of_a_person() {
    let looped = || {
        let mut story = Story::begun();
        for _ in 0..6 {
            story.call("Bash", &json!({"command": "ls"}), false, "a");
        }
        assert!(story.told().is_some());
        story
    };
    let reply = json!({"model": "m", "stop_reason": "end_turn", "content": [{"type": "text", "text": "Done."}]});
    for line in [
        json!({"type": "assistant", "timestamp": "2026-01-01T01:00:00Z", "message": reply}),
        json!({"type": "user", "uuid": "q", "timestamp": "2026-01-01T01:00:00Z", "message": {"content": "Stop that"}}),
        json!({"type": "user", "timestamp": "2026-01-01T01:00:00Z", "message": {"content": [{"type": "text", "text": "[Request interrupted by user]"}]}}),
    ] {
        let mut story = looped();
        story.line(&line);
        assert_eq!(story.told(), None, "{line}");
    }
}
