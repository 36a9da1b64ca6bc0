//! Text from outside, kept short.

/// Longest text of one field, bytes: a path of Linux fits.
const TEXT_BYTES: usize = 4096;

/// The text, cut at a whole character when it is longer than any sensible one.
pub(super) fn clip(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES)].to_owned()
}
