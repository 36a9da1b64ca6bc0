//! Decompression with working memory that each thread keeps: to make it anew costs more than a small frame.

use std::cell::RefCell;
use std::io;

use zstd::bulk::Decompressor;

thread_local! {
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Decompresses one zstd frame of at most `most` raw bytes.
pub fn unpacked(packed: &[u8], most: usize) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept.take() {
            Some(decompressor) => decompressor,
            None => Decompressor::new()?,
        };
        kept.insert(decompressor).decompress(packed, most)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_frame_leaves_the_next_one_readable() {
        let packed = zstd::bulk::compress(b"hello hello hello", 3).unwrap();
        assert!(unpacked(&packed[..packed.len() - 2], 100).is_err());
        assert!(unpacked(&packed, 3).is_err());
        assert_eq!(unpacked(&packed, 100).unwrap(), b"hello hello hello");
    }
}
