//! The price table.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;

use super::failure::{Answer, Failure};
use super::guard::Caller;
use super::json::{Body, Query};
use crate::access::By;
use crate::domain::price;
use crate::domain::role::Role;
use crate::domain::time::{Millis, day_of, parse_day};
use crate::house::House;
use crate::ledger::PriceError;
use crate::store::prices;
use crate::wire::page::Page;
use crate::wire::usage::Price;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/prices", get(list).put(put).delete(remove))
}

/// By model, newest first.
async fn list(State(house): State<Arc<House>>) -> Answer<Page<Price>> {
    let items = prices::all(&house.db).await?.into_iter().map(Price::from).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

/// Sets the price of a model from a day on.
async fn put(State(house): State<Arc<House>>, caller: Caller, Body(new): Body<Price>) -> Answer<Price> {
    caller.require(Role::Admin)?;
    let price = price::Price {
        model: new.model.clone(),
        valid_from: first_of(&new.valid_from)?,
        input: new.input,
        output: new.output,
        cache_read: new.cache_read,
        cache_write_5m: new.cache_write_5m,
        cache_write_1h: new.cache_write_1h,
        web_search: new.web_search,
    };
    house.ledger.put_price(&By::from(&caller), price).await?;
    Ok(Json(new))
}

#[derive(Deserialize)]
struct Which {
    /// Beginning of the name of the model.
    model: String,
    /// A day like 2026-11-21.
    valid_from: String,
}

/// Takes a price back.
async fn remove(
    State(house): State<Arc<House>>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<StatusCode, Failure> {
    caller.require(Role::Admin)?;
    let valid_from = first_of(&which.valid_from)?;
    house.ledger.delete_price(&By::from(&caller), &which.model, valid_from).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn first_of(day: &str) -> Result<Millis, Failure> {
    parse_day(day).ok_or_else(|| Failure::bad_request("`valid_from` must be a day like 2026-11-21"))
}

impl From<price::Price> for Price {
    fn from(price: price::Price) -> Self {
        Self {
            model: price.model,
            valid_from: day_of(price.valid_from),
            input: price.input,
            output: price.output,
            cache_read: price.cache_read,
            cache_write_5m: price.cache_write_5m,
            cache_write_1h: price.cache_write_1h,
            web_search: price.web_search,
        }
    }
}

impl From<PriceError> for Failure {
    fn from(error: PriceError) -> Self {
        let detail = error.to_string();
        match error {
            PriceError::Store(error) => error.into(),
            PriceError::NotFound(_) => Self::not_found(detail),
            PriceError::Invalid(_) => Self::bad_request(detail),
        }
    }
}
