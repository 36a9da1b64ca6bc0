//! `user` lines: prompts that a person typed, and everything that the client sends in a person's name.

use std::borrow::Cow;

use super::command::{kind_of, plain};
use super::content::{Block, Content, tell_text};
use super::envelope::{Envelope, Origin};
use super::permission::Decision;
use super::prompt::Prompt;
use super::{image, tool_result};
use crate::transcript::Role;
use crate::transcript::act::Act;
use crate::transcript::block::NoticeKind;
use crate::transcript::reading::Reading;

/// How the client passes on what a stop hook said.
const STOP_HOOK: &str = "Stop hook feedback:";

/// The first prompt of a subagent that the client starts only to have one ready.
const WARM_UP: &str = "Warmup";

pub(super) fn read(line: &mut Envelope<'_>, reading: &mut Reading) {
    let Some(message) = line.message.take() else { return };
    if message.content.blocks().iter().any(|block| block.kind() == "tool_result") {
        return results(line, message.content.blocks(), reading);
    }
    reading.role = Some(Role::System);
    match message.content {
        content if line.is_compact_summary => notice(NoticeKind::Compaction, content, reading),
        content if line.is_meta => injected(content, reading),
        content => prompt(line, content, reading),
    }
}

/// What a person typed, or what the client wrote in his place. A subagent's prompt was typed by its parent.
fn prompt(line: &Envelope<'_>, content: Content<'_>, reading: &mut Reading) {
    let background = line.origin.as_ref().is_some_and(Origin::is_background);
    let prompt = Prompt::read(content, background, reading);
    let begins_subagent = line.is_sidechain && line.agent_id.is_some() && line.parent_uuid.is_none();
    if begins_subagent {
        reading.facts.internal |= prompt.title.as_deref() == Some(WARM_UP);
        reading.facts.title = prompt.session_title();
    }
    if !line.is_sidechain {
        reading.acts.iter_mut().for_each(wakes);
    }
    if line.is_sidechain || background {
        return;
    }
    let title = prompt.session_title();
    if let Some(act) = prompt.act(line.prompt_source.as_deref() == Some("queued")) {
        reading.role = Some(Role::Human);
        reading.facts.title = title;
        reading.acts.push(act);
    }
}

/// A report that stands in the place of a prompt begins a turn.
fn wakes(act: &mut Act) {
    if let Act::AgentReport(report) = act {
        report.prompts = true;
    }
}

fn injected(content: Content<'_>, reading: &mut Reading) {
    let text = content.words();
    let is_feedback = text.starts_with(STOP_HOOK);
    if is_feedback {
        reading.acts.push(Act::StopHook);
    }
    reading.notice(if is_feedback { NoticeKind::Hook } else { NoticeKind::Injected }, plain(text));
}

fn notice(kind: NoticeKind, content: Content<'_>, reading: &mut Reading) {
    if reading.wants_content() {
        reading.notice(kind, content.words());
    }
}

fn results(line: &Envelope<'_>, blocks: &[Block<'_>], reading: &mut Reading) {
    reading.role = Some(Role::ToolResult);
    // The client's note belongs to the line, so it is only clear whose it is when one result stands there.
    let alone = blocks.iter().filter(|block| block.kind() == "tool_result").count() == 1;
    let detail = line.tool_use_result.filter(|_| alone);
    let permission = line.permission_decision.as_ref().and_then(Decision::read);
    for block in blocks {
        match block.kind() {
            "tool_result" => tool_result::tell(block, detail, permission, reading),
            "image" => image::tell(block, reading),
            _ => beside(block, reading),
        }
    }
}

/// Text beside a result: an interrupt, or words.
fn beside(block: &Block<'_>, reading: &mut Reading) {
    let text: Cow<'_, str> = block.text();
    if kind_of(&text) == Some(NoticeKind::Interrupt) {
        reading.acts.push(Act::Interrupt);
        reading.notice(NoticeKind::Interrupt, text);
    } else {
        tell_text(block, reading);
    }
}
