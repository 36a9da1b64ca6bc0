//! Rooms' values → what pages and scripts see.

use muster_proto::fleet as link;

use super::blocks::{self, PAGE};
use super::entry::{Entry, EntryClass, Role};
use super::fleet::{
    EntryCounts, Host, HostState, Root, Session, SessionRow, TitleSource, Transcript, TranscriptKind, TranscriptState,
    WatchMode,
};
use super::history::Todo;
use super::live::{Activity, DeletedSession, LiveMessage, Update};
use super::presence::{Alarm, HookState, SessionState};
use crate::domain::session;
use crate::domain::time::rfc3339;
use crate::domain::transcript as domain;
use crate::live::presence::{HostView, LinkState, Said};
use crate::live::{self, Topic};
use crate::store::deletions::DeletionRow;
use crate::store::{sessions, transcripts};
use crate::transcript::{self, Located};

/// The text of an update, the same for all pages of a topic.
pub fn encode(topic: &Topic, revision: u64, update: &live::Update) -> String {
    let update = Some(Update::from(update));
    text(&LiveMessage { update, ..LiveMessage::new(topic.to_string(), revision) })
}

/// A live message as JSON.
pub fn text(message: &LiveMessage) -> String {
    // Only maps with other keys than strings can fail, and there is none.
    serde_json::to_string(message).unwrap_or_default()
}

impl From<&live::Update> for Update {
    fn from(update: &live::Update) -> Self {
        Self {
            entries: update.entries.iter().map(appended).collect(),
            session: update.session.as_deref().map(|(row, files)| Box::new(session(row, files))),
            deleted: update.deleted.as_deref().map(|row| Box::new(DeletedSession::from(row))),
            sessions: update.sessions.iter().map(SessionRow::from).collect(),
            states: update.states.iter().map(SessionState::from).collect(),
            ended_states: update.ended_states.iter().map(ToString::to_string).collect(),
            removed_sessions: update.removed_sessions.iter().map(ToString::to_string).collect(),
            hosts: update.hosts.iter().map(Host::from).collect(),
            removed_hosts: update.removed_hosts.iter().map(ToString::to_string).collect(),
            activity: update.activity.iter().map(Activity::from).collect(),
        }
    }
}

/// A line as pages hear of it: with its content, where that was parsed.
fn appended(located: &Located) -> Entry {
    if located.entry.blocks.is_empty() { Entry::from(located) } else { blocks::full(located, PAGE) }
}

impl From<&DeletionRow> for DeletedSession {
    fn from(row: &DeletionRow) -> Self {
        Self { by: row.deleted_by.clone(), at: rfc3339(row.deleted_at) }
    }
}

impl From<&live::update::Append> for Activity {
    fn from(append: &live::update::Append) -> Self {
        Self {
            host_id: append.host.to_string(),
            session_id: append.session.as_ref().map(ToString::to_string),
            lines: u32::try_from(append.lines).unwrap_or(u32::MAX),
            bytes: append.bytes,
        }
    }
}

impl From<&Located> for Entry {
    fn from(located: &Located) -> Self {
        let Located { transcript, place, entry } = located;
        Self {
            transcript_id: transcript.to_string(),
            line: place.line,
            offset: place.offset,
            bytes: place.bytes,
            kind: entry.kind.clone(),
            class: entry.class.into(),
            role: entry.role.map(Role::from),
            uuid: entry.uuid.clone(),
            time: entry.time.map(rfc3339),
            preview: entry.preview.text.clone(),
            preview_cut: entry.preview.cut,
            parent_uuid: entry.parent.clone(),
            model: entry.facts.model.clone(),
            blocks: None,
        }
    }
}

impl From<transcript::Class> for EntryClass {
    fn from(class: transcript::Class) -> Self {
        match class {
            transcript::Class::Conversation => Self::Conversation,
            transcript::Class::Bookkeeping => Self::Bookkeeping,
            transcript::Class::Unreadable => Self::Unreadable,
        }
    }
}

impl From<transcript::Role> for Role {
    fn from(role: transcript::Role) -> Self {
        match role {
            transcript::Role::Human => Self::Human,
            transcript::Role::Assistant => Self::Assistant,
            transcript::Role::ToolUse => Self::ToolUse,
            transcript::Role::ToolResult => Self::ToolResult,
            transcript::Role::Thinking => Self::Thinking,
            transcript::Role::System => Self::System,
        }
    }
}

impl From<&HostView> for Host {
    fn from(view: &HostView) -> Self {
        let HostView { row, totals, state, since, said, alarms } = view;
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            hostname: row.hostname.clone(),
            os: row.os.clone(),
            arch: row.arch.clone(),
            agent_version: row.agent_version.clone(),
            state: (*state).into(),
            state_since: rfc3339(*since),
            last_seen_at: row.last_seen_at.map(rfc3339),
            enrolled_at: rfc3339(row.enrolled_at),
            backlog_bytes: said.backlog_bytes,
            lag_ms: said.lag_ms,
            clock_skew_ms: said.clock_skew_ms,
            load: said.load,
            processors: said.processors,
            memory_total_bytes: said.memory.map(|(total, _)| total),
            memory_available_bytes: said.memory.map(|(_, available)| available),
            disk_total_bytes: said.disk.map(|(total, _)| total),
            disk_free_bytes: said.disk.map(|(_, free)| free),
            reports_coders: said.reports_coders,
            hooks: said.hooks.into(),
            alarms: alarms.iter().map(Alarm::from).collect(),
            last_error: said.last_error.clone(),
            roots: roots(row, said),
            transcripts: transcripts::unsigned(totals.transcripts),
            sessions: transcripts::unsigned(totals.sessions),
            bytes: transcripts::unsigned(totals.bytes),
        }
    }
}

/// What the host says now, else what it said last (it may be offline).
fn roots(row: &crate::store::hosts::HostRow, said: &Said) -> Vec<Root> {
    if said.roots.is_empty() {
        return serde_json::from_str(&row.roots).unwrap_or_default();
    }
    said.roots.iter().map(Root::from).collect()
}

impl From<&link::Root> for Root {
    fn from(root: &link::Root) -> Self {
        let mode = match root.mode() {
            link::WatchMode::Events => WatchMode::Events,
            link::WatchMode::Rescan => WatchMode::Rescan,
            link::WatchMode::Missing | link::WatchMode::Unspecified => WatchMode::Missing,
        };
        Self {
            coder: root.coder.clone(),
            path: root.path.clone(),
            mode,
            error: Some(root.error.clone()).filter(|error| !error.is_empty()),
            transcripts: root.transcripts,
        }
    }
}

impl From<link::HookState> for HookState {
    fn from(state: link::HookState) -> Self {
        match state {
            link::HookState::None => Self::None,
            link::HookState::Some => Self::Some,
            link::HookState::All => Self::All,
            link::HookState::Unspecified => Self::Unknown,
        }
    }
}

impl From<LinkState> for HostState {
    fn from(state: LinkState) -> Self {
        match state {
            LinkState::New => Self::New,
            LinkState::Online => Self::Online,
            LinkState::Lagging => Self::Lagging,
            LinkState::Offline => Self::Offline,
            LinkState::Imported => Self::Imported,
        }
    }
}

impl From<&sessions::SessionRow> for SessionRow {
    fn from(row: &sessions::SessionRow) -> Self {
        Self {
            id: row.id.clone(),
            coder: row.coder.clone(),
            host_ids: host_ids(row),
            project_path: row.project_path.clone(),
            title: row.title.clone(),
            branch: row.branch.clone(),
            client_version: row.client_version.clone(),
            entrypoint: row.entrypoint.clone(),
            model: row.model.clone(),
            first_activity_at: row.first_activity_at.map(rfc3339),
            last_activity_at: Some(rfc3339(row.last_activity_at)),
            entries: counts(row),
            project_id: row.project_id.clone(),
            human_prompts: transcripts::unsigned(row.human_prompts),
            tool_calls: transcripts::unsigned(row.tool_calls),
            tool_errors: transcripts::unsigned(row.tool_errors),
            tokens: row.tokens,
            cost_microdollars: row.cost_microdollars,
            context_tokens: row.context_tokens,
            subagents: u32::try_from(row.subagents).unwrap_or(0),
            gone: row.gone,
        }
    }
}

/// A session with its files.
pub fn session(row: &sessions::SessionRow, files: &[transcripts::TranscriptRow]) -> Session {
    let extras = session::Extras::load(&row.extras);
    Session {
        id: row.id.clone(),
        coder: row.coder.clone(),
        host_ids: host_ids(row),
        project_path: row.project_path.clone(),
        title: row.title.clone(),
        title_source: row.title_source.as_deref().and_then(session::TitleSource::from_word).map(TitleSource::from),
        branch: row.branch.clone(),
        client_version: row.client_version.clone(),
        entrypoint: row.entrypoint.clone(),
        model: row.model.clone(),
        first_activity_at: row.first_activity_at.map(rfc3339),
        last_activity_at: Some(rfc3339(row.last_activity_at)),
        entries: counts(row),
        project_id: row.project_id.clone(),
        project_name: None,
        human_prompts: transcripts::unsigned(row.human_prompts),
        assistant_messages: transcripts::unsigned(row.assistant_messages),
        tool_calls: transcripts::unsigned(row.tool_calls),
        tool_errors: transcripts::unsigned(row.tool_errors),
        subagents: transcripts::unsigned(row.subagents),
        tokens: row.tokens,
        cost_microdollars: row.cost_microdollars,
        context_tokens: row.context_tokens,
        gone: row.gone,
        pull_requests: extras.pull_requests,
        todos: extras.todos.into_iter().map(|(text, state)| Todo { text, state }).collect(),
        compactions: extras.compactions,
        mode: extras.mode,
        transcripts: files.iter().map(Transcript::from).collect(),
    }
}

fn host_ids(row: &sessions::SessionRow) -> Vec<String> {
    serde_json::from_str(&row.hosts).unwrap_or_default()
}

fn counts(row: &sessions::SessionRow) -> EntryCounts {
    let [total, conversation, unreadable] = [row.entries, row.conversation, row.unreadable].map(transcripts::unsigned);
    EntryCounts { total, conversation, unreadable, bookkeeping: total.saturating_sub(conversation + unreadable) }
}

impl From<session::TitleSource> for TitleSource {
    fn from(source: session::TitleSource) -> Self {
        match source {
            session::TitleSource::Custom => Self::Custom,
            session::TitleSource::Ai => Self::Ai,
            session::TitleSource::Summary => Self::Summary,
            session::TitleSource::Prompt => Self::Prompt,
        }
    }
}

impl From<&transcripts::TranscriptRow> for Transcript {
    fn from(row: &transcripts::TranscriptRow) -> Self {
        let kind = match row.kind().unwrap_or(domain::TranscriptKind::Meta) {
            domain::TranscriptKind::Main => TranscriptKind::Main,
            domain::TranscriptKind::Subagent => TranscriptKind::Subagent,
            domain::TranscriptKind::Workflow => TranscriptKind::Workflow,
            domain::TranscriptKind::ToolResult => TranscriptKind::ToolResult,
            domain::TranscriptKind::Meta => TranscriptKind::Meta,
        };
        let live = row.state == domain::TranscriptState::Live.word();
        Self {
            id: row.id.clone(),
            host_id: row.host_id.clone(),
            session_id: row.session_id.clone(),
            coder: row.coder.clone(),
            path: row.path.clone(),
            kind,
            bytes: transcripts::unsigned(row.committed_offset),
            lines: transcripts::unsigned(row.lines),
            state: if live { TranscriptState::Live } else { TranscriptState::Gone },
            generation: u32::try_from(row.generation).unwrap_or(0),
            updated_at: rfc3339(row.updated_at),
        }
    }
}
