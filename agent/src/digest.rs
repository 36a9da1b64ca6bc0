//! `verify`: digests of whole files, taken beside the watching so that a large file delays no fresh line.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use muster_proto::fleet::{self, Up, up};
use ring::digest::{Context, SHA256};
use tokio::sync::mpsc::Sender;

use crate::platform::file;
use crate::watch::DigestJob;

/// Requests that wait. When full, the next is answered with an error, and the aggregator asks again.
const WAITING: usize = 64;

/// Read at once: large enough for a disk, small beside the agent's memory.
const BUFFER_BYTES: usize = 128 * 1024;

type Task = (DigestJob, Sender<Up>);

/// Takes requests for digests.
pub struct DigestDesk(SyncSender<Task>);

impl DigestDesk {
    /// Starts the thread that takes digests, one after the other.
    pub fn start() -> io::Result<Self> {
        let (sender, tasks) = sync_channel(WAITING);
        std::thread::Builder::new().name("muster-digest".into()).spawn(move || work(&tasks))?;
        Ok(Self(sender))
    }

    /// Takes a request; the answer goes to `up`.
    pub fn take(&self, job: DigestJob, up: Sender<Up>) {
        let request_id = job.request_id;
        if let Err(full) = self.0.try_send((job, up)) {
            let (std::sync::mpsc::TrySendError::Full((_, up)) | std::sync::mpsc::TrySendError::Disconnected((_, up))) =
                full;
            let busy = answer(request_id, Err("this host takes other digests; ask again".to_owned()));
            // Without room even for this, the aggregator's own time limit answers.
            let _no_room = up.try_send(busy);
        }
    }
}

fn work(tasks: &Receiver<Task>) {
    while let Ok((job, up)) = tasks.recv() {
        let taken = digest_of(&job.path, job.upto_bytes).map_err(|error| error.to_string());
        // The link may have ended meanwhile: then nobody waits for the answer.
        let _link_ended = up.blocking_send(answer(job.request_id, taken));
    }
}

fn answer(request_id: u64, taken: Result<(Vec<u8>, u64), String>) -> Up {
    let digest = match taken {
        Ok((sha256, size_bytes)) => {
            fleet::Digest { request_id, sha256: sha256.into(), size_bytes, error: String::new() }
        }
        Err(error) => fleet::Digest { request_id, error, ..fleet::Digest::default() },
    };
    Up { kind: Some(up::Kind::Digest(digest)) }
}

/// SHA-256 of the first `upto_bytes` of the file, and its size.
fn digest_of(path: &Path, upto_bytes: u64) -> io::Result<(Vec<u8>, u64)> {
    let file = file::open(path)?;
    let size = file.metadata()?.len();
    if size < upto_bytes {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("the file has {size} bytes only")));
    }
    Ok((sha256(file, upto_bytes)?, size))
}

fn sha256(file: File, upto_bytes: u64) -> io::Result<Vec<u8>> {
    let mut reader = file.take(upto_bytes);
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(context.finish().as_ref().to_vec()),
            read => context.update(&buffer[..read]),
        }
    }
}
