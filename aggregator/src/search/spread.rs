//! Words that stand in one conversation, but in no one entry of it: how people remember.

use std::collections::HashSet;
use std::sync::Arc;

use tantivy::Searcher;

use super::catalogue::Catalogue;
use super::collect::{Found, Keep, Wishes};
use super::plan::Apart;

/// What an answer of this kind says to whoever asked.
pub(super) const REMARK: &str = "Nothing holds all of it in one place: these conversations hold it in several";

/// Hits of the sessions that have every word somewhere; `None` when there is no such session.
pub(super) fn look(
    apart: &Apart,
    wishes: &Wishes,
    catalogue: &Catalogue,
    searcher: &Searcher,
) -> tantivy::Result<Option<Found>> {
    let session = |key: usize| catalogue.places.get(key)?.as_ref().map(|place| place.session);
    // Only counts are wanted of each word: nothing is ranked and nothing is kept.
    let counting = Wishes { recent: true, keep: Keep::Best(0), behind: None, facets: false, ..wishes.clone() };
    let mut common: Option<HashSet<u32>> = None;
    for asked in &apart.each {
        let found = searcher.search(&**asked, &counting)?;
        let own: HashSet<u32> = found.counts.keys().filter_map(|key| session(*key as usize)).collect();
        let left: HashSet<u32> = match common {
            None => own,
            Some(before) => before.intersection(&own).copied().collect(),
        };
        if left.is_empty() {
            return Ok(None);
        }
        common = Some(left);
    }
    let common = common.unwrap_or_default();
    let within = |key: usize| session(key).is_some_and(|session| common.contains(&session));
    let keys = wishes.keys.iter().enumerate().map(|(key, wanted)| *wanted && within(key)).collect();
    searcher.search(&*apart.any, &Wishes { keys: Arc::new(keys), ..wishes.clone() }).map(Some)
}
