//! `custom-title`, `ai-title`, `summary` and `agent-name` lines: what a session is called, by a person, the model, or an
//! older client, and under which name it is listed while it lives.

use std::borrow::Cow;

use serde::Deserialize;

use crate::domain::session::TitleSource;
use crate::transcript::lenient;
use crate::transcript::preview::title_of;
use crate::transcript::reading::Reading;

#[derive(Deserialize)]
struct Title<'a> {
    #[serde(
        borrow,
        default,
        alias = "aiTitle",
        alias = "summary",
        rename = "customTitle",
        deserialize_with = "lenient::text"
    )]
    title: Option<Cow<'a, str>>,
}

pub(super) fn read(source: TitleSource, text: &str, reading: &mut Reading) {
    let Ok(Title { title: Some(title) }) = serde_json::from_str(text) else { return };
    reading.facts.title = title_of(&title).map(|title| (source, title));
    reading.remark(&title);
}

#[derive(Deserialize)]
struct Name<'a> {
    #[serde(borrow, default, rename = "agentName", deserialize_with = "lenient::text")]
    name: Option<Cow<'a, str>>,
}

/// The name that a person gave the session when it was started or renamed; a title, when there is none.
pub(super) fn read_name(text: &str, reading: &mut Reading) {
    let Ok(Name { name: Some(name) }) = serde_json::from_str(text) else { return };
    reading.facts.name = title_of(&name);
    reading.remark(&name);
}
