//! Cuts bytes into pieces that a reader can begin at: whole lines, or a part of one single line.

use super::position::Position;

/// A piece and the position after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Position of its first byte.
    pub at: Position,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Newlines in it.
    pub newlines: u64,
    /// Position after it.
    pub after: Position,
}

/// Cuts `bytes`, which begin at `at`. An agent that follows the protocol sends exactly one piece at a time.
pub fn cut(at: Position, bytes: &[u8]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::with_capacity(1);
    let (mut at, mut rest) = (at, bytes);
    if at.mid_line {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
        push(&mut pieces, &mut at, &mut rest, end);
    }
    let whole = memchr::memrchr(b'\n', rest).map_or(0, |newline| newline + 1);
    push(&mut pieces, &mut at, &mut rest, whole);
    let tail = rest.len();
    push(&mut pieces, &mut at, &mut rest, tail);
    pieces
}

/// A side file: one piece, cut nowhere, newlines only counted.
pub fn whole(at: Position, bytes: &[u8]) -> Piece<'_> {
    let newlines = memchr::memchr_iter(b'\n', bytes).count() as u64;
    let after = Position { offset: at.offset + bytes.len() as u64, line: at.line + newlines, mid_line: false };
    Piece { at, bytes, newlines, after }
}

fn push<'a>(pieces: &mut Vec<Piece<'a>>, at: &mut Position, rest: &mut &'a [u8], end: usize) {
    let (bytes, remaining) = rest.split_at(end);
    let Some(last) = bytes.last() else { return };
    let newlines = memchr::memchr_iter(b'\n', bytes).count() as u64;
    let after = Position { offset: at.offset + bytes.len() as u64, line: at.line + newlines, mid_line: *last != b'\n' };
    pieces.push(Piece { at: *at, bytes, newlines, after });
    (*at, *rest) = (after, remaining);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(mid_line: bool, bytes: &str) -> Vec<String> {
        let at = Position { offset: 100, line: 7, mid_line };
        let pieces = cut(at, bytes.as_bytes());
        assert_eq!(pieces.last().map_or(100, |piece| piece.after.offset), 100 + bytes.len() as u64);
        for pair in pieces.windows(2) {
            assert_eq!(pair[0].after, pair[1].at);
        }
        pieces.iter().map(|piece| String::from_utf8_lossy(piece.bytes).into_owned()).collect()
    }

    #[test]
    fn whole_lines_stay_together_and_torn_ends_stand_apart() {
        assert_eq!(texts(false, "a\nb\n"), ["a\nb\n"]);
        assert_eq!(texts(false, "a\nb"), ["a\n", "b"]);
        assert_eq!(texts(false, "b"), ["b"]);
        assert_eq!(texts(true, "a\nb\nc"), ["a\n", "b\n", "c"]);
        assert_eq!(texts(true, "a"), ["a"]);
        assert_eq!(texts(true, "\n"), ["\n"]);
        assert!(texts(false, "").is_empty());
    }

    #[test]
    fn lines_are_counted_where_they_end() {
        let pieces = cut(Position { offset: 0, line: 3, mid_line: true }, b"end\nnext\ntorn");
        let lines: Vec<(u64, u64)> = pieces.iter().map(|piece| (piece.at.line, piece.newlines)).collect();
        assert_eq!(lines, [(3, 1), (4, 1), (5, 0)]);
        assert!(pieces[2].after.mid_line);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

        #[test]
        fn pieces_are_the_bytes_and_a_reader_can_begin_at_each(
            mid_line in any::<bool>(),
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'x')], 0..60),
        ) {
            let begin = Position { offset: 100, line: 7, mid_line };
            let mut at = begin;
            let mut joined = Vec::new();
            for piece in cut(begin, &bytes) {
                prop_assert_eq!(piece.at, at);
                let newlines = memchr::memchr_iter(b'\n', piece.bytes).count() as u64;
                prop_assert_eq!(piece.newlines, newlines);
                let begins_a_line = !piece.at.mid_line;
                let ends_a_line = !piece.after.mid_line;
                prop_assert_eq!(ends_a_line, piece.bytes.ends_with(b"\n"));
                // Whole lines, or a part of one single line.
                let part_of_one = newlines == 0 || (newlines == 1 && ends_a_line);
                prop_assert!((begins_a_line && ends_a_line) || part_of_one, "{:?}", piece);
                joined.extend_from_slice(piece.bytes);
                at = piece.after;
            }
            prop_assert_eq!(&joined, &bytes);
            let lines = memchr::memchr_iter(b'\n', &bytes).count() as u64;
            let mid_line = bytes.last().map_or(mid_line, |last| *last != b'\n');
            prop_assert_eq!(at, Position { offset: 100 + bytes.len() as u64, line: 7 + lines, mid_line });
        }
    }
}
