//! Files that a script brings instead of an agent: `POST /api/v1/imports`, then `PUT /api/v1/imports/{transcript}` until
//! all of it is archived. No page does this, so that these stand in no TypeScript.

use serde::{Deserialize, Serialize};

/// A file that is to be imported.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenImport {
    /// Host under which it will lie; made when there is none. Not the name of a host that has an agent.
    pub host: String,
    /// Coder whose format it has: `claude`, `codex`, `gemini`, `claude-ai`.
    pub coder: String,
    /// Its path below the coder's root, by which it is found again.
    pub path: String,
    /// A side file (JSON, text): not cut at newlines.
    #[serde(default)]
    pub whole: bool,
    /// What is archived at this path is not how the file begins: keep that, and begin anew.
    #[serde(default)]
    pub replace: bool,
}

/// What the archive holds of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportOpened {
    /// Transcript that it is archived as.
    pub transcript_id: String,
    /// Archived bytes: where to go on.
    pub offset: u64,
    /// Length of the first archived bytes that `head_sha256` is the digest of.
    pub head_bytes: u64,
    /// SHA-256 in hexadecimal; empty when nothing is archived.
    pub head_sha256: String,
    /// Length of the last archived bytes that `tail_sha256` is the digest of.
    pub tail_bytes: u64,
    /// SHA-256 in hexadecimal; empty when nothing is archived.
    pub tail_sha256: String,
}

/// How far a file came.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ImportTaken {
    /// Where to go on. What lies between this and what was sent was not taken.
    pub offset: u64,
    /// Bytes that are archived for good.
    pub archived: u64,
}
