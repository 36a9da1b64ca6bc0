//! claude.ai and Claude Desktop: conversations of an export, as `muster import` lays them out.
//!
//! An export is one huge array. Each conversation becomes a transcript of its own: the first line is the conversation
//! without its messages, then each message as it stood there.

use serde_json::value::RawValue;

use super::act::{Act, Prompt, ToolResult, ToolUse};
use super::content::{Content, Outcome};
use super::digest;
use super::layout::Layout;
use super::object::{Object, string};
use super::preview::title_of;
use super::{Class, Depth, Entry, LineFacts, Role};
use crate::domain::session::TitleSource;
use crate::domain::time::parse_rfc3339;
use crate::domain::transcript::TranscriptKind;

/// Reads a path relative to the root: `<uuid>.jsonl`.
pub fn layout(relative: &str) -> Layout {
    let file = relative.rsplit(['/', '\\']).next().unwrap_or_default();
    match file.strip_suffix(".jsonl").filter(|stem| !stem.is_empty()) {
        Some(stem) => Layout { kind: TranscriptKind::Main, session: Some(stem.to_owned()) },
        None => Layout { kind: TranscriptKind::Meta, session: None },
    }
}

/// Parses one line without its newline.
pub fn parse(bytes: &[u8], depth: Depth) -> Entry {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Entry::unreadable("not valid UTF-8");
    };
    let Some(line) = Object::read(text) else {
        return Entry::unreadable("not a JSON object");
    };
    let mut entry = Entry {
        kind: line.word("sender").unwrap_or_else(|| "conversation".to_owned()),
        class: Class::Bookkeeping,
        role: None,
        uuid: line.word("uuid"),
        parent: line.word("parent_message_uuid"),
        time: line.text("created_at").as_deref().and_then(parse_rfc3339),
        acts: Vec::new(),
        blocks: Vec::new(),
        preview: super::preview::Preview::default(),
        facts: LineFacts { model: line.word("model"), ..LineFacts::default() },
    };
    if line.raw("sender").is_some() {
        message(&line, depth, &mut entry);
    } else {
        let title = line.text("name").and_then(|name| title_of(&name));
        entry.facts.title = title.map(|title| (TitleSource::Ai, title));
        entry.facts.session.clone_from(&entry.uuid);
    }
    entry
}

fn message(line: &Object<'_>, depth: Depth, entry: &mut Entry) {
    let human = line.text("sender").as_deref() == Some("human");
    let mut content = Content::new(depth);
    let mut calls = Calls { message: entry.uuid.clone().unwrap_or_default(), uses: 0, results: 0, acts: Vec::new() };
    let blocks = line.objects("content");
    for block in &blocks {
        calls.read(block, &mut content);
    }
    let text = prompt_text(line, &blocks);
    if blocks.is_empty() {
        content.text(&text);
    }
    for file in line.objects("attachments").iter().chain(&line.objects("files")) {
        let title = file.word("file_name").unwrap_or_default();
        content.document(&title, &file.text("extracted_content").unwrap_or_default());
    }
    entry.class = Class::Conversation;
    entry.role = Some(if human { Role::Human } else { Role::Assistant });
    entry.acts = calls.acts;
    if human {
        let title = title_of(&text);
        entry.facts.title = title.clone().map(|title| (TitleSource::Prompt, title));
        entry.acts.push(Act::Prompt(Prompt { text: title.unwrap_or_default(), queued: false, images: 0 }));
    }
    entry.preview = content.preview;
    entry.blocks = content.blocks;
}

/// The words of a message: of its blocks, else its `text`.
fn prompt_text(line: &Object<'_>, blocks: &[Object<'_>]) -> String {
    let found = blocks.iter().find(|block| block.text("type").as_deref() == Some("text"));
    let text = found.and_then(|block| block.text("text")).filter(|text| !text.trim().is_empty());
    text.or_else(|| line.text("text")).unwrap_or_default().into_owned()
}

/// Tool calls of one message. Older exports give them no ids: the first result belongs to the first use.
struct Calls {
    message: String,
    uses: u32,
    results: u32,
    acts: Vec<Act>,
}

impl Calls {
    fn read(&mut self, block: &Object<'_>, content: &mut Content) {
        match block.text("type").as_deref().unwrap_or_default() {
            "thinking" => content.thinking(&block.text("thinking").unwrap_or_default()),
            "tool_use" => self.tool_use(block, content),
            "tool_result" => self.tool_result(block, content),
            // `text`, and what was spoken (`voice_note`).
            _ => content.text(&block.text("text").unwrap_or_default()),
        }
    }

    fn tool_use(&mut self, block: &Object<'_>, content: &mut Content) {
        self.uses += 1;
        let id = block.word("id").unwrap_or_else(|| format!("{}:{}", self.message, self.uses));
        let name = block.word("name").unwrap_or_else(|| "tool".to_owned());
        let input = block.object("input").unwrap_or_default();
        let telling = ["query", "url", "command", "title", "path", "id"].iter().find_map(|field| input.word(field));
        let about = telling.or_else(|| block.word("message")).as_deref().and_then(title_of);
        content.tool_use(&id, &name, about.as_deref(), || block.raw("input").map(ToOwned::to_owned));
        let digest = digest::of_input(&name, block.raw("input").map_or("", RawValue::get));
        let (path, agent_kind) = (None, None);
        let used = ToolUse { id, name, about, path, writes: false, agent_kind, digest, waits: false };
        self.acts.push(Act::ToolUse(used));
    }

    fn tool_result(&mut self, block: &Object<'_>, content: &mut Content) {
        self.results += 1;
        let id = block.word("tool_use_id").unwrap_or_else(|| format!("{}:{}", self.message, self.results));
        let is_error = block.flag("is_error").unwrap_or(false);
        let text = result_text(block);
        content.tool_result(&Outcome { id: &id, is_error, text: &text, ..Outcome::default() });
        self.acts.push(Act::ToolResult(ToolResult { id, is_error, ..ToolResult::default() }));
    }
}

fn result_text(block: &Object<'_>) -> String {
    if let Some(text) = block.raw("content").and_then(string) {
        return text.into_owned();
    }
    let parts = block.objects("content");
    let words = |part: &Object<'_>| part.text("text").or_else(|| part.text("title")).map(std::borrow::Cow::into_owned);
    parts.iter().filter_map(words).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
