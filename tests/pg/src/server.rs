//! One cluster: made, started, asked, killed.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where distributions keep the programs; the newest is taken, then what is in PATH.
const PLACES: [&str; 3] = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt"];

/// A throw-away cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
}

impl Cluster {
    /// Makes a cluster in `folder` and starts it.
    pub(crate) fn start(folder: &Path) -> Self {
        let cluster = Self { folder: folder.to_owned(), programs: programs() };
        clear(folder);
        fs::create_dir_all(cluster.sockets()).expect("the cluster's folder can be written");
        // The server refuses to run as root: as root it runs as another user, who needs the folders.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("the folder is ours");
        if let Some((user, group)) = other_user() {
            for path in [folder, &cluster.sockets()] {
                chown(path, Some(user), Some(group)).expect("root may give folders away");
            }
        }
        let data = cluster.data();
        let initdb = ["--username=muster", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--pgdata"];
        cluster.run_as_server("initdb", &[&initdb[..], &[&data]].concat());
        cluster.restart();
        cluster
    }

    /// The cluster in `folder`, if it answers.
    pub(crate) fn found(folder: &Path) -> Option<Self> {
        let cluster = Self { folder: folder.to_owned(), programs: programs() };
        let ready = Command::new(cluster.program("pg_isready"))
            .arg("--host")
            .arg(cluster.sockets())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        ready.is_ok_and(|status| status.success()).then_some(cluster)
    }

    /// Starts the server (again), and waits until it answers.
    pub fn restart(&self) {
        let settings = format!(
            "-k {} -c listen_addresses= -c fsync=off -c full_page_writes=off -c synchronous_commit=off \
             -c max_connections=300 -c shared_buffers=32MB",
            self.sockets().display()
        );
        let log = self.folder.join("sockets/log");
        let (data, log) = (self.data(), log.display().to_string());
        self.run_as_server(
            "pg_ctl",
            &["start", "--wait", "--silent", "--pgdata", &data, "--log", &log, "--options", &settings],
        );
    }

    /// Ends the server at once, as a power cut would.
    pub fn kill(&self) {
        self.run_as_server("pg_ctl", &["stop", "--silent", "--mode", "immediate", "--pgdata", &self.data()]);
    }

    /// Ends the server once no test process has used it for a minute.
    pub(crate) fn end_when_unused(&self, base: &Path) {
        // Every user holds a shared lock on `use`, and dates it; the cluster goes when nobody does any more. It stops under
        // the exclusive lock, so that who comes meanwhile waits, and then starts a new one.
        let script = "(while sleep 5 && [ -e \"$3/postmaster.pid\" ]; do \
             if [ -z \"$(find \"$1/use\" -mmin -1)\" ]; then \
                 flock --nonblock \"$1/use\" \"$2\" stop --silent --mode immediate --pgdata \"$3\" && exit; \
             fi; done) &";
        let mut command = self.as_server("sh");
        command.args(["-c", script, "sh"]).arg(base).arg(self.program("pg_ctl")).arg(self.data());
        command.process_group(0).stderr(Stdio::null());
        finish(command, "sh");
    }

    /// Runs one of the client programs against this cluster.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.program(program));
        command.arg("--host").arg(self.sockets()).arg("--username=muster").args(arguments);
        finish(command, program);
    }

    /// Folder of the server's socket.
    pub(crate) fn sockets(&self) -> PathBuf {
        self.folder.join("sockets")
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    fn run_as_server(&self, program: &str, arguments: &[&str]) {
        let mut command = self.as_server(&self.program(program).display().to_string());
        command.args(arguments);
        finish(command, program);
    }

    fn as_server(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder);
        if let Some((user, group)) = other_user() {
            command.uid(user).gid(group);
        }
        command
    }
}

/// Takes an old cluster away. Its last processes may still be writing while they end.
fn clear(folder: &Path) {
    for _ in 0..100 {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => std::thread::sleep(Duration::from_millis(20)),
            _ => return,
        }
    }
}

fn finish(mut command: Command, program: &str) {
    // A file instead of a pipe: the server that `pg_ctl` starts would keep a pipe open for ever.
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    match output {
        Ok(status) => assert!(status.success(), "{program} failed ({status}); its own message stands above"),
        Err(error) => panic!("{program} cannot be run: {error}. Install PostgreSQL 15 or newer (Debian: postgresql)"),
    }
}

/// Folder of the newest installed programs; empty, so that PATH decides, where none is in a usual place.
fn programs() -> PathBuf {
    let versions = PLACES.iter().filter_map(|place| fs::read_dir(place).ok()).flatten().flatten();
    let folders = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists());
    folders.max_by_key(|bin| version_of(bin)).unwrap_or_default()
}

fn version_of(bin: &Path) -> u32 {
    let version = bin.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    version.unwrap_or_default().trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0)
}

/// Whom the server runs as when we are root, as (user, group).
fn other_user() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
    let ids = |name: &str| {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("there is a user postgres or nobody"))
}
