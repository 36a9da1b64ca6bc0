//! Asking hosts, through their links, what repositories the working directories of sessions belong to.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use muster_proto::fleet::Inspected;
use muster_proto::ids::HostId;
use muster_proto::limits::PATH_BYTES;
use muster_proto::remote::normalise;

use super::Projects;
use crate::domain::project::Repository;
use crate::domain::time::{Millis, now_ms};
use crate::live::Links;
use crate::store::projects::{self, PathRow};
use crate::store::{Result, settings};

/// How often it is looked for working directories that are not known yet.
const EVERY: Duration = Duration::from_secs(2);

/// How long an answer is good: repositories get other addresses now and then.
const FRESH_MS: Millis = 24 * 60 * 60 * 1000;

/// Working directories asked of one host in one go.
const AT_ONCE: i64 = 32;

/// How long a host that did not answer is left alone.
const LEAVE_ALONE: Duration = Duration::from_mins(1);

/// Longest name of an owner that is kept.
const OWNER_CHARS: usize = 64;

impl Projects {
    /// Asks for ever. What cannot be asked now (the host is offline, or its agent too old) keeps its project by path.
    pub async fn run(self, links: Links) {
        let mut clock = tokio::time::interval(EVERY);
        let mut silent: HashMap<HostId, Instant> = HashMap::new();
        loop {
            clock.tick().await;
            silent.retain(|_, since| since.elapsed() < LEAVE_ALONE);
            match self.ask(&links, &silent).await {
                Ok(without_answer) => silent.extend(without_answer.into_iter().map(|host| (host, Instant::now()))),
                Err(error) => tracing::warn!(error = %error, "working directories were not looked up; trying again"),
            }
        }
    }

    /// Asks all hosts that can be asked; gives those that did not answer.
    async fn ask(&self, links: &Links, silent: &HashMap<HostId, Instant>) -> Result<Vec<HostId>> {
        let due = projects::due_hosts(&self.db, now_ms() - FRESH_MS).await?;
        let there = links.inspecting().into_iter().filter(|host| !silent.contains_key(host));
        let asked = there.filter(|host| due.contains(&host.to_string()));
        let outcomes = join_all(asked.map(async |host| (host, self.ask_host(links, host).await))).await;
        let mut without_answer = Vec::new();
        for (host, outcome) in outcomes {
            if !outcome? {
                without_answer.push(host);
            }
        }
        Ok(without_answer)
    }

    /// Asks one host for a handful; says whether it answered all.
    async fn ask_host(&self, links: &Links, host: HostId) -> Result<bool> {
        for row in projects::due(&self.db, &host.to_string(), now_ms() - FRESH_MS, AT_ONCE).await? {
            match links.inspect(host, &row.path).await {
                Ok(inspected) => self.learn(&row, &inspected).await?,
                Err(error) => {
                    tracing::debug!(host.id = %host, error = %error, "a working directory was not looked up");
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Applies what a host said of a working directory.
    pub(super) async fn learn(&self, row: &PathRow, inspected: &Inspected) -> Result<()> {
        // A folder that is gone keeps what was known of it.
        let said = if inspected.error.is_empty() { repository(inspected) } else { row.repository() };
        let mut tx = self.db.begin().await?;
        settings::lock(&mut tx, super::LOCK).await?;
        let moved = projects::answered(&mut tx, &row.host_id, &row.path, &said, now_ms()).await?;
        tx.commit().await?;
        if moved.is_some() {
            self.show(&row.host_id, &row.path).await?;
        }
        Ok(())
    }
}

/// What a host says is checked like everything from outside.
fn repository(inspected: &Inspected) -> Repository {
    let plain = |text: &str, most: usize| {
        let fits = !text.is_empty() && text.len() <= most && !text.chars().any(char::is_control);
        fits.then(|| text.to_owned())
    };
    let commit = plain(&inspected.root_commit, 64).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    Repository {
        remote: normalise(&inspected.remote),
        root_commit: commit,
        top_level: plain(&inspected.top_level, PATH_BYTES),
        owner: plain(&inspected.owner, OWNER_CHARS),
    }
}
