//! What repository a folder belongs to: its address, first commit and top folder. Never the content of a file.
//!
//! Git's own files are read where that is enough; the one thing that needs git itself, the first commit, is asked with
//! settings that run nothing of the repository.

use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use muster_proto::limits::PATH_BYTES;
use muster_proto::remote;

use crate::platform::owner;

/// Largest file of git's own that is read.
const CONFIG_BYTES: u64 = 256 * 1024;

/// How long git may look for the first commit: a history of a million commits takes it seconds.
const GIT_WITHIN: Duration = Duration::from_secs(5);

/// How often it is looked whether git has answered.
const GIT_LOOK: Duration = Duration::from_millis(10);

/// Bytes of git's answer that are read: repositories joined of others have several first commits.
const ANSWER_BYTES: u64 = 4096;

/// What a folder belongs to. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// `https://HOST/PATH` of its remote, without whoever asks and their secrets.
    pub remote: String,
    /// Its first commit.
    pub root_commit: String,
    /// Its top folder; of the main working tree when the folder lies in another.
    pub top_level: String,
    /// Name of the folder's owner.
    pub owner: String,
}

/// Why a folder is not looked at.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotLooked {
    /// Not the plain absolute path of a folder.
    #[error("not the absolute path of a folder")]
    NoPath,
    /// Nothing there.
    #[error("there is no such folder on this host")]
    Missing,
}

/// Looks at a folder.
pub fn look(path: &str) -> Result<Found, NotLooked> {
    let folder = Path::new(path);
    let plain = path.len() <= PATH_BYTES && folder.is_absolute() && !path.contains('\0');
    if !plain || folder.components().any(|part| matches!(part, Component::ParentDir)) {
        return Err(NotLooked::NoPath);
    }
    let Ok(metadata) = std::fs::metadata(folder) else { return Err(NotLooked::Missing) };
    if !metadata.is_dir() {
        return Err(NotLooked::NoPath);
    }
    let owner = owner::name(&metadata);
    let Some(repository) = Repository::around(folder) else { return Ok(Found { owner, ..Found::default() }) };
    Ok(Found {
        remote: repository.remote().map(|remote| format!("https://{remote}")).unwrap_or_default(),
        root_commit: root_commit(&repository.common).unwrap_or_default(),
        top_level: repository.top.to_string_lossy().into_owned(),
        owner,
    })
}

/// A repository as git lays it out.
struct Repository {
    /// Top folder of the main working tree.
    top: PathBuf,
    /// The folder that all working trees share: configuration and objects.
    common: PathBuf,
}

impl Repository {
    /// The repository that a folder lies in.
    fn around(folder: &Path) -> Option<Self> {
        folder.ancestors().find_map(Self::at)
    }

    fn at(folder: &Path) -> Option<Self> {
        let dot = folder.join(".git");
        let metadata = std::fs::metadata(&dot).ok()?;
        if metadata.is_dir() {
            return dot.join("HEAD").exists().then(|| Self { top: folder.to_owned(), common: dot });
        }
        // Another working tree, or a submodule: a file that names the folder.
        let text = read(&dot)?;
        let named = text.strip_prefix("gitdir:")?.trim();
        let own = folder.join(named);
        let common = match read(&own.join("commondir")) {
            Some(common) => tidy(&own.join(common.trim())),
            None => own.clone(),
        };
        let is_main = common.file_name().is_some_and(|name| name == ".git");
        let top = if is_main { common.parent()?.to_owned() } else { folder.to_owned() };
        common.join("HEAD").exists().then_some(Self { top, common })
    }

    /// The address that the repository was cloned from: `origin`, else the only one, else the first.
    fn remote(&self) -> Option<String> {
        let remotes = remotes(&read(&self.common.join("config"))?);
        let origin = remotes.iter().find(|(name, _)| name == "origin");
        let (_, address) = origin.or(remotes.first())?;
        remote::normalise(address)
    }
}

/// Names and addresses of the remotes in git's configuration.
fn remotes(config: &str) -> Vec<(String, String)> {
    let mut remotes: Vec<(String, String)> = Vec::new();
    let mut section: Option<String> = None;
    for line in config.lines().map(str::trim) {
        if let Some(head) = line.strip_prefix('[') {
            section = remote_of(head);
        } else if let (Some(name), Some((key, value))) = (&section, line.split_once('=')) {
            let known = remotes.iter().any(|(known, _)| known == name);
            if key.trim().eq_ignore_ascii_case("url") && !known {
                remotes.push((name.clone(), unquoted(value)));
            }
        }
    }
    remotes
}

/// The name in `[remote "NAME"]`.
fn remote_of(head: &str) -> Option<String> {
    let inside = head.split(']').next()?;
    let (kind, name) = inside.split_once(char::is_whitespace)?;
    kind.eq_ignore_ascii_case("remote").then(|| name.trim().trim_matches('"').to_owned())
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    match value.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some((inside, _)) => inside.to_owned(),
        None => value.split([' ', '\t', ';', '#']).next().unwrap_or(value).to_owned(),
    }
}

/// The path without `.` and `..`; links are not followed.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                tidy.pop();
            }
            Component::CurDir => {}
            part => tidy.push(part),
        }
    }
    tidy
}

/// A small file of git's own.
fn read(path: &Path) -> Option<String> {
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > CONFIG_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(CONFIG_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first commit of what is checked out, the lowest when there are several. A shallow clone does not know it.
fn root_commit(common: &Path) -> Option<String> {
    if common.join("shallow").exists() {
        return None;
    }
    let mut git = Command::new("git")
        .arg("--git-dir")
        .arg(common)
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*"])
        .args(["--no-optional-locks", "--no-replace-objects", "rev-list", "--max-parents=0", "HEAD"])
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .current_dir(common)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let until = Instant::now() + GIT_WITHIN;
    let ended = loop {
        match git.try_wait() {
            Ok(Some(status)) => break status.success(),
            Ok(None) if Instant::now() < until => std::thread::sleep(GIT_LOOK),
            _ => break false,
        }
    };
    if !ended {
        // It may have ended by itself.
        let _ = git.kill();
        let _ = git.wait();
        return None;
    }
    let mut text = String::new();
    git.stdout.take()?.take(ANSWER_BYTES).read_to_string(&mut text).ok()?;
    text.lines().filter(|line| is_commit(line)).min().map(str::to_owned)
}

/// A whole id of a commit, in either of git's digests.
fn is_commit(line: &str) -> bool {
    matches!(line.len(), 40 | 64) && line.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(folder: &Path, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.arg("-C").arg(folder).args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]).args(arguments);
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        let output = git.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A repository with a commit and an address.
    fn repository() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        git(home.path(), &["init", "-q", "api"]);
        let api = home.path().join("api");
        std::fs::create_dir(api.join("src")).unwrap();
        git(&api, &["commit", "-q", "--allow-empty", "-m", "begin"]);
        git(&api, &["commit", "-q", "--allow-empty", "-m", "go on"]);
        git(&api, &["remote", "add", "fork", "https://example.com/fork/api"]);
        git(&api, &["remote", "add", "origin", "https://ann:s3cret@example.com/team/api.git"]);
        home
    }

    fn look_at(path: &Path) -> Found {
        look(path.to_str().unwrap()).unwrap()
    }

    #[test]
    fn folders_and_working_trees_belong_to_their_repository() {
        let home = repository();
        let api = home.path().join("api");
        git(&api, &["worktree", "add", "-q", "../side", "-b", "side"]);
        let top = look_at(&api);
        assert_eq!(top.remote, "https://example.com/team/api");
        assert_eq!((top.root_commit.len(), top.top_level.as_str()), (40, api.to_str().unwrap()));
        assert!(!top.owner.is_empty());
        assert_eq!(look_at(&api.join("src")), top);
        assert_eq!(look_at(&home.path().join("side")), top);
    }

    #[test]
    fn a_clone_has_the_same_first_commit() {
        let home = repository();
        git(home.path(), &["clone", "-q", "api", "copy"]);
        let (api, copy) = (look_at(&home.path().join("api")), look_at(&home.path().join("copy")));
        assert_eq!(copy.root_commit, api.root_commit);
        assert_eq!(copy.remote, "", "a folder of this machine is no address");
    }

    #[test]
    fn what_is_no_repository_has_only_an_owner() {
        let home = tempfile::tempdir().unwrap();
        let found = look_at(home.path());
        assert_eq!(found, Found { owner: found.owner.clone(), ..Found::default() });
        git(home.path(), &["init", "-q"]);
        let empty = look_at(home.path());
        assert_eq!((empty.root_commit.as_str(), empty.remote.as_str()), ("", ""));
        assert_eq!(empty.top_level, home.path().to_str().unwrap());
    }

    #[test]
    fn only_folders_are_looked_at() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, "secret").unwrap();
        assert_eq!(look(file.to_str().unwrap()), Err(NotLooked::NoPath));
        assert_eq!(look("relative"), Err(NotLooked::NoPath));
        assert_eq!(look("/tmp/../etc"), Err(NotLooked::NoPath));
        assert_eq!(look(home.path().join("nothing").to_str().unwrap()), Err(NotLooked::Missing));
    }

    #[test]
    fn nothing_of_the_repository_runs() {
        let home = repository();
        let (api, trace) = (home.path().join("api"), home.path().join("ran"));
        let script = format!("touch {}", trace.display());
        git(&api, &["config", "core.fsmonitor", &script]);
        git(&api, &["config", "core.pager", &script]);
        git(&api, &["config", "alias.rev-list", &format!("!{script}")]);
        assert_eq!(look_at(&api).root_commit.len(), 40);
        assert!(!trace.exists());
    }

    #[test]
    fn configurations_are_read_as_git_writes_them() {
        let text = "[core]\n\turl = no\n[remote \"up stream\"]\n\tfetch = x\n\tURL = \"https://example.com/a b\"\n\turl = second\n\
                    [Remote \"origin\"] # main\n  url=git@example.com:a/b.git ; why\n[branch \"x\"]\n\tremote = origin";
        let expected = [("up stream", "https://example.com/a b"), ("origin", "git@example.com:a/b.git")];
        let found = remotes(text);
        assert_eq!(found.iter().map(|(name, url)| (name.as_str(), url.as_str())).collect::<Vec<_>>(), expected);
    }
}
