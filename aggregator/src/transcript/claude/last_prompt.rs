//! `last-prompt` lines: the line with which the conversation ends now. In a file in which two clients write, or whose owner
//! went back, it tells which branch goes on.

use std::borrow::Cow;

use serde::Deserialize;

use crate::transcript::act::Act;
use crate::transcript::lenient;
use crate::transcript::reading::Reading;

#[derive(Deserialize)]
struct LastPrompt<'a> {
    #[serde(borrow, default, rename = "leafUuid", deserialize_with = "lenient::text")]
    leaf: Option<Cow<'a, str>>,
}

pub(super) fn read(text: &str, reading: &mut Reading) {
    let Ok(LastPrompt { leaf: Some(leaf) }) = serde_json::from_str(text) else { return };
    reading.acts.push(Act::EndsAt { id: leaf.into_owned() });
}
