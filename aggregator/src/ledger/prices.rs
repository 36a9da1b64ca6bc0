//! Keeping the price table, and pricing what was stored again when it changes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use uuid::Uuid;

use super::defaults;
use crate::access::{By, note};
use crate::domain::price::Price;
use crate::domain::time::day_of;
use crate::live::Wake;
use crate::store::db::Tx;
use crate::store::{Db, Result, StoreError, prices, settings};

/// Setting that says which table of ours the database has.
const SEEDED: &str = "prices.defaults";

/// Settings that name the latest change of prices, and the latest that stored replies were priced by.
const CHANGED: &str = "prices.changed";
const APPLIED: &str = "prices.applied";

/// Replies priced in one transaction: a few milliseconds, so that the archive's writer hardly waits.
const BATCH: i64 = 2_000;

/// How long to wait when the database fails before the same is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// Longest name of a model.
const MODEL_CHARS: usize = 200;

/// A million dollars for a million tokens: more is a slip of the hand.
const MOST: i64 = 1_000_000_000_000;

/// Why the room refuses. The text says what happened and what to do.
#[derive(Debug, thiserror::Error)]
pub enum PriceError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such price.
    #[error("There is no price of {0} from that day on; see GET /api/v1/prices")]
    NotFound(String),
    /// Not a usable price.
    #[error("{0}")]
    Invalid(String),
}

/// The room. Cloning gives another handle to the same room.
#[derive(Debug, Clone)]
pub struct Ledger {
    db: Db,
    /// Transcripts whose sessions cost something else now.
    changed: Wake,
    bell: Arc<Notify>,
}

impl Ledger {
    /// A room over this database.
    pub fn new(db: Db, changed: Wake) -> Self {
        Self { db, changed, bell: Arc::default() }
    }

    /// Adds a price, or changes the one of the same model and day.
    pub async fn put_price(&self, by: &By, mut price: Price) -> std::result::Result<(), PriceError> {
        price.model = price.model.trim().to_lowercase();
        check(&price)?;
        let mut tx = self.db.begin().await?;
        prices::put(&mut tx, &price).await?;
        let subject = format!(
            "{} from {}: input {}, output {}, cache read {}, written {} and {}, searches {}",
            price.model,
            day_of(price.valid_from),
            price.input,
            price.output,
            price.cache_read,
            price.cache_write_5m,
            price.cache_write_1h,
            price.web_search
        );
        note(&mut tx, by, "price.put", &subject).await?;
        self.commit_change(tx).await
    }

    /// Removes a price.
    pub async fn delete_price(&self, by: &By, model: &str, valid_from: i64) -> std::result::Result<(), PriceError> {
        let mut tx = self.db.begin().await?;
        if !prices::delete(&mut tx, model, valid_from).await? {
            return Err(PriceError::NotFound(model.chars().take(MODEL_CHARS).collect()));
        }
        note(&mut tx, by, "price.delete", &format!("{model} from {}", day_of(valid_from))).await?;
        self.commit_change(tx).await
    }

    async fn commit_change(&self, mut tx: Tx) -> std::result::Result<(), PriceError> {
        mark_changed(&mut tx).await?;
        tx.commit().await?;
        self.bell.notify_one();
        Ok(())
    }

    /// Prices stored replies again whenever the table has changed, for ever.
    pub async fn run(self) {
        loop {
            match self.apply().await {
                Ok(()) => self.bell.notified().await,
                Err(error) => {
                    tracing::error!(error = %error, "replies could not be priced; trying again");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Prices stored replies by the table as it is, unless that was done.
    pub async fn apply(&self) -> Result<()> {
        loop {
            let change = settings::get(&self.db, CHANGED).await?.unwrap_or_default();
            if settings::get(&self.db, APPLIED).await?.unwrap_or_default() == change {
                return Ok(());
            }
            // A reply that was derived by the old table meanwhile is found by one more pass.
            while self.pass().await? > 0 {}
            settings::set(&self.db, APPLIED, &change).await?;
        }
    }

    /// Looks at every stored reply; says how many cost something else now.
    async fn pass(&self) -> Result<u64> {
        let (mut key, mut transcript, mut changed) = (Vec::new(), String::new(), 0);
        let mut touched = HashSet::new();
        loop {
            let mut tx = self.db.begin().await?;
            let rows = prices::priced_after(&mut tx, &key, &transcript, BATCH).await?;
            let Some(last) = rows.last() else { break };
            (key, transcript) = (last.key.clone(), last.transcript_id.clone());
            let table = prices::table(&mut tx).await?;
            for row in rows {
                let cost = table.cost(&row.reply());
                if cost != row.cost_microdollars {
                    prices::set_cost(&mut tx, &row, cost).await?;
                    touched.insert(row.transcript_id);
                    changed += 1;
                }
            }
            tx.commit().await?;
        }
        for id in touched.iter().filter_map(|id| id.parse().ok()) {
            self.changed.mark(id);
        }
        if changed > 0 {
            tracing::info!(replies = changed, transcripts = touched.len(), "priced replies again");
        }
        Ok(changed)
    }
}

fn check(price: &Price) -> std::result::Result<(), PriceError> {
    let plain = |c: char| !c.is_control() && !c.is_whitespace();
    if price.model.is_empty() || price.model.len() > MODEL_CHARS || !price.model.chars().all(plain) {
        return Err(PriceError::Invalid("`model` must be the beginning of a model's name, without spaces".to_owned()));
    }
    let amounts =
        [price.input, price.output, price.cache_read, price.cache_write_5m, price.cache_write_1h, price.web_search];
    if amounts.iter().any(|amount| !(0..=MOST).contains(amount)) {
        return Err(PriceError::Invalid(format!("a price is 0 to {MOST} micro-dollars for a million tokens")));
    }
    Ok(())
}

async fn mark_changed(tx: &mut Tx) -> Result<()> {
    settings::set_in(tx, CHANGED, &Uuid::now_v7().to_string()).await
}

/// Gives the database the price table of this build, once; prices that a person has changed stay. Says whether any was
/// added.
pub async fn seed(db: &Db) -> Result<bool> {
    if settings::get(db, SEEDED).await?.is_some_and(|date| date.as_str() >= defaults::DATE) {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    let mut added = false;
    for price in defaults::prices() {
        added |= prices::add(&mut tx, &price).await?;
    }
    if added {
        mark_changed(&mut tx).await?;
    }
    settings::set_in(&mut tx, SEEDED, defaults::DATE).await?;
    tx.commit().await?;
    Ok(added)
}
