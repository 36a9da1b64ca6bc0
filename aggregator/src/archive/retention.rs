//! Following the rules that say what is not kept for ever. Without a rule everything is.

use crate::domain::time::Millis;
use crate::store::retention::{self, DueRow, DueSum, RuleRow};
use crate::store::{Db, Result};

/// A day, milliseconds.
const DAY_MS: Millis = 24 * 3_600_000;

/// Days that a rule may say.
pub const DAYS: std::ops::RangeInclusive<u32> = 1..=36_500;

/// Sessions that one rule deletes in one go; the next hour brings the next.
const AT_ONCE: u32 = 200;

/// Sessions that a dry run names.
const EXAMPLES: u32 = 20;

/// What a rule would delete: how much, and the oldest of it.
pub async fn preview(db: &Db, rule: &RuleRow, now: Millis) -> Result<(DueSum, Vec<DueRow>)> {
    let before = before(rule, now);
    Ok((retention::due_sum(db, rule, before).await?, retention::due(db, rule, before, EXAMPLES).await?))
}

/// Sessions that are to be deleted now, each with the rule that says so.
pub async fn due(db: &Db, now: Millis) -> Result<Vec<(String, RuleRow)>> {
    let mut due = Vec::new();
    for rule in retention::all(db).await?.into_iter().filter(|rule| rule.enabled) {
        let sessions = retention::due(db, &rule, before(&rule, now), AT_ONCE).await?;
        due.extend(sessions.into_iter().map(|session| (session.id, rule.clone())));
    }
    Ok(due)
}

fn before(rule: &RuleRow, now: Millis) -> Millis {
    now.saturating_sub(rule.days.max(1).saturating_mul(DAY_MS))
}
