//! Halves of characters. A program that cuts its texts by UTF-16 units (as JavaScript does) now and then cuts an emoji in
//! two, and writes the half that is left as `\ud83d`: JSON to its letter, but no text.

use std::borrow::Cow;

use memchr::{memchr, memmem};

/// What stands in place of half a character; as long as the escape that it replaces.
const REPLACEMENT: &[u8; 6] = b"\\ufffd";

/// The line with a replacement character for each half; nearly always the line as it is.
pub(super) fn mended(line: &[u8]) -> Cow<'_, [u8]> {
    // Whole characters are written as they are, so that escapes of this kind are rare.
    let suspect = memmem::find_iter(line, b"\\u").any(|at| matches!(line.get(at + 2), Some(b'd' | b'D')));
    let mut line = Cow::Borrowed(line);
    let mut at = 0;
    while let Some(found) = line.get(at..).filter(|_| suspect).and_then(|rest| memchr(b'\\', rest)) {
        let here = at + found;
        at = match (unit(&line, here), unit(&line, here + REPLACEMENT.len())) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => here + 2 * REPLACEMENT.len(),
            (Some(0xD800..=0xDFFF), _) => {
                line.to_mut()[here..here + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
                here + REPLACEMENT.len()
            }
            // Whatever is escaped is one character: what follows `\\` begins anew.
            _ => here + 2,
        };
    }
    line
}

/// The UTF-16 unit that is written as `\uXXXX` at a place.
fn unit(line: &[u8], at: usize) -> Option<u16> {
    let digits = line.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_replaced_and_whole_characters_kept() {
        for (line, expected) in [
            (r"plain", r"plain"),
            (r"\ud83d\ude00 whole", r"\ud83d\ude00 whole"),
            (r"half \ud83d", r"half \ufffd"),
            (r"half \uDE00 \uD83D\uD83D\uDE00", r"half \ufffd \ufffd\uD83D\uDE00"),
            (r"\ud83d\n", r"\ufffd\n"),
            (r"written \\ud83d", r"written \\ud83d"),
            (r"written \\\ud83d", r"written \\\ufffd"),
            (r"\u001b[0m", r"\u001b[0m"),
            (r"torn \ud8", r"torn \ud8"),
            (r"\ud+3d", r"\ud+3d"),
            (r"\ud83d\", r"\ufffd\"),
        ] {
            assert_eq!(std::str::from_utf8(&mended(line.as_bytes())).unwrap(), expected, "{line}");
        }
    }
}
