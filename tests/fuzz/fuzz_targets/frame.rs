//! A growing file travels in frames that are whole lines or parts of one line, and arrive as they were.

#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_agent::watch::frame::{Packer, Place, cut};
use muster_proto::fleet::{Codec, FileForm};

/// Largest frame in this test: small, so that lines are longer than a frame.
const FRAME: usize = 64;

fuzz_target!(|input: (Vec<u8>, Vec<u8>, bool)| {
    let (file, growth, whole) = input;
    let form = if whole { FileForm::Whole } else { FileForm::Lines };
    let mut packer = Packer::default();
    let (mut sent, mut place) = (0, Place::default());
    let mut size = 0;
    // The file grows, is read to its end, grows again; at the end it stands still for long.
    for step in growth.iter().map(|step| Some(usize::from(*step))).chain([None]) {
        size = step.map_or(file.len(), |step| (size + step).min(file.len()));
        while sent < size {
            let fresh = &file[sent..size.min(sent + FRAME)];
            let beyond = size - sent > fresh.len();
            let Some(frame) = cut(form, place, fresh, beyond, step.is_none()) else { break };
            assert!(frame.len > 0 && frame.len <= fresh.len());
            let raw = &fresh[..frame.len];
            if form == FileForm::Lines {
                assert_eq!(frame.place == Place::LineStart, raw.ends_with(b"\n"));
                let newlines = raw.iter().filter(|byte| **byte == b'\n').count();
                assert!(place == Place::LineStart || newlines <= 1, "a line that goes on ends on its own");
            }
            arrives(&mut packer, raw);
            sent += frame.len;
            place = frame.place;
        }
    }
    assert_eq!(sent, file.len(), "what stands still long enough is sent to its end");
});

fn arrives(packer: &mut Packer, raw: &[u8]) {
    let (codec, wire) = packer.pack(raw);
    let unpacked =
        if codec == Codec::Zstd { zstd::bulk::decompress(&wire, raw.len()).unwrap_or_default() } else { wire };
    assert_eq!(unpacked, raw);
}
