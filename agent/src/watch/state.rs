//! How the watching stands: for the aggregator and for `muster-agent status`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use muster_proto::fleet::{self, WatchMode};
use serde::{Deserialize, Serialize};

use super::follower::Follower;
use super::send::longest_rest;

/// One root, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootStatus {
    /// Coder's name.
    pub coder: String,
    /// Folder.
    pub path: String,
    /// "events", "rescan" or "missing".
    pub mode: String,
    /// Why it is not (fully) followed; empty when all is well.
    pub error: String,
    /// Files followed under it.
    pub transcripts: u64,
    /// Folders that the operating system watches for us.
    pub watches: u64,
}

/// How far the archive is behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Behind {
    /// Bytes on disk that are not acknowledged.
    pub bytes: u64,
    /// Age of the oldest append that is not acknowledged.
    pub lag_ms: u64,
}

impl Follower {
    /// How far the archive is behind.
    pub fn behind(&self, now: Instant) -> Behind {
        let mut behind = Behind::default();
        for (_, record) in self.files.iter() {
            behind.bytes += record.stat.size.saturating_sub(record.archived);
            if let Some(waiting) = record.waiting {
                // What rests on purpose is not late.
                let age = now.saturating_duration_since(waiting.since).saturating_sub(longest_rest(record)).as_millis();
                behind.lag_ms = behind.lag_ms.max(u64::try_from(age).unwrap_or(u64::MAX));
            }
        }
        behind
    }

    /// Files found.
    pub fn transcripts(&self) -> u64 {
        self.files.len() as u64
    }

    /// The problem met last that still stands, in words for a person.
    pub fn last_error(&self) -> String {
        let latest = self.latest_problem.as_ref().and_then(|about| self.problems.get(about));
        let root = || self.roots.iter().find(|root| root.mode != WatchMode::Missing && !root.error.is_empty());
        let of_root = || root().map(|root| format!("{}: {}", root.text, root.error));
        latest.cloned().or_else(of_root).unwrap_or_default()
    }

    /// The roots, for the wire.
    pub fn roots(&self) -> Vec<fleet::Root> {
        let counts = self.counts();
        self.roots.iter().map(|root| root.to_wire(counts.get(&root.text).copied().unwrap_or(0))).collect()
    }

    /// The roots, for people.
    pub fn root_statuses(&self) -> Vec<RootStatus> {
        let wire = self.roots();
        let with_watches = self.roots.iter().zip(wire);
        with_watches
            .map(|(root, wire)| RootStatus {
                coder: wire.coder,
                path: wire.path,
                mode: mode_name(root.mode).to_owned(),
                error: wire.error,
                transcripts: wire.transcripts,
                watches: root.watches() as u64,
            })
            .collect()
    }

    fn counts(&self) -> HashMap<Arc<str>, u64> {
        let mut counts: HashMap<Arc<str>, u64> = HashMap::new();
        for (_, record) in self.files.iter() {
            *counts.entry(record.root.clone()).or_default() += 1;
        }
        counts
    }
}

fn mode_name(mode: WatchMode) -> &'static str {
    match mode {
        WatchMode::Events => "events",
        WatchMode::Rescan => "rescan",
        WatchMode::Missing | WatchMode::Unspecified => "missing",
    }
}
