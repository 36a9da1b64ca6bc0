//! PostgreSQL for tests, from the programs installed on this machine.
//!
//! [`database`] gives an empty database in a cluster that all test processes of this user share: each test process would
//! otherwise spend a second on a cluster of its own. The cluster lies in the temporary folder, writes nothing safely, and
//! ends by itself a minute after its last use. [`Cluster::private`] is for tests that kill the server.
//!
//! Nothing here returns an error: a test without its database cannot go on, and the panic says why.
#![allow(clippy::expect_used)] // See above: for tests only.

mod server;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

pub use server::Cluster;

/// An empty database of its own, dropped with this value.
#[derive(Debug)]
pub struct Database {
    name: String,
    cluster: Cluster,
    drop_it: bool,
}

impl Database {
    /// Address for `--database`.
    pub fn url(&self) -> String {
        format!("postgres://muster@localhost/{}?host={}", self.name, self.cluster.sockets().display())
    }

    fn create(cluster: Cluster, drop_it: bool) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        // Not the usual template: a session in that one (autovacuum's, for example) would stand in the way.
        cluster.run("createdb", &["--template=template0", &name]);
        Self { name, cluster, drop_it }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.drop_it {
            self.cluster.run("dropdb", &["--force", "--if-exists", &self.name]);
        }
    }
}

/// An empty database in the shared cluster.
pub fn database() -> Database {
    static SHARED: LazyLock<Shared> = LazyLock::new(Shared::join);
    Database::create(SHARED.cluster.clone(), true)
}

impl Cluster {
    /// A cluster that no other test sees, for tests that stop or kill the server.
    pub fn private(folder: &Path) -> Self {
        Self::start(&folder.join("pg"))
    }

    /// An empty database in it, which goes with the cluster.
    pub fn database(&self) -> Database {
        Database::create(self.clone(), false)
    }
}

/// This process' part in the shared cluster.
struct Shared {
    cluster: Cluster,
    /// Locked, shared with other processes, as long as this one lives: the cluster does not end meanwhile.
    _use: File,
}

impl Shared {
    fn join() -> Self {
        let base = base_folder();
        fs::create_dir_all(&base).expect("the temporary folder can be written");
        // One process at a time looks whether the cluster runs, and starts it.
        let turn = File::create(base.join("turn")).expect("the shared folder can be written");
        turn.lock().expect("files can be locked");
        let mut using = File::create(base.join("use")).expect("the shared folder can be written");
        using.write_all(b"dates the file").expect("the shared folder can be written");
        using.lock_shared().expect("files can be locked");
        let folder = base.join("pg");
        let cluster = Cluster::found(&folder).unwrap_or_else(|| {
            let cluster = Cluster::start(&folder);
            cluster.end_when_unused(&base);
            cluster
        });
        Self { cluster, _use: using }
    }
}

fn base_folder() -> PathBuf {
    let user = rustix::process::getuid().as_raw();
    // Short: the path of a socket has room for 107 bytes.
    PathBuf::from(format!("/tmp/muster-pg-{user}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_database_is_empty_and_another() {
        let (one, two) = (database(), database());
        assert_ne!(one.url(), two.url());
        one.cluster.run("psql", &["--quiet", "--set=ON_ERROR_STOP=1", "--command=CREATE TABLE t (n INT)", &one.name]);
        two.cluster.run("psql", &["--quiet", "--set=ON_ERROR_STOP=1", "--command=CREATE TABLE t (n INT)", &two.name]);
    }
}
