//! The price table.

use super::Result;
use super::db::{Db, Tx};
use crate::domain::price::{Price, Prices, Reply};
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    ALL = "SELECT model, valid_from, input, output, cache_read, cache_write_5m, cache_write_1h, web_search FROM prices
           ORDER BY model, valid_from DESC";
    PUT = "INSERT INTO prices (model, valid_from, input, output, cache_read, cache_write_5m, cache_write_1h, web_search)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (model, valid_from) DO UPDATE SET input = excluded.input,
           output = excluded.output, cache_read = excluded.cache_read, cache_write_5m = excluded.cache_write_5m,
           cache_write_1h = excluded.cache_write_1h, web_search = excluded.web_search";
    ADD = "INSERT INTO prices (model, valid_from, input, output, cache_read, cache_write_5m, cache_write_1h, web_search)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (model, valid_from) DO NOTHING";
    DELETE = "DELETE FROM prices WHERE model = $1 AND valid_from = $2";
    PRICED_AFTER = "SELECT key, transcript_id, at, model, input_tokens, output_tokens, cache_read_tokens,
           cache_write_5m_tokens, cache_write_1h_tokens, web_searches, cost_microdollars
           FROM usage WHERE (key, transcript_id) > ($1, $2) ORDER BY key, transcript_id LIMIT $3";
    SET_COST = "UPDATE usage SET cost_microdollars = $3 WHERE key = $1 AND transcript_id = $2";
}

#[derive(sqlx::FromRow)]
struct PriceRow {
    model: String,
    valid_from: Millis,
    input: i64,
    output: i64,
    cache_read: i64,
    cache_write_5m: i64,
    cache_write_1h: i64,
    web_search: i64,
}

impl From<PriceRow> for Price {
    fn from(row: PriceRow) -> Self {
        let PriceRow { model, valid_from, input, output, cache_read, cache_write_5m, cache_write_1h, web_search } = row;
        Self { model, valid_from, input, output, cache_read, cache_write_5m, cache_write_1h, web_search }
    }
}

/// All prices by model, newest first.
pub async fn all(db: &Db) -> Result<Vec<Price>> {
    Ok(db.all::<PriceRow>(ALL, vec![]).await?.into_iter().map(Price::from).collect())
}

/// The price table, as the transaction sees it.
pub async fn table(tx: &mut Tx) -> Result<Prices> {
    Ok(Prices::new(tx.all::<PriceRow>(ALL, vec![]).await?.into_iter().map(Price::from).collect()))
}

/// Adds a price, or changes the one of the same model and time.
pub async fn put(tx: &mut Tx, price: &Price) -> Result<()> {
    tx.execute(PUT, vals_of(price)).await?;
    Ok(())
}

/// Adds a price unless there is one of the same model and time; says whether it was added.
pub async fn add(tx: &mut Tx, price: &Price) -> Result<bool> {
    Ok(tx.execute(ADD, vals_of(price)).await? == 1)
}

fn vals_of(price: &Price) -> Vec<super::db::Val> {
    let Price { model, valid_from, input, output, cache_read, cache_write_5m, cache_write_1h, web_search } = price;
    vals![model.as_str(), *valid_from, *input, *output, *cache_read, *cache_write_5m, *cache_write_1h, *web_search]
}

/// Removes a price; `false` when there is none.
pub async fn delete(tx: &mut Tx, model: &str, valid_from: Millis) -> Result<bool> {
    Ok(tx.execute(DELETE, vals![model, valid_from]).await? == 1)
}

/// A stored reply with the cost that it has.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PricedRow {
    /// Its key.
    pub key: Vec<u8>,
    /// Transcript that tells of it.
    pub transcript_id: String,
    at: Millis,
    model: String,
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_write_5m_tokens: i64,
    cache_write_1h_tokens: i64,
    web_searches: i64,
    /// Its cost as stored.
    pub cost_microdollars: Option<i64>,
}

impl PricedRow {
    /// What it used.
    pub fn reply(&self) -> Reply<'_> {
        Reply {
            model: &self.model,
            at: self.at,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cache_read_tokens: self.cache_read_tokens,
            cache_write_5m_tokens: self.cache_write_5m_tokens,
            cache_write_1h_tokens: self.cache_write_1h_tokens,
            web_searches: self.web_searches,
        }
    }
}

/// Replies behind the given one, in the order of their keys.
pub async fn priced_after(tx: &mut Tx, key: &[u8], transcript: &str, limit: i64) -> Result<Vec<PricedRow>> {
    tx.all(PRICED_AFTER, vals![key, transcript, limit]).await
}

/// Changes what a reply cost.
pub async fn set_cost(tx: &mut Tx, row: &PricedRow, cost: Option<i64>) -> Result<()> {
    tx.execute(SET_COST, vals![row.key.as_slice(), row.transcript_id.as_str(), cost]).await?;
    Ok(())
}
