//! The index's fields, and how its text is cut into words.

use tantivy::schema::{FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};

use super::words::Words;

/// Raised when the same entries would be indexed differently: the index is then built again.
pub(super) const INDEX_VERSION: i64 = 3;

/// Name of our tokenizer in the index.
pub(super) const WORDS: &str = "words";

/// Key of a session's title in [`Fields::key`], before the session's id.
pub(super) const TITLE: char = '=';

/// The fields of a document. There are three kinds: an entry's part, a session's title, and a transcript's cursor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// Transcript id, or [`TITLE`] and a session id. Cursors have none.
    pub(super) key: Field,
    /// Transcript id, only on cursors.
    pub(super) cursor: Field,
    /// Line of an entry; next line of a cursor; digest of a title.
    pub(super) line: Field,
    /// Offset of a cursor.
    pub(super) offset: Field,
    /// When, milliseconds.
    pub(super) time: Field,
    /// By what an entry's part is known again in copies of its line, see [`super::copies`].
    pub(super) same: Field,
    /// Role and flags, see [`super::document`].
    pub(super) kind: Field,
    /// Tool as it is written.
    pub(super) tool: Field,
    /// What filters ask for, as `name:value` in lower case.
    pub(super) tags: Field,
    /// Words of the path that a tool works on.
    pub(super) path: Field,
    /// Words.
    pub(super) body: Field,
}

/// The schema and its fields.
pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let words =
        TextFieldIndexing::default().set_tokenizer(WORDS).set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let tags = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let fields = Fields {
        key: builder.add_text_field("key", STRING | FAST),
        cursor: builder.add_text_field("cursor", STRING | FAST),
        line: builder.add_u64_field("line", FAST),
        offset: builder.add_u64_field("offset", FAST),
        time: builder.add_i64_field("time", FAST),
        same: builder.add_u64_field("same", FAST),
        kind: builder.add_u64_field("kind", FAST),
        tool: builder.add_text_field("tool", TextOptions::default().set_fast("raw")),
        tags: builder.add_text_field("tags", TextOptions::default().set_indexing_options(tags)),
        path: builder
            .add_text_field("path", TextOptions::default().set_indexing_options(words.clone().set_fieldnorms(false))),
        body: builder.add_text_field("body", TextOptions::default().set_indexing_options(words)),
    };
    (builder.build(), fields)
}

/// Our way of cutting text, as tantivy wants it.
pub(super) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::from(Cutter::default())
}

#[derive(Clone, Default)]
struct Cutter {
    token: Token,
}

struct Stream<'a> {
    words: Words<'a>,
    token: &'a mut Token,
}

impl Tokenizer for Cutter {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        self.token.reset();
        Stream { words: Words::of(text), token: &mut self.token }
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next(&mut self.token.text) else { return false };
        self.token.offset_from = word.start;
        self.token.offset_to = word.end;
        self.token.position = word.position;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}
