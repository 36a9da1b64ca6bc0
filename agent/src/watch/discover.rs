//! Step 1: which files under a root are archived, and finding them.

use std::path::{Path, PathBuf};

use muster_proto::fleet::FileForm;

use crate::platform::file::{self, Stat};

/// Folders nested deeper than this are not entered; a coder nests five deep. Ends a walk through a mount loop.
const MAX_DEPTH: usize = 64;

/// How the file at `relative` (to its root) is archived; `None`: it is never opened.
pub fn form_of(relative: &Path) -> Option<FileForm> {
    let name = relative.file_name()?.to_str()?;
    if has_extension(name, "key") || name.starts_with(".credentials") {
        return None;
    }
    let lies_in = |folder: &str| relative.parent().is_some_and(|up| up.iter().any(|part| part == folder));
    if has_extension(name, "jsonl") {
        Some(FileForm::Lines)
    } else if name.ends_with(".meta.json")
        || name == "custom-title.json"
        || (has_extension(name, "txt") && lies_in("tool-results"))
        || ((has_extension(name, "json") || has_extension(name, "js")) && lies_in("workflows"))
        // Gemini CLI before it wrote lines, and the working directory that its chats belong to.
        || (has_extension(name, "json") && name.starts_with("session-") && lies_in("chats"))
        || name == ".project_root"
    {
        Some(FileForm::Whole)
    } else {
        None
    }
}

fn has_extension(name: &str, wanted: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension == wanted)
}

/// What a walk meets.
pub trait Visitor {
    /// A folder, before it is listed.
    fn folder(&mut self, path: &Path);
    /// A file that is archived.
    fn file(&mut self, path: PathBuf, form: FileForm, stat: Stat);
    /// A folder that could not be listed, or a name that cannot travel.
    fn problem(&mut self, path: &Path, text: String);
}

/// Walks `folder`, which lies under `root`. Symbolic links are not followed, so that no loop can trap the walk and no
/// link leads it out of the root.
pub fn walk(root: &Path, folder: &Path, visitor: &mut impl Visitor) {
    let mut waiting = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        visitor.folder(&folder);
        let listing = match std::fs::read_dir(&folder) {
            Ok(listing) => listing,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                visitor.problem(&folder, format!("cannot list {}: {error}", folder.display()));
                continue;
            }
        };
        for entry in listing.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < MAX_DEPTH {
                waiting.push((entry.path(), depth + 1));
            } else if kind.is_file() {
                visit_file(root, entry.path(), visitor);
            }
        }
    }
}

fn visit_file(root: &Path, path: PathBuf, visitor: &mut impl Visitor) {
    let Some(form) = path.strip_prefix(root).ok().and_then(form_of) else { return };
    if path.to_str().is_none() {
        let text = format!("{} is not followed: its path is not valid UTF-8; rename it", path.display());
        visitor.problem(&path, text);
        return;
    }
    // Gone between listing and look: the next event or sweep tells.
    if let Ok(stat) = file::look(&path) {
        visitor.file(path, form, stat);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_transcripts_and_their_side_files_are_archived() {
        use FileForm::{Lines, Whole};
        for (path, form) in [
            ("p/s.jsonl", Some(Lines)),
            ("s.jsonl", Some(Lines)),
            ("p/s/subagents/agent-a1.jsonl", Some(Lines)),
            ("p/s/subagents/agent-a1.meta.json", Some(Whole)),
            ("p/s/subagents/workflows/wf/journal.jsonl", Some(Lines)),
            ("p/s/tool-results/t.txt", Some(Whole)),
            ("p/s/tool-results/deep/t.txt", Some(Whole)),
            ("p/s/workflows/wf_1.json", Some(Whole)),
            ("p/s/workflows/scripts/x-wf_1.js", Some(Whole)),
            ("p/s/custom-title.json", Some(Whole)),
            ("2026/10/01/rollout-2026-10-01T09-00-00-0199a213-81a0-7800-8aa0-3a6b2f7f5b11.jsonl", Some(Lines)),
            ("shop/chats/session-2026-10-01T09-00-0a1b2c3d.jsonl", Some(Lines)),
            ("shop/chats/session-2025-10-01T09-00-0a1b2c3d.json", Some(Whole)),
            ("shop/.project_root", Some(Whole)),
            ("shop/logs.json", None),
            ("auth.json", None),
            ("oauth_creds.json", None),
            ("p/s/notes.txt", None),
            ("p/s/settings.json", None),
            ("p/memory/MEMORY.md", None),
            ("p/123.abc.key", None),
            ("p/.credentials.json", None),
            ("p/.credentials.jsonl", None),
            ("p/s/workflows/secret.key", None),
            ("tool-results.txt", None),
        ] {
            assert_eq!(form_of(Path::new(path)), form, "{path}");
        }
    }
}
