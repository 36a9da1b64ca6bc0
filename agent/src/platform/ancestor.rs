//! Which process called us: the coder, mostly with a shell in between.

use std::path::{Path, PathBuf};

/// Shells and wrappers between a coder and its hook.
const GENERATIONS: usize = 4;

/// What stands between by the coder's own doing.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "zsh", "fish", "busybox"];

/// The nearest ancestor of this process that the coder itself lists as one of its own; where it keeps no list, the
/// nearest that is no shell. `transcript` lies in the coder's home, where that list is. `None` where the platform does
/// not tell.
pub fn coder(transcript: &str) -> Option<u32> {
    let above = std::iter::successors(body::parent(), |pid| body::parent_of(*pid)).take(GENERATIONS);
    let ancestors: Vec<u32> = above.take_while(|pid| *pid > 1).collect();
    let list = registry(Path::new(transcript)).filter(|list| list.is_dir());
    let listed = |pid: &&u32| list.as_ref().is_some_and(|list| list.join(format!("{pid}.json")).exists());
    let no_shell =
        |pid: &&u32| list.is_none() && body::name(**pid).is_some_and(|name| !SHELLS.contains(&name.as_str()));
    ancestors.iter().find(listed).or_else(|| ancestors.iter().find(no_shell)).copied()
}

/// The folder of the coder's list of living sessions.
fn registry(transcript: &Path) -> Option<PathBuf> {
    let projects = transcript.ancestors().find(|folder| folder.ends_with("projects"))?;
    Some(projects.parent()?.join("sessions"))
}

#[cfg(unix)]
mod body {
    pub(super) fn parent() -> Option<u32> {
        u32::try_from(rustix::process::getppid()?.as_raw_nonzero().get()).ok()
    }

    /// Only Linux tells it in a file.
    pub(super) fn name(pid: u32) -> Option<String> {
        Some(std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned())
    }

    /// Only Linux tells it in a file.
    pub(super) fn parent_of(pid: u32) -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name stands in brackets and may hold anything, brackets too.
        let (_, behind_name) = stat.rsplit_once(')')?;
        behind_name.split_whitespace().nth(1)?.parse().ok()
    }
}

#[cfg(windows)]
mod body {
    pub(super) fn parent() -> Option<u32> {
        None
    }

    pub(super) fn parent_of(_pid: u32) -> Option<u32> {
        None
    }

    pub(super) fn name(_pid: u32) -> Option<String> {
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_listed_ancestor_is_found() {
        let home = tempfile::tempdir().unwrap();
        let transcript = home.path().join("projects/-srv/s.jsonl").display().to_string();
        std::fs::create_dir(home.path().join("sessions")).unwrap();
        assert_eq!(coder(&transcript), None);
        let parent = body::parent().unwrap();
        std::fs::write(home.path().join(format!("sessions/{parent}.json")), "{}").unwrap();
        assert_eq!(coder(&transcript), Some(parent));
        if cfg!(target_os = "linux") {
            assert!(coder("/elsewhere/s.jsonl").is_some(), "without a list the nearest that is no shell");
        }
    }
}
