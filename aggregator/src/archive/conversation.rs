//! One conversation for a reader, whatever files and hosts it lies on: pages go across the files as if they were one.

use std::collections::HashMap;

use super::entries::{self, Ask, Found};
use super::seams::{self, Seams};
use crate::domain::transcript::TranscriptKind;
use crate::store::transcripts::{self, TranscriptRow};
use crate::store::{Db, Result};
use crate::transcript::Located;

/// What one file adds to a conversation.
#[derive(Debug, Clone)]
pub struct Part {
    /// The file.
    pub file: TranscriptRow,
    /// Its first line that is not a copy of what stands in an earlier part.
    pub from: u64,
}

/// The parts of a conversation, in the order in which they are read.
#[derive(Debug)]
pub struct Conversation {
    parts: Vec<Part>,
    /// Part that shows the lines which a file shares with it, by transcript id.
    copies: HashMap<String, usize>,
}

/// A place in a conversation: number of the part, and the line there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    part: usize,
    line: u64,
}

/// A page of a conversation.
#[derive(Debug)]
pub struct Slice<T> {
    /// The items in order.
    pub items: Vec<T>,
    /// Transcript and line of the first item.
    pub first: Option<(String, u64)>,
    /// Transcript and line of the last item.
    pub last: Option<(String, u64)>,
    /// There are more in the direction that was asked.
    pub more: bool,
}

/// The main files of a session that nothing has replaced: of a path whose content was rewritten only the newest.
pub fn readable(files: &[TranscriptRow]) -> Vec<&TranscriptRow> {
    let is_main = |file: &&TranscriptRow| file.kind == TranscriptKind::Main.word();
    let mut newest: HashMap<(&str, &str), i64> = HashMap::new();
    for file in files.iter().filter(is_main) {
        let generation = newest.entry((&file.host_id, &file.path)).or_default();
        *generation = file.generation.max(*generation);
    }
    let is_newest = |file: &&TranscriptRow| newest.get(&(&*file.host_id, &*file.path)) == Some(&file.generation);
    files.iter().filter(is_main).filter(is_newest).collect()
}

impl Conversation {
    /// The conversation of a session; `None` when it has no file.
    pub async fn of_session(db: &Db, seams: &Seams, session: &str) -> Result<Option<Self>> {
        let files = transcripts::of_session(db, session).await?;
        Self::of_files(db, seams, session, &files).await
    }

    /// The conversation in these files of a session; `None` when none of them is a main file.
    pub async fn of_files(db: &Db, seams: &Seams, session: &str, files: &[TranscriptRow]) -> Result<Option<Self>> {
        let mains = readable(files);
        let parts = match mains.as_slice() {
            [] => return Ok(None),
            [one] => return Ok(Some(Self::of_file((*one).clone()))),
            several => seams.of(db, session, several).await?,
        };
        Ok(Some(Self::joined(&parts, &mains)))
    }

    /// One file by itself: a subagent's conversation, or what a newer file has replaced.
    pub fn of_file(file: TranscriptRow) -> Self {
        Self { parts: vec![Part { file, from: 0 }], copies: HashMap::new() }
    }

    fn joined(shown: &seams::Joined, files: &[&TranscriptRow]) -> Self {
        let find = |id: &str| files.iter().find(|file| file.id == id).copied();
        let part = |(id, from): &(String, u64)| Some(Part { file: find(id)?.clone(), from: *from });
        let parts: Vec<Part> = shown.parts.iter().filter_map(part).collect();
        let number = |id: &str| parts.iter().position(|part| part.file.id == id);
        let copies = shown.copies.iter().filter_map(|(id, of)| Some((id.clone(), number(of)?))).collect();
        Self { parts, copies }
    }

    /// The parts in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The first place.
    pub fn start(&self) -> Spot {
        Spot { part: 0, line: 0 }
    }

    /// Behind the last place.
    pub fn end(&self) -> Spot {
        Spot { part: self.parts.len().saturating_sub(1), line: u64::MAX }
    }

    /// Where a line of a file is shown: a copied line where it stands first. `None` when the file is not part of this
    /// conversation.
    pub fn spot(&self, transcript: &str, line: u64) -> Option<Spot> {
        let own = self.parts.iter().position(|part| part.file.id == transcript);
        match own {
            Some(part) if line >= self.parts[part].from => Some(Spot { part, line }),
            _ => self
                .copies
                .get(transcript)
                .map(|part| Spot { part: *part, line })
                .or(own.map(|part| Spot { part, line })),
        }
    }

    /// The line of the first part.
    pub fn line(&self, line: u64) -> Spot {
        Spot { part: 0, line }
    }

    /// The files from a place on, each with its first line to be read.
    pub fn from(&self, at: Spot) -> impl Iterator<Item = (&TranscriptRow, u64)> {
        let first = move |number| if number == at.part { at.line } else { 0 };
        let parts = self.parts.iter().enumerate().skip(at.part);
        parts.map(move |(number, part)| (&part.file, part.from.max(first(number))))
    }

    /// Entries from a place on.
    pub async fn forward<T, F>(&self, db: &Db, at: Spot, ask: Ask<F>) -> Result<Slice<T>>
    where
        F: Fn(&Located) -> (T, usize),
    {
        let mut page = Gathered::new(ask);
        for (number, (file, from)) in self.from(at).enumerate() {
            let number = at.part + number;
            let found = entries::forward(db, file, from, &page.ask).await?;
            let more = found.more;
            page.append(number, found);
            if more || page.ask.limit == 0 {
                page.more = more || number + 1 < self.parts.len();
                break;
            }
        }
        Ok(self.slice(page))
    }

    /// The last entries before a place, in order.
    pub async fn backward<T, F>(&self, db: &Db, at: Spot, ask: Ask<F>) -> Result<Slice<T>>
    where
        F: Fn(&Located) -> (T, usize),
    {
        let mut page = Gathered::new(ask);
        for (number, part) in self.parts.iter().enumerate().take(at.part + 1).rev() {
            let before = if number == at.part { at.line } else { u64::MAX };
            let found = entries::backward(db, &part.file, part.from, before, &page.ask).await?;
            let more = found.more;
            page.prepend(number, found);
            if more || page.ask.limit == 0 {
                page.more = more || number > 0;
                break;
            }
        }
        Ok(self.slice(page))
    }

    fn slice<T, F>(&self, page: Gathered<T, F>) -> Slice<T> {
        let place = |(part, line, _): &(usize, u64, T)| (self.parts[*part].file.id.clone(), *line);
        Slice {
            first: page.items.first().map(place),
            last: page.items.last().map(place),
            more: page.more,
            items: page.items.into_iter().map(|(_, _, item)| item).collect(),
        }
    }
}

/// Items of several parts, and what may still come.
struct Gathered<T, F> {
    /// Part, line, item.
    items: Vec<(usize, u64, T)>,
    ask: Ask<F>,
    more: bool,
}

impl<T, F> Gathered<T, F> {
    fn new(ask: Ask<F>) -> Self {
        Self { items: Vec::new(), ask, more: false }
    }

    fn append(&mut self, part: usize, found: Found<T>) {
        self.spend(&found);
        self.items.extend(found.items.into_iter().map(|(line, item)| (part, line, item)));
    }

    fn prepend(&mut self, part: usize, found: Found<T>) {
        self.spend(&found);
        let earlier = found.items.into_iter().map(|(line, item)| (part, line, item));
        self.items.splice(0..0, earlier);
    }

    fn spend(&mut self, found: &Found<T>) {
        self.ask.limit = self.ask.limit.saturating_sub(found.items.len());
        self.ask.bytes = self.ask.bytes.saturating_sub(found.bytes);
        // An empty page takes one entry of any size: only the first part may have one.
        if !found.items.is_empty() && self.ask.bytes == 0 {
            self.ask.limit = 0;
        }
    }
}
