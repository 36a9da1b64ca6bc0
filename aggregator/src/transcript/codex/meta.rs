//! `session_meta` and `turn_context`: whose thread it is, where it works and with what.

use super::Reading;
use crate::transcript::object::Object;

/// The head of a rollout. A thread that was forked has its parent's head as a second one behind its own.
pub(super) fn session(payload: &Object<'_>, reading: &mut Reading) {
    let own = payload.word("id");
    let facts = &mut reading.facts;
    facts.cwd = payload.word("cwd");
    facts.version = payload.word("cli_version");
    facts.entrypoint = payload.word("originator");
    if let Some(git) = payload.object("git") {
        facts.branch = git.word("branch");
        facts.repository = git.word("repository_url");
    }
    facts.thread = payload.word("forked_from_id").or_else(|| own.clone());
    match parent(payload) {
        Some(parent) => {
            facts.session = Some(parent);
            facts.agent = own;
        }
        None => facts.session = own,
    }
}

/// The session that began this thread as a subagent. `session_id` names the one at the top, whatever lies between.
fn parent(payload: &Object<'_>) -> Option<String> {
    let spawned = payload.object("source").and_then(|source| source.object("subagent"));
    let spawned = spawned.as_ref().and_then(|subagent| subagent.object("thread_spawn"));
    let is_subagent = spawned.is_some() || payload.text("thread_source").as_deref() == Some("subagent");
    let parent = || {
        let from_spawn = || spawned.as_ref().and_then(|spawn| spawn.word("parent_thread_id"));
        payload.word("parent_thread_id").or_else(from_spawn)
    };
    if !is_subagent && payload.raw("parent_thread_id").is_none() {
        return None;
    }
    let top = payload.word("session_id").filter(|top| Some(top) != payload.word("id").as_ref());
    top.or_else(parent)
}

/// What holds for the turn that follows.
pub(super) fn turn(payload: &Object<'_>, reading: &mut Reading) {
    reading.facts.cwd = payload.word("cwd");
    reading.facts.model = payload.word("model");
    let sandbox =
        payload.object("sandbox_policy").and_then(|policy| policy.word("type").or_else(|| policy.word("mode")));
    let words: Vec<String> = payload.word("approval_policy").into_iter().chain(sandbox).collect();
    reading.facts.mode = Some(words.join(", ")).filter(|mode| !mode.is_empty());
}
