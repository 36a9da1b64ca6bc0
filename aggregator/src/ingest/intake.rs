//! One link's side of the archive: what it may send next, transcript by transcript.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use muster_proto::fleet::{self, Codec, FileForm};
use muster_proto::ids::{HostId, TranscriptId};
use muster_proto::limits::{FINGERPRINT_BYTES, MESSAGE_BYTES, PATH_BYTES};
use ring::digest::{SHA256, digest};
use tokio::sync::OwnedSemaphorePermit;

use super::pieces::{self, Piece};
use super::position::{Placement, Position, place};
use super::writer::{Batch, LinkKey, Write};
use super::{Acks, Ingest, IngestError};
use crate::domain::session::SessionId;
use crate::domain::transcript::{Base, TranscriptKind};
use crate::store::frames::{NewFrame, RAW, ZSTD};
use crate::store::packing::unpacked;
use crate::store::transcripts::{self, Advance, NewPlace, NewTranscript, Told, TranscriptRow, unsigned};
use crate::transcript::{self, Depth, layout};

/// What one link may send next. Lives as long as the link.
#[derive(Debug)]
pub struct Intake {
    ingest: Ingest,
    link: LinkKey,
    followed: HashMap<TranscriptId, Followed>,
}

/// One transcript as this link sees it.
#[derive(Debug)]
struct Followed {
    coder: Arc<str>,
    session: Option<SessionId>,
    kind: TranscriptKind,
    in_lines: bool,
    /// Where the archived bytes begin in the file. All positions count from there; what a host says and hears does not.
    base: Base,
    /// What was accepted.
    next: Position,
    /// What was accepted and may be committed: lags behind `next` within a line that travels in parts.
    whole: Position,
    /// Parts that were never committed may lie in the store behind `whole`.
    leftovers: bool,
    /// Fingerprint of the first bytes, until they are committed.
    head: (u32, [u8; 32]),
}

/// A frame's bytes, raw and as they will be stored.
struct Unpacked {
    raw: Vec<u8>,
    /// As they came; of use only when nothing was cut.
    stored: Option<(i64, Bytes)>,
}

impl Intake {
    pub(super) async fn load(ingest: Ingest, host: HostId, epoch: i64, acks: Acks) -> Result<Self, IngestError> {
        ingest.tombstones.refresh(&ingest.db).await?;
        let mut followed = HashMap::new();
        for row in transcripts::live_of_host(&ingest.db, host).await? {
            followed.insert(row.id()?, Followed::stored(&row)?);
        }
        Ok(Self { ingest, link: LinkKey { host, epoch, acks }, followed })
    }

    /// A file that is new, or whose content replaced another: the id it is archived under and where to begin.
    pub async fn open(&mut self, open: &fleet::Open) -> Result<fleet::Opened, IngestError> {
        let id = TranscriptId::new();
        let in_lines = open.form() != FileForm::Whole;
        let (root, path) = (checked_path(&open.root)?, checked_path(&open.path)?);
        let coder = checked_coder(&open.coder)?;
        let place = locate(coder, root, path);
        let identity = open.identity.unwrap_or_default();
        if let Ok(old) = open.replaces.parse::<TranscriptId>() {
            self.followed.remove(&old);
        }
        let new = NewTranscript {
            id,
            host: self.link.host,
            coder: coder.to_owned(),
            root: root.to_owned(),
            path: path.to_owned(),
            kind: place.kind,
            in_lines,
            identity: (identity.device, identity.inode),
            session: place.session.as_ref().map(ToString::to_string),
            size_bytes: open.size_bytes,
        };
        if !self.ingest.is_deleted(place.session.as_ref()) {
            self.ingest.enqueue(Write::Open(self.link.clone(), Box::new(new))).await?;
        }
        let followed = Followed::new(coder, place.session, place.kind, in_lines, Position::default(), false);
        self.followed.insert(id, followed);
        Ok(fleet::Opened { handle: open.handle, transcript_id: id.to_string(), offset: 0, line: 0, mid_line: false })
    }

    /// Takes a frame. Answers where the agent must go on instead when the frame does not fit.
    pub async fn accept(&mut self, frame: fleet::Frame) -> Result<Option<fleet::Rewind>, IngestError> {
        let id = checked_id(&frame.transcript_id)?;
        let Some(followed) = self.followed.get_mut(&id) else {
            // Frames of a transcript that was replaced may still be under way.
            return Ok(None);
        };
        if let Some(base) = self.ingest.tombstones.base(id) {
            followed.begin_anew(base);
        }
        let at = followed.next.in_file(followed.base);
        match place(at, frame.start_offset, u64::from(frame.raw_bytes)) {
            // Sent again without need: the agent learns where it stands.
            Placement::Known => return Ok(Some(rewind(id, at))),
            Placement::Gap => return Ok(Some(rewind(id, followed.turn_back().in_file(followed.base)))),
            Placement::Append | Placement::Overlap(_) => {}
        }
        let permit = self.ingest.room_for(frame.bytes.len()).await?;
        let more = frame.more;
        let skip = at.offset - frame.start_offset;
        let unpacked = unpack(frame, usize::try_from(skip).unwrap_or(usize::MAX))?;
        let pieces = followed.cut(&unpacked.raw);
        if at.offset == 0 && followed.learn(&unpacked.raw) {
            let told = Told { kind: followed.kind, session: followed.session.as_ref().map(ToString::to_string) };
            self.ingest.enqueue(Write::Told(self.link.clone(), id, Box::new(told))).await?;
        }
        if at.offset == 0 && followed.session.is_none() {
            followed.session =
                followed.told_by(&unpacked.raw).filter(|session| self.ingest.tombstones.has(session.as_str()));
        }
        if self.ingest.is_deleted(followed.session.as_ref()) {
            followed.pass_over(&pieces, more);
            self.link.acks.committed(id, followed.whole.in_file(followed.base).offset);
            return Ok(None);
        }
        let batch = followed.apply(id, &unpacked, &pieces, more, permit);
        self.ingest.enqueue(Write::Frames(self.link.clone(), Box::new(batch))).await?;
        let next = followed.next.in_file(followed.base);
        let (lines, bytes) = (next.line - at.line, next.offset - at.offset);
        self.ingest.activity.add(self.link.host, followed.session.as_ref(), lines, bytes);
        if let (Some(session), TranscriptKind::Main) = (&followed.session, followed.kind) {
            self.ingest.publish(session, id, &followed.coder, &pieces).await?;
        }
        Ok(None)
    }

    /// Where the next byte of a transcript is expected; `None` when it is not followed.
    pub fn position(&self, id: TranscriptId) -> Option<u64> {
        self.followed.get(&id).map(|followed| followed.next.in_file(followed.base).offset)
    }

    /// Forgets the parts of a line whose end never came.
    pub fn turn_back(&mut self, id: TranscriptId) {
        if let Some(followed) = self.followed.get_mut(&id) {
            followed.turn_back();
        }
    }

    /// The same file under a new name.
    pub async fn moved(&mut self, moved: &fleet::Moved) -> Result<(), IngestError> {
        let id = checked_id(&moved.transcript_id)?;
        let Some(followed) = self.followed.get_mut(&id) else { return Ok(()) };
        let (root, path) = (checked_path(&moved.root)?, checked_path(&moved.path)?);
        let mut place = locate(&followed.coder, root, path);
        if layout::asks_first_line(&followed.coder) && followed.session.is_some() {
            place = Place { kind: followed.kind, session: followed.session.clone() };
        }
        followed.kind = place.kind;
        followed.session.clone_from(&place.session);
        let session = place.session.map(|session| session.to_string());
        let place = NewPlace { root: root.to_owned(), path: path.to_owned(), kind: place.kind, session };
        self.ingest.enqueue(Write::Moved(self.link.clone(), id, Box::new(place))).await
    }

    /// The file vanished.
    pub async fn gone(&mut self, gone: &fleet::Gone) -> Result<(), IngestError> {
        let id = checked_id(&gone.transcript_id)?;
        self.followed.remove(&id);
        self.ingest.enqueue(Write::Gone(self.link.clone(), id)).await
    }
}

impl Followed {
    fn new(
        coder: &str,
        session: Option<SessionId>,
        kind: TranscriptKind,
        in_lines: bool,
        at: Position,
        leftovers: bool,
    ) -> Self {
        let base = Base::default();
        Self { coder: coder.into(), session, kind, in_lines, base, next: at, whole: at, leftovers, head: (0, [0; 32]) }
    }

    fn stored(row: &TranscriptRow) -> Result<Self, IngestError> {
        let at = Position { offset: unsigned(row.committed_offset), line: unsigned(row.lines), mid_line: row.mid_line };
        let session = row.session_id.clone().map(SessionId::from_stored);
        Ok(Self { base: row.base(), ..Self::new(&row.coder, session, row.kind()?, row.in_lines, at, true) })
    }

    /// A rule deleted what was archived up to `base`: positions count from there.
    fn begin_anew(&mut self, base: Base) {
        if base.offset > self.base.offset {
            (self.next, self.whole) = (Position::default(), Position::default());
            (self.base, self.leftovers) = (base, true);
        }
    }

    /// Something is missing: forget the parts and go on from what may be committed.
    fn turn_back(&mut self) -> Position {
        self.leftovers |= self.next != self.whole;
        self.next = self.whole;
        self.whole
    }

    /// Takes from the first line what the path does not tell: whose conversation this is. `false` when it says nothing
    /// new, or has not come whole; then derivation finds it out.
    fn learn(&mut self, raw: &[u8]) -> bool {
        if !self.in_lines || !layout::asks_first_line(&self.coder) {
            return false;
        }
        let Some(end) = memchr::memchr(b'\n', raw) else { return false };
        let facts = transcript::parse(&self.coder, &raw[..end], Depth::Facts).facts;
        let session = facts.session.and_then(|own| SessionId::new(&self.coder, &own)).or_else(|| self.session.clone());
        let is_subagent = facts.agent.is_some() && self.kind == TranscriptKind::Main;
        let kind = if is_subagent { TranscriptKind::Subagent } else { self.kind };
        let is_new = (kind, &session) != (self.kind, &self.session);
        (self.kind, self.session) = (kind, session);
        is_new
    }

    /// The session that the first line names.
    fn told_by(&self, raw: &[u8]) -> Option<SessionId> {
        let end = memchr::memchr(b'\n', raw).filter(|_| self.in_lines)?;
        let own = transcript::parse(&self.coder, &raw[..end], Depth::Facts).facts.session?;
        SessionId::new(&self.coder, &own)
    }

    /// Takes pieces of a session that was deleted: the host is told that they are dealt with, and nothing is kept.
    fn pass_over(&mut self, pieces: &[Piece<'_>], more: bool) {
        self.next = pieces.last().map_or(self.next, |piece| piece.after);
        if !more {
            self.whole = self.next;
        }
    }

    fn cut<'a>(&self, raw: &'a [u8]) -> Vec<Piece<'a>> {
        if self.in_lines { pieces::cut(self.next, raw) } else { vec![pieces::whole(self.next, raw)] }
    }

    /// Accepts pieces at `next`: what is to be written.
    fn apply(
        &mut self,
        id: TranscriptId,
        unpacked: &Unpacked,
        pieces: &[Piece<'_>],
        more: bool,
        permit: OwnedSemaphorePermit,
    ) -> Batch {
        let Unpacked { raw, stored } = unpacked;
        let frames = match (stored, pieces) {
            (Some((codec, bytes)), [piece]) => vec![new_frame(id, piece, *codec, bytes.clone())],
            _ => pieces.iter().map(|piece| new_frame(id, piece, RAW, Bytes::copy_from_slice(piece.bytes))).collect(),
        };
        if self.next.offset == 0 && self.base == Base::default() {
            self.head = fingerprint(raw.get(..FINGERPRINT_BYTES).unwrap_or(raw));
        }
        let from = self.whole;
        self.next = pieces.last().map_or(self.next, |piece| piece.after);
        if !more {
            self.whole = self.next;
        }
        let advance = Advance {
            id,
            from: from.offset,
            to: self.whole.offset,
            lines: self.whole.line,
            mid_line: self.whole.mid_line,
            head: self.head,
            tail: fingerprint(&raw[raw.len().saturating_sub(FINGERPRINT_BYTES)..]),
        };
        let discard = std::mem::take(&mut self.leftovers);
        Batch { frames, advance, base: self.base, discard, raw_bytes: raw.len() as u64, permit }
    }
}

impl Ingest {
    fn is_deleted(&self, session: Option<&SessionId>) -> bool {
        session.is_some_and(|session| self.tombstones.has(session.as_str()))
    }

    async fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, IngestError> {
        let bytes = u32::try_from(bytes.min(MESSAGE_BYTES)).unwrap_or(u32::MAX);
        Arc::clone(&self.room).acquire_many_owned(bytes).await.map_err(|_| IngestError::Stopping)
    }
}

/// Where a path puts a file.
struct Place {
    kind: TranscriptKind,
    session: Option<SessionId>,
}

/// What the path alone says of a file.
fn locate(coder: &str, root: &str, path: &str) -> Place {
    let layout = layout::read(coder, path.strip_prefix(root).unwrap_or(path));
    let session = layout.session.and_then(|own| SessionId::new(coder, &own));
    Place { kind: layout.kind, session }
}

fn new_frame(id: TranscriptId, piece: &Piece<'_>, codec: i64, bytes: Bytes) -> NewFrame {
    NewFrame {
        transcript: id,
        start: piece.at.offset,
        end: piece.after.offset,
        first_line: piece.at.line,
        line_count: piece.newlines,
        codec,
        bytes,
    }
}

fn fingerprint(bytes: &[u8]) -> (u32, [u8; 32]) {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, bytes).as_ref());
    (u32::try_from(bytes.len()).unwrap_or(0), sha256)
}

/// Decompresses a frame and drops its first `skip` bytes.
fn unpack(frame: fleet::Frame, skip: usize) -> Result<Unpacked, IngestError> {
    let length = usize::try_from(frame.raw_bytes).unwrap_or(usize::MAX);
    if length > MESSAGE_BYTES {
        return Err(IngestError::Protocol(format!("a frame of {length} bytes; the bound is {MESSAGE_BYTES}")));
    }
    let (codec, mut raw) = match frame.codec() {
        Codec::Raw => (RAW, frame.bytes.to_vec()),
        Codec::Zstd => {
            let raw = unpacked(&frame.bytes, length)
                .map_err(|error| IngestError::Protocol(format!("a frame that does not decompress: {error}")))?;
            (ZSTD, raw)
        }
        Codec::Unspecified => return Err(IngestError::Protocol("a frame without a codec".to_owned())),
    };
    if raw.len() != length {
        return Err(IngestError::Protocol(format!("a frame of {} bytes that claims {length}", raw.len())));
    }
    let stored = (skip == 0).then_some((codec, frame.bytes));
    raw.drain(..skip.min(length));
    Ok(Unpacked { raw, stored })
}

fn rewind(id: TranscriptId, to: Position) -> fleet::Rewind {
    fleet::Rewind { transcript_id: id.to_string(), offset: to.offset, line: to.line, mid_line: to.mid_line }
}

fn checked_id(text: &str) -> Result<TranscriptId, IngestError> {
    text.parse().map_err(|error| IngestError::Protocol(format!("{error}")))
}

/// Paths are data; only their size is bounded, and no text with NUL fits into PostgreSQL.
fn checked_path(path: &str) -> Result<&str, IngestError> {
    if path.is_empty() || path.len() > PATH_BYTES || path.contains('\0') {
        return Err(IngestError::Protocol(format!("a path of {} bytes or with NUL", path.len())));
    }
    Ok(path)
}

/// Coder names become part of session ids.
fn checked_coder(coder: &str) -> Result<&str, IngestError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if coder.is_empty() || coder.len() > 32 || !coder.chars().all(plain) {
        return Err(IngestError::Protocol("a coder's name of other than a-z, 0-9, - and _".to_owned()));
    }
    Ok(coder)
}
