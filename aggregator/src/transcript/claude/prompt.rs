//! What stands in a prompt: words, pictures and documents between texts that the client put there.

use std::borrow::Cow;

use super::command::{is_beside, kind_of, plain};
use super::content::{Block, Content};
use super::{image, notification};
use crate::domain::session::TitleSource;
use crate::transcript::act::{self, Act};
use crate::transcript::block::NoticeKind;
use crate::transcript::preview::title_of;
use crate::transcript::reading::Reading;

/// What was found in a prompt.
#[derive(Default)]
pub(super) struct Prompt {
    /// First line of its own words.
    pub(super) title: Option<String>,
    images: u32,
    /// Something stands there that is no text of the client.
    is_own: bool,
    /// A text of the client stands there.
    is_client: bool,
}

impl Prompt {
    /// Tells everything that stands in a prompt. `background` says that the whole of it is the report of background work.
    pub(super) fn read(content: Content<'_>, background: bool, reading: &mut Reading) -> Self {
        let mut prompt = Self::default();
        match content {
            Content::Nothing => prompt.is_client = true,
            Content::Text(text) => prompt.words(text, background, reading),
            Content::Blocks(blocks) => blocks.iter().for_each(|block| prompt.block(block, background, reading)),
        }
        prompt.images = reading.images();
        prompt
    }

    /// As an act, when a person can have typed it. An empty prompt is one too: only texts of the client are none.
    pub(super) fn act(self, queued: bool) -> Option<Act> {
        let text = self.title.unwrap_or_default();
        (self.is_own || !self.is_client).then_some(Act::Prompt(act::Prompt { text, queued, images: self.images }))
    }

    /// The title that a session gets from it.
    pub(super) fn session_title(&self) -> Option<(TitleSource, String)> {
        self.title.clone().map(|title| (TitleSource::Prompt, title))
    }

    fn block(&mut self, block: &Block<'_>, background: bool, reading: &mut Reading) {
        match block.kind() {
            "image" => image::tell(block, reading),
            "document" => image::tell_document(block, reading),
            _ => return self.words(block.text(), background, reading),
        }
        self.is_own = true;
    }

    fn words(&mut self, text: Cow<'_, str>, background: bool, reading: &mut Reading) {
        let beside = || is_beside(&text).then_some(NoticeKind::Injected);
        let fallback = || background.then_some(NoticeKind::Background);
        if let Some(kind) = kind_of(&text).or_else(beside).or_else(fallback) {
            return self.notice(kind, text, reading);
        }
        self.is_own = true;
        self.title = self.title.take().or_else(|| title_of(&text));
        reading.text(text);
    }

    fn notice(&mut self, kind: NoticeKind, text: Cow<'_, str>, reading: &mut Reading) {
        self.is_client = true;
        match kind {
            NoticeKind::Interrupt => reading.acts.push(Act::Interrupt),
            NoticeKind::Background => reading.acts.extend(notification::report(&text).map(Act::AgentReport)),
            _ => {}
        }
        if reading.wants_content() {
            reading.notice(kind, plain(text));
        }
    }
}
