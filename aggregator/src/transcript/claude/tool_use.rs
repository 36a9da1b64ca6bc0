//! `tool_use` blocks: what a call is about, and the file that it works on.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::content::{Block, string};
use super::todo;
use crate::transcript::act::{Act, ToolUse};
use crate::transcript::digest;
use crate::transcript::lenient;
use crate::transcript::preview::title_of;
use crate::transcript::reading::Reading;

/// Inputs that can say what a call is about. They stay packed: one of them is wanted, and others can be large.
#[derive(Deserialize, Default)]
pub(super) struct Input<'a> {
    #[serde(borrow, default)]
    command: Option<&'a RawValue>,
    #[serde(borrow, default)]
    file_path: Option<&'a RawValue>,
    #[serde(borrow, default)]
    notebook_path: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pattern: Option<&'a RawValue>,
    #[serde(borrow, default)]
    query: Option<&'a RawValue>,
    #[serde(borrow, default)]
    url: Option<&'a RawValue>,
    #[serde(borrow, default)]
    description: Option<&'a RawValue>,
    #[serde(borrow, default)]
    subject: Option<&'a RawValue>,
    #[serde(borrow, default)]
    path: Option<&'a RawValue>,
    #[serde(borrow, default)]
    skill: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    plan: Option<&'a RawValue>,
    #[serde(borrow, default)]
    prompt: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    subagent_type: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient::objects")]
    questions: Vec<Question<'a>>,
    #[serde(borrow, default, alias = "task_id", alias = "bash_id", alias = "shell_id", rename = "taskId")]
    task: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Question<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    question: Option<Cow<'a, str>>,
}

impl<'a> Input<'a> {
    fn of(raw: Option<&'a RawValue>) -> Self {
        let object = raw.map(RawValue::get).filter(|text| text.starts_with('{'));
        object.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The input that says most.
    fn about(&self) -> Option<Cow<'_, str>> {
        // Commands before what they are for; what stands for long texts last.
        let telling = [
            self.command,
            self.file_path,
            self.notebook_path,
            self.pattern,
            self.query,
            self.url,
            self.description,
            self.subject,
            self.path,
            self.skill,
            self.name,
            self.plan,
            self.prompt,
            self.message,
            self.task,
        ];
        let asked = self.questions.first().and_then(|first| first.question.as_deref());
        asked.map(Cow::Borrowed).or_else(|| telling.into_iter().flatten().find_map(string))
    }

    /// The file that the call works on. A bare `path` is a folder to search in, but to servers of tools it is a file.
    fn file(&self, tool: &str) -> Option<Cow<'_, str>> {
        let bare = self.path.filter(|_| tool.starts_with("mcp__"));
        self.file_path.or(self.notebook_path).or(bare).and_then(string).filter(|path| !path.is_empty())
    }
}

/// Whether a tool changes the file that it names.
fn writes(tool: &str) -> bool {
    match tool.strip_prefix("mcp__").and_then(|rest| rest.rsplit("__").next()) {
        Some(own) => ["write", "edit", "create", "update"].iter().any(|verb| own.starts_with(verb)),
        None => matches!(tool, "Edit" | "MultiEdit" | "Write" | "NotebookEdit"),
    }
}

pub(super) fn tell(block: &Block<'_>, reading: &mut Reading) {
    let id = block.id.as_deref().unwrap_or_default();
    let name = block.name.as_deref().unwrap_or("tool");
    let input = Input::of(block.input);
    let about = input.about();
    let path = input.file(name).map(Cow::into_owned);
    reading.tool_use(id, name, block.input, about.as_deref());
    reading.acts.push(Act::ToolUse(ToolUse {
        id: id.to_owned(),
        name: name.to_owned(),
        about: about.as_deref().and_then(title_of),
        writes: path.is_some() && writes(name),
        path,
        agent_kind: input.subagent_type.and_then(string).as_deref().and_then(title_of),
        digest: digest::of_input(name, block.input.map_or("", RawValue::get)),
        waits: ToolUse::waits_for(name, about.as_deref()),
    }));
    reading.acts.extend(todo::asked(name, block.input));
}
