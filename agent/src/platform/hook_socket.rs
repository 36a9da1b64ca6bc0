//! The local endpoint at which a running agent takes what hooks tell: one short message per call, never answered.
//!
//! Unix: a socket in the state folder, which only its owner may enter. Windows: a port on the loopback address; its
//! number and the word that a caller must say first are kept in the state folder.
//!
//! The agent of a whole machine (Linux) has a second socket that every user may speak to. The kernel tells who speaks.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a caller may take to say its message. It has the message ready before it calls.
const PATIENCE: Duration = Duration::from_millis(200);

/// Where the agent of a whole machine listens, as its unit names it (`RuntimeDirectory=`).
const MACHINE: &str = "/run/muster-agent";

/// Which agent takes messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// The one whose state folder was named.
    Own,
    /// The one of the whole machine, through the socket in this folder.
    Machine(PathBuf),
}

/// Hands `message` to the agent whose state lies in `state`, else to the machine's. Does not wait for it to be read.
///
/// May block when the agent is stopped in the middle: callers who must not be held up call it from a thread that they
/// can leave behind.
pub fn send(state: &Path, message: &[u8]) -> io::Result<Reached> {
    let own = body::send(state, message).map(|()| Reached::Own);
    let machine = |folder: PathBuf| body::send(&folder, message).is_ok().then_some(Reached::Machine(folder));
    own.or_else(|error| machine_folder().and_then(machine).ok_or(error))
}

/// The agent that takes messages of callers who belong to this state folder; `None`: none does.
pub fn reach(state: &Path) -> Option<Reached> {
    send(state, &[]).ok()
}

/// The folder of the machine's socket; `MUSTER_AGENT_RUNTIME` names another one.
fn machine_folder() -> Option<PathBuf> {
    let named = std::env::var_os("MUSTER_AGENT_RUNTIME").map(PathBuf::from);
    named.or_else(|| cfg!(target_os = "linux").then(|| MACHINE.into()))
}

/// The folder in which this agent listens to every user of the machine; `None` when it is not the machine's.
pub fn own_machine_folder() -> Option<PathBuf> {
    let folders = std::env::var("RUNTIME_DIRECTORY").ok().filter(|folders| cfg!(unix) && !folders.is_empty())?;
    folders.split(':').next().map(PathBuf::from)
}

/// Takes what any user of the machine says.
pub trait Audience {
    /// Whether this user has anything to say here; nothing is read of others.
    fn admits(&self, user: u32) -> bool;
    /// What this user said.
    fn hear(&self, user: u32, message: &[u8]);
}

/// Hands every message of at most `max_bytes` that a user says at the socket in `folder` to `audience`, until dropped.
pub async fn serve_all(folder: PathBuf, max_bytes: usize, audience: &impl Audience) -> io::Result<()> {
    body::serve_all(folder, max_bytes, audience).await
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
    use super::{Audience, Path, PathBuf, io, message};
    use std::fs::Permissions;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;

    use tokio::net::UnixListener;

    fn socket(state: &Path) -> PathBuf {
        state.join("hook.sock")
    }

    pub(super) fn send(state: &Path, message: &[u8]) -> io::Result<()> {
        UnixStream::connect(socket(state))?.write_all(message)
    }

    pub(super) async fn serve(state: PathBuf, max_bytes: usize, take: impl Fn(Vec<u8>)) -> io::Result<()> {
        let listener = bind(&socket(&state))?;
        loop {
            let (caller, _) = listener.accept().await?;
            message(caller, max_bytes).await.into_iter().for_each(&take);
        }
    }

    pub(super) async fn serve_all(folder: PathBuf, max_bytes: usize, audience: &impl Audience) -> io::Result<()> {
        let path = socket(&folder);
        let listener = bind(&path)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o666))?;
        loop {
            let (caller, _) = listener.accept().await?;
            // Who does not even stay until asked for its name has nothing to say.
            let Ok(user) = caller.peer_cred().map(|peer| peer.uid()) else { continue };
            if audience.admits(user)
                && let Some(said) = message(caller, max_bytes).await
            {
                audience.hear(user, &said);
            }
        }
    }

    fn bind(path: &Path) -> io::Result<UnixListener> {
        // A socket left behind by a killed agent would refuse the bind.
        if let Err(error) = std::fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        UnixListener::bind(path)
    }
}

#[cfg(windows)]
mod body {
    use super::{Audience, Path, PathBuf, io, message};
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

    /// An agent of a whole machine is not offered here.
    pub(super) async fn serve_all(_: PathBuf, _: usize, _: &impl Audience) -> io::Result<()> {
        std::future::pending().await
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
        assert_eq!(reach(state.path()), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_machines_agent_hears_who_speaks_and_nothing_of_strangers() {
        struct Ear(tokio::sync::mpsc::Sender<(u32, Vec<u8>)>, bool);
        impl Audience for Ear {
            fn admits(&self, _: u32) -> bool {
                self.1
            }
            fn hear(&self, user: u32, message: &[u8]) {
                self.0.try_send((user, message.to_vec())).unwrap();
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for admitted in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().to_path_buf();
            let (said, mut heard) = tokio::sync::mpsc::channel(8);
            let ear = Ear(said, admitted);
            runtime.block_on(async {
                let calling = async {
                    while body::send(&path, b"hello").is_err() {
                        tokio::task::yield_now().await;
                    }
                    // A second caller is served only when the first one was dealt with.
                    let mut second = tokio::net::UnixStream::connect(path.join("hook.sock")).await.unwrap();
                    let mut end = Vec::new();
                    tokio::io::AsyncWriteExt::shutdown(&mut second).await.unwrap();
                    tokio::io::AsyncReadExt::read_to_end(&mut second, &mut end).await.unwrap();
                };
                tokio::select! {
                    ended = serve_all(path.clone(), 10, &ear) => panic!("{ended:?}"),
                    () = calling => {}
                }
            });
            let wanted = admitted.then(|| (rustix::process::geteuid().as_raw(), b"hello".to_vec()));
            assert_eq!(heard.try_recv().ok(), wanted);
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &std::fs::metadata(path.join("hook.sock")).unwrap().permissions(),
            );
            assert_eq!(mode & 0o777, 0o666, "every user may speak to it");
        }
    }
}
