//! Stopping a coder: one step at a time, on the order of a person, as far as its host allows it.

use muster_proto::fleet::{self, StopOutcome};

use super::{ActionError, Actions};
use crate::access::{By, note};
use crate::domain::session_state::Process;
use crate::live::links::AskError;

/// How hard a coder is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The turn ends, the coder stays.
    Interrupt,
    /// The coder is asked to leave.
    Terminate,
    /// It is ended.
    Kill,
}

impl Step {
    fn word(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupt",
            Self::Terminate => "terminate",
            Self::Kill => "kill",
        }
    }
}

/// An order to stop.
#[derive(Debug, Clone)]
pub struct Order {
    /// How hard.
    pub step: Step,
    /// Which process; may be left out where there is one.
    pub key: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// It was done.
    pub done: bool,
    /// How, or why not, for a person.
    pub text: String,
}

impl Actions {
    /// Stops one of the living processes of a session. The order is written down before it goes to the host, and then what
    /// came of it: an order leaves its trace also when this process ends before the host answers.
    pub async fn stop(
        &self,
        by: &By,
        session: &str,
        processes: &[Process],
        order: &Order,
    ) -> Result<Report, ActionError> {
        let process = chosen(processes, order.key.as_deref())?;
        let meant = format!("{session}, host {}, process {}: {}", process.host, process.pid, order.step.word());
        self.written(by, "session.stop.order", &meant).await?;
        let answer = self.links.stop(process.host, &process.key, step(order.step)).await;
        let outcome = told(order.step, process.pid, answer);
        let text = outcome.as_ref().map_or_else(ToString::to_string, |report| report.text.clone());
        self.written(by, "session.stop", &format!("{meant}: {text}")).await?;
        outcome
    }

    async fn written(&self, by: &By, action: &str, subject: &str) -> Result<(), ActionError> {
        let mut tx = self.db.begin().await?;
        note(&mut tx, by, action, subject).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The process that is meant, when it can be stopped.
fn chosen<'a>(processes: &'a [Process], key: Option<&str>) -> Result<&'a Process, ActionError> {
    let process = match (key, processes) {
        (_, []) => {
            return Err(ActionError::Conflict(
                "No process of this session is known to live: there is nothing to stop. If you see it run, its host is \
                 offline, or has an agent that is too old to tell of coders"
                    .to_owned(),
            ));
        }
        (None, [only]) => only,
        (None, several) => {
            return Err(ActionError::Conflict(format!(
                "{} processes hold this session: say with `key` which one is to be stopped",
                several.len()
            )));
        }
        (Some(key), all) => all.iter().find(|process| process.key == key).ok_or_else(|| {
            ActionError::NotFound(
                "This process has ended, or holds another session now. Look at the session again".to_owned(),
            )
        })?,
    };
    match &process.no_stop {
        Some(why) => Err(ActionError::Conflict(format!(
            "This coder cannot be stopped from here: {why}. Stop it in its own terminal on the host"
        ))),
        None => Ok(process),
    }
}

fn step(step: Step) -> fleet::StopStep {
    match step {
        Step::Interrupt => fleet::StopStep::Interrupt,
        Step::Terminate => fleet::StopStep::Terminate,
        Step::Kill => fleet::StopStep::Kill,
    }
}

/// The host's answer in words.
fn told(step: Step, pid: u32, answer: Result<fleet::Stopped, AskError>) -> Result<Report, ActionError> {
    let stopped = answer.map_err(|error| {
        ActionError::Conflict(match error {
            AskError::Offline => "The host is offline: nothing was stopped. Try again when it is back".to_owned(),
            AskError::Silent => {
                "The host did not answer in time: it may have stopped the coder or not. Look at the session again"
                    .to_owned()
            }
        })
    })?;
    let detail = Some(stopped.detail.trim()).filter(|detail| !detail.is_empty());
    let with = |text: String| detail.map_or(text.clone(), |detail| format!("{text}: {detail}"));
    let (done, text) = match stopped.outcome() {
        StopOutcome::Done => (true, with(done(step, pid))),
        StopOutcome::Ended => (false, with(format!("process {pid} had ended already"))),
        StopOutcome::Refused => (false, with("the host's policy does not allow it".to_owned())),
        StopOutcome::Failed => (false, with(format!("process {pid} could not be stopped"))),
        StopOutcome::Unspecified => (false, with("the host's agent does not say what came of it".to_owned())),
    };
    Ok(Report { done, text })
}

fn done(step: Step, pid: u32) -> String {
    match step {
        Step::Interrupt => format!("interrupted process {pid}"),
        Step::Terminate => format!("asked process {pid} to leave"),
        Step::Kill => format!("ended process {pid}"),
    }
}

#[cfg(test)]
mod tests {
    use muster_proto::ids::HostId;

    use super::*;

    fn process(key: &str, no_stop: Option<&str>) -> Process {
        Process {
            key: key.to_owned(),
            host: HostId::new(),
            pid: 7,
            started_at: 0,
            cwd: String::new(),
            terminal: String::new(),
            tmux: String::new(),
            kind: String::new(),
            registry: None,
            leaving: None,
            no_stop: no_stop.map(str::to_owned),
        }
    }

    #[test]
    fn one_living_process_is_meant_or_named() {
        let (a, b, shut) = (process("a", None), process("b", None), process("c", Some("the policy")));
        let key = |processes: &[Process], key: Option<&str>| chosen(processes, key).map(|process| process.key.clone());
        assert_eq!(key(std::slice::from_ref(&a), None).unwrap(), "a");
        assert_eq!(key(&[a.clone(), b.clone()], Some("b")).unwrap(), "b");
        assert!(matches!(key(&[a.clone(), b], None), Err(ActionError::Conflict(_))));
        assert!(matches!(key(&[a], Some("gone")), Err(ActionError::NotFound(_))));
        assert!(matches!(key(&[], None), Err(ActionError::Conflict(_))));
        let refused = key(&[shut], None).unwrap_err().to_string();
        assert!(refused.contains("the policy"), "{refused}");
    }

    #[test]
    fn every_outcome_says_what_became_of_the_coder() {
        let answer = |outcome: StopOutcome, detail: &str| {
            let stopped = fleet::Stopped { request_id: 1, outcome: outcome.into(), detail: detail.to_owned() };
            told(Step::Kill, 7, Ok(stopped)).unwrap()
        };
        assert_eq!(answer(StopOutcome::Done, ""), Report { done: true, text: "ended process 7".to_owned() });
        let failed = answer(StopOutcome::Failed, "not permitted");
        assert_eq!(failed, Report { done: false, text: "process 7 could not be stopped: not permitted".to_owned() });
        for outcome in [StopOutcome::Ended, StopOutcome::Refused, StopOutcome::Unspecified] {
            assert!(!answer(outcome, "").done);
        }
        assert!(told(Step::Kill, 7, Err(AskError::Offline)).unwrap_err().to_string().contains("offline"));
    }
}
