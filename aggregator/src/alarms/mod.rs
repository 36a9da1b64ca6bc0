//! Floor 3: from when on something is wrong, and who wants to be told: thresholds for all, rules for each person.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::access::{By, note};
use crate::domain::alarm::Settings;
use crate::domain::notice::Rules;
use crate::domain::time::now_ms;
use crate::store::{Db, StoreError, notice_rules, settings};

/// Where the thresholds stand.
const KEY: &str = "alarms";

/// How often the thresholds are read again: another process may have changed them.
const REFRESH: Duration = Duration::from_mins(1);

/// Why the room refuses. The text says what happened and what to do.
#[derive(Debug, thiserror::Error)]
pub enum AlarmError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not a usable value.
    #[error("{0}")]
    Invalid(String),
}

/// The room. Cloning gives another handle to the same room.
#[derive(Debug, Clone)]
pub struct Alarms {
    db: Db,
    settings: Arc<RwLock<Settings>>,
}

impl Alarms {
    /// A room over this database, with the default thresholds until they are read.
    pub fn new(db: Db) -> Self {
        Self { db, settings: Arc::default() }
    }

    /// The thresholds.
    pub fn settings(&self) -> Settings {
        *self.settings.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the thresholds.
    pub async fn change(&self, by: &By, new: Settings) -> Result<(), AlarmError> {
        new.check().map_err(AlarmError::Invalid)?;
        let text = serde_json::to_string(&new).unwrap_or_default();
        let mut tx = self.db.begin().await?;
        settings::set_in(&mut tx, KEY, &text).await?;
        note(&mut tx, by, "alarms.change", &text).await?;
        tx.commit().await?;
        self.take(new);
        Ok(())
    }

    /// The rules of a person.
    pub async fn rules(&self, actor: &str) -> Result<Rules, AlarmError> {
        let stored = notice_rules::get(&self.db, actor).await?;
        Ok(stored.and_then(|rules| serde_json::from_str(&rules).ok()).unwrap_or_default())
    }

    /// Sets the rules of a person.
    pub async fn set_rules(&self, actor: &str, rules: &Rules) -> Result<(), AlarmError> {
        rules.check().map_err(AlarmError::Invalid)?;
        let text = serde_json::to_string(rules).unwrap_or_default();
        Ok(notice_rules::put(&self.db, actor, &text, now_ms()).await?)
    }

    /// Keeps the thresholds as they are stored, until the task is dropped.
    pub async fn run(self) {
        let mut clock = tokio::time::interval(REFRESH);
        loop {
            clock.tick().await;
            if let Err(error) = self.refresh().await {
                tracing::warn!(error = %error, "the thresholds of alarms could not be read; trying again in a minute");
            }
        }
    }

    /// Reads the thresholds as they are stored.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let stored = settings::get(&self.db, KEY).await?;
        self.take(stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default());
        Ok(())
    }

    fn take(&self, new: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = new;
    }
}
