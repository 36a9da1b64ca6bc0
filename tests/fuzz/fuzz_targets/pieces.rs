//! Accepted bytes are cut without loss, positions follow from them, and lines are the same in whatever pieces they come.

#![no_main]

use libfuzzer_sys::fuzz_target;
use muster::ingest::pieces::cut;
use muster::ingest::position::{Placement, Position, place};
use muster::transcript::lines::LineJoiner;

fuzz_target!(|input: (Vec<u8>, Vec<u16>)| {
    let (bytes, cuts) = input;
    let whole = lines(&[&bytes]);
    let pieces = split(&bytes, &cuts);
    assert_eq!(lines(&pieces), whole);
    assert_eq!(accept(&pieces), bytes);
});

/// The bytes in pieces that end at these places, in this order.
fn split<'a>(bytes: &'a [u8], cuts: &[u16]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut pieces = Vec::new();
    for length in cuts {
        let (piece, after) = rest.split_at(usize::from(*length).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Line, offset and bytes of every line.
fn lines(pieces: &[&[u8]]) -> Vec<(u64, u64, Vec<u8>)> {
    let mut joiner = LineJoiner::new(0, 0);
    let mut lines = Vec::new();
    for piece in pieces {
        joiner.push(piece, |place, bytes| {
            lines.push((place.line, place.offset, bytes.map(<[u8]>::to_vec).unwrap_or_default()));
        });
    }
    lines
}

/// Applies the pieces as frames, each of them twice, as after a lost acknowledgement; gives what an archive then holds.
fn accept(frames: &[&[u8]]) -> Vec<u8> {
    let (mut at, mut archived, mut start) = (Position::default(), Vec::new(), 0);
    for frame in frames {
        for _ in 0..2 {
            let fresh = match place(at, start, frame.len() as u64) {
                Placement::Append => *frame,
                Placement::Overlap(known) => &frame[usize::try_from(known).expect("within a frame")..],
                Placement::Known => continue,
                Placement::Gap => panic!("frames that follow each other have no gap"),
            };
            for piece in cut(at, fresh) {
                assert_eq!(piece.at, at);
                assert_eq!(piece.after.mid_line, !piece.bytes.ends_with(b"\n"));
                archived.extend_from_slice(piece.bytes);
                at = piece.after;
            }
            assert_eq!(at.offset, archived.len() as u64);
        }
        start += frame.len() as u64;
    }
    assert_eq!(at.line, archived.iter().filter(|byte| **byte == b'\n').count() as u64);
    archived
}
