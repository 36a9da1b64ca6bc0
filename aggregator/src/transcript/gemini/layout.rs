//! Where Gemini CLI puts what, below `~/.gemini/tmp`.
//!
//! ```text
//! <project>/chats/session-<time>-<8 of the id>.jsonl   main chat; only its head tells the whole id
//! <project>/chats/session-<time>-<8 of the id>.json    the same before lines: one document, written anew each time
//! <project>/chats/<session>/<id>.jsonl                 chat of a subagent
//! <project>/.project_root                              the working directory of all of them; older clients keep none
//! ```

use crate::domain::transcript::TranscriptKind;
use crate::transcript::layout::Layout;

/// Name of the file that tells the working directory.
const PROJECT_ROOT: &str = ".project_root";

/// Largest path that is believed, bytes.
const PATH_BYTES: usize = 4096;

/// The file that tells the working directory of the chat at this path.
pub fn project_file(chat: &str) -> Option<String> {
    let at = [chat.rfind("/chats/"), chat.rfind("\\chats\\")].into_iter().flatten().max()?;
    Some(format!("{}{PROJECT_ROOT}", &chat[..=at]))
}

/// Beginning of the paths of all chats whose working directory the file at this path tells.
pub fn chats_beside(file: &str) -> Option<String> {
    let folder = file.strip_suffix(PROJECT_ROOT)?;
    let separator = folder.chars().next_back().filter(|last| matches!(last, '/' | '\\'))?;
    Some(format!("{folder}chats{separator}"))
}

/// The working directory that such a file holds; `None` when it holds anything else.
pub fn project_root(bytes: &[u8]) -> Option<String> {
    let path = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= PATH_BYTES)?.trim();
    let is_drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    let is_path = path.starts_with('/') || path.starts_with("\\\\") || is_drive;
    (is_path && !path.contains(char::is_control)).then(|| path.to_owned())
}

/// Reads a path relative to the root, `/` or `\` between its parts.
pub fn read(relative: &str) -> Layout {
    let parts: Vec<&str> = relative.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    let lines = parts.last().is_some_and(|file| file.strip_suffix(".jsonl").is_some());
    match parts.as_slice() {
        [.., "chats", session, _] if lines => {
            Layout { kind: TranscriptKind::Subagent, session: Some((*session).to_owned()) }
        }
        [.., file] if lines && file.starts_with("session-") => Layout { kind: TranscriptKind::Main, session: None },
        _ => Layout { kind: TranscriptKind::Meta, session: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_working_directory_stands_beside_the_chats() {
        for (chat, file, beginning) in [
            ("/r/shop/chats/session-1.jsonl", "/r/shop/.project_root", "/r/shop/chats/"),
            ("/r/chats/chats/s-1/a.jsonl", "/r/chats/.project_root", "/r/chats/chats/"),
            ("C:\\r\\shop\\chats\\s.jsonl", "C:\\r\\shop\\.project_root", "C:\\r\\shop\\chats\\"),
        ] {
            assert_eq!(project_file(chat).as_deref(), Some(file));
            assert_eq!(chats_beside(file).as_deref(), Some(beginning));
        }
        assert_eq!((project_file("/r/session-1.jsonl"), chats_beside("/r/a.project_root")), (None, None));
    }

    #[test]
    fn only_a_path_is_a_working_directory() {
        for path in ["/srv/shop", "c:\\srv\\shop", "\\\\box\\srv"] {
            assert_eq!(project_root(format!("{path}\n").as_bytes()).as_deref(), Some(path));
        }
        for other in ["", "shop", "../shop", "/a\nb", "9:"] {
            assert_eq!(project_root(other.as_bytes()), None, "{other:?}");
        }
        assert_eq!(project_root(&[b'/', 0xff]), None);
        assert_eq!(project_root(format!("/{}", "a".repeat(PATH_BYTES)).as_bytes()), None);
    }

    #[test]
    fn every_place_is_known() {
        let layout = |path: &str| {
            let Layout { kind, session } = read(path);
            (kind, session)
        };
        assert_eq!(layout("shop/chats/session-2026-10-01T09-00-0a1b2c3d.jsonl"), (TranscriptKind::Main, None));
        assert_eq!(layout("session-2026-10-01T09-00-0a1b2c3d.jsonl"), (TranscriptKind::Main, None));
        assert_eq!(layout("shop/chats/s-1/agent-2.jsonl"), (TranscriptKind::Subagent, Some("s-1".to_owned())));
        assert_eq!(layout("shop/chats/session-2025-10-01T09-00-0a1b2c3d.json"), (TranscriptKind::Meta, None));
        assert_eq!(layout("shop/logs.json"), (TranscriptKind::Meta, None));
        assert_eq!(layout("shop/.project_root"), (TranscriptKind::Meta, None));
        assert_eq!(layout(""), (TranscriptKind::Meta, None));
    }
}
