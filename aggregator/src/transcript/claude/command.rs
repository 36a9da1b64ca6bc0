//! Texts that the client wraps in tags: slash commands, `!` commands and their output.

use std::borrow::Cow;

/// A command as it was typed, or its output, instead of the client's tags around it.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim_start();
    if !trimmed.starts_with('<') {
        return Cow::Borrowed(text);
    }
    if let Some(name) = inner(trimmed, "command-name") {
        let arguments = inner(trimmed, "command-args").unwrap_or_default();
        return Cow::Owned(format!("{name} {arguments}").trim().to_owned());
    }
    if let Some(input) = inner(trimmed, "bash-input") {
        return Cow::Owned(format!("! {input}"));
    }
    if let Some(summary) = trimmed.starts_with("<task-notification>").then(|| inner(trimmed, "summary")).flatten() {
        return Cow::Owned(summary.to_owned());
    }
    let outputs =
        ["local-command-stdout", "local-command-stderr", "local-command-caveat", "bash-stdout", "bash-stderr"];
    let found: Vec<&str> =
        outputs.iter().filter_map(|tag| inner(trimmed, tag)).filter(|part| !part.is_empty()).collect();
    if found.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(found.join("\n")) }
}

/// Text between `<tag>` and `</tag>`.
fn inner<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    rest.split_once(&format!("</{tag}>")).map(|(inner, _)| inner.trim())
}

#[cfg(test)]
mod tests {
    use super::plain;

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
            (
                "<task-notification>\n<task-id>a</task-id><summary>Agent done</summary></task-notification>",
                "Agent done",
            ),
            ("<div> is a tag", "<div> is a tag"),
            ("plain", "plain"),
            ("<bash-stdout>torn", "<bash-stdout>torn"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }
}
