//! What replies cost: a dated price table, and the arithmetic of one reply in whole micro-dollars.

use super::time::Millis;

/// What a model costs from an instant on. Micro-dollars per million tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Beginning of the model names that it is for, in lower case.
    pub model: String,
    /// From when on.
    pub valid_from: Millis,
    /// Input that no cache held.
    pub input: i64,
    /// Output, thinking included.
    pub output: i64,
    /// Input read from the cache.
    pub cache_read: i64,
    /// Input written to the cache for 5 minutes.
    pub cache_write_5m: i64,
    /// Input written to the cache for 1 hour.
    pub cache_write_1h: i64,
    /// Micro-dollars per thousand searches of the provider.
    pub web_search: i64,
}

/// What one reply used. Counts below zero count as zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Model as the coder names it.
    pub model: &'a str,
    /// When it was given.
    pub at: Millis,
    /// Input that no cache held.
    pub input_tokens: i64,
    /// Output, thinking included.
    pub output_tokens: i64,
    /// Input read from the cache.
    pub cache_read_tokens: i64,
    /// Input written to the cache for 5 minutes.
    pub cache_write_5m_tokens: i64,
    /// Input written to the cache for 1 hour.
    pub cache_write_1h_tokens: i64,
    /// Searches of the provider.
    pub web_searches: i64,
}

/// A price table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices {
    /// Longest model first, then newest first: the first that fits counts.
    ordered: Vec<Price>,
}

impl Prices {
    /// A table of these prices, in any order.
    pub fn new(mut prices: Vec<Price>) -> Self {
        prices.sort_by_key(|price| (std::cmp::Reverse(price.model.len()), std::cmp::Reverse(price.valid_from)));
        Self { ordered: prices }
    }

    /// The price of a model at an instant: of the longest name that fits, the newest that is in force.
    pub fn of(&self, model: &str, at: Millis) -> Option<&Price> {
        let model = bare(model);
        self.ordered.iter().find(|price| price.valid_from <= at && fits(&price.model, &model))
    }

    /// What a reply costs in micro-dollars, rounded half up once; `None` when its model has no price.
    pub fn cost(&self, reply: &Reply<'_>) -> Option<i64> {
        let price = self.of(reply.model, reply.at)?;
        let tokens = [
            (reply.input_tokens, price.input),
            (reply.output_tokens, price.output),
            (reply.cache_read_tokens, price.cache_read),
            (reply.cache_write_5m_tokens, price.cache_write_5m),
            (reply.cache_write_1h_tokens, price.cache_write_1h),
        ];
        let times = |(count, price): (i64, i64)| i128::from(count.max(0)) * i128::from(price);
        let millionths: i128 =
            tokens.into_iter().map(times).sum::<i128>() + times((reply.web_searches, price.web_search)) * 1000;
        Some(i64::try_from((millionths + 500_000) / 1_000_000).unwrap_or(i64::MAX))
    }
}

/// A model's own name: resellers put theirs before it (`us.anthropic.claude-…`, `anthropic/claude-…`).
fn bare(model: &str) -> String {
    let name = model.rsplit('/').next().unwrap_or(model);
    let name = name.rsplit_once("anthropic.").map_or(name, |(_, name)| name);
    name.to_ascii_lowercase()
}

/// Whether a price of `prefix` is for `model`. A name that goes on with another version number is another model: better
/// no price than that of its elder.
fn fits(prefix: &str, model: &str) -> bool {
    let Some(rest) = model.strip_prefix(prefix) else { return false };
    let number = rest.strip_prefix(['-', '.']).map_or(rest, |rest| rest);
    match number.bytes().take_while(u8::is_ascii_digit).count() {
        0 => true,
        // A date or a build.
        digits => digits > 2 && number.len() < rest.len(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(model: &str, valid_from: Millis, input: i64) -> Price {
        Price {
            model: model.to_owned(),
            valid_from,
            input,
            output: 5 * input,
            cache_read: input / 10,
            cache_write_5m: input * 5 / 4,
            cache_write_1h: 2 * input,
            web_search: 10_000_000,
        }
    }

    fn input(prices: &Prices, model: &str, at: Millis) -> Option<i64> {
        prices.of(model, at).map(|price| price.input)
    }

    #[test]
    fn the_longest_name_counts_and_of_it_the_newest_in_force() {
        let prices = Prices::new(vec![
            price("claude-opus-4", 0, 15),
            price("claude-opus-4-5", 0, 5),
            price("claude-opus-4-5", 100, 4),
            price("claude-opus-4-5", 200, 3),
        ]);
        assert_eq!(input(&prices, "claude-opus-4-20250514", 50), Some(15));
        assert_eq!(input(&prices, "claude-opus-4-5-20251101", 99), Some(5));
        assert_eq!(input(&prices, "claude-opus-4-5-20251101", 100), Some(4));
        assert_eq!(input(&prices, "claude-opus-4-5", 1000), Some(3));
        assert_eq!(input(&prices, "Claude-Opus-4-5[1m]", 1000), Some(3));
        assert_eq!(input(&prices, "claude-opus-4-5", -1), None);
    }

    #[test]
    fn a_later_version_is_another_model() {
        let prices = Prices::new(vec![price("claude-opus-5", 0, 5), price("gpt-5", 0, 1), price("o3", 0, 2)]);
        assert_eq!(input(&prices, "claude-opus-5-9", 0), None);
        assert_eq!(input(&prices, "claude-opus-5-20260724", 0), Some(5));
        assert_eq!(input(&prices, "gpt-5.9", 0), None);
        assert_eq!(input(&prices, "gpt-5-codex", 0), Some(1));
        assert_eq!(input(&prices, "gpt-5-2025-08-07", 0), Some(1));
        assert_eq!(input(&prices, "gpt-50", 0), None);
        assert_eq!(input(&prices, "gpt-500", 0), None);
    }

    #[test]
    fn resellers_names_are_understood() {
        let prices = Prices::new(vec![price("claude-sonnet-4-5", 0, 3)]);
        for model in [
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "anthropic/claude-sonnet-4-5",
            "claude-sonnet-4-5@20250929",
        ] {
            assert_eq!(input(&prices, model, 0), Some(3), "{model}");
        }
    }

    #[test]
    fn a_reply_is_rounded_half_up_once() {
        let prices = Prices::new(vec![price("m", 0, 500_000)]);
        let reply = |input_tokens| Reply { model: "m", input_tokens, ..Reply::default() };
        assert_eq!(prices.cost(&reply(1)), Some(1));
        assert_eq!(prices.cost(&reply(2)), Some(1));
        assert_eq!(prices.cost(&reply(3)), Some(2));
        assert_eq!(prices.cost(&Reply { model: "m", web_searches: 3, ..Reply::default() }), Some(30_000));
        assert_eq!(prices.cost(&Reply { model: "n", input_tokens: 1, ..Reply::default() }), None);
    }

    proptest! {
        #[test]
        fn no_count_overflows(counts: [i64; 6], price_of in 0..i64::MAX / 8) {
            let prices = Prices::new(vec![price("m", 0, price_of)]);
            let [input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, web_searches] = counts;
            let reply = Reply {
                model: "m", at: 0, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens,
                cache_write_1h_tokens, web_searches,
            };
            prop_assert!(prices.cost(&reply).is_some_and(|cost| cost >= 0));
        }
    }
}
