//! What this machine is called, and by which address it reaches the network.

use std::net::{IpAddr, UdpSocket};

/// What this machine calls itself.
pub fn hostname() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

/// The address that other machines most likely reach this one by. Connecting a datagram socket sends nothing; it only
/// asks the system which of its addresses it would use.
pub fn own_address() -> Option<IpAddr> {
    // Addresses of documentation (RFC 5737, RFC 3849): nobody is there, but the default route leads towards them.
    let towards = |from: &str, to: &str| {
        let socket = UdpSocket::bind(from).ok()?;
        socket.connect(to).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    towards("0.0.0.0:0", "192.0.2.1:9")
        .or_else(|| towards("[::]:0", "[2001:db8::1]:9"))
        .filter(|address| !address.is_unspecified() && !address.is_loopback())
}

/// Everything that this process writes is for its owner only: the database holds conversations and secrets.
pub fn keep_files_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Lets this process hold as many connections open as the system allows it to.
pub fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(error = %error, "the limit of open files stays as it is");
    }
}
