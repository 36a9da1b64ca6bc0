//! Floor 3: a conversation leaves the archive: as Markdown, as one HTML page, or as its original lines. What looks like a
//! secret is masked before it leaves, unless it was looked at and kept.
//!
//! An export is read twice: first for its secrets, so that one that is found by its name is masked where the name is
//! missing too, then batch by batch as it is written. Neither holds more than a batch in memory.

mod html;
mod jsonl;
mod left;
mod markdown;
mod mask;
mod projection;
mod rules;
mod scan;
mod source;
mod words;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;

use crate::archive::conversation::Conversation;
use crate::archive::seams::Seams;
use crate::domain::time::now_ms;
use crate::domain::transcript::TranscriptKind;
use crate::store::sessions::SessionRow;
use crate::store::transcripts::{self, TranscriptRow};
use crate::store::{Db, Result, StoreError, sessions, settings};
use crate::transcript::layout;
use left::Left;
use mask::{Mask, Namer, Secrets};
use source::{Batch, Part, Source};

pub use mask::Secret;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Markdown without live HTML.
    Markdown,
    /// One page that needs nothing else and runs nothing.
    Html,
    /// The lines that the coder wrote.
    Jsonl,
}

/// Which findings of an export leave as they are.
#[derive(Debug, Clone)]
pub enum Keep {
    /// These, by their ids.
    Some(HashSet<String>),
    /// All: nothing is looked for.
    All,
}

/// What is to be exported.
#[derive(Debug, Clone)]
pub struct Export {
    session: SessionRow,
    parts: Vec<Part>,
    left: Left,
}

/// What was found before an export leaves.
#[derive(Debug)]
pub struct Review {
    secrets: Secrets,
    /// Lines that the export holds.
    pub entries: u64,
}

impl Review {
    /// The secrets in the order of the conversation.
    pub fn found(&self) -> &[Secret] {
        self.secrets.found()
    }
}

impl Export {
    /// The export of a session, with its subagents when wanted; `None` when there is no such session.
    pub async fn of(db: &Db, seams: &Seams, id: &str, with_subagents: bool) -> Result<Option<Self>> {
        let Some(session) = sessions::get(db, id).await? else { return Ok(None) };
        let files = transcripts::of_session(db, id).await?;
        let Some(conversation) = Conversation::of_files(db, seams, id, &files).await? else { return Ok(None) };
        let mut parts = source::parts_of(&conversation);
        if with_subagents {
            parts.extend(files.iter().filter_map(subagent));
        }
        Ok(Some(Self { session, parts, left: Left::of_session(db, id).await? }))
    }

    /// A name for the file that it becomes.
    pub fn file_name(&self, format: Format) -> String {
        let title = self.session.title.as_deref().unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let words: String = title.chars().take(60).map(plain).collect();
        let mut name: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
        let own = self.session.id.strip_prefix(&self.session.coder).unwrap_or(&self.session.id);
        let id: String = own.trim_start_matches('-').chars().take(8).collect();
        name.push(&id);
        let ending = match format {
            Format::Markdown => "md",
            Format::Html => "html",
            Format::Jsonl => "jsonl",
        };
        format!("{}.{ending}", name.join("-"))
    }

    /// Looks for secrets.
    pub async fn review(&self, db: &Db) -> Result<Review> {
        let mut source = Source::new(db.clone(), self.parts.clone());
        let mut review = Review { secrets: Secrets::new(namer(db).await?), entries: 0 };
        while let Some(batch) = source.next().await? {
            let transcript = self.parts[batch.part].file.id.clone();
            review = off_the_loop(move || {
                review.entries += batch.lines.len() as u64;
                for (place, bytes) in &batch.lines {
                    review.secrets.look(&transcript, place.line, bytes.as_deref().unwrap_or_default());
                }
                review
            })
            .await?;
        }
        Ok(review)
    }

    /// The export, piece by piece.
    pub async fn write(self, db: &Db, format: Format, keep: Keep) -> Result<impl Stream<Item = Result<Bytes>> + use<>> {
        let mask = match keep {
            Keep::All => Mask::none(),
            Keep::Some(kept) => self.review(db).await?.secrets.mask(&kept),
        };
        let source = Source::new(db.clone(), self.parts.clone());
        let writer = Box::new(Writer { format, mask, export: self, names: words::Names::default() });
        Ok(try_unfold(Some((source, writer, true)), |state| async move {
            let Some((mut source, mut writer, begins)) = state else { return Ok(None) };
            let Some(batch) = source.next().await? else {
                let end = writer.end();
                return Ok((!end.is_empty()).then(|| (Bytes::from(end), None)));
            };
            let (text, writer) = off_the_loop(move || {
                let mut text = if begins { writer.begin() } else { String::new() };
                writer.batch(&batch, &mut text);
                (text, writer)
            })
            .await?;
            Ok(Some((Bytes::from(text), Some((source, writer, false)))))
        }))
    }
}

/// Writes one export.
struct Writer {
    format: Format,
    mask: Mask,
    export: Export,
    names: words::Names,
}

impl Writer {
    fn begin(&self) -> String {
        let head = words::Head::of(&self.export.session, &self.mask, now_ms());
        match self.format {
            Format::Markdown => markdown::begin(&head),
            Format::Html => html::begin(&head),
            Format::Jsonl => String::new(),
        }
    }

    fn batch(&mut self, batch: &Batch, text: &mut String) {
        let part = &self.export.parts[batch.part];
        let heading = batch.begins.then(|| words::heading(batch.part, part)).flatten();
        match self.format {
            Format::Markdown => {
                text.extend(heading.map(|heading| markdown::part(&heading)));
                words::entries(part, batch, &self.export.left, &self.mask, &mut self.names, |entry| {
                    markdown::entry(&entry, text);
                });
            }
            Format::Html => {
                text.extend(heading.map(|heading| html::part(&heading, part.agent.as_deref())));
                words::entries(part, batch, &self.export.left, &self.mask, &mut self.names, |entry| {
                    html::entry(&entry, text);
                });
            }
            Format::Jsonl => jsonl::lines(batch, &self.mask, text),
        }
    }

    fn end(&self) -> String {
        match self.format {
            Format::Html => html::end(),
            Format::Markdown | Format::Jsonl => String::new(),
        }
    }
}

/// A subagent's file that nothing has replaced, as a part of its own.
fn subagent(file: &TranscriptRow) -> Option<Part> {
    let is_current = file.kind == TranscriptKind::Subagent.word() && file.generation == 0;
    let agent = layout::agent_of(&file.coder, file.path.strip_prefix(&file.root).unwrap_or(&file.path));
    is_current.then(|| Part { file: file.clone(), from: 0, agent })
}

/// This installation's key, by which secrets are named.
async fn namer(db: &Db) -> Result<Namer> {
    let key =
        settings::made_once(db, "export.key", || format!("{}{}", uuid::Uuid::new_v4(), uuid::Uuid::new_v4())).await?;
    Ok(Namer::new(key.as_bytes()))
}

/// Runs what takes a while without holding up others.
async fn off_the_loop<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    crate::spawn::blocking(work).await.map_err(|error| StoreError::Corrupt(format!("an export broke off: {error}")))
}
