//! What sessions are doing → what pages and scripts see.

use super::presence::{Alarm, Background, CoderProcess, RunningCall, SessionState, StateFact, StateSource, TurnState};
use crate::domain::session_state::{Process, Says, Source, Turn};
use crate::domain::session_view::{Running, View};
use crate::domain::time::rfc3339;

impl From<&View> for SessionState {
    fn from(view: &View) -> Self {
        let state = &view.state;
        Self {
            session_id: view.session.to_string(),
            has_transcript: view.has_transcript,
            turn: state.turn.into(),
            since: rfc3339(state.since),
            reason: state.reason.clone(),
            source: state.source.into(),
            source_at: rfc3339(state.source_at),
            sources: state.sources.iter().map(StateFact::from).collect(),
            background: Background { subagents: state.background.subagents, shells: state.background.shells },
            running: view.running.iter().map(RunningCall::from).collect(),
            waiting_subagents: view.waiting.clone(),
            processes: view.processes.iter().map(CoderProcess::from).collect(),
            alarms: view.alarms.iter().map(Alarm::from).collect(),
            limit_resets_at: view.limit_resets_at.map(rfc3339),
            context_window: view.context_window,
            tokens_per_minute: view.tokens_per_minute,
        }
    }
}

impl From<Turn> for TurnState {
    fn from(turn: Turn) -> Self {
        match turn {
            Turn::Working => Self::Working,
            Turn::NeedsPermission => Self::NeedsPermission,
            Turn::NeedsAnswer => Self::NeedsAnswer,
            Turn::YourTurn => Self::YourTurn,
            Turn::Done => Self::Done,
            Turn::Failed => Self::Failed,
            Turn::Unknown => Self::Unknown,
        }
    }
}

impl From<Source> for StateSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Registry => Self::Registry,
            Source::Hook => Self::Hook,
            Source::Transcript => Self::Transcript,
            Source::Process => Self::Process,
            Source::Heartbeat => Self::Heartbeat,
        }
    }
}

impl From<&Says> for StateFact {
    fn from(said: &Says) -> Self {
        let turn = said.turn.map(TurnState::from);
        Self { source: said.source.into(), turn, says: said.text.clone(), at: rfc3339(said.at) }
    }
}

impl From<&Running> for RunningCall {
    fn from(call: &Running) -> Self {
        Self {
            id: call.id.clone(),
            name: call.name.clone(),
            about: call.about.clone(),
            started_at: rfc3339(call.started_at),
            subagent_id: call.subagent.clone(),
        }
    }
}

impl From<&Process> for CoderProcess {
    fn from(process: &Process) -> Self {
        let word = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            key: process.key.clone(),
            host_id: process.host.to_string(),
            pid: process.pid,
            started_at: rfc3339(process.started_at),
            cwd: process.cwd.clone(),
            terminal: word(&process.terminal),
            tmux: word(&process.tmux),
            kind: word(&process.kind),
            no_stop: process.no_stop.clone(),
        }
    }
}
