//! Windows of use, as plans of coders count them: one begins with the hour of the first reply after the last one ended.

use std::collections::BTreeMap;

use super::report::{Gathered, Sum, at};
use crate::domain::time::Millis;
use crate::store::usage_report::{self, Cell, Scope};
use crate::store::{Db, Result};

const HOUR_MS: Millis = 60 * 60 * 1000;

/// The windows: their names, and how long they are.
const WINDOWS: [(&str, Millis); 2] = [("5h", 5 * HOUR_MS), ("week", 7 * 24 * HOUR_MS)];

/// Use within the window of a coder that is open now, and the most of earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Coder.
    pub coder: String,
    /// Name of the window.
    pub name: &'static str,
    /// When it began and ends; none when none is open.
    pub open: Option<(Millis, Millis)>,
    /// What was used in it.
    pub sum: Sum,
    /// Greatest cost of an earlier one.
    pub most_microdollars: Option<i64>,
    /// Most tokens of an earlier one.
    pub most_tokens: Option<i64>,
}

/// The windows of all coders.
pub async fn windows(db: &Db, now: Millis) -> Result<Vec<Window>> {
    let mut cells = usage_report::cells(db, &Scope { to: Some(now + 1), ..Scope::default() }, true).await?;
    cells.sort_by_key(|cell| cell.quarter);
    let mut coders: BTreeMap<&str, Vec<&Cell>> = BTreeMap::new();
    for cell in &cells {
        coders.entry(&cell.coder).or_default().push(cell);
    }
    let of =
        |(coder, cells): (&&str, &Vec<&Cell>)| WINDOWS.map(|(name, length)| window(coder, name, length, cells, now));
    Ok(coders.iter().flat_map(of).collect())
}

/// One kind of window over the cells of a coder, which are in the order of time.
fn window(coder: &str, name: &'static str, length: Millis, cells: &[&Cell], now: Millis) -> Window {
    let mut found = Window {
        coder: coder.to_owned(),
        name,
        open: None,
        sum: Sum::default(),
        most_microdollars: None,
        most_tokens: None,
    };
    let mut rest = cells;
    while let Some(first) = rest.first() {
        let start = at(first).div_euclid(HOUR_MS) * HOUR_MS;
        let inside = rest.partition_point(|cell| at(cell) < start + length);
        let mut gathered = Gathered::default();
        rest[..inside].iter().for_each(|cell| gathered.add(cell));
        rest = &rest[inside..];
        let sum = gathered.sum();
        if start + length > now {
            (found.open, found.sum) = (Some((start, start + length)), sum);
        } else {
            found.most_microdollars = found.most_microdollars.max(sum.cost_microdollars);
            found.most_tokens = found.most_tokens.max(Some(sum.tokens()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(hour: i64, quarter: i64, tokens: i64) -> Cell {
        Cell {
            host_id: String::new(),
            coder: "claude".to_owned(),
            session_id: Some(format!("claude-{hour}")),
            project_id: None,
            model: "m".to_owned(),
            quarter: hour * 4 + quarter,
            input_tokens: tokens,
            output_tokens: 0,
            cache_read_tokens: 0,
            cache_write_5m_tokens: 0,
            cache_write_1h_tokens: 0,
            thinking_tokens: 0,
            web_searches: 0,
            cost_microdollars: (tokens != 7).then_some(tokens),
            replies: 1,
            priced: 1,
            records: 1,
        }
    }

    fn five_hours(cells: &[Cell], now_hour: i64) -> Window {
        let cells: Vec<&Cell> = cells.iter().collect();
        window("claude", "5h", 5 * HOUR_MS, &cells, now_hour * HOUR_MS)
    }

    #[test]
    fn a_window_begins_with_the_hour_of_its_first_reply() {
        // 100:45 begins one that ends at 105:00; 105:00 begins the next.
        let cells = [cell(100, 3, 1), cell(104, 3, 2), cell(105, 0, 10), cell(106, 0, 20)];
        let window = five_hours(&cells, 107);
        assert_eq!(window.open, Some((105 * HOUR_MS, 110 * HOUR_MS)));
        assert_eq!((window.sum.input_tokens, window.sum.sessions), (30, 2));
        assert_eq!((window.most_microdollars, window.most_tokens), (Some(3), Some(3)));
    }

    #[test]
    fn no_window_is_open_after_a_pause() {
        let window = five_hours(&[cell(100, 0, 5), cell(110, 0, 7)], 115);
        assert_eq!((window.open, window.sum), (None, Sum::default()));
        assert_eq!((window.most_microdollars, window.most_tokens), (Some(5), Some(7)));
        assert_eq!(five_hours(&[], 1).most_tokens, None);
    }
}
