//! Bounds that both sides of the link rely on, each with its reason.

/// Version of the link protocol that this build speaks.
pub const PROTOCOL: u32 = 1;

/// Oldest protocol that an aggregator of this build still accepts.
pub const OLDEST_PROTOCOL: u32 = 1;

/// Raw bytes at which a frame is cut. Large enough that per-frame cost vanishes at 100 MB/s and that compression finds what
/// transcripts repeat (a seventh smaller than with half of it), small enough that one frame neither delays a live line
/// (5 ms at 100 MB/s) nor a reader of one entry (0.5 ms), nor comes near gRPC's message bound.
pub const FRAME_BYTES: usize = 512 * 1024;

/// Largest gRPC message either side decodes: one frame that did not compress, and its envelope, with room to raise
/// [`FRAME_BYTES`] later without a protocol change.
pub const MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// Raw bytes an agent may have sent without an acknowledgement. Covers 100 MB/s at a commit latency of 80 ms; bounds
/// the memory of agent and aggregator for one host.
pub const WINDOW_BYTES: u64 = 8 * 1024 * 1024;

/// Transcripts in one `Known` batch: about 100 KB, a few milliseconds to build and to apply.
pub const KNOWN_BATCH: usize = 500;

/// Bytes at the head and at the tail of the archived part that must still be in the file for it to count as the same.
pub const FINGERPRINT_BYTES: usize = 1024;

/// Longest path accepted from a host. Linux' `PATH_MAX` is 4,096.
pub const PATH_BYTES: usize = 4096;

/// Seconds between two `HostState` messages when nothing changes; three missed ones make a host offline.
pub const STATE_INTERVAL_SECONDS: u64 = 10;
