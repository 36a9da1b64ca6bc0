//! An export as Markdown. What came from the transcript cannot become HTML in whatever shows the file.

use std::fmt::Write as _;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::words::{Head, Said, Words, readable, size, speaker};

/// What readers of Markdown commonly understand.
const OPTIONS: Options = Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

/// The head of the file.
pub(super) fn begin(head: &Head) -> String {
    let mut text = format!("# {}\n\n", inline(&head.title));
    for (name, value) in &head.facts {
        let _ = writeln!(text, "- **{name}:** {}", code(value));
    }
    text.push('\n');
    text
}

/// The head of a part.
pub(super) fn part(heading: &str) -> String {
    format!("\n---\n\n# {}\n\n", inline(heading))
}

/// Appends an entry.
pub(super) fn entry(entry: &Words, text: &mut String) {
    let time = entry.time.as_deref().map(|time| format!(" · {time}")).unwrap_or_default();
    let _ = write!(text, "## {}{time}\n\n", speaker(entry.role));
    for block in &entry.blocks {
        said(block, text);
        text.push('\n');
    }
}

fn said(block: &Said, text: &mut String) {
    match block {
        Said::Text(words) => text.push_str(&harmless(&readable(words))),
        Said::Thinking(words) => quoted(words, text),
        Said::Call { name, about, input } => {
            let about = about.as_deref().map(|about| format!(" — {}", inline(about))).unwrap_or_default();
            let _ = write!(text, "**{}**{about}\n\n", inline(name));
            for (name, value) in input {
                let _ = writeln!(text, "{}:\n", code(name));
                fenced(value, text);
            }
        }
        Said::Outcome { name, is_error, text: words, agent } => {
            let what = if *is_error { "failed" } else { "answered" };
            let _ = write!(text, "**{}** {what}", inline(name.as_deref().unwrap_or("Tool")));
            if let Some(agent) = agent {
                let _ = write!(text, " (subagent {})", code(agent));
            }
            text.push_str("\n\n");
            fenced(words, text);
        }
        Said::Image { media_type, size: bytes, .. } => {
            let _ = writeln!(text, "*Image: {}, {}*", inline(media_type), size(*bytes));
        }
        Said::Document { title, text: words } => {
            let _ = write!(text, "*Document:* {}\n\n", code(title));
            fenced(words, text);
        }
        Said::Notice { kind, text: words } => {
            let _ = write!(text, "*{kind}*\n\n");
            if !words.is_empty() {
                fenced(words, text);
            }
        }
    }
    text.push('\n');
}

/// A thought, as a quotation.
fn quoted(words: &str, text: &mut String) {
    for line in harmless(&readable(words)).lines() {
        let _ = writeln!(text, "> {line}");
    }
}

/// A block of code whose fence is longer than any within.
fn fenced(words: &str, text: &mut String) {
    let words = readable(words);
    let fence = "`".repeat(longest_run(&words, '`').max(2) + 1);
    let _ = write!(text, "{fence}text\n{}\n{fence}\n", words.trim_end_matches('\n'));
}

/// Code within a line.
fn code(words: &str) -> String {
    let words = one_line(words);
    let fence = "`".repeat(longest_run(&words, '`') + 1);
    let space = if words.starts_with('`') || words.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{words}{space}{fence}")
}

/// Words within a line, none of which means anything to Markdown.
fn inline(words: &str) -> String {
    let mut text = String::new();
    for c in one_line(words).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '&' | '~') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

fn one_line(words: &str) -> String {
    readable(words).split_whitespace().collect::<Vec<&str>>().join(" ")
}

fn longest_run(words: &str, wanted: char) -> usize {
    let step = |(longest, run): (usize, usize), c: char| {
        let run = if c == wanted { run + 1 } else { 0 };
        (longest.max(run), run)
    };
    words.chars().fold((0, 0), step).0
}

/// Times that HTML is looked for: taking some away can bring other to light.
const ROUNDS: usize = 4;

/// Markdown as it was written, but with its HTML as text, and with nothing left open that would swallow what follows.
/// Where that cannot be had it is shown as code.
fn harmless(words: &str) -> String {
    let mut text = words.to_owned();
    for _ in 0..ROUNDS {
        match without_html(&text) {
            Some(less) => text = less,
            None => break,
        }
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    for fence in ["", "```\n", "~~~\n"].into_iter().map(str::to_owned).chain(longest_fences(&text)) {
        let closed = format!("{text}{fence}");
        if is_closed(&closed) && without_html(&closed).is_none() {
            return closed;
        }
    }
    let mut code = String::new();
    fenced(words, &mut code);
    code
}

/// The text with its HTML as text; `None` when it has none.
fn without_html(words: &str) -> Option<String> {
    let mut text = String::with_capacity(words.len());
    let mut at = 0;
    for (event, range) in Parser::new_ext(words, OPTIONS).into_offset_iter() {
        if matches!(event, Event::Html(_) | Event::InlineHtml(_)) && range.start >= at {
            text.push_str(&words[at..range.start]);
            text.push_str(&words[range.clone()].replace('<', "&lt;"));
            at = range.end;
        }
    }
    (at > 0).then(|| text + &words[at..])
}

/// Fences as long as the longest that a text could have left open.
fn longest_fences(text: &str) -> impl Iterator<Item = String> {
    ['`', '~'].map(|mark| mark.to_string().repeat(longest_run(text, mark).max(3)) + "\n").into_iter()
}

/// Whether a paragraph that follows is one.
fn is_closed(text: &str) -> bool {
    const AFTER: &str = "\u{e000}";
    let whole = format!("{text}\n{AFTER}\n");
    let mut events = Parser::new_ext(&whole, OPTIONS).collect::<Vec<Event<'_>>>().into_iter().rev();
    let end = matches!(events.next(), Some(Event::End(TagEnd::Paragraph)));
    let words = matches!(events.next(), Some(Event::Text(words)) if &*words == AFTER);
    let start = matches!(events.next(), Some(Event::Start(Tag::Paragraph)));
    end && words && start
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The HTML that a reader of the file would see as such.
    fn live(text: &str) -> Vec<String> {
        let html = |event: Event<'_>| match event {
            Event::Html(html) | Event::InlineHtml(html) => Some(html.into_string()),
            _ => None,
        };
        Parser::new_ext(text, OPTIONS).filter_map(html).collect()
    }

    #[test]
    fn html_becomes_text_and_code_stays() {
        for words in [
            "<script>alert(1)</script>",
            "a <b onclick=x>b</b> c",
            "<div>\n\n*x*\n</div>\n\n<img src=x onerror=alert(1)>",
            "- <svg/onload=x>\n  > <i>q</i>",
            "<!-- c --> <?php ?> <![CDATA[x]]>",
            "| a |\n|---|\n| <b>x</b> |",
        ] {
            assert_eq!(live(&harmless(words)), [""; 0], "{words:?} became {:?}", harmless(words));
        }
        assert_eq!(harmless("`<b>` and\n\n```html\n<b>\n```"), "`<b>` and\n\n```html\n<b>\n```\n");
    }

    #[test]
    fn an_open_fence_does_not_swallow_what_follows() {
        for words in ["```\ncode", "~~~~ rust\nx\n~~~", "text\n\n````\n```\n", "> ```\n> x", "- a\n  ```\n  x"] {
            let whole = format!("{}\n# after\n", harmless(words));
            let headings =
                Parser::new(&whole).filter(|event| matches!(event, Event::Start(Tag::Heading { .. }))).count();
            assert_eq!(headings, 1, "{whole}");
        }
        assert_eq!(harmless("```\nx\n```\n"), "```\nx\n```\n");
    }

    #[test]
    fn code_keeps_its_ticks() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a`"), "`` `a` ``");
        let mut text = String::new();
        fenced("x\n```\n<b>", &mut text);
        assert_eq!(text, "````text\nx\n```\n<b>\n````\n");
        assert_eq!(inline("a*b\n<i>"), "a\\*b \\<i\\>");
    }

    proptest::proptest! {
        #[test]
        fn no_html_is_live_whatever_stands_there(words in "[<>a-z/!`~ \n*_\\[\\](){}#|&;=\"'-]{0,80}") {
            let text = harmless(&words);
            proptest::prop_assert_eq!(live(&text), Vec::<String>::new(), "{}", text);
        }
    }
}
