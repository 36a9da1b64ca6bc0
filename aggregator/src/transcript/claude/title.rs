//! `custom-title`, `ai-title` and `summary` lines: what a session is called, by a person, the model, or an older client.

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
