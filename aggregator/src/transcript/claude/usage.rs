//! `usage` of a reply: tokens by kind.

use std::borrow::Cow;

use serde::Deserialize;

use super::content::Message;
use super::envelope::Envelope;
use crate::domain::time::Millis;
use crate::transcript::{act, lenient};

/// Model name on lines that no model wrote (API errors, placeholders).
pub(super) const SYNTHETIC: &str = "<synthetic>";

/// Tokens as the client writes them; what is absent or null is 0.
#[derive(Deserialize, Clone, Copy)]
pub(super) struct Usage {
    #[serde(default, deserialize_with = "lenient::count")]
    input_tokens: i64,
    #[serde(default, deserialize_with = "lenient::count")]
    output_tokens: i64,
    #[serde(default, deserialize_with = "lenient::number")]
    cache_creation_input_tokens: Option<i64>,
    #[serde(default, deserialize_with = "lenient::count")]
    cache_read_input_tokens: i64,
    #[serde(default, deserialize_with = "lenient::object")]
    cache_creation: Option<CacheCreation>,
    #[serde(default, deserialize_with = "lenient::object")]
    server_tool_use: Option<ServerToolUse>,
    #[serde(default, deserialize_with = "lenient::object")]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize, Clone, Copy)]
struct CacheCreation {
    #[serde(default, deserialize_with = "lenient::count")]
    ephemeral_5m_input_tokens: i64,
    #[serde(default, deserialize_with = "lenient::count")]
    ephemeral_1h_input_tokens: i64,
}

#[derive(Deserialize, Clone, Copy)]
struct ServerToolUse {
    #[serde(default, deserialize_with = "lenient::count")]
    web_search_requests: i64,
}

#[derive(Deserialize, Clone, Copy)]
struct OutputDetails {
    #[serde(default, deserialize_with = "lenient::count")]
    thinking_tokens: i64,
}

impl Usage {
    /// Tokens written to the cache for 5 minutes and for 1 hour. The total decides how many; what the split does not name
    /// was written for 5 minutes.
    fn cache_writes(&self) -> (i64, i64) {
        let (short, long) = self
            .cache_creation
            .map_or((0, 0), |split| (split.ephemeral_5m_input_tokens, split.ephemeral_1h_input_tokens));
        match self.cache_creation_input_tokens {
            Some(total) => {
                let long = long.min(total.max(0));
                (total.max(0) - long, long)
            }
            None => (short, long),
        }
    }
}

/// The tokens that a line tells of; `None` where no model answered.
pub(super) fn of(line: &Envelope<'_>, message: &Message<'_>, at: Option<Millis>) -> Option<act::Usage> {
    let (id, usage) = (message.id.as_deref()?, message.usage?);
    let model = message.model.as_deref().unwrap_or_default();
    if id.is_empty() || model == SYNTHETIC || line.is_api_error_message {
        return None;
    }
    let (short, long) = usage.cache_writes();
    Some(act::Usage {
        message: id.to_owned(),
        request: line.request_id.as_deref().map(str::to_owned),
        model: model.to_owned(),
        at,
        input: usage.input_tokens,
        output: usage.output_tokens,
        cache_read: usage.cache_read_input_tokens,
        cache_write_5m: short,
        cache_write_1h: long,
        thinking: usage.output_tokens_details.map_or(0, |details| details.thinking_tokens),
        web_searches: usage.server_tool_use.map_or(0, |tools| tools.web_search_requests),
        copied: is_copy(line),
        fills_context: !line.is_sidechain,
    })
}

/// Whether the line says that it was copied from another session.
fn is_copy(line: &Envelope<'_>) -> bool {
    let asked_by: Option<&Cow<'_, str>> = line.request_session_id.as_ref();
    line.forked_from.is_some() || asked_by.is_some_and(|asked| line.session_id.as_ref() != Some(asked))
}
