//! The price table that Muster brings along.
//!
//! Public list prices of the providers' standard tier, looked up on 2026-11-21:
//! - Claude: platform.claude.com/docs/en/about-claude/pricing. Cache writes cost 1.25 times the input for 5 minutes and
//!   twice the input for 1 hour, unless the table says otherwise; a thousand web searches cost 10 dollars.
//! - GPT: developers.openai.com/api/docs/pricing. No models before GPT-5.6 charge for writing to the cache.
//! - Gemini: ai.google.dev/gemini-api/docs/pricing, text and images.
//!
//! Where the providers' pages could not be read, release notes and a reseller's table stood in: older GPT and Gemini
//! models, and what Gemini and GPT charge for searches. Check those against your bill.
//!
//! Some models charge more for long prompts, batches less, priority more: transcripts do not tell which, so these are the
//! plain prices. A person can change each of them.

use crate::domain::price::Price;
use crate::domain::time::{Millis, parse_rfc3339};

/// Day of this table. A later one adds its prices to those of an existing database.
pub const DATE: &str = "2026-11-21";

/// From when on a model's first price counts: before every coder that Muster knows.
const FIRST: &str = "2024-01-01";

/// Micro-dollars of a thousand web searches, by provider.
const CLAUDE_SEARCH: i64 = 10_000_000;
const OPENAI_SEARCH: i64 = 10_000_000;
const GEMINI_SEARCH: i64 = 14_000_000;

/// Claude: model, from, then thousandths of a dollar per million tokens: input, output, cache read.
const CLAUDE: &[(&str, &str, [i64; 3])] = &[
    ("claude-fable-5-1", FIRST, [10_000, 50_000, 250]),
    ("claude-fable-5", FIRST, [10_000, 50_000, 1_000]),
    ("claude-mythos-5-1", FIRST, [10_000, 50_000, 250]),
    ("claude-mythos-5", FIRST, [10_000, 50_000, 1_000]),
    ("claude-opus-5-5", FIRST, [4_000, 20_000, 200]),
    ("claude-opus-5", FIRST, [5_000, 25_000, 500]),
    ("claude-opus-4-8", FIRST, [5_000, 25_000, 500]),
    ("claude-opus-4-7", FIRST, [5_000, 25_000, 500]),
    ("claude-opus-4-6", FIRST, [5_000, 25_000, 500]),
    ("claude-opus-4-5", FIRST, [5_000, 25_000, 500]),
    ("claude-opus-4-1", FIRST, [15_000, 75_000, 1_500]),
    ("claude-opus-4-0", FIRST, [15_000, 75_000, 1_500]),
    ("claude-opus-4", FIRST, [15_000, 75_000, 1_500]),
    ("claude-3-opus", FIRST, [15_000, 75_000, 1_500]),
    ("claude-sonnet-5-5", "2026-10-07", [2_000, 10_000, 100]),
    ("claude-sonnet-5-5", FIRST, [2_000, 10_000, 200]),
    ("claude-sonnet-5", FIRST, [2_000, 10_000, 200]),
    ("claude-sonnet-4-6", FIRST, [3_000, 15_000, 300]),
    ("claude-sonnet-4-5", FIRST, [3_000, 15_000, 300]),
    ("claude-sonnet-4-0", FIRST, [3_000, 15_000, 300]),
    ("claude-sonnet-4", FIRST, [3_000, 15_000, 300]),
    ("claude-3-7-sonnet", FIRST, [3_000, 15_000, 300]),
    ("claude-3-5-sonnet", FIRST, [3_000, 15_000, 300]),
    ("claude-haiku-5-5", FIRST, [100, 500, 10]),
    ("claude-haiku-4-5", FIRST, [1_000, 5_000, 100]),
    ("claude-3-5-haiku", FIRST, [800, 4_000, 80]),
];

/// GPT: model, from, input, output, cache read, cache write, as above.
const OPENAI: &[(&str, &str, [i64; 4])] = &[
    ("gpt-6.1-sol", FIRST, [2_000, 10_000, 100, 2_500]),
    ("gpt-6-astra", FIRST, [10_000, 50_000, 1_000, 12_500]),
    ("gpt-6-sol", FIRST, [2_000, 10_000, 200, 2_500]),
    ("gpt-6-luna", FIRST, [100, 500, 10, 125]),
    ("gpt-5.6-sol", FIRST, [5_000, 30_000, 500, 6_250]),
    ("gpt-5.6-terra", "2026-07-30", [2_000, 12_000, 200, 2_500]),
    ("gpt-5.6-terra", FIRST, [2_500, 15_000, 250, 3_125]),
    ("gpt-5.6-luna", "2026-07-30", [200, 1_200, 20, 250]),
    ("gpt-5.6-luna", FIRST, [1_000, 6_000, 100, 1_250]),
    ("gpt-5.5", FIRST, [5_000, 30_000, 500, 5_000]),
    ("gpt-5.4-mini", FIRST, [750, 4_500, 75, 750]),
    ("gpt-5.4-nano", FIRST, [200, 1_250, 20, 200]),
    ("gpt-5.4", FIRST, [2_500, 15_000, 250, 2_500]),
    ("gpt-5.3", FIRST, [1_750, 14_000, 175, 1_750]),
    ("gpt-5.2", FIRST, [1_750, 14_000, 175, 1_750]),
    ("gpt-5.1-codex-mini", FIRST, [250, 2_000, 25, 250]),
    ("gpt-5.1", FIRST, [1_250, 10_000, 125, 1_250]),
    ("gpt-5-mini", FIRST, [250, 2_000, 25, 250]),
    ("gpt-5-nano", FIRST, [50, 400, 5, 50]),
    ("gpt-5-pro", FIRST, [15_000, 120_000, 15_000, 15_000]),
    ("gpt-5", FIRST, [1_250, 10_000, 125, 1_250]),
    ("gpt-4.1", FIRST, [2_000, 8_000, 500, 2_000]),
    ("codex-mini", FIRST, [1_500, 6_000, 375, 1_500]),
    ("o4-mini", FIRST, [1_100, 4_400, 275, 1_100]),
    ("o3", FIRST, [2_000, 8_000, 500, 2_000]),
];

/// Gemini: model, from, input, output, cache read, as above. Writing to the cache costs its input.
const GEMINI: &[(&str, &str, [i64; 3])] = &[
    ("gemini-3.8-flash", "2027-01-01", [1_500, 7_500, 150]),
    ("gemini-3.8-flash", FIRST, [750, 3_750, 75]),
    ("gemini-3.7-flash", "2027-01-01", [1_500, 7_500, 150]),
    ("gemini-3.7-flash", FIRST, [750, 3_750, 75]),
    ("gemini-3.6-flash", "2027-01-01", [1_500, 7_500, 150]),
    ("gemini-3.6-flash", FIRST, [750, 3_750, 75]),
    ("gemini-3.5-flash", FIRST, [1_500, 9_000, 150]),
    ("gemini-3.1-pro", FIRST, [2_000, 12_000, 200]),
    ("gemini-3-pro", FIRST, [2_000, 12_000, 200]),
    ("gemini-3-flash", FIRST, [500, 3_000, 50]),
    ("gemini-2.5-pro", FIRST, [1_250, 10_000, 125]),
    ("gemini-2.5-flash-lite", FIRST, [100, 400, 10]),
    ("gemini-2.5-flash", FIRST, [300, 2_500, 30]),
];

/// Micro-dollars of the thousandth of a dollar in which the tables above count.
const UNIT: i64 = 1_000;

/// All prices of the table.
pub fn prices() -> Vec<Price> {
    let claude = CLAUDE.iter().map(|(model, from, [input, output, read])| {
        row(model, from, [*input, *output, *read, input * 5 / 4, input * 2], CLAUDE_SEARCH)
    });
    let openai = OPENAI.iter().map(|(model, from, [input, output, read, write])| {
        row(model, from, [*input, *output, *read, *write, *write], OPENAI_SEARCH)
    });
    let gemini = GEMINI.iter().map(|(model, from, [input, output, read])| {
        row(model, from, [*input, *output, *read, *input, *input], GEMINI_SEARCH)
    });
    claude.chain(openai).chain(gemini).collect()
}

fn row(model: &str, from: &str, [input, output, read, briefly, for_long]: [i64; 5], web_search: i64) -> Price {
    Price {
        model: model.to_owned(),
        valid_from: day(from),
        input: input * UNIT,
        output: output * UNIT,
        cache_read: read * UNIT,
        cache_write_5m: briefly * UNIT,
        cache_write_1h: for_long * UNIT,
        web_search,
    }
}

/// First millisecond of a day, UTC. The days above are ones; a test says so.
fn day(day: &str) -> Millis {
    parse_rfc3339(&format!("{day}T00:00:00Z")).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::price::{Prices, Reply};

    #[test]
    fn no_price_stands_twice_and_every_day_is_one() {
        let prices = prices();
        let keys: HashSet<(&str, Millis)> =
            prices.iter().map(|price| (price.model.as_str(), price.valid_from)).collect();
        assert_eq!(keys.len(), prices.len());
        assert!(prices.iter().all(|price| price.valid_from > 0 && price.input > 0 && price.output > price.input));
    }

    #[test]
    fn known_models_cost_what_the_providers_say() {
        let table = Prices::new(prices());
        let now = day(DATE);
        let million = |model| Reply {
            model,
            at: now,
            input_tokens: 1_000_000,
            output_tokens: 1_000_000,
            cache_read_tokens: 1_000_000,
            cache_write_5m_tokens: 1_000_000,
            cache_write_1h_tokens: 1_000_000,
            web_searches: 1_000,
        };
        let sum = |model| table.cost(&million(model));
        assert_eq!(
            sum("claude-opus-4-5-20251101"),
            Some(5_000_000 + 25_000_000 + 500_000 + 6_250_000 + 10_000_000 + 10_000_000)
        );
        assert_eq!(sum("claude-opus-4-8[1m]"), sum("claude-opus-4-5-20251101"));
        assert_eq!(
            sum("claude-sonnet-4-5-20250929"),
            Some(3_000_000 + 15_000_000 + 300_000 + 3_750_000 + 6_000_000 + 10_000_000)
        );
        assert_eq!(
            sum("claude-haiku-4-5-20251001"),
            Some(1_000_000 + 5_000_000 + 100_000 + 1_250_000 + 2_000_000 + 10_000_000)
        );
        assert_eq!(table.of("gpt-5.2-codex", now).map(|price| price.output), Some(14_000_000));
        assert_eq!(table.of("gpt-5-codex", now).map(|price| price.cache_read), Some(125_000));
        assert_eq!(table.of("gpt-5-nano", now).map(|price| price.cache_read), Some(5_000));
        assert_eq!(table.of("gemini-3.1-pro-preview", now).map(|price| price.input), Some(2_000_000));
        for unknown in ["<synthetic>", "", "claude-opus-6", "gpt-7", "local/llama-3"] {
            assert_eq!(sum(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_change_of_prices_counts_from_its_day() {
        let table = Prices::new(prices());
        let read = |at| table.of("claude-sonnet-5-5", at).map(|price| price.cache_read);
        assert_eq!(read(day("2026-10-07") - 1), Some(200_000));
        assert_eq!(read(day("2026-10-07")), Some(100_000));
    }
}
