//! The local endpoint at which a running agent takes what hooks tell: one short message per call, never answered.
//!
//! Unix: a socket in the state folder, which only its owner may enter. Windows: a port on the loopback address; its
//! number and the word that a caller must say first are kept in the state folder.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a caller may take to say its message. It has the message ready before it calls.
const PATIENCE: Duration = Duration::from_millis(200);

/// Hands `message` to the agent whose state lies in `state`. Does not wait for it to be read.
///
/// May block when the agent is stopped in the middle: callers who must not be held up call it from a thread that they
/// can leave behind.
pub fn send(state: &Path, message: &[u8]) -> io::Result<()> {
    body::send(state, message)
}

/// Hands every message of at most `max_bytes` to `take`, one after the other, until dropped.
pub async fn serve(state: PathBuf, max_bytes: usize, take: impl Fn(Vec<u8>)) -> io::Result<()> {
    body::serve(state, max_bytes, take).await
}

/// One caller's message; `None` when it is too long, too slow, or the caller went away.
async fn message(caller: impl tokio::io::AsyncRead + Unpin, max_bytes: usize) -> Option<Vec<u8>> {
    use tokio::io::AsyncReadExt;

    let mut message = Vec::new();
    let mut bounded = caller.take(max_bytes as u64 + 1);
    let read = tokio::time::timeout(PATIENCE, bounded.read_to_end(&mut message)).await;
    (matches!(read, Ok(Ok(_))) && !message.is_empty() && message.len() <= max_bytes).then_some(message)
}

#[cfg(unix)]
mod body {
    use super::{Path, PathBuf, io, message};
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use tokio::net::UnixListener;

    fn socket(state: &Path) -> PathBuf {
        state.join("hook.sock")
    }

    pub(super) fn send(state: &Path, message: &[u8]) -> io::Result<()> {
        UnixStream::connect(socket(state))?.write_all(message)
    }

    pub(super) async fn serve(state: PathBuf, max_bytes: usize, take: impl Fn(Vec<u8>)) -> io::Result<()> {
        let path = socket(&state);
        // A socket left behind by a killed agent would refuse the bind.
        if let Err(error) = std::fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let listener = UnixListener::bind(&path)?;
        loop {
            let (caller, _) = listener.accept().await?;
            message(caller, max_bytes).await.into_iter().for_each(&take);
        }
    }
}

#[cfg(windows)]
mod body {
    use super::{Path, PathBuf, io, message};
    use std::io::Write;
    use std::net::{Ipv4Addr, TcpStream};

    use tokio::net::TcpListener;

    fn port_file(state: &Path) -> PathBuf {
        state.join("hook.port")
    }

    pub(super) fn send(state: &Path, message: &[u8]) -> io::Result<()> {
        let kept = std::fs::read_to_string(port_file(state))?;
        let (port, word) = kept.trim().split_once(' ').ok_or(io::ErrorKind::InvalidData)?;
        let port: u16 = port.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.write_all(&[word.as_bytes(), message].concat())
    }

    pub(super) async fn serve(state: PathBuf, max_bytes: usize, take: impl Fn(Vec<u8>)) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        // The port is open to every user of the machine, the state folder is not.
        let word = uuid::Uuid::new_v4().simple().to_string();
        std::fs::write(port_file(&state), format!("{} {word}", listener.local_addr()?.port()))?;
        loop {
            let (caller, _) = listener.accept().await?;
            if let Some(said) = message(caller, max_bytes + word.len()).await
                && let Some(rest) = said.strip_prefix(word.as_bytes())
            {
                take(rest.to_vec());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_whole_and_in_order_and_long_ones_not_at_all() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().to_path_buf();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (taken, mut arrived) = tokio::sync::mpsc::channel(8);
        runtime.block_on(async {
            let serving = serve(folder.clone(), 10, |message| taken.try_send(message).unwrap());
            let calling = async {
                for text in ["first", "far too long for it", "second"] {
                    while send(&folder, text.as_bytes()).is_err() {
                        tokio::task::yield_now().await;
                    }
                }
                (arrived.recv().await, arrived.recv().await)
            };
            tokio::select! {
                ended = serving => panic!("{ended:?}"),
                got = calling => assert_eq!(got, (Some(b"first".to_vec()), Some(b"second".to_vec()))),
            }
        });
    }

    #[test]
    fn a_caller_without_an_agent_is_told_at_once() {
        let state = tempfile::tempdir().unwrap();
        assert!(send(state.path(), b"x").is_err());
    }
}
