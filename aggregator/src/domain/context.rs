//! How much a model's context holds.

/// Beginnings of model names and the tokens that their context holds, from Claude Code's own catalog of models and the
/// model pages of the other makers as of 2026-11; the longest beginning counts. Names that end in `[1m]` are Claude Code's spelling of the larger window.
const WINDOWS: [(&str, i64); 15] = [
    ("claude-", 200_000),
    ("claude-fable", 1_000_000),
    ("claude-haiku-5-5", 1_000_000),
    ("claude-opus-5", 1_000_000),
    ("claude-sonnet-5", 1_000_000),
    ("gpt-3.5", 16_385),
    ("gpt-4.1", 1_047_576),
    ("gpt-4o", 128_000),
    ("gpt-5", 400_000),
    ("gpt-5.4", 1_050_000),
    ("codex-mini", 200_000),
    ("o3", 200_000),
    ("o4-mini", 200_000),
    ("gemini-", 1_048_576),
    ("grok-code", 256_000),
];

/// The larger window that is offered for models whose usual one is smaller.
const LARGER: i64 = 1_000_000;

/// Tokens that the context of a model holds; `None` for models that nobody knows. A context that holds more than the usual
/// window was given the larger one.
pub fn window(model: Option<&str>, tokens: Option<i64>) -> Option<i64> {
    let name = model?.rsplit('/').next().unwrap_or_default();
    if name.ends_with("[1m]") {
        return Some(LARGER);
    }
    let known = WINDOWS.iter().filter(|(start, _)| name.starts_with(start)).max_by_key(|(start, _)| start.len());
    let (_, usual) = known?;
    match tokens {
        Some(tokens) if tokens > LARGER.max(*usual) => None,
        Some(tokens) if tokens > *usual => Some(LARGER),
        _ => Some(*usual),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_the_window_of_its_longest_known_beginning() {
        assert_eq!(window(Some("claude-haiku-4-5"), None), Some(200_000));
        assert_eq!(window(Some("claude-haiku-4-5[1m]"), None), Some(1_000_000));
        assert_eq!(window(Some("anthropic/claude-opus-5-5"), Some(5)), Some(1_000_000));
        assert_eq!(window(Some("gpt-5.1-codex"), None), Some(400_000));
        assert_eq!(window(Some("own-model"), Some(5)), None);
        assert_eq!(window(None, None), None);
    }

    #[test]
    fn what_a_context_holds_proves_its_window() {
        assert_eq!(window(Some("claude-haiku-4-5"), Some(200_001)), Some(1_000_000));
        assert_eq!(window(Some("claude-haiku-4-5"), Some(2_000_000)), None);
    }
}
