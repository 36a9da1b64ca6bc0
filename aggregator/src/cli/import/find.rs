//! What lies at a path: which coder wrote it, and which files of it are brought.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use super::conversations;
use super::source::Source;
use crate::transcript::codex::layout::thread_of;

/// Folders nested deeper than this are not entered.
const DEPTH: usize = 64;

/// Bytes of a file's beginning that tell its coder.
const PEEK: u64 = 64 * 1024;

/// Whose format a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Coder {
    /// Claude Code
    Claude,
    /// Codex
    Codex,
    /// Gemini CLI
    Gemini,
    /// Export of claude.ai or Claude Desktop
    ClaudeAi,
}

/// A place from which files are brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) coder: Coder,
    pub(super) path: PathBuf,
}

impl Coder {
    fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::ClaudeAi => "claude-ai",
        }
    }
}

/// The parts of a path; a whole home may hold several coders.
pub(super) fn parts(path: &Path, coder: Option<Coder>) -> anyhow::Result<Vec<Part>> {
    let meta = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if path.extension() == Some(OsStr::new("zip")) {
        bail!("{} is packed: unpack it first, then import the folder or its conversations.json", path.display());
    }
    let part = |coder| Part { coder, path: path.to_owned() };
    if let Some(coder) = coder {
        let export = path.join("conversations.json");
        let is_export = coder == Coder::ClaudeAi && export.is_file();
        return Ok(vec![if is_export { Part { coder, path: export } } else { part(coder) }]);
    }
    if meta.is_file() {
        let coder = peek(path)?.with_context(|| {
            format!("{} has no format that is known; if it has, say which with --coder", path.display())
        })?;
        return Ok(vec![part(coder)]);
    }
    let found = in_folder(path)?;
    if found.is_empty() {
        bail!(
            "no transcripts are found in {}: give a folder of Claude Code (.claude), Codex (.codex), Gemini CLI (.gemini) \
             or an unpacked export of claude.ai, or say whose it is with --coder",
            path.display()
        );
    }
    Ok(found)
}

fn in_folder(path: &Path) -> anyhow::Result<Vec<Part>> {
    let export = path.join("conversations.json");
    if export.is_file() {
        return Ok(vec![Part { coder: Coder::ClaudeAi, path: export }]);
    }
    let homes = [(Coder::Claude, ".claude"), (Coder::Codex, ".codex"), (Coder::Gemini, ".gemini")];
    let below = homes.into_iter().map(|(coder, home)| Part { coder, path: path.join(home) });
    let below: Vec<Part> = below.filter(|part| part.path.is_dir()).collect();
    if !below.is_empty() {
        return Ok(below);
    }
    let named = homes.into_iter().find(|(_, home)| path.iter().any(|part| part == *home));
    let first = || first_file(path).map(|file| peek(&file)).transpose().map(Option::flatten);
    let coder = match named {
        Some((coder, _)) => Some(coder),
        None => first()?,
    };
    Ok(coder.into_iter().map(|coder| Part { coder, path: path.to_owned() }).collect())
}

/// A transcript below a folder, to look at.
fn first_file(folder: &Path) -> Option<PathBuf> {
    let mut found = None;
    walk(folder, &mut |file| {
        if file.extension() == Some(OsStr::new("jsonl")) {
            found = Some(file);
        }
        found.is_none()
    });
    found
}

/// Tells a file's coder by its name and beginning.
fn peek(path: &Path) -> anyhow::Result<Option<Coder>> {
    let mut head = Vec::new();
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(PEEK).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head);
    let head = head.trim_start_matches('\u{feff}').trim_start();
    let has = |word: &str| head.contains(word);
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    Ok(if head.starts_with('[') {
        (has("\"chat_messages\"") || name == "conversations.json").then_some(Coder::ClaudeAi)
    } else if !head.starts_with('{') {
        None
    } else if thread_of(name).is_some() || has("\"session_meta\"") {
        Some(Coder::Codex)
    } else if has("\"projectHash\"") {
        Some(Coder::Gemini)
    } else if has("\"sessionId\"") || has("\"leafUuid\"") {
        Some(Coder::Claude)
    } else {
        None
    })
}

/// Gives out every file of a part.
pub(super) fn each(part: &Part, mut give: impl FnMut(Source) -> anyhow::Result<()>) -> anyhow::Result<()> {
    if part.coder == Coder::ClaudeAi {
        let file = &part.path;
        return conversations::each(file, |found| {
            let path = format!("{}.jsonl", found.uuid);
            give(Source::conversation(part.coder.name(), path, file, &found))
        });
    }
    let mut outcome = Ok(());
    let mut one = |file: PathBuf| {
        outcome = source(part.coder, &part.path, file).and_then(|source| source.map_or(Ok(()), &mut give));
        outcome.is_ok()
    };
    if part.path.is_file() {
        one(part.path.clone());
    } else {
        walk(&part.path, &mut one);
    }
    outcome
}

/// Bytes of all files of a part.
pub(super) fn bytes(part: &Part) -> u64 {
    let mut sum = 0;
    if part.path.is_file() {
        return std::fs::metadata(&part.path).map_or(0, |meta| meta.len());
    }
    walk(&part.path, &mut |file| {
        if kept(part.coder, &file).is_some() {
            sum += std::fs::metadata(&file).map_or(0, |meta| meta.len());
        }
        true
    });
    sum
}

/// Every file below a folder in the order of names, until `each` says stop. Symbolic links are not followed.
fn walk(folder: &Path, each: &mut dyn FnMut(PathBuf) -> bool) {
    let mut waiting = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let mut entries: Vec<_> = std::fs::read_dir(&folder).into_iter().flatten().flatten().collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < DEPTH {
                waiting.push((entry.path(), depth + 1));
            } else if kind.is_file() && !each(entry.path()) {
                return;
            }
        }
    }
}

/// Name of Gemini's file with a working directory.
const PROJECT_ROOT: &str = ".project_root";

/// How a file is brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Lines,
    Whole,
    /// One JSON document that becomes lines.
    Document,
}

fn source(coder: Coder, root: &Path, file: PathBuf) -> anyhow::Result<Option<Source>> {
    let Some(form) = kept(coder, &file) else { return Ok(None) };
    let mut path = place(coder, root, &file);
    if form == Form::Document {
        path.push('l');
        let found = conversations::one(&file)?;
        return Ok(Some(Source::conversation(coder.name(), path, &file, &found)));
    }
    Ok(Some(Source { coder: coder.name(), path, whole: form == Form::Whole, file, made: None }))
}

/// Which files are brought: those that an agent would follow, and no keys or credentials.
fn kept(coder: Coder, file: &Path) -> Option<Form> {
    let name = file.file_name()?.to_str()?;
    let ends = |ending: &str| name.strip_suffix(ending).is_some_and(|stem| stem.ends_with('.'));
    let lies_in = |folder: &str| file.parent().is_some_and(|up| up.iter().any(|part| part == folder));
    if ends("key") || name.starts_with(".credentials") {
        return None;
    }
    match coder {
        Coder::Codex => thread_of(name).map(|_| Form::Lines),
        // The working directory of the chats beside it.
        Coder::Gemini if name == PROJECT_ROOT => Some(Form::Whole),
        Coder::Gemini if ends("jsonl") => (lies_in("chats") || name.starts_with("session-")).then_some(Form::Lines),
        // The same chat once more, from before it was written in lines.
        Coder::Gemini => (ends("json") && name.starts_with("session-") && !file.with_extension("jsonl").exists())
            .then_some(Form::Document),
        _ if ends("jsonl") => Some(Form::Lines),
        _ => {
            let whole = ends("meta.json")
                || name == "custom-title.json"
                || (ends("txt") && lies_in("tool-results"))
                || ((ends("json") || ends("js")) && lies_in("workflows"));
            whole.then_some(Form::Whole)
        }
    }
}

/// Where a file lies below its coder's root, the same wherever a backup of it is.
fn place(coder: Coder, root: &Path, file: &Path) -> String {
    let parts: Vec<String> = file.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let given = || match file.strip_prefix(root) {
        Ok(below) if !below.as_os_str().is_empty() => below.iter().count(),
        // A file that was named itself: with its folder, which names the project.
        _ => 2,
    };
    let behind = |folder: &str| parts.iter().rposition(|part| part == folder).map(|at| parts.len() - at - 1);
    let count = match coder {
        Coder::Codex => 1,
        Coder::Gemini if parts.last().is_some_and(|name| name == PROJECT_ROOT) => 2,
        Coder::Gemini => behind("chats").map_or_else(given, |count| count + 2),
        _ => behind("projects").unwrap_or_else(given),
    };
    parts[parts.len().saturating_sub(count)..].join("/").trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_same_wherever_the_backup_lies() {
        let at = |coder, root: &str, file: &str| place(coder, Path::new(root), Path::new(file));
        for root in ["/home/a/.claude", "/home/a/.claude/projects", "/home/a", "/home/a/.claude/projects/-srv/s.jsonl"]
        {
            assert_eq!(at(Coder::Claude, root, "/home/a/.claude/projects/-srv/s.jsonl"), "-srv/s.jsonl");
        }
        assert_eq!(at(Coder::Claude, "/b", "/b/-srv/s/subagents/agent-a.jsonl"), "-srv/s/subagents/agent-a.jsonl");
        assert_eq!(at(Coder::Claude, "/b/-srv/s.jsonl", "/b/-srv/s.jsonl"), "-srv/s.jsonl");
        assert_eq!(at(Coder::Claude, "s.jsonl", "s.jsonl"), "s.jsonl");
        assert_eq!(at(Coder::Codex, "/x", "/x/sessions/2026/10/01/rollout-a.jsonl"), "rollout-a.jsonl");
        assert_eq!(at(Coder::Gemini, "/x", "/x/tmp/shop/chats/session-1.jsonl"), "shop/chats/session-1.jsonl");
        assert_eq!(at(Coder::Gemini, "/x", "/x/tmp/shop/chats/s-1/a.jsonl"), "shop/chats/s-1/a.jsonl");
        assert_eq!(at(Coder::Gemini, "/x", "/x/tmp/shop/.project_root"), "shop/.project_root");
    }

    #[test]
    fn fixtures_are_recognised() {
        let fixture = |path: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(path);
        for (path, coder) in [
            ("codex", Coder::Codex),
            ("gemini", Coder::Gemini),
            ("claude-ai", Coder::ClaudeAi),
            ("claude-ai/conversations.json", Coder::ClaudeAi),
            ("transcripts/2.1.329", Coder::Claude),
        ] {
            let found = parts(&fixture(path), None).unwrap();
            assert_eq!(found.iter().map(|part| part.coder).collect::<Vec<_>>(), [coder], "{path}");
        }
        assert!(parts(&fixture("clock.c"), None).is_err() && parts(&fixture("none"), None).is_err());
    }

    #[test]
    fn keys_are_never_brought() {
        for name in ["a.key", ".credentials.json", ".credentials.jsonl", "auth.json", "history.jsonl"] {
            assert_eq!(kept(Coder::Codex, &Path::new("/x").join(name)), None, "{name}");
        }
        assert_eq!(kept(Coder::Claude, Path::new("/p/.credentials.jsonl")), None);
        assert_eq!(kept(Coder::Claude, Path::new("/p/settings.json")), None);
        assert_eq!(kept(Coder::Gemini, Path::new("/none/chats/session-1.json")), Some(Form::Document));
        assert_eq!(kept(Coder::Gemini, Path::new("/none/.project_root")), Some(Form::Whole));
    }
}
