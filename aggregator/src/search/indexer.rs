//! The writing side of the index: entries in, commits that hold text and cursors together.
//!
//! Every commit replaces the cursor document of each transcript that it indexed. Text and cursor are one commit, so a
//! crash at any moment loses nothing and doubles nothing: what the last commit holds is where the next start goes on.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use muster_proto::ids::TranscriptId;
use tantivy::directory::MmapDirectory;
use tantivy::index::SegmentId;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::schema::IndexRecordOption;
use tantivy::{
    DocSet as _, Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term,
};

use super::copies;
use super::document::{self, Part};
use super::role::{Kind, Role};
use super::schema::{self, Fields, INDEX_VERSION, TITLE, WORDS};
use crate::transcript::lines::{LineJoiner, Place};
use crate::transcript::{Depth, PARSER_VERSION, parse};

/// Memory of what is indexed but not written yet. More makes fewer, larger segments; beyond this it does not pay.
const ARENA_BYTES: usize = 40 * 1024 * 1024;

/// Tool calls whose results are still to come, remembered by name. The store knows the others.
const CALLS: usize = 20_000;

/// Segments of about the same size that are merged into one. A query looks into each, which takes some microseconds; a
/// merge writes everything anew.
const MERGE_AT: usize = 16;

/// How often segments are written anew until none holds what is to be forgotten: merges of the index's own that began
/// before are few, and end.
const REWRITES: usize = 8;

/// How far a transcript is indexed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Number of the first line that is not indexed.
    pub(super) line: u64,
    /// Its offset.
    pub(super) offset: u64,
    /// Where the bytes of which it tells begin in the file. With another base they are others, and everything that was
    /// indexed is to be forgotten.
    pub(super) base: u64,
}

/// Tool and path of a call.
type Call = (String, Option<String>);

/// Finds a call that was made before this process began.
pub(super) type FindCall<'f> = &'f dyn Fn(&str, &str) -> Option<Call>;

/// The index, open for writing.
pub(super) struct Indexer {
    writer: IndexWriter,
    fields: Fields,
    reader: IndexReader,
    /// Where each transcript stands, uncommitted text included.
    pub(super) cursors: HashMap<TranscriptId, Cursor>,
    dirty: HashSet<TranscriptId>,
    /// Digests of the titles that are indexed, by session.
    titles: HashMap<String, u64>,
    titles_dirty: bool,
    calls: HashMap<(TranscriptId, String), Call>,
}

/// Where the index of this build lies in `folder`; others are of other builds.
pub(super) fn path_in(folder: &Path) -> PathBuf {
    folder.join(format!("v{INDEX_VERSION}-{PARSER_VERSION}"))
}

impl Indexer {
    /// Opens the index in `folder`, which is made when it is missing.
    pub(super) fn open(folder: &Path) -> Result<Self, TantivyError> {
        let path = path_in(folder);
        std::fs::create_dir_all(&path)?;
        let (schema, fields) = schema::schema();
        let settings = IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
        let builder = Index::builder().schema(schema).settings(settings);
        let index = builder.open_or_create(MmapDirectory::open(&path)?)?;
        index.tokenizers().register(WORDS, schema::analyzer());
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(ARENA_BYTES)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = index.writer_with_options(options)?;
        let mut merging = LogMergePolicy::default();
        merging.set_min_num_segments(MERGE_AT);
        merging.set_del_docs_ratio_before_merge(0.3);
        writer.set_merge_policy(Box::new(merging));
        let reader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(0).try_into()?;
        let mut indexer = Self {
            writer,
            fields,
            reader,
            cursors: HashMap::new(),
            dirty: HashSet::new(),
            titles: HashMap::new(),
            titles_dirty: false,
            calls: HashMap::new(),
        };
        indexer.load()?;
        Ok(indexer)
    }

    pub(super) fn reader(&self) -> &IndexReader {
        &self.reader
    }

    /// Reads cursors and digests of titles.
    fn load(&mut self) -> Result<(), TantivyError> {
        for segment in self.reader.searcher().segment_readers() {
            let fast = segment.fast_fields();
            let (lines, offsets, times) = (fast.u64("line")?, fast.u64("offset")?, fast.i64("time")?);
            let (keys, cursors) = (fast.str("key")?, fast.str("cursor")?);
            let mut text = String::new();
            for doc in segment.doc_ids_alive() {
                let line = lines.first(doc).unwrap_or(0);
                if let Some((column, ord)) =
                    cursors.as_ref().and_then(|column| Some((column, column.ords().first(doc)?)))
                {
                    text.clear();
                    column.ord_to_str(ord, &mut text)?;
                    if let Ok(id) = text.parse() {
                        let base = u64::try_from(times.first(doc).unwrap_or(0)).unwrap_or(0);
                        self.cursors.insert(id, Cursor { line, offset: offsets.first(doc).unwrap_or(0), base });
                    }
                }
            }
            if let Some(keys) = keys {
                self.load_titles(&keys, segment)?;
            }
        }
        Ok(())
    }

    fn load_titles(
        &mut self,
        keys: &tantivy::columnar::StrColumn,
        segment: &tantivy::SegmentReader,
    ) -> Result<(), TantivyError> {
        let lines = segment.fast_fields().u64("line")?;
        let inverted = segment.inverted_index(self.fields.key)?;
        let from = TITLE.to_string();
        let mut titles = keys.dictionary().prefix_range(&from).into_stream()?;
        while titles.advance() {
            let Ok(key) = std::str::from_utf8(titles.key()) else { continue };
            let term = Term::from_field_text(self.fields.key, key);
            let Some(mut postings) = inverted.read_postings(&term, IndexRecordOption::Basic)? else { continue };
            while postings.doc() != tantivy::TERMINATED {
                let doc = postings.doc();
                if segment.alive_bitset().is_none_or(|alive| alive.is_alive(doc)) {
                    let digest = lines.first(doc).unwrap_or(0);
                    self.titles.insert(key.trim_start_matches(TITLE).to_owned(), digest);
                }
                postings.advance();
            }
        }
        Ok(())
    }

    /// Where a transcript stands.
    pub(super) fn cursor(&self, id: TranscriptId) -> Cursor {
        self.cursors.get(&id).copied().unwrap_or_default()
    }

    /// Whether a commit would change anything.
    pub(super) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty() || self.titles_dirty
    }

    /// Indexes the lines that a piece of a transcript completes.
    pub(super) fn add(
        &mut self,
        file: &Source,
        joiner: &mut LineJoiner,
        piece: &[u8],
        find: FindCall<'_>,
    ) -> Result<(), TantivyError> {
        let mut failed = None;
        joiner.push(piece, |place, line| {
            if let (Some(line), None) = (line, &failed) {
                failed = self.add_line(file, place, line, find).err();
            }
        });
        let (line, offset) = joiner.place();
        self.cursors.insert(file.id, Cursor { line, offset, base: file.base });
        self.dirty.insert(file.id);
        failed.map_or(Ok(()), Err)
    }

    fn add_line(&mut self, file: &Source, place: Place, line: &[u8], find: FindCall<'_>) -> Result<(), TantivyError> {
        let entry = parse(&file.coder, line, Depth::Full);
        let time = entry.time.unwrap_or(0);
        let tags: Vec<String> = [("branch", &entry.facts.branch), ("model", &entry.facts.model)]
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}:{}", value.as_ref()?.to_lowercase())))
            .collect();
        let uuid = entry.uuid.clone();
        for (at, mut part) in document::parts(entry).into_iter().enumerate() {
            self.complete(file, &mut part, find);
            let kind = Kind::new(part.role, part.is_error, part.has_image, file.subagent);
            let mut document = self.document(&file.key, place.line, time, kind);
            document.add_u64(self.fields.same, copies::identity(uuid.as_deref(), line, at));
            for tag in &tags {
                document.add_text(self.fields.tags, tag);
            }
            if let Some(tool) = &part.tool {
                document.add_text(self.fields.tool, tool);
            }
            if let Some(path) = &part.path {
                document.add_text(self.fields.path, path);
            }
            document.add_field_value(self.fields.body, &tantivy::schema::OwnedValue::Str(part.text));
            self.writer.add_document(document)?;
        }
        Ok(())
    }

    /// Results name the call only: its tool and path are those of the call.
    fn complete(&mut self, file: &Source, part: &mut Part, find: FindCall<'_>) {
        let Some(call) = part.call.take() else { return };
        if let Some(tool) = &part.tool {
            if self.calls.len() >= CALLS {
                self.calls.clear();
            }
            self.calls.insert((file.id, call), (tool.clone(), part.path.clone()));
        } else {
            let known = self.calls.get(&(file.id, call.clone())).cloned().or_else(|| find(&file.key, &call));
            if let Some((tool, path)) = known {
                (part.tool, part.path) = (Some(tool), path);
            }
        }
    }

    fn document(&self, key: &str, line: u64, time: i64, kind: Kind) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_text(self.fields.key, key);
        document.add_u64(self.fields.line, line);
        document.add_i64(self.fields.time, time);
        document.add_u64(self.fields.kind, kind.stored());
        document
    }

    /// Makes the title of a session what it now is; `None` when the session is no more.
    pub(super) fn set_title(&mut self, session: &str, title: Option<&str>, time: i64) -> Result<(), TantivyError> {
        let digest = title.map(digest_of);
        if self.titles.get(session).copied() == digest {
            return Ok(());
        }
        let key = format!("{TITLE}{session}");
        self.writer.delete_term(Term::from_field_text(self.fields.key, &key));
        self.titles_dirty = true;
        let Some((title, digest)) = title.zip(digest) else {
            self.titles.remove(session);
            return Ok(());
        };
        let kind = Kind::new(Role::Title, false, false, false);
        let mut document = self.document(&key, digest, time, kind);
        document.add_text(self.fields.body, title);
        self.writer.add_document(document)?;
        self.titles.insert(session.to_owned(), digest);
        Ok(())
    }

    /// Sessions whose titles are indexed.
    pub(super) fn titled(&self) -> Vec<String> {
        self.titles.keys().cloned().collect()
    }

    /// Makes everything added so far durable and searchable.
    pub(super) fn commit(&mut self) -> Result<(), TantivyError> {
        for id in &self.dirty {
            let Some(cursor) = self.cursors.get(id) else { continue };
            let id = id.to_string();
            self.writer.delete_term(Term::from_field_text(self.fields.cursor, &id));
            // A cursor has no time; the base lies in its place.
            let base = i64::try_from(cursor.base).unwrap_or(i64::MAX);
            let mut document = self.document("", cursor.line, base, Kind::CURSOR);
            document.add_text(self.fields.cursor, &id);
            document.add_u64(self.fields.offset, cursor.offset);
            self.writer.add_document(document)?;
        }
        self.writer.commit()?;
        self.dirty.clear();
        self.titles_dirty = false;
        self.reader.reload()
    }

    /// Removes everything of these transcripts and the titles of these sessions. Their text is gone from the disk with the
    /// next [`Indexer::sweep`] that finds nobody reading it.
    pub(super) fn forget(&mut self, ids: &[TranscriptId], sessions: &[String]) -> Result<(), TantivyError> {
        let files = ids.iter().map(TranscriptId::to_string);
        let titles = sessions.iter().map(|session| format!("{TITLE}{session}"));
        let keys: Vec<Term> = files.chain(titles).map(|key| Term::from_field_text(self.fields.key, &key)).collect();
        for key in &keys {
            self.writer.delete_term(key.clone());
        }
        for id in ids {
            self.writer.delete_term(Term::from_field_text(self.fields.cursor, &id.to_string()));
            self.cursors.remove(id);
            self.dirty.remove(id);
            self.calls.retain(|(transcript, _), _| transcript != id);
        }
        for session in sessions {
            self.titles.remove(session);
        }
        self.commit()?;
        // What is deleted stands in its segment, seen by nobody, until the segment is written anew. A merge that began
        // before may have carried it into another one meanwhile.
        for _ in 0..REWRITES {
            let held = self.holding(&keys)?;
            if held.is_empty() {
                break;
            }
            for segment in held {
                if let Err(error) = self.writer.merge(&[segment]).wait() {
                    tracing::debug!(error = %error, "a segment was merged by another merge");
                }
            }
            self.reader.reload()?;
        }
        Ok(())
    }

    /// Removes the files that nobody reads any more.
    pub(super) fn sweep(&mut self) -> Result<(), TantivyError> {
        self.writer.garbage_collect_files().wait()?;
        Ok(())
    }

    /// Segments in which one of these keys stands, deleted or not.
    fn holding(&self, keys: &[Term]) -> Result<Vec<SegmentId>, TantivyError> {
        let mut held = Vec::new();
        for segment in self.reader.searcher().segment_readers() {
            let index = segment.inverted_index(self.fields.key)?;
            for key in keys {
                if index.get_term_info(key)?.is_some() {
                    held.push(segment.segment_id());
                    break;
                }
            }
        }
        Ok(held)
    }
}

/// Removes the index, of which everything can be made again.
pub(super) fn remove(folder: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(path_in(folder)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what builds of other versions have left.
pub(super) fn remove_others(folder: &Path) {
    let own = path_in(folder);
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| *path != own && path.is_dir()) {
        if let Err(error) = std::fs::remove_dir_all(&path) {
            tracing::debug!(error = %error, path = %path.display(), "an old search index cannot be removed");
        }
    }
}

/// Why the index cannot be used any more, if so; reads all of it only when there is a doubt.
pub(super) fn health(folder: &Path, thorough: bool) -> Option<&'static str> {
    let path = path_in(folder);
    if !path.join("meta.json").exists() {
        return Some("its files are gone");
    }
    if !thorough {
        return None;
    }
    match Index::open_in_dir(&path).and_then(|index| index.validate_checksum()) {
        Ok(damaged) if damaged.is_empty() => None,
        Ok(_) | Err(TantivyError::DataCorruption(_) | TantivyError::OpenReadError(_)) => Some("its files are damaged"),
        // Not readable just now is not damaged.
        Err(error) => {
            tracing::warn!(error = %error, "the search index cannot be checked");
            None
        }
    }
}

/// A transcript that is indexed.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) id: TranscriptId,
    /// The id as text.
    pub(super) key: Arc<str>,
    pub(super) coder: String,
    pub(super) subagent: bool,
    /// Where the archived bytes begin in the file.
    pub(super) base: u64,
}

/// A number by which a title is told from another.
fn digest_of(title: &str) -> u64 {
    use std::hash::Hasher as _;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(title.as_bytes());
    hasher.finish()
}
