//! The rooms of one aggregator, put together.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use muster_proto::ids::HostId;

use crate::access::{Access, By};
use crate::actions::Actions;
use crate::alarms::Alarms;
use crate::archive::seams::Seams;
use crate::archive::{compact, delete, retention};
use crate::derive::{Follower, Views};
use crate::domain::session::SessionId;
use crate::domain::time::now_ms;
use crate::ingest::{Desks, Ingest, Writer};
use crate::ledger::Ledger;
use crate::live::presence::HostView;
use crate::live::{Activity, Endings, Hub, Links, Presence, Topic, Update, Wake, activity};
use crate::options::Options;
use crate::projects::Projects;
use crate::search::{self, Search};
use crate::spawn::Tasks;
use crate::states::States;
use crate::store::hosts::{self, HostRow, Totals};
use crate::store::{Db, StoreError, deletions, transcripts};
use crate::wire::convert;

/// How often topics that nobody follows are forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// How often cold transcripts are looked for.
const COMPACT_EVERY: Duration = Duration::from_mins(1);

/// How often rules for old sessions are followed, and interrupted deletions finished.
const RETAIN_EVERY: Duration = Duration::from_hours(1);

/// Transcripts compacted in one go; the next minute brings the next.
const COMPACT_AT_ONCE: u32 = 50;

/// All rooms of one aggregator.
#[derive(Debug)]
pub struct House {
    /// The database.
    pub db: Db,
    /// People, tokens, enrolment, audit.
    pub access: Access,
    /// Topics and the pages that follow them.
    pub hub: Hub,
    /// What hosts write, summed up.
    pub activity: Activity,
    /// Entrance of the archive.
    pub ingest: Ingest,
    /// The same for files that people bring.
    pub desks: Desks,
    /// Where conversations go on in other files.
    pub seams: Seams,
    /// Which hosts are linked and how they are.
    pub presence: Presence,
    /// The links that stand.
    pub links: Links,
    /// What sessions are doing.
    pub states: States,
    /// What people do about sessions.
    pub actions: Actions,
    /// From when on something is wrong, and who wants to be told.
    pub alarms: Alarms,
    /// What was derived of the archive.
    pub views: Views,
    /// Prices, and what they make of stored replies.
    pub ledger: Ledger,
    /// Projects, as people join and split them.
    pub projects: Projects,
    /// Full-text search.
    pub search: Search,
    /// Transcripts whose sessions are to be joined anew.
    pub changed: Wake,
    /// What was configured.
    pub options: Options,
    /// Tasks of this server.
    pub tasks: Tasks,
}

/// The rooms' own work, not begun yet.
#[derive(Debug)]
pub struct Chores {
    writer: Writer,
    follower: Follower,
    indexing: search::Follower,
}

impl House {
    /// Builds the rooms. Nothing runs until [`House::start`].
    pub fn new(db: Db, options: Options, tasks: Tasks) -> (Arc<Self>, Chores) {
        let hub = Hub::new(convert::encode);
        let (activity, wake, unsearched) = (Activity::default(), Wake::default(), Wake::default());
        let followers = vec![wake.clone(), unsearched.clone()];
        let (ingest, writer) = Ingest::new(db.clone(), hub.clone(), activity.clone(), followers);
        let (search, indexing) = Search::new(db.clone(), options.data.join("search"), unsearched);
        let (projects, ledger) = (Projects::new(db.clone(), wake.clone()), Ledger::new(db.clone(), wake.clone()));
        let endings = Endings::default();
        let follower = Follower::new(db.clone(), hub.clone(), wake.clone(), endings.clone());
        let (views, changed) = (follower.views(), wake);
        let alarms = Alarms::new(db.clone());
        let states = States::new(hub.clone(), views.clone(), endings, alarms.clone(), ingest.tombstones().clone());
        let access = Access::new(db.clone());
        let (presence, links) = (Presence::default(), Links::default());
        let actions = Actions::new(db.clone(), links.clone(), changed.clone());
        let seams = Seams::default();
        let desks = Desks::new(db.clone(), ingest.clone());
        let house = Self {
            db,
            access,
            hub,
            activity,
            ingest,
            desks,
            seams,
            presence,
            links,
            states,
            actions,
            alarms,
            views,
            ledger,
            projects,
            search,
            changed,
            options,
            tasks,
        };
        (Arc::new(house), Chores { writer, follower, indexing })
    }

    /// Begins the rooms' own work.
    pub fn start(self: &Arc<Self>, chores: Chores) {
        let Chores { writer, follower, indexing } = chores;
        // The writer ends when its queue is closed and empty: what was accepted is written before the server stops.
        let stopping = self.tasks.stop_signal();
        self.tasks.spawn("writer", writer.run(stopping));
        self.tasks.spawn_until_stop("derive", follower.run());
        self.tasks.spawn_until_stop("states", self.states.clone().run());
        self.tasks.spawn_until_stop("alarms", self.alarms.clone().run());
        self.tasks.spawn_until_stop("projects", self.projects.clone().run(self.links.clone()));
        self.tasks.spawn_until_stop("prices", self.ledger.clone().run());
        self.tasks.spawn_until_stop("search", indexing.run());
        self.tasks.spawn_until_stop("activity", Arc::clone(self).send_activity());
        self.tasks.spawn_until_stop("sweep", Arc::clone(self).sweep());
        self.tasks.spawn_until_stop("compact", Arc::clone(self).compact());
        self.tasks.spawn_until_stop("retention", Arc::clone(self).retain());
    }

    /// All hosts as they are now.
    pub async fn host_views(&self) -> Result<Vec<HostView>, StoreError> {
        let totals = hosts::totals(&self.db).await?;
        let mut totals: HashMap<String, Totals> =
            totals.into_iter().map(|totals| (totals.host_id.clone(), totals)).collect();
        let view = |row: HostRow| {
            let totals = totals.remove(&row.id).unwrap_or_default();
            self.presence.view(row, totals)
        };
        Ok(hosts::all(&self.db).await?.into_iter().map(view).collect())
    }

    /// One host as it is now.
    pub async fn host_view(&self, id: HostId) -> Result<Option<HostView>, StoreError> {
        let Some(row) = hosts::get(&self.db, id).await? else { return Ok(None) };
        let totals = hosts::totals_of(&self.db, id).await?;
        Ok(Some(self.presence.view(row, totals)))
    }

    /// Deletes a session for good: the archive, everything derived, and the index.
    pub async fn delete_session(&self, id: &str, by: &By, reason: &str) -> Result<(), StoreError> {
        delete::bury(&self.db, self.ingest.tombstones(), id, by, reason).await?;
        // What was accepted before the tombstone is in the store from here on, where it is taken away. When the server
        // is stopping, that is done at its next start.
        let _ = self.ingest.flushed().await;
        self.forget(delete::remove(&self.db, id).await?).await?;
        tracing::info!(session.id = id, by = by.name, "a session was deleted");
        Ok(())
    }

    /// Deletes what is archived of a session that a rule gives up; it may go on.
    pub async fn give_up_session(&self, id: &str, by: &By, reason: &str) -> Result<(), StoreError> {
        let removed = {
            let _settled = self.views.settled().await;
            delete::empty(&self.db, self.ingest.tombstones(), id, by, reason).await?
        };
        self.seams.forget(id);
        tracing::info!(session.id = id, reason, "a rule deleted a session");
        self.forget(removed).await
    }

    /// Lets every room and every page know what went from the archive.
    async fn forget(&self, removed: delete::Removed) -> Result<(), StoreError> {
        self.tell_removed(removed.sessions, removed.hosts).await?;
        if !removed.transcripts.is_empty()
            && let Err(error) = self.search.forget(removed.transcripts).await
        {
            // The session itself is gone; only its words may still be found.
            tracing::error!(error = %error, "the index did not forget a deleted session; `muster reindex --search` does");
        }
        for session in removed.touched {
            for file in transcripts::of_session(&self.db, &session).await? {
                self.changed.mark(file.id()?);
            }
        }
        Ok(())
    }

    async fn tell_removed(&self, sessions: BTreeSet<SessionId>, hosts: BTreeSet<HostId>) -> Result<(), StoreError> {
        if sessions.is_empty() {
            return Ok(());
        }
        // What was derived of them before is told first: a row that came later would bring them back to the pages.
        let _settled = self.views.settled().await;
        self.states.forget(&sessions);
        for session in &sessions {
            let deleted = deletions::of_session(&self.db, session.as_str()).await?.map(Box::new);
            self.hub.publish(&Topic::Session(session.clone()), &Update { deleted, ..Update::default() });
        }
        let removed = Update { removed_sessions: sessions.into_iter().collect(), ..Update::default() };
        for topic in hosts.into_iter().map(Topic::Host).chain([Topic::Fleet]) {
            self.hub.publish(&topic, &removed);
        }
        Ok(())
    }

    async fn retain(self: Arc<Self>) {
        if let Err(error) = delete::fold_log(&self.db).await {
            tracing::warn!(error = %error, "the database's log could not be folded: deleted text may stand in its file");
        }
        let mut clock = tokio::time::interval(RETAIN_EVERY);
        loop {
            clock.tick().await;
            if let Err(error) = self.retain_once().await {
                tracing::warn!(error = %error, "the rules for old sessions could not be followed; trying again in an hour");
            }
        }
    }

    async fn retain_once(&self) -> Result<(), StoreError> {
        self.forget(delete::finish(&self.db).await?).await?;
        let by = By { actor_id: None, name: "system".to_owned(), origin: "retention".to_owned() };
        for (session, rule) in retention::due(&self.db, now_ms()).await? {
            let reason = format!("without activity for more than {} days (rule {})", rule.days, rule.id);
            self.give_up_session(&session, &by, &reason).await?;
        }
        Ok(())
    }

    async fn send_activity(self: Arc<Self>) {
        let mut clock = tokio::time::interval(activity::INTERVAL);
        loop {
            clock.tick().await;
            self.activity.flush(&self.hub);
        }
    }

    async fn sweep(self: Arc<Self>) {
        let mut clock = tokio::time::interval(SWEEP_EVERY);
        loop {
            clock.tick().await;
            self.hub.sweep();
        }
    }

    async fn compact(self: Arc<Self>) {
        let mut clock = tokio::time::interval(COMPACT_EVERY);
        loop {
            clock.tick().await;
            match compact::pass(&self.db, now_ms(), COMPACT_AT_ONCE).await {
                Ok(done) if done.blocks > 0 => {
                    tracing::debug!(frames = done.frames, blocks = done.blocks, "compacted cold transcripts");
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(error = %error, "cold transcripts were not compacted"),
            }
        }
    }
}
