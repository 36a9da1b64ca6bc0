//! Texts that the client writes in a person's name: slash commands, `!` commands and their output, notifications.

use std::borrow::Cow;

use crate::transcript::block::NoticeKind;

/// What the client's own texts begin with, and what they are.
const CLIENT_TEXT: [(&str, NoticeKind); 12] = [
    ("<command-name>", NoticeKind::Command),
    ("<command-message>", NoticeKind::Command),
    ("<bash-input>", NoticeKind::Command),
    ("<local-command-stdout>", NoticeKind::CommandOutput),
    ("<local-command-stderr>", NoticeKind::CommandOutput),
    ("<bash-stdout>", NoticeKind::CommandOutput),
    ("<bash-stderr>", NoticeKind::CommandOutput),
    ("<task-notification>", NoticeKind::Background),
    ("<agent-notification>", NoticeKind::Background),
    ("<bash-notification>", NoticeKind::Background),
    ("<local-command-caveat>", NoticeKind::Injected),
    ("[Request interrupted by user", NoticeKind::Interrupt),
];

/// Tags around text that the client adds to a prompt: not typed, but the prompt stays one.
const BESIDE: [&str; 4] = ["system-reminder", "ide_opened_file", "ide_selection", "ide_diagnostics"];

/// Tags around text that reads well without them.
const WRAPPED: [&str; 6] = [
    "local-command-stdout",
    "local-command-stderr",
    "local-command-caveat",
    "bash-stdout",
    "bash-stderr",
    "system-reminder",
];

/// What older clients answer to a command that they do not know, in place of the prompt.
const UNKNOWN_COMMAND: &str = "Unknown slash command: ";

/// What a text of the client is; `None` for what a person may have typed.
pub(super) fn kind_of(text: &str) -> Option<NoticeKind> {
    // Nearly every one of them begins with one of two characters; nearly no prompt does.
    if !text.starts_with(['<', '[']) {
        let name = text.strip_prefix(UNKNOWN_COMMAND)?;
        return (!name.contains(char::is_whitespace)).then_some(NoticeKind::CommandOutput);
    }
    let (start, kind) = CLIENT_TEXT.iter().find(|(start, _)| text.starts_with(start))?;
    match kind {
        NoticeKind::Interrupt => {
            let rest = &text[start.len()..];
            matches!(rest.trim_end(), "]" | " for tool use]").then_some(*kind)
        }
        _ => Some(*kind),
    }
}

/// Whether a block of a prompt was put there by the client.
pub(super) fn is_beside(text: &str) -> bool {
    let text = text.trim();
    let Some(rest) = text.strip_prefix('<') else { return false };
    BESIDE.iter().any(|tag| {
        rest.strip_prefix(tag).is_some_and(|rest| rest.starts_with('>'))
            && text.strip_suffix('>').and_then(|text| text.strip_suffix(tag)).is_some_and(|text| text.ends_with("</"))
    })
}

/// A command as it was typed, or its output, instead of the client's tags around it.
pub(super) fn plain(text: Cow<'_, str>) -> Cow<'_, str> {
    let plain = {
        let trimmed = text.trim_start();
        if trimmed.starts_with('<') { unwrapped(trimmed) } else { None }
    };
    plain.map_or(text, Cow::Owned)
}

fn unwrapped(text: &str) -> Option<String> {
    if let Some(name) = inner(text, "command-name") {
        let arguments = inner(text, "command-args").unwrap_or_default();
        return Some(format!("{name} {arguments}").trim().to_owned());
    }
    if let Some(input) = inner(text, "bash-input") {
        return Some(format!("! {input}"));
    }
    if kind_of(text) == Some(NoticeKind::Background) {
        let parts: Vec<&str> = ["summary", "result"].iter().filter_map(|tag| inner(text, tag)).collect();
        return (!parts.is_empty()).then(|| parts.join("\n\n"));
    }
    let found: Vec<&str> = WRAPPED.iter().filter_map(|tag| inner(text, tag)).collect();
    let said: Vec<&str> = found.iter().copied().filter(|part| !part.is_empty()).collect();
    (!found.is_empty()).then(|| said.join("\n"))
}

/// Text between `<tag>` and `</tag>`.
pub(super) fn inner<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    rest.split_once(&format!("</{tag}>")).map(|(inner, _)| inner.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_read_as_they_were_typed() {
        for (text, expected) in [
            (
                "<command-name>/compact</command-name>\n <command-message>compact</command-message>\n <command-args></command-args>",
                "/compact",
            ),
            ("<command-name>/branch</command-name><command-args>second-try</command-args>", "/branch second-try"),
            ("<bash-input>ls -l</bash-input>", "! ls -l"),
            ("<bash-stdout>out</bash-stdout><bash-stderr></bash-stderr>", "out"),
            ("<local-command-stdout>Compacted</local-command-stdout>", "Compacted"),
            ("<local-command-stdout></local-command-stdout>", ""),
            (
                "<task-notification>\n<task-id>a</task-id><summary>Agent done</summary><result>No tests.</result></task-notification>",
                "Agent done\n\nNo tests.",
            ),
            ("<div> is a tag", "<div> is a tag"),
            ("plain", "plain"),
            ("<bash-stdout>torn", "<bash-stdout>torn"),
        ] {
            assert_eq!(plain(Cow::Borrowed(text)), expected);
        }
    }

    #[test]
    fn only_the_clients_own_texts_are_told_apart() {
        assert_eq!(kind_of("[Request interrupted by user]"), Some(NoticeKind::Interrupt));
        assert_eq!(kind_of("[Request interrupted by user for tool use]"), Some(NoticeKind::Interrupt));
        assert_eq!(kind_of("[Request interrupted by user] what does that mean?"), None);
        assert_eq!(kind_of("<command-name>/clear</command-name>"), Some(NoticeKind::Command));
        assert_eq!(kind_of("<div> is a tag"), None);
        assert_eq!(kind_of("Unknown slash command: branch"), Some(NoticeKind::CommandOutput));
        assert_eq!(kind_of("Unknown slash command: what is that?"), None);
        assert!(is_beside("<system-reminder>\nToday is Monday.\n</system-reminder>\n"));
        assert!(is_beside("<ide_opened_file>The user opened a.rs</ide_opened_file>"));
        assert!(!is_beside("<system-reminder>x</system-reminder> and what I typed"));
        assert!(!is_beside("<system-reminders>"));
    }
}
