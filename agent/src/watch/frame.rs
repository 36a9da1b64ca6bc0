//! Step 4: cutting what was read into frames, and packing them for the wire. Knows newlines and nothing else of the content.

use memchr::{memchr, memrchr};
use muster_proto::fleet::{Codec, FileForm};

/// Frames smaller than this travel as they are: compression would gain less than its header costs.
const COMPRESS_FROM_BYTES: usize = 512;

/// zstd level 2: a fifth less time than level 3, and 3 % more bytes. What is cold is packed better by the aggregator.
const LEVEL: i32 = 2;

/// Where the bytes sent so far end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// Behind a newline, or at the file's start.
    #[default]
    LineStart,
    /// Inside a line whose beginning was archived as it was.
    MidLine,
    /// Inside a line that travels in parts.
    Parts,
}

/// A frame's extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Bytes from the start of what is fresh.
    pub len: usize,
    /// The line, or the whole file, goes on in the next frame.
    pub more: bool,
    /// Where this leaves the file.
    pub place: Place,
}

/// Decides how much of `fresh` makes the next frame. `beyond`: the file holds more than `fresh`, which is as large as a
/// frame may be. `torn_for_ever`: the incomplete line at the end has not grown for so long that it is sent as it is.
/// `None`: wait for the rest of the line.
pub fn cut(form: FileForm, place: Place, fresh: &[u8], beyond: bool, torn_for_ever: bool) -> Option<Cut> {
    if fresh.is_empty() {
        return None;
    }
    if form == FileForm::Whole {
        return Some(Cut { len: fresh.len(), more: beyond, place: Place::LineStart });
    }
    let newline = match place {
        Place::LineStart => memrchr(b'\n', fresh),
        // The line that was begun must end on its own, for its parts to be joined.
        Place::MidLine | Place::Parts => memchr(b'\n', fresh),
    };
    if let Some(at) = newline {
        Some(Cut { len: at + 1, more: false, place: Place::LineStart })
    } else if beyond {
        Some(Cut { len: fresh.len(), more: true, place: Place::Parts })
    } else if torn_for_ever {
        Some(Cut { len: fresh.len(), more: false, place: Place::MidLine })
    } else {
        None
    }
}

/// Packs frames; keeps its working memory from one frame to the next.
#[derive(Default)]
pub struct Packer {
    compressor: Option<zstd::bulk::Compressor<'static>>,
}

impl Packer {
    /// The bytes for the wire and how they are packed.
    pub fn pack(&mut self, raw: &[u8]) -> (Codec, Vec<u8>) {
        match self.compress(raw) {
            Some(packed) if packed.len() < raw.len() => (Codec::Zstd, packed),
            _ => (Codec::Raw, raw.to_vec()),
        }
    }

    fn compress(&mut self, raw: &[u8]) -> Option<Vec<u8>> {
        if raw.len() < COMPRESS_FROM_BYTES {
            return None;
        }
        if self.compressor.is_none() {
            self.compressor = zstd::bulk::Compressor::new(LEVEL).ok();
        }
        let mut packed = self.compressor.as_mut()?.compress(raw).ok()?;
        packed.shrink_to_fit();
        Some(packed)
    }

    /// Gives the working memory back; the next frame takes it anew.
    pub fn rest(&mut self) {
        self.compressor = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(place: Place, fresh: &str, beyond: bool, torn: bool) -> Option<(usize, bool, Place)> {
        cut(FileForm::Lines, place, fresh.as_bytes(), beyond, torn).map(|cut| (cut.len, cut.more, cut.place))
    }

    #[test]
    fn whole_lines_leave_the_torn_tail() {
        assert_eq!(lines(Place::LineStart, "a\nb\nc", false, false), Some((4, false, Place::LineStart)));
        assert_eq!(lines(Place::LineStart, "torn", false, false), None);
        assert_eq!(lines(Place::LineStart, "", false, true), None);
    }

    #[test]
    fn a_line_larger_than_a_frame_travels_in_parts() {
        assert_eq!(lines(Place::LineStart, "aaaa", true, false), Some((4, true, Place::Parts)));
        assert_eq!(lines(Place::Parts, "aaaa", true, false), Some((4, true, Place::Parts)));
        assert_eq!(lines(Place::Parts, "a\nb\n", false, false), Some((2, false, Place::LineStart)));
    }

    #[test]
    fn a_line_torn_for_ever_is_sent_and_its_rest_stands_alone() {
        assert_eq!(lines(Place::LineStart, "torn", false, true), Some((4, false, Place::MidLine)));
        assert_eq!(lines(Place::MidLine, "rest\nnext\n", false, false), Some((5, false, Place::LineStart)));
        assert_eq!(lines(Place::MidLine, "still", false, false), None);
        assert_eq!(lines(Place::Parts, "end", false, true), Some((3, false, Place::MidLine)));
    }

    #[test]
    fn side_files_are_cut_anywhere() {
        let part = cut(FileForm::Whole, Place::LineStart, b"ab", true, false).unwrap();
        assert_eq!((part.len, part.more), (2, true));
        let last = cut(FileForm::Whole, Place::LineStart, b"c", false, false).unwrap();
        assert_eq!((last.len, last.more), (1, false));
    }

    #[test]
    fn small_frames_and_noise_travel_raw() {
        let mut packer = Packer::default();
        assert_eq!(packer.pack(b"small").0, Codec::Raw);
        let text = "the same line again\n".repeat(100);
        let (codec, wire) = packer.pack(text.as_bytes());
        assert_eq!(codec, Codec::Zstd);
        assert_eq!(zstd::bulk::decompress(&wire, text.len()).unwrap(), text.as_bytes());
    }
}
