//! What the aggregator asks and what takes long: digests of whole files, and what repository a folder belongs to. Answered
//! beside the watching, so that a large file delays no fresh line.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use muster_proto::fleet::{self, Up, up};
use ring::digest::{Context, SHA256};
use tokio::sync::mpsc::Sender;

use crate::platform::file;
use crate::repository;
use crate::watch::DigestJob;

/// Requests that wait. When full, the next is answered with an error, and the aggregator asks again.
const WAITING: usize = 64;

/// Read at once: large enough for a disk, small beside the agent's memory.
const BUFFER_BYTES: usize = 128 * 1024;

/// What is to be found out, and where the answer goes.
enum Task {
    Digest(DigestJob, Sender<Up>),
    Inspect(fleet::Inspect, Sender<Up>),
}

/// Takes requests.
pub struct DigestDesk(SyncSender<Task>);

impl DigestDesk {
    /// Starts the thread that answers, one request after the other.
    pub fn start() -> io::Result<Self> {
        let (sender, tasks) = sync_channel(WAITING);
        std::thread::Builder::new().name("muster-digest".into()).spawn(move || work(&tasks))?;
        Ok(Self(sender))
    }

    /// Takes a request; the answer goes to `up`.
    pub fn take(&self, job: DigestJob, up: &Sender<Up>) {
        let request_id = job.request_id;
        if self.0.try_send(Task::Digest(job, up.clone())).is_err() {
            let busy = answer(request_id, 0, Err("this host takes other digests; ask again".to_owned()));
            // Without room even for this, the aggregator's own time limit answers.
            let _no_room = up.try_send(busy);
        }
    }

    /// Takes a question about a folder; the answer goes to `up`. Without room for it the aggregator asks again later.
    pub fn inspect(&self, asked: fleet::Inspect, up: Sender<Up>) {
        let _asked_again = self.0.try_send(Task::Inspect(asked, up));
    }
}

fn work(tasks: &Receiver<Task>) {
    while let Ok(task) = tasks.recv() {
        let (answer, up) = match task {
            Task::Digest(job, up) => {
                let taken = digest_of(&job.path, job.from_bytes, job.upto_bytes).map_err(|error| error.to_string());
                (answer(job.request_id, job.from_bytes, taken), up)
            }
            Task::Inspect(asked, up) => (inspected(&asked), up),
        };
        // The link may have ended meanwhile: then nobody waits for the answer.
        let _link_ended = up.blocking_send(answer);
    }
}

fn inspected(asked: &fleet::Inspect) -> Up {
    let request_id = asked.request_id;
    let inspected = match repository::look(&asked.path) {
        Ok(repository::Found { remote, root_commit, top_level, owner }) => {
            fleet::Inspected { request_id, remote, root_commit, top_level, owner, error: String::new() }
        }
        Err(error) => fleet::Inspected { request_id, error: error.to_string(), ..fleet::Inspected::default() },
    };
    Up { kind: Some(up::Kind::Inspected(inspected)) }
}

fn answer(request_id: u64, from_bytes: u64, taken: Result<(Vec<u8>, u64), String>) -> Up {
    let digest = match taken {
        Ok((sha256, size_bytes)) => {
            fleet::Digest { request_id, sha256: sha256.into(), size_bytes, error: String::new(), from_bytes }
        }
        Err(error) => fleet::Digest { request_id, error, ..fleet::Digest::default() },
    };
    Up { kind: Some(up::Kind::Digest(digest)) }
}

/// SHA-256 of the file's bytes from `from_bytes` up to `upto_bytes`, and its size.
fn digest_of(path: &Path, from_bytes: u64, upto_bytes: u64) -> io::Result<(Vec<u8>, u64)> {
    let mut file = file::open(path)?;
    let size = file.metadata()?.len();
    if size < upto_bytes {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("the file has {size} bytes only")));
    }
    file.seek(SeekFrom::Start(from_bytes))?;
    Ok((sha256(file, upto_bytes.saturating_sub(from_bytes))?, size))
}

fn sha256(file: File, bytes: u64) -> io::Result<Vec<u8>> {
    let mut reader = file.take(bytes);
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(context.finish().as_ref().to_vec()),
            read => context.update(&buffer[..read]),
        }
    }
}
