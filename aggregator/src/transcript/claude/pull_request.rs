//! `pr-link` lines: a pull request that belongs to the session.

use std::borrow::Cow;

use serde::Deserialize;

use crate::transcript::act::Act;
use crate::transcript::lenient;
use crate::transcript::reading::Reading;

/// Longest address that is kept.
const URL_BYTES: usize = 2_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Link<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pr_url: Option<Cow<'a, str>>,
}

pub(super) fn read(text: &str, reading: &mut Reading) {
    let Ok(Link { pr_url: Some(url) }) = serde_json::from_str(text) else { return };
    // It becomes a link on a page: anything but a web address could do more than open one.
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if is_web && url.len() <= URL_BYTES && !url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        reading.remark(&url);
        reading.acts.push(Act::PullRequest { url: url.into_owned() });
    }
}
