//! The index, open for reading: one state of it, and what was learned of its segments.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::index::SegmentId;
use tantivy::{IndexReader, SegmentReader};

use super::catalogue::Keys;
use super::collect;
use super::schema::{self, Fields};

/// The index, open for reading.
pub(super) struct Opened {
    pub(super) reader: IndexReader,
    pub(super) fields: Fields,
    /// Factors of the score by age in days.
    pub(super) recency: Arc<Vec<f32>>,
    keys: Arc<Keys>,
    /// Numbers of the keys of each segment. Segments never change, so this is learned once for each.
    numbers: Mutex<HashMap<SegmentId, Arc<Vec<u32>>>>,
}

impl Opened {
    pub(super) fn new(reader: IndexReader, keys: Arc<Keys>) -> Self {
        let (_, fields) = schema::schema();
        let recency = Arc::new(collect::recency());
        Self { reader, fields, recency, keys, numbers: Mutex::default() }
    }

    /// Numbers of the keys of a segment, by their place in it.
    pub(super) fn numbers(&self, segment: &SegmentReader) -> tantivy::Result<Arc<Vec<u32>>> {
        let known = |opened: &Self| {
            opened.numbers.lock().unwrap_or_else(PoisonError::into_inner).get(&segment.segment_id()).cloned()
        };
        if let Some(numbers) = known(self) {
            return Ok(numbers);
        }
        let mut numbers = Vec::new();
        if let Some(keys) = segment.fast_fields().str("key")? {
            let mut stream = keys.dictionary().stream()?;
            while stream.advance() {
                numbers.push(self.keys.number(std::str::from_utf8(stream.key()).unwrap_or_default()));
            }
        }
        let numbers = Arc::new(numbers);
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner).insert(segment.segment_id(), Arc::clone(&numbers));
        Ok(numbers)
    }

    /// Forgets segments that are merged away. Called after every commit.
    pub(super) fn prune(&self) {
        let searcher = self.reader.searcher();
        let alive: Vec<SegmentId> = searcher.segment_readers().iter().map(SegmentReader::segment_id).collect();
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner).retain(|segment, _| alive.contains(segment));
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Opened").finish_non_exhaustive()
    }
}
