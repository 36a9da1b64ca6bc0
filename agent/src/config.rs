//! Settings and where they come from: flags, then environment, then the config file, then defaults.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::identity::Identity;
use crate::roots::{RootError, RootSource, RootSpec};
use crate::watch::Settings;

/// The config file (`config.toml` in the state folder, or the file named by `--config`).
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    /// Roots instead of the default ones.
    roots: Vec<RootEntry>,
    /// Also every user's coders.
    all_homes: Option<bool>,
    /// Do not rely on change notification.
    rescan: Option<bool>,
    /// Seconds after which an incomplete last line is sent as it is.
    torn_after_seconds: Option<u64>,
    /// People may stop coders on this host from the aggregator.
    allow_stop: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RootEntry {
    coder: String,
    path: PathBuf,
}

/// What flags and environment say; `None` and empty: nothing.
#[derive(Debug, Default, Clone)]
pub struct Given {
    /// `CODER=DIR` each.
    pub roots: Vec<String>,
    /// Every user's coders too.
    pub all_homes: bool,
    /// Do not rely on change notification.
    pub rescan: bool,
    /// Milliseconds after which an incomplete last line is sent as it is.
    pub torn_after_ms: Option<u64>,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not understood.
    #[error("{path} is not understood: {why}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A root is not understood.
    #[error(transparent)]
    Root(#[from] RootError),
}

impl ConfigFile {
    /// Reads `named`, which must exist, or else `config.toml` in the state folder, which need not.
    pub fn load(named: Option<&Path>, state: &Path) -> Result<Self, ConfigError> {
        let path = named.map_or_else(|| state.join("config.toml"), Path::to_path_buf);
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| ConfigError::Invalid { path, why: error.to_string() }),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ConfigError::Unreadable { path, source }),
        }
    }

    /// Whether the aggregator may stop coders on this host; only the file can forbid it.
    pub fn allow_stop(&self) -> bool {
        self.allow_stop.unwrap_or(true)
    }

    /// Lays what was given over the file, and both over the defaults.
    pub fn with(self, given: &Given) -> Result<(RootSource, Settings), ConfigError> {
        let all_homes = given.all_homes || self.all_homes.unwrap_or(false);
        let mut named = Vec::new();
        for text in &given.roots {
            named.push(RootSpec::parse(text)?);
        }
        if named.is_empty() {
            for entry in &self.roots {
                named.push(RootSpec::new(&entry.coder, &entry.path)?);
            }
        }
        let default = named.is_empty() && !all_homes;
        let source =
            if default { RootSource::defaults() } else { RootSource { named, all_homes, ..RootSource::default() } };
        let defaults = Settings::default();
        let torn_after = given.torn_after_ms.map(Duration::from_millis);
        let settings = Settings {
            torn_after: torn_after.or(self.torn_after_seconds.map(Duration::from_secs)).unwrap_or(defaults.torn_after),
            rescan_only: given.rescan || self.rescan.unwrap_or(false),
        };
        Ok((source, settings))
    }
}

/// Where identity, config file and status socket lie unless `--state` names another folder.
pub fn default_state() -> PathBuf {
    let system = PathBuf::from("/var/lib/muster-agent");
    if is_root() && system.is_dir() {
        return system;
    }
    let env = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = if cfg!(windows) { env("APPDATA") } else { env("XDG_CONFIG_HOME") };
    let home = || std::env::home_dir().unwrap_or_default().join(".config");
    config.unwrap_or_else(home).join("muster-agent")
}

/// The folder that somebody means who asks after the agent of this host and names none: the usual one, or that of the
/// agent which `muster up` runs for this user, where only that one has joined.
pub fn meant_state() -> PathBuf {
    let of_up = std::env::var_os("XDG_DATA_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = of_up.unwrap_or_else(|| std::env::home_dir().unwrap_or_default().join(".local/share"));
    joined(default_state(), data.join("muster/agent"))
}

/// The first folder, unless an agent has joined from the second one alone.
fn joined(usual: PathBuf, other: PathBuf) -> PathBuf {
    let has_joined = |state: &PathBuf| Identity::file(state).is_file();
    if !has_joined(&usual) && has_joined(&other) { other } else { usual }
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(windows)]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> ConfigFile {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), text).unwrap();
        ConfigFile::load(None, dir.path()).unwrap()
    }

    #[test]
    fn flags_go_before_the_file_and_the_file_before_defaults() {
        let text = "torn_after_seconds = 5\nroots = [{ coder = \"codex\", path = \"/srv/codex\" }]\n";
        let (roots, settings) = file(text).with(&Given::default()).unwrap();
        assert_eq!(roots.named, vec![RootSpec::new("codex", Path::new("/srv/codex")).unwrap()]);
        assert_eq!(settings.torn_after, Duration::from_secs(5));
        let given = Given { roots: vec!["claude=/a".into()], torn_after_ms: Some(7), ..Given::default() };
        let (roots, settings) = file(text).with(&given).unwrap();
        assert_eq!(roots.named, vec![RootSpec::new("claude", Path::new("/a")).unwrap()]);
        assert_eq!(settings.torn_after, Duration::from_millis(7));
    }

    #[test]
    fn the_agent_of_this_host_is_the_one_that_has_joined() {
        let dir = tempfile::tempdir().unwrap();
        let (usual, other) = (dir.path().join("usual"), dir.path().join("other"));
        let join = |state: &Path| {
            std::fs::create_dir_all(state).unwrap();
            std::fs::write(Identity::file(state), "{}").unwrap();
        };
        let meant = || joined(usual.clone(), other.clone());
        assert_eq!(meant(), usual);
        join(&other);
        assert_eq!(meant(), other);
        join(&usual);
        assert_eq!(meant(), usual);
    }

    #[test]
    fn a_wrong_key_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), "rots = []\n").unwrap();
        let error = ConfigFile::load(None, dir.path()).unwrap_err().to_string();
        assert!(error.contains("rots"), "{error}");
    }

    #[test]
    fn a_named_file_must_exist() {
        let dir = tempfile::tempdir().unwrap();
        ConfigFile::load(None, dir.path()).unwrap();
        assert!(ConfigFile::load(Some(&dir.path().join("mine.toml")), dir.path()).is_err());
    }
}
