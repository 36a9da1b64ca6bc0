//! Which folders are followed: the coder's name, and where its transcripts lie.

use std::path::{Path, PathBuf};

/// A root as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootSpec {
    /// Coder whose transcripts lie there: "claude", "codex", …
    pub coder: String,
    /// Folder as given: the transcripts' folder, or the coder's home that holds it.
    pub given: PathBuf,
}

/// A root that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// No `=`.
    #[error("{0:?} is not a root; write CODER=DIR, for example claude=/srv/alice/.claude")]
    NoCoder(String),
    /// A name that would not survive in URLs and tables.
    #[error("{0:?} is not a coder's name; use lower-case letters, digits and '-', for example claude")]
    BadCoder(String),
    /// Nothing after `=`.
    #[error("root {0:?} names no folder; write CODER=DIR")]
    NoFolder(String),
}

impl RootSpec {
    /// Checks the coder's name, resolves its aliases, makes the folder absolute (`~/` is the home).
    pub fn new(coder: &str, folder: &Path) -> Result<Self, RootError> {
        let name = match coder {
            "claude-code" => "claude",
            "gemini-cli" => "gemini",
            other => other,
        };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 32 || !name.chars().all(fits) {
            return Err(RootError::BadCoder(coder.to_owned()));
        }
        if folder.as_os_str().is_empty() {
            return Err(RootError::NoFolder(format!("{coder}=")));
        }
        let folder = match (folder.strip_prefix("~"), std::env::home_dir()) {
            (Ok(below), Some(home)) => home.join(below),
            _ => folder.to_path_buf(),
        };
        let given = std::path::absolute(&folder).unwrap_or(folder);
        Ok(Self { coder: name.to_owned(), given })
    }

    /// Reads `CODER=DIR`.
    pub fn parse(text: &str) -> Result<Self, RootError> {
        let (coder, folder) = text.split_once('=').ok_or_else(|| RootError::NoCoder(text.to_owned()))?;
        Self::new(coder, Path::new(folder))
    }

    /// The folder to follow. A coder's home (it has a `projects` folder, or is called `.claude`) stands for its
    /// `projects`, because the rest of it is settings, secrets and caches.
    pub fn folder(&self) -> PathBuf {
        let projects = self.given.join("projects");
        if self.given.ends_with(".claude") || projects.is_dir() { projects } else { self.given.clone() }
    }
}

/// Where roots come from; asked again at every sweep, because homes come and go.
#[derive(Debug, Clone, Default)]
pub struct RootSource {
    /// Roots that were named, or the default ones.
    pub named: Vec<RootSpec>,
    /// Also the Claude Code folder of every user of this machine.
    pub all_homes: bool,
}

impl RootSource {
    /// The roots that hold when nobody names any: this user's Claude Code.
    pub fn default_roots() -> Vec<RootSpec> {
        let home = std::env::home_dir().map(|home| home.join(".claude/projects"));
        let moved = std::env::var_os("CLAUDE_CONFIG_DIR").filter(|dir| !dir.is_empty());
        let moved = moved.map(|dir| PathBuf::from(dir).join("projects"));
        let mut roots = Vec::new();
        for folder in home.into_iter().chain(moved) {
            let given = std::path::absolute(&folder).unwrap_or(folder);
            if roots.iter().all(|root: &RootSpec| root.given != given) {
                roots.push(RootSpec { coder: "claude".into(), given });
            }
        }
        roots
    }

    /// Every root as of now. Of two that name the same folder, the first stands.
    pub fn find(&self) -> Vec<RootSpec> {
        let mut found = self.named.clone();
        if self.all_homes {
            found.extend(
                homes().into_iter().map(|home| RootSpec { coder: "claude".into(), given: home.join(".claude") }),
            );
        }
        let mut seen = std::collections::HashSet::new();
        found.retain(|root| {
            let folder = root.folder();
            seen.insert(folder.canonicalize().unwrap_or(folder))
        });
        found
    }
}

/// Homes on this machine in which Claude Code has left its folder.
fn homes() -> Vec<PathBuf> {
    let parent = Path::new(if cfg!(target_os = "macos") { "/Users" } else { "/home" });
    let mut homes: Vec<PathBuf> =
        std::fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    homes.sort();
    homes.push(PathBuf::from("/root"));
    homes.retain(|home| home.join(".claude/projects").is_dir());
    homes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_lead_to_one_name() {
        assert_eq!(RootSpec::parse("claude-code=/a").unwrap().coder, "claude");
        assert_eq!(RootSpec::parse("gemini-cli=/a").unwrap().coder, "gemini");
    }

    #[test]
    fn a_wrong_root_says_how_to_write_it() {
        for (text, said) in [("/srv", "write CODER=DIR"), ("Claude=/a", "lower-case"), ("claude=", "names no folder")] {
            let error = RootSpec::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_coders_home_stands_for_its_projects() {
        let dir = tempfile::tempdir().unwrap();
        let plain = RootSpec::new("claude", dir.path()).unwrap();
        assert_eq!(plain.folder(), dir.path());
        std::fs::create_dir(dir.path().join("projects")).unwrap();
        assert_eq!(plain.folder(), dir.path().join("projects"));
        let missing = RootSpec::new("claude", &dir.path().join("later/.claude")).unwrap();
        assert_eq!(missing.folder(), dir.path().join("later/.claude/projects"));
    }

    #[test]
    fn one_folder_is_followed_once() {
        let dir = tempfile::tempdir().unwrap();
        let root = RootSpec::new("claude", dir.path()).unwrap();
        let again = RootSpec::new("codex", &dir.path().join("../").join(dir.path().file_name().unwrap())).unwrap();
        let source = RootSource { named: vec![root.clone(), again], all_homes: false };
        assert_eq!(source.find(), vec![root]);
    }
}
