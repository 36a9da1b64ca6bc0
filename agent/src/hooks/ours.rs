//! The command that the coder's settings name, and how ours is told from others.

use std::path::Path;

/// How long the coder waits for the command at most, in seconds. It takes milliseconds; this is for a machine that is ill.
const TIMEOUT_SECONDS: u32 = 5;

/// The command line of our hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookLine {
    line: String,
}

impl HookLine {
    /// The hook of the program at `program`, for the agent whose state folder is `state` (`None`: the default one).
    pub fn new(program: &Path, state: Option<&Path>) -> Self {
        let mut line = quoted(program);
        if let Some(state) = state {
            line.push_str(" --state ");
            line.push_str(&quoted(state));
        }
        line.push_str(" hook");
        Self { line }
    }

    /// The command line, as a shell reads it.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The entry of the settings for one event, on one line.
    pub(super) fn text(&self) -> String {
        let command = serde_json::Value::from(self.line.as_str());
        format!(r#"{{"hooks": [{{"type": "command", "command": {command}, "timeout": {TIMEOUT_SECONDS}}}]}}"#)
    }

    /// Whether an entry of the settings says exactly what we would write.
    pub(super) fn is(&self, entry: &serde_json::Value) -> bool {
        serde_json::from_str::<serde_json::Value>(&self.text()).is_ok_and(|ours| ours == *entry)
    }
}

/// Whether a handler of an entry calls our hook, from whatever folder and with whatever flags.
pub(super) fn is_ours(handler: &serde_json::Value) -> bool {
    let Some(line) = handler.get("command").and_then(serde_json::Value::as_str) else { return false };
    let words = words(line);
    let is_agent = words.first().is_some_and(|program| {
        let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
        matches!(name, "muster-agent" | "muster-agent.exe")
    });
    is_agent && words.last().is_some_and(|word| word == "hook")
}

/// The handlers of an entry.
pub(super) fn handlers(entry: &serde_json::Value) -> &[serde_json::Value] {
    entry.get("hooks").and_then(serde_json::Value::as_array).map_or(&[], Vec::as_slice)
}

/// A path as a word for every shell that coders use: `sh`; on Windows Git's bash, or PowerShell, which takes no quoted
/// program. Slashes stand for backslashes there, so that most paths need no quotes.
fn quoted(path: &Path) -> String {
    let mut word = path.display().to_string();
    if cfg!(windows) {
        word = word.replace('\\', "/");
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    let mut text = String::from("\"");
    for c in word.chars() {
        if matches!(c, '"' | '$' | '`' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
    text
}

/// The words of a command line as [`quoted`] writes them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut letters = line.chars().peekable();
    while let Some(c) = letters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, c) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (open, '\\') if open != Some('\'') => match letters.next_if(|next| "\"$`\\ '".contains(*next)) {
                Some(next) => word.push(next),
                None => word.push('\\'),
            },
            (_, c) => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(command: &str) -> serde_json::Value {
        serde_json::json!({ "type": "command", "command": command })
    }

    #[test]
    fn what_we_write_is_ours_wherever_the_program_lies() {
        for program in ["/usr/local/bin/muster-agent", "/home/a b/it's $HOME/muster-agent", "muster-agent"] {
            for state in [None, Some(Path::new("/srv/with space/state"))] {
                let command = HookLine::new(Path::new(program), state);
                assert!(handlers(&serde_json::from_str(&command.text()).unwrap()).iter().all(is_ours), "{command:?}");
                assert_eq!(words(command.line())[0], program);
            }
        }
    }

    #[test]
    fn what_others_write_is_not_ours() {
        let others =
            ["echo muster-agent hook", "muster-agent run", "/opt/not-muster-agent hook", "", "muster-agent hook; rm x"];
        for command in others {
            assert!(!is_ours(&handler(command)), "{command}");
        }
        assert!(!is_ours(&serde_json::json!({ "type": "http", "url": "http://muster-agent hook" })));
        assert!(is_ours(&handler(r#""C:\Program Files\Muster\muster-agent.exe" hook"#)));
    }
}
