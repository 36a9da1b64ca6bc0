//! Step 3: reading what was appended behind the offset, after making sure that the file is still the same.

use std::fs::File;
use std::io;
use std::path::Path;

use muster_proto::fleet::{FileForm, Frame};
use muster_proto::limits::FINGERPRINT_BYTES;

use super::files::Follow;
use super::fingerprint::{Digest, Fingerprint};
use super::frame::{Cut, Packer, cut};
use crate::platform::file::{self, Stat, read_at};

/// What one look at a file gave.
pub(super) enum Step {
    /// A frame; the follow was moved on. `rest`: bytes of the file behind it.
    Frame {
        /// For the wire.
        frame: Frame,
        /// As looked at before reading.
        stat: Stat,
        /// Bytes that remain.
        rest: u64,
    },
    /// Everything is sent.
    Idle(Stat),
    /// An incomplete line (or a side file that is being written) waits.
    Incomplete(Stat),
    /// It no longer begins with what was sent: another file, truncated, or rewritten.
    Replaced(Stat),
    /// Nothing stands at the path.
    Missing,
    /// It cannot be read.
    Unreadable(io::Error),
}

/// How to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Largest frame, raw bytes.
    pub frame_bytes: usize,
    /// Whole lines beyond this many bytes are left for a later frame.
    pub first_bytes: usize,
    /// An incomplete line is sent as it is.
    pub torn_for_ever: bool,
}

/// Reads files; its buffers serve every file in turn.
#[derive(Default)]
pub(super) struct Reader {
    buffer: Vec<u8>,
    packer: Packer,
}

impl Reader {
    /// Looks at the file behind `follow` and makes its next frame.
    pub(super) fn step(
        &mut self,
        path: &Path,
        form: FileForm,
        before: &Stat,
        follow: &mut Follow,
        limits: Limits,
    ) -> Step {
        let file = match open_regular(path) {
            Ok(Some(file)) => file,
            Ok(None) => return Step::Missing,
            Err(error) => return Step::Unreadable(error),
        };
        let stepped = file::look_open(&file).and_then(|stat| self.step_open(&file, stat, form, before, follow, limits));
        stepped.unwrap_or_else(Step::Unreadable)
    }

    fn step_open(
        &mut self,
        file: &File,
        stat: Stat,
        form: FileForm,
        before: &Stat,
        follow: &mut Follow,
        limits: Limits,
    ) -> io::Result<Step> {
        if stat.id != before.id || stat.size < follow.sent {
            return Ok(Step::Replaced(stat));
        }
        if let Some(verdict) = side_file_changed(file, form, stat, follow)? {
            return Ok(verdict);
        }
        let available = stat.size - follow.sent;
        let wanted = usize::try_from(available).unwrap_or(usize::MAX).min(limits.frame_bytes);
        let Some(overlap) = self.read_with_overlap(file, follow, wanted)? else { return Ok(Step::Replaced(stat)) };
        if available == 0 {
            return Ok(Step::Idle(stat));
        }
        let beyond = available > wanted as u64;
        let fresh = &self.buffer[overlap..overlap + wanted];
        let Some(extent) = cut_for_round(form, follow, fresh, beyond, limits) else {
            return Ok(Step::Incomplete(stat));
        };
        let frame = self.frame(follow, overlap, extent);
        Ok(Step::Frame { frame, stat, rest: stat.size - follow.sent })
    }

    /// Reads `wanted` bytes behind the offset, and before them the bytes that the fingerprint covers; `None` when those
    /// are not what was sent. Returns how many bytes of the buffer come before the fresh ones.
    fn read_with_overlap(&mut self, file: &File, follow: &Follow, wanted: usize) -> io::Result<Option<usize>> {
        let overlap = follow.print.tail.bytes as usize;
        let total = overlap + wanted;
        if self.buffer.len() < total {
            self.buffer.resize(total, 0);
        }
        let start = follow.sent - overlap as u64;
        if read_at(file, &mut self.buffer[..total], start)? < total {
            return Ok(None);
        }
        if Digest::of(&self.buffer[..overlap]) != follow.print.tail {
            return Ok(None);
        }
        // The tail reaches the file's start: it covers the head as well.
        if start > 0 && !(Fingerprint { tail: Digest::default(), ..follow.print }).fits(file, follow.sent)? {
            return Ok(None);
        }
        Ok(Some(overlap))
    }

    fn frame(&mut self, follow: &mut Follow, overlap: usize, extent: Cut) -> Frame {
        let end = overlap + extent.len;
        let raw = &self.buffer[overlap..end];
        let (codec, bytes) = self.packer.pack(raw);
        let frame = Frame {
            transcript_id: follow.transcript.to_string(),
            start_offset: follow.sent,
            raw_bytes: u32::try_from(extent.len).unwrap_or(u32::MAX),
            codec: codec.into(),
            bytes: bytes.into(),
            more: extent.more,
        };
        let start = follow.sent - overlap as u64;
        follow.print.advance(&self.buffer[..end], start);
        follow.sent += extent.len as u64;
        follow.place = extent.place;
        if !extent.more {
            follow.closed = follow.sent;
        }
        frame
    }

    /// Gives the working memory back.
    pub(super) fn rest(&mut self) {
        self.buffer = Vec::new();
        self.packer.rest();
    }
}

/// Opens an ordinary file; `None` when there is none at `path` (any more).
pub(super) fn open_regular(path: &Path) -> io::Result<Option<File>> {
    match file::open(path) {
        Ok(file) => Ok(file.metadata()?.is_file().then_some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) if file::look(path).is_ok_and(|stat| !stat.is_file) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A side file is sent as it stood at one moment; when it differs from that, it is sent anew as another.
fn side_file_changed(file: &File, form: FileForm, stat: Stat, follow: &mut Follow) -> io::Result<Option<Step>> {
    let present = (stat.size, stat.modified_ns);
    if form != FileForm::Whole || follow.whole == Some(present) {
        return Ok(None);
    }
    if follow.sent == 0 {
        follow.whole = Some(present);
        return Ok(None);
    }
    // Touched only: small enough for the fingerprint to cover all of it.
    let covered = stat.size == follow.sent && stat.size <= FINGERPRINT_BYTES as u64;
    if covered && follow.print.fits(file, follow.sent)? {
        follow.whole = Some(present);
        return Ok(None);
    }
    Ok(Some(Step::Replaced(stat)))
}

/// Cuts at `first_bytes` where whole lines allow it, at the frame bound elsewhere.
fn cut_for_round(form: FileForm, follow: &Follow, fresh: &[u8], beyond: bool, limits: Limits) -> Option<Cut> {
    if limits.first_bytes < fresh.len() && form == FileForm::Lines {
        let early = cut(form, follow.place, &fresh[..limits.first_bytes], false, false);
        if early.is_some() {
            return early;
        }
    }
    cut(form, follow.place, fresh, beyond, limits.torn_for_ever)
}
