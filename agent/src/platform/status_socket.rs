//! The local endpoint on which a running agent tells its status: whoever connects gets one JSON document.
//!
//! Unix: a socket in the state folder, which only its owner may enter. Windows: a port on the loopback address, its
//! number kept in the state folder.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest wait for a running agent's answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Largest status document read.
const MAX_BYTES: u64 = 1024 * 1024;

/// Asks the agent whose state lies in `state` for its status document.
pub fn ask(state: &Path) -> io::Result<String> {
    body::ask(state)
}

/// Answers every caller with what `document` returns, until dropped.
pub async fn serve(state: PathBuf, document: impl Fn() -> String) -> io::Result<()> {
    body::serve(state, document).await
}

#[cfg(unix)]
mod body {
    use super::{MAX_BYTES, PATIENCE, Path, PathBuf, io};
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use tokio::io::AsyncWriteExt;
    use tokio::net::UnixListener;

    fn socket(state: &Path) -> PathBuf {
        state.join("status.sock")
    }

    pub(super) fn ask(state: &Path) -> io::Result<String> {
        let stream = UnixStream::connect(socket(state))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut text = String::new();
        stream.take(MAX_BYTES).read_to_string(&mut text)?;
        Ok(text)
    }

    pub(super) async fn serve(state: PathBuf, document: impl Fn() -> String) -> io::Result<()> {
        let path = socket(&state);
        // A socket left behind by a killed agent would refuse the bind.
        if let Err(error) = std::fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let listener = UnixListener::bind(&path)?;
        loop {
            let (mut caller, _) = listener.accept().await?;
            let _gone_away = tokio::time::timeout(PATIENCE, caller.write_all(document().as_bytes())).await;
        }
    }
}

#[cfg(windows)]
mod body {
    use super::{MAX_BYTES, PATIENCE, Path, PathBuf, io};
    use std::io::Read;
    use std::net::{Ipv4Addr, TcpStream};

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    fn port_file(state: &Path) -> PathBuf {
        state.join("status.port")
    }

    pub(super) fn ask(state: &Path) -> io::Result<String> {
        let port = std::fs::read_to_string(port_file(state))?;
        let port: u16 = port.trim().parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut text = String::new();
        stream.take(MAX_BYTES).read_to_string(&mut text)?;
        Ok(text)
    }

    pub(super) async fn serve(state: PathBuf, document: impl Fn() -> String) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        std::fs::write(port_file(&state), listener.local_addr()?.port().to_string())?;
        loop {
            let (mut caller, _) = listener.accept().await?;
            let _gone_away = tokio::time::timeout(PATIENCE, caller.write_all(document().as_bytes())).await;
        }
    }
}
