//! `worktree-state` and `relocated` lines: the session works in another directory now.

use std::borrow::Cow;

use serde::Deserialize;

use crate::transcript::lenient;
use crate::transcript::reading::Reading;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct State<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    worktree_session: Option<Worktree<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    relocated_cwd: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Worktree<'a> {
    #[serde(borrow, default, rename = "originalCwd", deserialize_with = "lenient::text")]
    original_cwd: Option<Cow<'a, str>>,
}

pub(super) fn read(text: &str, reading: &mut Reading) {
    let Ok(state) = serde_json::from_str::<State<'_>>(text) else { return };
    let full = |text: Option<Cow<'_, str>>| text.filter(|text| !text.is_empty()).map(Cow::into_owned);
    let facts = &mut reading.facts;
    facts.cwd = full(state.relocated_cwd).or(facts.cwd.take());
    facts.worktree_of = state.worktree_session.and_then(|worktree| full(worktree.original_cwd));
}
