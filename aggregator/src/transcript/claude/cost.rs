//! `cost-state` lines: what the client thinks that the session has cost.

use serde::Deserialize;

use crate::transcript::act::Act;
use crate::transcript::lenient;
use crate::transcript::reading::Reading;

#[derive(Deserialize)]
struct CostState {
    #[serde(default, rename = "totalCostUSD", deserialize_with = "lenient::float")]
    total_cost_usd: Option<f64>,
}

pub(super) fn read(text: &str, reading: &mut Reading) {
    let Ok(CostState { total_cost_usd: Some(dollars) }) = serde_json::from_str(text) else { return };
    if dollars.is_finite() && dollars >= 0.0 {
        #[expect(clippy::cast_possible_truncation, reason = "a cast of a large number ends at the largest")]
        reading.acts.push(Act::OwnCost { microdollars: (dollars * 1e6).round() as i64 });
    }
}
