//! `toolUseResult`: what the client itself noted of a tool's outcome. Every tool has a shape of its own.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::content::string;
use super::todo::{self, Items, StatusChange, Task};
use crate::transcript::act::{Act, AgentStart};
use crate::transcript::lenient::{self, otherwise};

/// The fields of all shapes that say something countable.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    status: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    agent_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    agent_type: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    is_async: bool,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    run_id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::number")]
    total_duration_ms: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    duration_ms: Option<i64>,
    #[serde(default, deserialize_with = "lenient::float")]
    duration_seconds: Option<f64>,
    #[serde(borrow, default)]
    stdout: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient::flag")]
    interrupted: bool,
    #[serde(borrow, default)]
    background_task_id: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient::objects")]
    structured_patch: Vec<Hunk>,
    #[serde(default, deserialize_with = "lenient::count")]
    search_count: i64,
    #[serde(borrow, default)]
    query: Option<&'a RawValue>,
    #[serde(borrow, default)]
    new_todos: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    task: Option<Task<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    task_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    status_change: Option<StatusChange<'a>>,
}

#[derive(Deserialize)]
struct Hunk {
    #[serde(default)]
    lines: Changed,
}

/// Lines of a patch, counted.
#[derive(Default, Clone, Copy)]
struct Changed {
    added: u32,
    removed: u32,
}

impl<'a> Outcome<'a> {
    /// Reads the note, as far as it has a known shape.
    pub(super) fn of(raw: &'a RawValue) -> Self {
        let object = Some(raw.get()).filter(|text| text.starts_with('{'));
        object.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// How long the tool took.
    pub(super) fn duration_ms(&self) -> Option<i64> {
        #[expect(clippy::cast_possible_truncation, reason = "a cast of a large number ends at the largest")]
        let seconds = || self.duration_seconds.map(|seconds| (seconds * 1000.0).round() as i64);
        self.total_duration_ms.or(self.duration_ms).or_else(seconds).filter(|ms| *ms >= 0)
    }

    /// A command that did not fail ended with 0, unless it was stopped or still runs.
    pub(super) fn exit_code(&self) -> Option<i64> {
        (self.stdout.is_some() && !self.interrupted && self.background_task_id.is_none()).then_some(0)
    }

    /// The command that runs on in the background.
    pub(super) fn shell(&self) -> Option<String> {
        self.background_task_id.and_then(string).filter(|id| !id.is_empty()).map(Cow::into_owned)
    }

    /// The subagent or workflow that the call began.
    pub(super) fn agent(&self) -> Option<AgentStart> {
        let workflow = self.run_id.as_deref().filter(|id| !id.is_empty()).map(str::to_owned);
        let id = self.agent_id.as_deref().unwrap_or_default().to_owned();
        (workflow.is_some() || !id.is_empty()).then(|| AgentStart {
            id,
            kind: self.agent_type.as_deref().map(str::to_owned),
            background: self.is_async || self.status.as_deref() == Some("async_launched"),
            workflow,
        })
    }

    /// Lines added and removed in files.
    pub(super) fn changed(&self) -> Option<(u32, u32)> {
        if !self.structured_patch.is_empty() {
            let sum = |field: fn(&Changed) -> u32| {
                self.structured_patch.iter().fold(0_u32, |sum, hunk| sum.saturating_add(field(&hunk.lines)))
            };
            return Some((sum(|lines| lines.added), sum(|lines| lines.removed)));
        }
        match (self.kind.as_deref(), self.content) {
            (Some("create"), Some(content)) => Some((lines_in(content), 0)),
            _ => None,
        }
    }

    /// Searches of the web that the client had made by a side request.
    pub(super) fn searches(&self) -> Option<i64> {
        Some(self.search_count).filter(|count| *count > 0 && self.query.is_some())
    }

    /// What became of the things to do.
    pub(super) fn todos(&self) -> Option<Act> {
        if let Some(items) = self.new_todos {
            let items: Items<'_> = serde_json::from_str(items.get()).ok()?;
            return Some(todo::list(&items.0));
        }
        if let Some(task) = &self.task {
            return todo::made(task);
        }
        todo::changed(self.task_id.as_deref()?, self.status_change.as_ref()?)
    }
}

/// Lines of a text that is still packed.
fn lines_in(raw: &RawValue) -> u32 {
    let Some(text) = raw.get().strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return 0 };
    let (mut ends, mut rest) = (0_u32, text);
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        ends = ends.saturating_add(u32::from(rest.as_bytes().get(at + 1) == Some(&b'n')));
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    // A last line without its end counts too.
    let open = !text.is_empty() && (!rest.is_empty() || !text.ends_with("\\n"));
    ends.saturating_add(u32::from(open))
}

impl<'de> Deserialize<'de> for Changed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lines;
        impl<'de> Visitor<'de> for Lines {
            type Value = Changed;
            otherwise!(Changed::default(); bool numbers text object);

            fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<Self::Value, A::Error> {
                let mut changed = Changed::default();
                while let Some(line) = lines.next_element::<&RawValue>()? {
                    match line.get().as_bytes().get(1) {
                        Some(b'+') => changed.added = changed.added.saturating_add(1),
                        Some(b'-') => changed.removed = changed.removed.saturating_add(1),
                        _ => {}
                    }
                }
                Ok(changed)
            }
        }
        deserializer.deserialize_any(Lines)
    }
}
