//! Lines in a stream of byte pieces, whole across the borders of pieces, with bounded memory.

use super::ENTRY_BYTES;

/// Where a line lies in its transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Number of the line, from 0.
    pub line: u64,
    /// Offset of its first byte.
    pub offset: u64,
    /// Length, newline included.
    pub bytes: u64,
}

/// Puts lines together from consecutive pieces of one transcript.
#[derive(Debug)]
pub struct LineJoiner {
    next: Place,
    /// Start of a line whose end has not come; stays empty once the line is too long to keep.
    carry: Vec<u8>,
}

impl LineJoiner {
    /// Begins at the start of line `line`, which lies at `offset`.
    pub fn new(line: u64, offset: u64) -> Self {
        Self { next: Place { line, offset, bytes: 0 }, carry: Vec::new() }
    }

    /// Start of the first line that has not been given out: where to begin again.
    pub fn place(&self) -> (u64, u64) {
        (self.next.line, self.next.offset)
    }

    /// Takes the next piece and gives out each line that it completes: its place and its bytes without the newline, or
    /// `None` when it is longer than [`ENTRY_BYTES`].
    pub fn push(&mut self, mut piece: &[u8], mut each: impl FnMut(Place, Option<&[u8]>)) {
        while let Some(end) = memchr::memchr(b'\n', piece) {
            let (head, rest) = piece.split_at(end);
            self.next.bytes += head.len() as u64 + 1;
            if self.carry.is_empty() && self.next.bytes == head.len() as u64 + 1 {
                each(self.next, (head.len() <= ENTRY_BYTES).then_some(head));
            } else if self.fits() {
                self.carry.extend_from_slice(head);
                each(self.next, Some(&self.carry));
            } else {
                each(self.next, None);
            }
            self.carry.clear();
            self.next = Place { line: self.next.line + 1, offset: self.next.offset + self.next.bytes, bytes: 0 };
            piece = &rest[1..];
        }
        self.next.bytes += piece.len() as u64;
        if self.fits() {
            self.carry.extend_from_slice(piece);
        } else {
            self.carry = Vec::new();
        }
    }

    /// Bytes of the unfinished line, when it is short enough to be kept.
    pub fn unfinished(&self) -> Option<(Place, &[u8])> {
        (self.next.bytes > 0 && self.fits()).then_some((self.next, &self.carry[..]))
    }

    fn fits(&self) -> bool {
        self.next.bytes <= ENTRY_BYTES as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(pieces: &[&[u8]]) -> Vec<(Place, Option<Vec<u8>>)> {
        let mut joiner = LineJoiner::new(0, 0);
        let mut lines = Vec::new();
        for piece in pieces {
            joiner.push(piece, |place, line| lines.push((place, line.map(<[u8]>::to_vec))));
        }
        lines
    }

    #[test]
    fn lines_are_the_same_in_any_chunking() {
        let text = b"one\n\ntwo three\nlast without end";
        let whole = joined(&[text]);
        assert_eq!(whole.len(), 3);
        for cut in 0..text.len() {
            for second in cut..text.len() {
                assert_eq!(joined(&[&text[..cut], &text[cut..second], &text[second..]]), whole);
            }
        }
    }

    #[test]
    fn an_oversized_line_is_counted_and_not_kept() {
        let long = vec![b'x'; ENTRY_BYTES + 10];
        let lines = joined(&[&long, b"yz\n", b"next\n"]);
        assert_eq!(lines[0], (Place { line: 0, offset: 0, bytes: ENTRY_BYTES as u64 + 13 }, None));
        assert_eq!(lines[1].1.as_deref(), Some(b"next".as_slice()));
        assert_eq!(lines[1].0.offset, ENTRY_BYTES as u64 + 13);
    }
}
