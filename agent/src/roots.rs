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

    /// The folders to follow. A coder's home stands for the folders in it that hold transcripts, because the rest of it
    /// is settings, secrets and caches.
    pub fn folders(&self) -> Vec<PathBuf> {
        let below = |name: &str| self.given.join(name);
        let is_home = |home: &str, folder: &str| self.given.ends_with(home) || below(folder).is_dir();
        match self.coder.as_str() {
            "codex" if is_home(".codex", "sessions") => {
                let archived = Some(below("archived_sessions")).filter(|folder| folder.is_dir());
                [below("sessions")].into_iter().chain(archived).collect()
            }
            "gemini" if is_home(".gemini", "tmp") => vec![below("tmp")],
            "codex" | "gemini" => vec![self.given.clone()],
            _ if is_home(".claude", "projects") => vec![below("projects")],
            _ => vec![self.given.clone()],
        }
    }

    /// The coder's home, where its settings and its registry of living sessions lie; `None` for a folder that holds
    /// transcripts and nothing else.
    pub fn home(&self) -> Option<PathBuf> {
        let folder = self.folder();
        let (name, parent) = (folder.file_name()?, folder.parent()?);
        let expected: &[&str] = match self.coder.as_str() {
            "claude" => &["projects"],
            "codex" => &["sessions", "archived_sessions"],
            "gemini" => &["tmp"],
            _ => &[],
        };
        expected.iter().any(|expected| name == *expected).then(|| parent.to_path_buf())
    }

    /// The folder to follow first.
    pub fn folder(&self) -> PathBuf {
        self.folders().swap_remove(0)
    }
}

/// Where roots come from; asked again at every sweep, because homes come and go.
#[derive(Debug, Clone, Default)]
pub struct RootSource {
    /// Roots that were named, or the default ones.
    pub named: Vec<RootSpec>,
    /// Roots that count only while they are there: coders that this machine may not have.
    pub possible: Vec<RootSpec>,
    /// Also the coders of every user of this machine.
    pub all_homes: bool,
}

/// Homes of the coders, below a user's home.
const HOMES: [(&str, &str); 3] = [("claude", ".claude"), ("codex", ".codex"), ("gemini", ".gemini")];

impl RootSource {
    /// The roots that hold when nobody names any: this user's Claude Code, and the other coders where they are.
    pub fn defaults() -> Self {
        let home = std::env::home_dir();
        let moved = |name: &str| std::env::var_os(name).filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let below = |folder: &str| home.as_ref().map(|home| home.join(folder));
        let claude = moved("CLAUDE_CONFIG_DIR").map(|dir| dir.join("projects"));
        let named = specs("claude", below(".claude/projects").into_iter().chain(claude));
        let mut possible = specs("codex", below(".codex").into_iter().chain(moved("CODEX_HOME")));
        possible.extend(specs(
            "gemini",
            below(".gemini").into_iter().chain(moved("GEMINI_CLI_HOME").map(|home| home.join(".gemini"))),
        ));
        Self { named, possible, all_homes: false }
    }

    /// Every root as of now. Of two that name the same folder, the first stands.
    pub fn find(&self) -> Vec<RootSpec> {
        let mut found = self.named.clone();
        let mut possible = self.possible.clone();
        if self.all_homes {
            for home in homes() {
                possible.extend(
                    HOMES
                        .iter()
                        .map(|(coder, folder)| RootSpec { coder: (*coder).to_owned(), given: home.join(folder) }),
                );
            }
        }
        found.extend(possible.into_iter().filter(|root| root.folder().is_dir()));
        // A home with several folders is followed as each of them; any other root stays as it was given, so that a home
        // that appears later is still understood.
        let each = |root: RootSpec| match root.coder.as_str() {
            "codex" => specs("codex", root.folders().into_iter()),
            _ => vec![root],
        };
        let mut found: Vec<RootSpec> = found.into_iter().flat_map(each).collect();
        let mut seen = std::collections::HashSet::new();
        found.retain(|root| {
            let folder = root.folder();
            seen.insert(folder.canonicalize().unwrap_or(folder))
        });
        found
    }
}

/// Roots of one coder, each folder once.
fn specs(coder: &str, folders: impl Iterator<Item = PathBuf>) -> Vec<RootSpec> {
    let mut roots: Vec<RootSpec> = Vec::new();
    for folder in folders {
        let given = std::path::absolute(&folder).unwrap_or(folder);
        if roots.iter().all(|root| root.given != given) {
            roots.push(RootSpec { coder: coder.to_owned(), given });
        }
    }
    roots
}

/// Homes on this machine.
fn homes() -> Vec<PathBuf> {
    let parent = Path::new(if cfg!(target_os = "macos") { "/Users" } else { "/home" });
    let mut homes: Vec<PathBuf> =
        std::fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    homes.sort();
    homes.push(PathBuf::from("/root"));
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
        let source = RootSource { named: vec![root.clone(), again], ..RootSource::default() };
        assert_eq!(source.find(), vec![root]);
    }

    #[test]
    fn a_coder_that_may_be_there_counts_from_when_it_is() {
        let home = tempfile::tempdir().unwrap();
        let possible = ["codex=.codex", "gemini=.gemini"].map(|text| {
            let (coder, folder) = text.split_once('=').unwrap();
            RootSpec::new(coder, &home.path().join(folder)).unwrap()
        });
        let source = RootSource { possible: possible.to_vec(), ..RootSource::default() };
        let folders = || source.find().iter().map(|root| (root.coder.clone(), root.folder())).collect::<Vec<_>>();
        assert!(folders().is_empty());
        for folder in [".codex/sessions", ".gemini/tmp"] {
            std::fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        let codex = |folder: &str| ("codex".to_owned(), home.path().join(".codex").join(folder));
        let gemini = ("gemini".to_owned(), home.path().join(".gemini/tmp"));
        assert_eq!(folders(), [codex("sessions"), gemini.clone()]);
        std::fs::create_dir(home.path().join(".codex/archived_sessions")).unwrap();
        assert_eq!(folders(), [codex("sessions"), codex("archived_sessions"), gemini]);
    }
}
