//! The context of a session's model over time, in few enough points to be drawn.

use std::collections::HashSet;

use crate::store::context::{self, ContextRow};
use crate::store::{Db, StoreError};

/// Points that a plot is given at most.
const MOST_POINTS: usize = 300;

/// How full the context was at each reply of the main conversation, each reply once, oldest first. Of a long session
/// only the fullest of neighbouring replies are told, and always the latest.
pub async fn of_session(db: &Db, session: &str) -> Result<Vec<ContextRow>, StoreError> {
    let mut rows = context::of_session(db, session).await?;
    let mut seen = HashSet::with_capacity(rows.len());
    rows.retain(|row| row.tokens > 0 && seen.insert(row.key.clone()));
    Ok(thinned(rows, MOST_POINTS))
}

fn thinned(mut rows: Vec<ContextRow>, most: usize) -> Vec<ContextRow> {
    if rows.len() <= most {
        return rows;
    }
    let Some(latest) = rows.pop() else { return rows };
    let step = rows.len().div_ceil(most - 1);
    let fullest = |part: &[ContextRow]| part.iter().max_by_key(|row| row.tokens).cloned();
    rows.chunks(step).filter_map(fullest).chain([latest]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(at: i64, tokens: i64) -> ContextRow {
        ContextRow { key: at.to_be_bytes().to_vec(), transcript_id: "t".to_owned(), line: at, at, tokens }
    }

    #[test]
    fn a_short_session_keeps_every_reply() {
        let rows: Vec<_> = (0..10).map(|at| row(at, at)).collect();
        assert_eq!(thinned(rows.clone(), 10), rows);
    }

    #[test]
    fn a_long_one_keeps_its_peaks_and_its_latest_reply() {
        let rows: Vec<_> = (0..10_000).map(|at| row(at, if at == 4321 { 900 } else { at % 100 })).collect();
        let thin = thinned(rows, 300);
        assert!(thin.len() <= 300, "{}", thin.len());
        assert!(thin.iter().any(|row| row.tokens == 900));
        assert_eq!(thin.last().map(|row| row.at), Some(9999));
        assert!(thin.is_sorted_by_key(|row| row.at));
    }
}
