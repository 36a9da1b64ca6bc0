//! A coder's home on this host: whose processes belong to it, and the registry in it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use muster_proto::fleet::HookState;

use super::registry::Registry;
use crate::hooks::coverage;
use crate::platform::process;
use crate::roots::RootSource;

/// What is asked of a process' environment; nothing else of it is kept.
pub(super) const VARIABLES: [&str; 6] =
    ["HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "TMUX", "TMUX_PANE"];

/// A home whose transcripts are followed.
pub(super) struct Home {
    pub(super) coder: String,
    /// As the root names it.
    pub(super) folder: PathBuf,
    /// Without symbolic links.
    real: PathBuf,
    owner: Option<u32>,
    /// Only Claude Code keeps one.
    pub(super) registry: Option<Registry>,
}

impl Home {
    fn new(coder: String, folder: PathBuf) -> Self {
        let registry = (coder == "claude").then(|| Registry::new(&folder));
        let mut home = Self { coder, real: folder.clone(), folder, owner: None, registry };
        home.look();
        home
    }

    /// It belongs to another user than the one that this agent runs as.
    pub(super) fn is_anothers(&self) -> bool {
        self.owner.is_some() && self.owner != process::own_user()
    }

    /// The names of the folder, each with the owner's number; none where there are no owners.
    pub(super) fn owned(&self) -> impl Iterator<Item = (PathBuf, u32)> {
        self.owner.into_iter().flat_map(|owner| [&self.folder, &self.real].map(|folder| (folder.clone(), owner)))
    }

    fn look(&mut self) {
        self.real = self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone());
        self.owner = std::fs::metadata(&self.folder).ok().and_then(|metadata| process::owner_of(&metadata));
    }

    /// A process of `coder`, with these variables and this owner, keeps its files here. Where its environment says
    /// nothing or may not be read, its owner decides.
    pub(super) fn holds(
        &self,
        coder: &str,
        variables: Option<&HashMap<&'static str, String>>,
        owner: Option<u32>,
    ) -> bool {
        let named = variables.and_then(|variables| named(coder, variables));
        self.coder == coder
            && match named {
                Some(folder) => folder == self.folder || folder.canonicalize().is_ok_and(|folder| folder == self.real),
                None => owner.is_none() || self.owner == owner,
            }
    }
}

/// The home that a process uses by its environment.
fn named(coder: &str, variables: &HashMap<&'static str, String>) -> Option<PathBuf> {
    let of = |name: &str| variables.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    match coder {
        "claude" => of("CLAUDE_CONFIG_DIR").or_else(|| Some(of("HOME")?.join(".claude"))),
        "codex" => of("CODEX_HOME").or_else(|| Some(of("HOME")?.join(".codex"))),
        _ => of("GEMINI_CLI_HOME").or_else(|| of("HOME")).map(|home| home.join(".gemini")),
    }
}

/// The homes of all roots as of now; those that were known keep what is known of them.
pub(super) fn find(source: &RootSource, known: Vec<Home>) -> Vec<Home> {
    let mut known: HashMap<(String, PathBuf), Home> =
        known.into_iter().map(|home| ((home.coder.clone(), home.folder.clone()), home)).collect();
    let mut homes: Vec<Home> = Vec::new();
    for root in source.find() {
        let Some(folder) = root.home() else { continue };
        if homes.iter().any(|home| home.coder == root.coder && home.folder == folder) {
            continue;
        }
        let before = known.remove(&(root.coder.clone(), folder.clone()));
        let mut home = before.unwrap_or_else(|| Home::new(root.coder, folder));
        home.look();
        homes.push(home);
    }
    homes
}

/// Whether the coders in these homes call our hook; of those that have hooks.
pub(super) fn hooks(homes: &[Home]) -> HookState {
    let with_hooks = homes.iter().filter(|home| home.coder == "claude");
    let found: Vec<HookState> = with_hooks.map(|home| coverage(&home.folder)).collect();
    match found.first() {
        Some(first) if found.iter().all(|one| one == first) => *first,
        Some(_) => HookState::Some,
        None => HookState::Unspecified,
    }
}

/// The tmux pane that a process was started in, as `SOCKET,PANE`; empty where there is none.
pub(super) fn tmux(variables: Option<&HashMap<&'static str, String>>) -> String {
    let of = |name: &str| variables.and_then(|variables| variables.get(name)).map(String::as_str).unwrap_or_default();
    let (socket, pane) = (of("TMUX").split(',').next().unwrap_or_default(), of("TMUX_PANE"));
    let is_pane = pane.strip_prefix('%').is_some_and(|digits| digits.parse::<u32>().is_ok());
    let is_socket = Path::new(socket).is_absolute() && socket.len() <= 256;
    if is_pane && is_socket { format!("{socket},{pane}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roots::RootSpec;

    fn variables(pairs: &[(&'static str, &str)]) -> HashMap<&'static str, String> {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    #[test]
    fn a_process_belongs_to_the_home_that_its_environment_names() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join(".claude");
        std::fs::create_dir_all(folder.join("projects")).unwrap();
        let source = RootSource { named: vec![RootSpec::new("claude", &folder).unwrap()], ..RootSource::default() };
        let homes = find(&source, Vec::new());
        let at = |path: &Path| path.to_str().unwrap().to_owned();
        let holds = |pairs: &[(&'static str, &str)], owner| homes[0].holds("claude", Some(&variables(pairs)), owner);
        let own = process::own_user();
        assert!(holds(&[("HOME", &at(dir.path()))], own));
        assert!(holds(&[("HOME", "/elsewhere"), ("CLAUDE_CONFIG_DIR", &at(&folder))], own));
        assert!(!holds(&[("HOME", "/elsewhere")], own));
        assert!(!holds(&[("HOME", &at(dir.path())), ("CLAUDE_CONFIG_DIR", "/elsewhere")], own));
        assert!(homes[0].holds("claude", None, own) && homes[0].holds("claude", Some(&variables(&[])), own));
        assert!(cfg!(not(unix)) || !homes[0].holds("claude", None, own.map(|user| user + 1)));
        assert!(!homes[0].holds("codex", None, own));
    }

    #[test]
    fn a_pane_is_named_only_by_both_variables() {
        let pane = |pairs: &[(&'static str, &str)]| tmux(Some(&variables(pairs)));
        assert_eq!(pane(&[("TMUX", "/tmp/tmux-0/default,12,0"), ("TMUX_PANE", "%3")]), "/tmp/tmux-0/default,%3");
        assert_eq!(pane(&[("TMUX", "/tmp/tmux-0/default,12,0")]), "");
        assert_eq!(pane(&[("TMUX", "here,12,0"), ("TMUX_PANE", "%3")]), "");
        assert_eq!(pane(&[("TMUX", "/s,12,0"), ("TMUX_PANE", "%3;kill-server")]), "");
        assert_eq!(tmux(None), "");
    }
}
