//! `response_item` lines: what was said to the model and what it answered.

use super::prompt::{Said, is_image_tag, tell};
use super::{Reading, agents, calls};
use crate::domain::session::TitleSource;
use crate::transcript::Role;
use crate::transcript::act::{Act, Prompt};
use crate::transcript::block::NoticeKind;
use crate::transcript::content::Image;
use crate::transcript::object::{Object, string};
use crate::transcript::preview::title_of;

pub(super) fn read(kind: &str, payload: &Object<'_>, line: &[u8], reading: &mut Reading) {
    reading.uuid = payload.word("id");
    match kind {
        "message" => message(payload, reading),
        "reasoning" => reasoning(payload, reading),
        "agent_message" => {
            reading.said(Role::System);
            let text = texts(payload, "content");
            reading.content.notice(NoticeKind::Background, &agents::message(payload.word("author"), &text));
        }
        kind if kind.ends_with("_output") => calls::output(payload, reading),
        kind if kind.ends_with("_call") => calls::call(kind, payload, line, reading),
        _ => {}
    }
}

/// `compacted`: the conversation goes on from a summary.
pub(super) fn compacted(payload: &Object<'_>, reading: &mut Reading) {
    reading.said(Role::System);
    reading.acts.push(Act::Compaction { tokens_before: None });
    reading.content.notice(NoticeKind::Compaction, &payload.text("message").unwrap_or_default());
}

fn message(payload: &Object<'_>, reading: &mut Reading) {
    match payload.text("role").as_deref() {
        Some("assistant") => {
            reading.said(Role::Assistant);
            parts(payload, reading);
        }
        Some("user") => user(payload, reading),
        // The client's own instructions to the model.
        _ => {}
    }
}

fn user(payload: &Object<'_>, reading: &mut Reading) {
    let text = texts(payload, "content");
    match tell(&text) {
        Said::Injected => {}
        Said::Shell(command) => {
            reading.said(Role::System);
            reading.content.notice(NoticeKind::Command, &format!("! {command}"));
        }
        Said::Report(report) => {
            reading.said(Role::System);
            let (text, act) = agents::notification(report).unwrap_or_else(|| (report.to_owned(), None));
            reading.acts.extend(act);
            reading.content.notice(NoticeKind::Background, &text);
        }
        Said::Typed(typed) => {
            reading.said(Role::Human);
            reading.content.text(&typed);
            images(payload, reading);
            let title = title_of(&typed);
            reading.facts.title = title.clone().map(|title| (TitleSource::Prompt, title));
            let (text, images) = (title.unwrap_or_default(), reading.content.images());
            reading.acts.push(Act::Prompt(Prompt { text, queued: false, images }));
        }
    }
}

fn reasoning(payload: &Object<'_>, reading: &mut Reading) {
    reading.said(Role::Thinking);
    for field in ["summary", "content"] {
        for part in payload.objects(field) {
            reading.content.thinking(&part.text("text").unwrap_or_default());
        }
    }
}

/// Text and image parts of a message, in their order.
fn parts(payload: &Object<'_>, reading: &mut Reading) {
    if let Some(text) = payload.text("content") {
        reading.content.text(&text);
    }
    for part in payload.objects("content") {
        if let Some(text) = part.text("text") {
            reading.content.text(&text);
        }
        if let Some(url) = image_url(&part) {
            reading.content.image(&Image::of_url(&url));
        }
    }
}

fn images(payload: &Object<'_>, reading: &mut Reading) {
    for part in payload.objects("content") {
        if let Some(url) = image_url(&part) {
            reading.content.image(&Image::of_url(&url));
        }
    }
}

/// Address of the image that a part holds: most often `data:…`.
pub(super) fn image_url(part: &Object<'_>) -> Option<String> {
    if part.text("type").as_deref() != Some("input_image") {
        return None;
    }
    part.word("image_url").or_else(|| part.object("image_url")?.word("url"))
}

/// The words of a field: a string, or an array of parts.
pub(super) fn texts(payload: &Object<'_>, field: &str) -> String {
    let Some(raw) = payload.raw(field) else { return String::new() };
    if let Some(text) = string(raw) {
        return text.into_owned();
    }
    let mut joined = String::new();
    for text in payload.objects(field).iter().filter_map(|part| part.text("text")).filter(|text| !is_image_tag(text)) {
        if !joined.is_empty() {
            joined.push('\n');
        }
        joined.push_str(&text);
    }
    joined
}
