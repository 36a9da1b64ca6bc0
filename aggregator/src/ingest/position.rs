//! Apply by position: where a frame stands to what was accepted before.

use crate::domain::transcript::Base;

/// How far a transcript was accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Next byte.
    pub offset: u64,
    /// Line that it belongs to.
    pub line: u64,
    /// It lies inside that line.
    pub mid_line: bool,
}

impl Position {
    /// The same place as the host counts: from the start of its file.
    #[must_use]
    pub fn in_file(self, base: Base) -> Self {
        Self { offset: self.offset + base.offset, line: self.line + base.line, ..self }
    }
}

/// Where a frame stands to a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// It begins at the position.
    Append,
    /// It begins before and ends after: the first so many bytes are known.
    Overlap(u64),
    /// All of it is known.
    Known,
    /// Bytes between the position and the frame are missing.
    Gap,
}

/// Compares a frame's extent with a position.
pub fn place(at: Position, start: u64, length: u64) -> Placement {
    let end = start.saturating_add(length);
    if start > at.offset {
        Placement::Gap
    } else if start == at.offset && length > 0 {
        Placement::Append
    } else if end <= at.offset {
        Placement::Known
    } else {
        Placement::Overlap(at.offset - start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extent_has_its_placement() {
        let at = Position { offset: 10, line: 0, mid_line: false };
        assert_eq!(place(at, 10, 5), Placement::Append);
        assert_eq!(place(at, 11, 5), Placement::Gap);
        assert_eq!(place(at, 5, 5), Placement::Known);
        assert_eq!(place(at, 8, 5), Placement::Overlap(2));
        assert_eq!(place(at, 10, 0), Placement::Known);
        assert_eq!(place(at, u64::MAX, 5), Placement::Gap);
    }
}
