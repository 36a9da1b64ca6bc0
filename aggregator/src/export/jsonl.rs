//! An export as the lines that the coder wrote.

use std::fmt::Write as _;

use super::mask::Mask;
use super::source::Batch;

/// Appends the lines of a batch. A line that is too long to be looked through is left out, and says so: it could carry
/// what should not leave.
pub(super) fn lines(batch: &Batch, mask: &Mask, text: &mut String) {
    for (place, bytes) in &batch.lines {
        match bytes {
            Some(bytes) => text.push_str(&String::from_utf8_lossy(&mask.line(bytes))),
            None => {
                let _ = write!(text, r#"{{"type":"muster-omitted","line":{},"bytes":{}}}"#, place.line, place.bytes);
            }
        }
        text.push('\n');
    }
}
