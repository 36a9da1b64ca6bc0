//! Messages: prompts, replies with their thoughts and tool calls, and what the client tells the reader.

use std::borrow::Cow;

use super::{Reading, calls};
use crate::domain::session::TitleSource;
use crate::transcript::Role;
use crate::transcript::act::{Act, Prompt, Usage};
use crate::transcript::block::NoticeKind;
use crate::transcript::content::Image;
use crate::transcript::object::{Object, string};
use crate::transcript::preview::title_of;

/// Starts of texts that the client sends in a person's name.
const INJECTED: [&str; 3] =
    ["This is the Gemini CLI. We are setting up the context", "<session_context>", "<state_snapshot>"];

/// What the client says when a person has stopped it.
const CANCELLED: &str = "Request cancelled.";

/// One part of a message's content: a bare string or an object.
pub(super) enum Part<'a> {
    Text(Cow<'a, str>),
    Object(Object<'a>),
}

pub(super) fn read(kind: &str, line: &Object<'_>, reading: &mut Reading) {
    reading.uuid = line.word("id");
    match kind {
        "user" => user(line, reading),
        "gemini" => reply(line, reading),
        "error" => {
            let text = words(&shown(line));
            reading.said(Role::System);
            reading.content.notice(NoticeKind::ApiError, &text);
            reading.acts.push(Act::ApiError { text: title_of(&text).unwrap_or_default(), resets_at: None });
        }
        "info" | "warning" => {
            let text = words(&shown(line));
            let interrupted = text.trim() == CANCELLED;
            reading.said(Role::System);
            reading.acts.extend(interrupted.then_some(Act::Interrupt));
            reading.content.notice(if interrupted { NoticeKind::Interrupt } else { NoticeKind::Other }, &text);
        }
        _ => {}
    }
}

fn user(line: &Object<'_>, reading: &mut Reading) {
    let parts = shown(line);
    let text = words(&parts);
    let has_image = parts.iter().any(|part| inline(part).is_some());
    if (text.trim().is_empty() && !has_image) || INJECTED.iter().any(|start| text.trim_start().starts_with(start)) {
        // Tool results on their way to the model, or the client's own words.
        return;
    }
    if is_command(&text) {
        reading.said(Role::System);
        reading.content.notice(NoticeKind::Command, &text);
        return;
    }
    reading.said(Role::Human);
    reading.content.text(&text);
    for (media_type, base64) in parts.iter().filter_map(inline) {
        reading.content.image(&Image::Inline(&media_type, &base64));
    }
    let title = title_of(&text);
    reading.facts.title = title.clone().map(|title| (TitleSource::Prompt, title));
    let images = reading.content.images();
    reading.acts.push(Act::Prompt(Prompt { text: title.unwrap_or_default(), queued: false, images }));
}

/// `/compress`, but not `/srv/shop is broken`.
fn is_command(text: &str) -> bool {
    let word = text.trim().strip_prefix('/').and_then(|rest| rest.split_whitespace().next());
    word.is_some_and(|word| word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':')))
}

fn reply(line: &Object<'_>, reading: &mut Reading) {
    let parts = shown(line);
    let text = words(&parts);
    let calls = line.objects("toolCalls");
    reading.said(match (text.trim().is_empty(), calls.is_empty()) {
        (false, _) => Role::Assistant,
        (true, false) => Role::ToolUse,
        (true, true) => Role::Thinking,
    });
    reading.facts.model = line.word("model");
    for thought in line.objects("thoughts") {
        let both = ["subject", "description"].map(|field| thought.text(field).unwrap_or_default());
        reading.content.thinking(both.join("\n").trim());
    }
    if !text.is_empty() {
        reading.content.text(&text);
    }
    for call in &calls {
        calls::read(call, reading);
    }
    let usage = usage(line, reading);
    // Calls of tools are written when they have ended, to the same message: until then it looks like the last one.
    let may_yield = usage.is_some() && calls.is_empty() && !text.trim().is_empty();
    reading.acts.extend(usage);
    reading.acts.extend(may_yield.then_some(Act::Spoke));
}

/// `input` holds what the cache had; thoughts and what tools sent are counted apart.
fn usage(line: &Object<'_>, reading: &Reading) -> Option<Act> {
    let tokens = line.object("tokens")?;
    let count = |field: &str| tokens.number(field).unwrap_or(0).max(0);
    let (sent, cached, thoughts) = (count("input"), count("cached"), count("thoughts"));
    if sent == 0 && count("output") == 0 {
        return None;
    }
    Some(Act::Usage(Box::new(Usage {
        message: reading.uuid.clone()?,
        model: reading.facts.model.clone().unwrap_or_default(),
        at: reading.time,
        input: (sent - cached).max(0).saturating_add(count("tool")),
        cache_read: cached.min(sent),
        output: count("output").saturating_add(thoughts),
        thinking: thoughts,
        fills_context: true,
        ..Usage::default()
    })))
}

/// The parts of a message as a person sees it: `displayContent` where the model was sent something else.
pub(super) fn shown<'a>(line: &Object<'a>) -> Vec<Part<'a>> {
    let raw = line.raw("displayContent").or_else(|| line.raw("content"));
    let Some(raw) = raw else { return Vec::new() };
    if let Some(text) = string(raw) {
        return vec![Part::Text(text)];
    }
    if let Some(one) = Object::of(raw) {
        return vec![Part::Object(one)];
    }
    let parts = crate::transcript::object::list(raw).into_iter();
    parts.filter_map(|raw| string(raw).map(Part::Text).or_else(|| Object::of(raw).map(Part::Object))).collect()
}

/// The text of some parts.
fn words(parts: &[Part<'_>]) -> String {
    let mut words = String::new();
    for part in parts {
        match part {
            Part::Text(text) => words.push_str(text),
            Part::Object(object) => words.push_str(&object.text("text").unwrap_or_default()),
        }
    }
    words
}

/// Media type and base64 of a part that holds an image.
pub(super) fn inline<'a>(part: &Part<'a>) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let Part::Object(part) = part else { return None };
    let data = part.object("inlineData")?;
    let media_type = data.text("mimeType").filter(|media_type| media_type.starts_with("image/"))?;
    Some((media_type, data.text("data")?))
}
