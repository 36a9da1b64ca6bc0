//! `muster export` against a running aggregator.

use std::fs;

use muster_tests::fleet::{Fleet, FleetOptions};
use muster_tests::lines::Version;
use muster_tests::wait;

use crate::support::archived;

#[tokio::test]
async fn a_session_is_exported_from_the_command_line() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coder = fleet.hosts[0].coder("/srv/demo/export", Version::V2_1_329);
    let token = format!("ghp_{}", "k3Zq9XwT1bLm7RvN5cYs".repeat(2).split_at(36).0);
    coder.prompt(&format!("push with {token}"));
    coder.subagent("looked around");
    archived(&fleet, &coder).await;
    let api = fleet.api();
    wait::until("the session is listed", || async {
        let listed = api.list("/sessions").await?;
        if listed.iter().any(|session| session["id"] == coder.id()) { Ok(()) } else { Err(format!("{listed:?}")) }
    })
    .await;
    let run = |arguments: &[&str]| {
        let output = fleet.muster(&[&["export"], arguments].concat()).output().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    };
    let beginning = coder.session_id.get(..8).unwrap();
    for format in ["markdown", "html", "jsonl"] {
        let (done, file, review) = run(&[beginning, "--format", format]);
        assert!(done && file.contains("push with") && file.contains("looked around"), "{format}: {file}{review}");
        assert!(!file.contains(&token) && !review.contains(&token) && review.contains("github-pat"), "{file}{review}");
    }
    let (_, file, review) = run(&[&coder.id(), "--review"]);
    assert!(file.is_empty(), "{file}");
    let id = review.lines().find(|line| line.contains("github-pat")).unwrap().split_whitespace().nth(1).unwrap();
    let target = fleet.hosts[0].home.join("talk.html");
    let to = target.to_str().unwrap();
    let (done, file, review) = run(&[beginning, "--output", to, "--keep", id, "--no-subagents"]);
    assert!(done && file.is_empty(), "{file}{review}");
    let written = fs::read_to_string(&target).unwrap();
    assert!(written.starts_with("<!doctype html>") || written.starts_with("<!DOCTYPE html>"), "{written}");
    assert!(written.contains(&token) && !written.contains("looked around"), "{written}");
    for (wrong, why) in [
        (&[beginning, "--output", to][..], "--force"),
        (&[beginning, "--keep", "nothing"], "no such finding"),
        (&["ffffffff-0"], "begins with"),
    ] {
        let (done, _, said) = run(wrong);
        assert!(!done && said.contains(why), "{said}");
    }
}
