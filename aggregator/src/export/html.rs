//! An export as one HTML page: styles and images within, no script, nothing loaded. Everything that came from the
//! transcript is escaped; of its Markdown only marks and safe links become HTML.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::words::{Head, Said, Words, readable, size, speaker};
use crate::transcript::Role;

/// Looks of the page, light and dark.
const STYLE: &str = include_str!("page.css");

/// Even a mistake of ours runs nothing and loads nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// Schemes of links that are kept; of others only the words are.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// Lines of an outcome that are shown without being asked.
const OPEN_LINES: usize = 12;

/// The head of the page.
pub(super) fn begin(head: &Head) -> String {
    let title = escaped(&head.title);
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>{title}</h1>\n<dl>\n"
    );
    for (name, value) in &head.facts {
        let _ = writeln!(text, "<div><dt>{name}</dt><dd>{}</dd></div>", escaped(value));
    }
    text.push_str("</dl>\n</header>\n");
    text
}

/// The head of a part.
pub(super) fn part(heading: &str, agent: Option<&str>) -> String {
    let id = agent.map(|agent| format!(" id=\"agent-{}\"", escaped(agent))).unwrap_or_default();
    format!("<h2 class=\"part\"{id}>{}</h2>\n", escaped(heading))
}

/// The end of the page.
pub(super) fn end() -> String {
    "</main>\n</body>\n</html>\n".to_owned()
}

/// Appends an entry.
pub(super) fn entry(entry: &Words, text: &mut String) {
    let class = match entry.role {
        Some(Role::Human) => "human",
        Some(Role::Assistant) => "reply",
        _ => "aside",
    };
    let _ = write!(
        text,
        "<article class=\"{class}\" id=\"{}\"><p class=\"who\">{}",
        escaped(&entry.anchor),
        speaker(entry.role)
    );
    if let Some(time) = &entry.time {
        let _ = write!(text, " <time>{}</time>", escaped(time));
    }
    text.push_str("</p>\n");
    for block in &entry.blocks {
        said(block, text);
    }
    text.push_str("</article>\n");
}

fn said(block: &Said, text: &mut String) {
    match block {
        Said::Text(words) => {
            text.push_str("<div class=\"text\">\n");
            marked(words, text);
            text.push_str("</div>\n");
        }
        Said::Thinking(words) => folded("Thought", None, words, false, text),
        Said::Call { name, about, input } => call(name, about.as_deref(), input, text),
        Said::Outcome { name, is_error, text: words, agent } => {
            let what = if *is_error { "failed" } else { "answered" };
            let name = format!("{} {what}", name.as_deref().unwrap_or("Tool"));
            if let Some(agent) = agent {
                let agent = escaped(agent);
                let _ = writeln!(text, "<p class=\"agent\"><a href=\"#agent-{agent}\">Subagent {agent}</a></p>");
            }
            let open = *is_error || words.lines().count() <= OPEN_LINES;
            folded(&name, is_error.then_some("error"), words, open, text);
        }
        Said::Image { media_type, size: bytes, bytes: Some(image) } => {
            let (kind, data) = (escaped(media_type), STANDARD.encode(image));
            let _ = writeln!(text, "<img src=\"data:{kind};base64,{data}\" alt=\"Image, {}\">", size(*bytes));
        }
        Said::Image { media_type, size: bytes, bytes: None } => {
            let _ = writeln!(text, "<p class=\"note\">Image: {}, {}</p>", escaped(media_type), size(*bytes));
        }
        Said::Document { title, text: words } => folded(&format!("Document {title}"), None, words, false, text),
        Said::Notice { kind, text: words } if words.is_empty() => {
            let _ = writeln!(text, "<p class=\"note\">{kind}</p>");
        }
        Said::Notice { kind, text: words } => folded(kind, None, words, words.lines().count() <= 2, text),
    }
}

fn call(name: &str, about: Option<&str>, input: &[(String, String)], text: &mut String) {
    let _ = write!(text, "<details class=\"call\"><summary><b>{}</b>", escaped(name));
    if let Some(about) = about {
        let _ = write!(text, " <code>{}</code>", escaped(about));
    }
    text.push_str("</summary>\n");
    for (name, value) in input {
        let class = match name.as_str() {
            "old_string" => " class=\"old\"",
            "new_string" => " class=\"new\"",
            _ => "",
        };
        let _ = writeln!(text, "<p class=\"name\">{}</p>\n<pre{class}>{}</pre>", escaped(name), escaped(value));
    }
    text.push_str("</details>\n");
}

/// A text that is folded until somebody wants it.
fn folded(name: &str, class: Option<&str>, words: &str, open: bool, text: &mut String) {
    let class = class.map(|class| format!(" class=\"{class}\"")).unwrap_or_default();
    let open = if open { " open" } else { "" };
    let (name, words) = (escaped(name), escaped(words));
    let _ = writeln!(text, "<details{class}{open}><summary>{name}</summary>\n<pre>{words}</pre>\n</details>");
}

/// A text as it is: no character of it means anything to a browser.
fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len() + words.len() / 8);
    for c in readable(words).chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            other => text.push(other),
        }
    }
    text
}

/// Markdown as HTML.
fn marked(words: &str, text: &mut String) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let words = readable(words);
    // Whether the links that are open were kept.
    let mut kept = Vec::new();
    let events = Parser::new_ext(&words, options).filter_map(|event| safe(event, &mut kept));
    html::push_html(text, events);
}

/// An event that may become HTML: raw HTML becomes text, images their description, doubtful links their words.
fn safe<'a>(event: Event<'a>, kept: &mut Vec<bool>) -> Option<Event<'a>> {
    match event {
        Event::Html(html) | Event::InlineHtml(html) => Some(Event::Text(html)),
        Event::Start(Tag::Image { .. }) => Some(Event::Text(CowStr::Borrowed("[image: "))),
        Event::End(TagEnd::Image) => Some(Event::Text(CowStr::Borrowed("]"))),
        Event::Start(Tag::Link { link_type, dest_url, id, .. }) => {
            let safe = SCHEMES.iter().any(|scheme| has_scheme(&dest_url, scheme));
            kept.push(safe);
            let title = CowStr::Borrowed("");
            safe.then_some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        Event::End(TagEnd::Link) => kept.pop().unwrap_or(false).then_some(Event::End(TagEnd::Link)),
        other => Some(other),
    }
}

fn has_scheme(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(words: &str) -> String {
        let mut text = String::new();
        marked(words, &mut text);
        text
    }

    #[test]
    fn markdown_becomes_html_and_html_becomes_text() {
        assert_eq!(
            html("**a** `b` [c](https://d.example)"),
            "<p><strong>a</strong> <code>b</code> <a href=\"https://d.example\">c</a></p>\n"
        );
        assert_eq!(html("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
        assert_eq!(html("a <img src=x onerror=y> b"), "<p>a &lt;img src=x onerror=y&gt; b</p>\n");
    }

    #[test]
    fn doubtful_links_and_images_are_words() {
        for words in
            ["[a](javascript:alert(1))", "[a](data:text/html,x)", "[a](JaVaScRiPt:x)", "[a](//x)", "[a](vbscript:x)"]
        {
            assert_eq!(html(words), "<p>a</p>\n", "{words}");
        }
        assert_eq!(html("![alt](https://evil.example/x.png)"), "<p>[image: alt]</p>\n");
        assert_eq!(html("[![i](x)](https://d.example)"), "<p><a href=\"https://d.example\">[image: i]</a></p>\n");
        assert!(!html("[a](https://x \"title\\\" onclick=y\")").contains("title="));
    }

    #[test]
    fn text_is_escaped_wherever_it_goes() {
        let mut text = String::new();
        let nasty = "</pre><script>\"'&".to_owned();
        let blocks = vec![
            Said::Thinking(nasty.clone()),
            Said::Call { name: nasty.clone(), about: Some(nasty.clone()), input: vec![(nasty.clone(), nasty.clone())] },
            Said::Outcome {
                name: Some(nasty.clone()),
                is_error: true,
                text: nasty.clone(),
                agent: Some(nasty.clone()),
            },
            Said::Image { media_type: nasty.clone(), size: 1, bytes: Some(vec![1]) },
            Said::Image { media_type: nasty.clone(), size: 1, bytes: None },
            Said::Document { title: nasty.clone(), text: nasty.clone() },
            Said::Notice { kind: "Notice", text: nasty.clone() },
        ];
        entry(&Words { anchor: nasty.clone(), role: None, time: Some(nasty.clone()), blocks }, &mut text);
        text.push_str(&part(&nasty, Some(&nasty)));
        text.push_str(&begin(&Head { title: nasty.clone(), facts: vec![("Project", nasty)] }));
        assert!(!text.contains("<script") && !text.contains("\"'"), "{text}");
    }
}
