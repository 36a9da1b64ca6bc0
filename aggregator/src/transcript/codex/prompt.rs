//! Texts in a person's name: what was typed, told apart from what the client puts in.

use std::borrow::Cow;

/// Starts of texts that the client writes itself.
const INJECTED: [&str; 4] =
    ["# AGENTS.md instructions", "<INSTRUCTIONS>", "<environment_context>", "<user_instructions>"];

/// What the IDE extension writes before what was typed.
const IDE_REQUEST: &str = "## My request for Codex:";

/// What stands under a person's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// A person typed it.
    Typed(Cow<'a, str>),
    /// A command that a person ran on their own (`!`).
    Shell(&'a str),
    /// A subagent reported: its report, mostly JSON.
    Report(&'a str),
    /// The client put it in.
    Injected,
}

/// Tells what a text is.
pub(super) fn tell(text: &str) -> Said<'_> {
    let trimmed = text.trim();
    if let Some(report) = inner(trimmed, "subagent_notification") {
        return Said::Report(report);
    }
    if let Some(shell) = inner(trimmed, "user_shell_command") {
        return Said::Shell(inner(shell, "command").unwrap_or(shell));
    }
    if INJECTED.iter().any(|start| trimmed.starts_with(start)) || is_wrapped(trimmed) {
        return Said::Injected;
    }
    match trimmed.split_once(IDE_REQUEST) {
        Some((context, request)) if context.starts_with("# Context from my IDE setup") => {
            Said::Typed(Cow::Owned(request.trim().to_owned()))
        }
        _ => Said::Typed(Cow::Borrowed(text)),
    }
}

/// All of it stands in one tag of the kind that the client makes (`<environment_context>…`): a name with an underscore,
/// as no HTML has.
fn is_wrapped(text: &str) -> bool {
    let Some((name, rest)) = text.strip_prefix('<').and_then(|rest| rest.split_once('>')) else { return false };
    let name = name.split_whitespace().next().unwrap_or_default();
    let is_tag = |c: char| c.is_ascii_lowercase() || c == '_' || c == '-';
    let known = ["skill", "recommended_plugins", "goal"].contains(&name) || name.contains('_');
    known && name.chars().all(is_tag) && rest.trim_end().ends_with(&format!("</{name}>"))
}

/// Text between `<tag>` and `</tag>`, when the text begins with it.
fn inner<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let rest = text.strip_prefix('<')?.strip_prefix(tag)?.strip_prefix('>')?;
    Some(rest.rsplit_once(&format!("</{tag}>")).map_or(rest, |(inner, _)| inner).trim())
}

/// Tags that the client writes around an image of a prompt.
pub(super) fn is_image_tag(text: &str) -> bool {
    let text = text.trim();
    text == "</image>" || (text.starts_with("<image") && text.ends_with('>') && !text[1..].contains('<'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_typed_is_told_apart() {
        let typed = |text: &'static str| Said::Typed(Cow::Borrowed(text));
        for (text, said) in [
            ("Fix the build", typed("Fix the build")),
            ("<div>why</div>", typed("<div>why</div>")),
            ("<my_tag> is not closed", typed("<my_tag> is not closed")),
            ("<environment_context>\n  <cwd>/srv</cwd>\n</environment_context>", Said::Injected),
            ("<turn_aborted>\nThe user interrupted\n</turn_aborted>\n", Said::Injected),
            ("# AGENTS.md instructions for /srv\n\n<INSTRUCTIONS>\nx\n</INSTRUCTIONS>", Said::Injected),
            ("<user_instructions>be brief", Said::Injected),
            (
                "<user_shell_command>\n<command>\nls -l\n</command>\n<result>x</result></user_shell_command>",
                Said::Shell("ls -l"),
            ),
            ("<subagent_notification>\n{\"a\":1}\n</subagent_notification>", Said::Report("{\"a\":1}")),
            (
                "# Context from my IDE setup:\n\n## Open tabs:\n- a.rs\n\n## My request for Codex:\nFix it\n",
                typed("Fix it"),
            ),
        ] {
            assert_eq!(tell(text), said, "{text}");
        }
    }

    #[test]
    fn tags_around_images_are_no_words() {
        assert!(is_image_tag("<image name=[Image #1]>") && is_image_tag("</image>\n") && is_image_tag("<image>"));
        assert!(!is_image_tag("<images are nice") && !is_image_tag("an <image>"));
    }
}
