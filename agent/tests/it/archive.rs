//! An aggregator's archive in memory: applies messages by position, as strictly as the contract allows.

use std::collections::BTreeMap;

use muster_proto::fleet::{self, Ack, Codec, FileForm, FileIdentity, Known, KnownTranscript, Opened, Rewind, down, up};
use muster_proto::ids::TranscriptId;
use muster_proto::limits::FINGERPRINT_BYTES;
use ring::digest::{SHA256, digest};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    Gone,
    Replaced,
}

#[derive(Debug, Clone)]
pub(crate) struct Transcript {
    pub path: String,
    pub root: String,
    pub form: FileForm,
    pub identity: FileIdentity,
    pub state: State,
    pub bytes: Vec<u8>,
    pub mid_line: bool,
    /// Parts of a line (or side file) that is not complete.
    parts: Vec<u8>,
}

#[derive(Default)]
pub(crate) struct Archive {
    pub transcripts: BTreeMap<String, Transcript>,
    pub scanned: bool,
    pub states: Vec<fleet::HostState>,
    pub digests: Vec<fleet::Digest>,
    pub moves: usize,
    /// Living coders by key, as the messages add up.
    pub coders: BTreeMap<String, fleet::Coder>,
    /// Messages about them, in order.
    pub presence: Vec<fleet::Coders>,
    pub hooks: Vec<fleet::HookEvent>,
    pub stopped: Vec<fleet::Stopped>,
    /// Paths in the order in which their first frame came.
    pub order: Vec<String>,
    /// Raw bytes of each frame, in order, with the path.
    pub frames: Vec<(String, usize)>,
}

impl Archive {
    /// A link opens: parts of unfinished lines are forgotten, as the contract says.
    pub(crate) fn link(&mut self) -> Vec<down::Kind> {
        self.scanned = false;
        for transcript in self.transcripts.values_mut() {
            transcript.parts.clear();
        }
        let known: Vec<_> = self
            .transcripts
            .iter()
            .filter(|(_, transcript)| transcript.state == State::Live)
            .map(|(id, transcript)| transcript.known(id))
            .collect();
        let mut batches: Vec<Known> =
            known.chunks(3).map(|batch| Known { transcripts: batch.to_vec(), last: false }).collect();
        batches.push(Known { transcripts: Vec::new(), last: true });
        batches.into_iter().map(down::Kind::Known).collect()
    }

    /// Applies one message.
    pub(crate) fn take(&mut self, message: up::Kind) -> Option<down::Kind> {
        match message {
            up::Kind::Open(open) => Some(self.open(&open)),
            up::Kind::Frame(frame) => self.frame(&frame),
            up::Kind::Moved(moved) => {
                let transcript = self.get(&moved.transcript_id);
                transcript.path = moved.path;
                transcript.root = moved.root;
                self.moves += 1;
                None
            }
            up::Kind::Gone(gone) => {
                self.get(&gone.transcript_id).state = State::Gone;
                None
            }
            up::Kind::Scanned(_) => {
                self.scanned = true;
                None
            }
            up::Kind::State(state) => {
                self.states.push(state);
                None
            }
            up::Kind::Digest(digest) => {
                self.digests.push(digest);
                None
            }
            up::Kind::Coders(coders) => {
                self.presence(coders);
                None
            }
            up::Kind::Hook(event) => {
                self.hooks.push(event);
                None
            }
            up::Kind::Stopped(stopped) => {
                self.stopped.push(stopped);
                None
            }
            up::Kind::Inspected(_) => panic!("nobody asked about a folder"),
            up::Kind::Hello(_) => panic!("a second hello"),
        }
    }

    fn presence(&mut self, coders: fleet::Coders) {
        if coders.whole {
            self.coders.clear();
        }
        self.coders.extend(coders.coders.iter().map(|coder| (coder.key.clone(), coder.clone())));
        for key in &coders.ended {
            assert!(self.coders.remove(key).is_some(), "{key} ended and never lived");
        }
        self.presence.push(coders);
    }

    fn get(&mut self, id: &str) -> &mut Transcript {
        self.transcripts.get_mut(id).expect("a transcript that was opened")
    }

    fn open(&mut self, open: &fleet::Open) -> down::Kind {
        if !open.replaces.is_empty() {
            let old = self.get(&open.replaces);
            assert_eq!(old.state, State::Live, "replaced {old:?}");
            old.state = State::Replaced;
        }
        let id = TranscriptId::new().to_string();
        let transcript = Transcript {
            path: open.path.clone(),
            root: open.root.clone(),
            form: open.form(),
            identity: open.identity.unwrap_or_default(),
            state: State::Live,
            bytes: Vec::new(),
            mid_line: false,
            parts: Vec::new(),
        };
        self.transcripts.insert(id.clone(), transcript);
        down::Kind::Opened(Opened { handle: open.handle, transcript_id: id, offset: 0, line: 0, mid_line: false })
    }

    fn frame(&mut self, frame: &fleet::Frame) -> Option<down::Kind> {
        let id = frame.transcript_id.clone();
        let transcript = self.transcripts.get_mut(&id).expect("a frame of an opened transcript");
        let position = (transcript.bytes.len() + transcript.parts.len()) as u64;
        if frame.start_offset != position {
            transcript.parts.clear();
            let (offset, mid_line) = (transcript.bytes.len() as u64, transcript.mid_line);
            return Some(down::Kind::Rewind(Rewind { transcript_id: id, offset, line: 0, mid_line }));
        }
        let raw = unpack(frame);
        self.frames.push((transcript.path.clone(), raw.len()));
        if position == 0 {
            self.order.push(transcript.path.clone());
        }
        transcript.check_cut(&raw, frame.more);
        transcript.parts.extend_from_slice(&raw);
        if frame.more {
            return None;
        }
        transcript.mid_line = transcript.parts.last() != Some(&b'\n') && transcript.form == FileForm::Lines;
        transcript.bytes.append(&mut transcript.parts);
        Some(down::Kind::Ack(Ack { transcript_id: id, offset: transcript.bytes.len() as u64 }))
    }

    /// Live transcripts by path; no path may have two.
    pub(crate) fn live(&self) -> BTreeMap<String, Vec<u8>> {
        let mut live = BTreeMap::new();
        for transcript in self.transcripts.values().filter(|transcript| transcript.state == State::Live) {
            let twice = live.insert(transcript.path.clone(), transcript.bytes.clone());
            assert!(twice.is_none(), "two live transcripts at {}", transcript.path);
        }
        live
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.transcripts.keys().cloned().collect()
    }
}

impl Transcript {
    fn known(&self, id: &str) -> KnownTranscript {
        let span = self.bytes.len().min(FINGERPRINT_BYTES);
        let sha = |bytes: &[u8]| digest(&SHA256, bytes).as_ref().to_vec().into();
        KnownTranscript {
            transcript_id: id.to_owned(),
            coder: "claude".into(),
            path: self.path.clone(),
            identity: Some(self.identity),
            offset: self.bytes.len() as u64,
            line: self.bytes.split(|byte| *byte == b'\n').count() as u64 - 1,
            mid_line: self.mid_line,
            head_bytes: u32::try_from(span).unwrap(),
            head_sha256: sha(&self.bytes[..span]),
            tail_bytes: u32::try_from(span).unwrap(),
            tail_sha256: sha(&self.bytes[self.bytes.len() - span..]),
        }
    }

    /// A frame of lines that begins inside a line ends at or before that line's end.
    fn check_cut(&self, raw: &[u8], more: bool) {
        assert!(!raw.is_empty(), "an empty frame");
        if self.form != FileForm::Lines {
            return;
        }
        let inner = &raw[..raw.len() - 1];
        if self.mid_line || !self.parts.is_empty() || more {
            assert!(!inner.contains(&b'\n'), "a line's part goes on into the next line");
        }
        assert!(!more || raw.last() != Some(&b'\n'), "a part ends with its line and says that more comes");
    }
}

fn unpack(frame: &fleet::Frame) -> Vec<u8> {
    let raw = match frame.codec() {
        Codec::Zstd => zstd::bulk::decompress(&frame.bytes, frame.raw_bytes as usize).expect("valid zstd"),
        Codec::Raw => frame.bytes.to_vec(),
        Codec::Unspecified => panic!("no codec"),
    };
    assert_eq!(raw.len(), frame.raw_bytes as usize);
    raw
}
