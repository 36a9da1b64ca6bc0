//! Exports of whole sessions, in all formats, on both databases.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use serde_json::json;

use super::{Export, Format, Keep};
use crate::archive::seams::Seams;
use crate::archive::tests::{SESSION, archive, host};
use crate::store::Db;
use crate::store::testing::{both, embedded};
use crate::store::turns::{self, TurnRow};

const FORMATS: [Format; 3] = [Format::Markdown, Format::Html, Format::Jsonl];

async fn session(db: &Db, lines: &[String]) -> Export {
    let one = host(db, "box").await;
    archive(db, one, "/root/p/s1.jsonl", lines).await;
    let sql = "INSERT INTO sessions (id, coder, hosts, project_path, title, last_activity_at, entries, conversation, \
        unreadable, subagents, gone) VALUES ($1, 'claude', '[]', '/srv/<b>', '</title><script>', 0, 0, 0, 0, 0, FALSE)";
    db.execute(sql, crate::vals![SESSION]).await.unwrap();
    Export::of(db, &Seams::default(), SESSION, true).await.unwrap().unwrap()
}

async fn written(db: &Db, export: &Export, format: Format, keep: Keep) -> String {
    let pieces: Vec<bytes::Bytes> = export.clone().write(db, format, keep).await.unwrap().try_collect().await.unwrap();
    String::from_utf8(pieces.concat()).unwrap()
}

fn nothing_kept() -> Keep {
    Keep::Some(HashSet::new())
}

/// Tags that an export may hold.
const TAGS: [&str; 46] = [
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "header",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "dl",
    "div",
    "dt",
    "dd",
    "article",
    "p",
    "time",
    "details",
    "summary",
    "b",
    "code",
    "pre",
    "a",
    "img",
    "ul",
    "ol",
    "li",
    "em",
    "strong",
    "del",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "hr",
    "br",
    "input",
    "sup",
    "span",
];

/// Attributes that it may hold.
const ATTRIBUTES: [&str; 18] = [
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "href",
    "src",
    "alt",
    "open",
    "start",
    "type",
    "checked",
    "disabled",
    "style",
    "title",
    "doctype",
];

/// Reads a page as strictly as it is written: only known tags, only known attributes, all quoted, no dangerous address.
fn check_page(page: &str) {
    let after_style = page.split_once("</style>").unwrap().1;
    assert!(page.starts_with("<!doctype html>"));
    let mut rest = after_style;
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').map(|end| at + end).expect("a tag ends");
        check_tag(&rest[at + 1..end]);
        rest = &rest[end + 1..];
    }
}

fn check_tag(tag: &str) {
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    let (name, mut attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    assert!(TAGS.contains(&name.trim_end_matches('/')), "<{tag}>");
    while let Some((name, rest)) = attributes.split_once('=') {
        // `open`, `disabled` and `checked` stand without a value.
        let name = name.split_whitespace().last().unwrap();
        assert!(ATTRIBUTES.contains(&name), "{name} in <{tag}>");
        let (value, rest) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')).expect("quoted");
        match name {
            "href" => assert!(
                ["https://", "http://", "mailto:", "#"].iter().any(|start| value.to_lowercase().starts_with(start)),
                "{value}"
            ),
            "src" => assert!(value.starts_with("data:image/"), "{value}"),
            "style" => assert!(value.starts_with("text-align: "), "{value}"),
            _ => {}
        }
        attributes = rest;
    }
}

fn fixtures(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            fixtures(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "jsonl") {
            found.push(path);
        }
    }
}

#[tokio::test]
async fn every_real_transcript_is_exported_without_live_html() {
    let mut files = Vec::new();
    fixtures(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/transcripts"), &mut files);
    assert!(files.len() > 10, "the fixtures are not found any more");
    for file in files {
        let test = embedded().await;
        let bytes = std::fs::read(&file).unwrap();
        let lines: Vec<String> = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        let export = session(&test.db, &lines).await;
        check_page(&written(&test.db, &export, Format::Html, nothing_kept()).await);
        let unmasked = written(&test.db, &export, Format::Jsonl, Keep::All).await;
        assert_eq!(unmasked.lines().collect::<Vec<&str>>(), lines, "{}", file.display());
        let markdown = written(&test.db, &export, Format::Markdown, nothing_kept()).await;
        assert!(markdown.starts_with("# "), "{}", file.display());
        for event in pulldown_cmark::Parser::new(&markdown) {
            use pulldown_cmark::Event::{Html, InlineHtml};
            assert!(!matches!(event, Html(_) | InlineHtml(_)), "{}: {event:?}", file.display());
        }
    }
}

/// Lines in which everything is nasty, and a secret stands wherever one can.
fn nasty(secret: &str) -> Vec<String> {
    let html = format!("<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) {secret}");
    [
        json!({"type": "user", "uuid": "1", "message": {"content": html}}),
        json!({"type": "assistant", "uuid": "2", "message": {"id": "m", "model": "x", "content": [{"type": "text", "text": html}]}}),
        json!({"type": "assistant", "uuid": "3", "message": {"id": "m", "model": "x", "content": [{"type": "thinking", "thinking": html}]}}),
        json!({"type": "assistant", "uuid": "4", "message": {"id": "m", "model": "x", "content": [
            {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": html, "<b>": [html, {"deep": html}]}}]}}),
        json!({"type": "user", "uuid": "5", "toolUseResult": {"stdout": html}, "message": {"content": [
            {"type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": html}]}}),
        json!({"type": "custom-title", "customTitle": html}),
        json!({"type": "something-new", "nested": {"text": html}}),
        json!({"type": "user", "uuid": "6", "message": {"content": [
            {"type": "image", "source": {"type": "base64", "media_type": "image/svg+xml", "data": "PHN2Zz4="}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}]}}),
    ]
    .iter()
    .map(ToString::to_string)
    .chain([format!("torn line with {secret} <script>")])
    .collect()
}

#[tokio::test]
async fn secrets_do_not_leave_in_any_format_unless_they_are_kept() {
    let secret = ["ghp", "_", "wJalrXUtnFEMIK7MDENGbPxRfiCYzz12ab34"].concat();
    for test in both().await {
        let export = session(&test.db, &nasty(&secret)).await;
        let review = export.review(&test.db).await.unwrap();
        assert_eq!((review.found().len(), review.entries), (1, 9));
        let found = review.found()[0].clone();
        assert_eq!((found.rule().0, found.place.1), ("github-pat", 0));
        assert!(found.count >= 9 && !format!("{found:?}").contains(&secret), "{found:?}");
        for format in FORMATS {
            let masked = written(&test.db, &export, format, nothing_kept()).await;
            assert!(!masked.contains(&secret[8..]) && masked.contains("masked github-pat"), "{format:?}: {masked}");
            let kept = Keep::Some(HashSet::from([found.id.clone()]));
            assert!(written(&test.db, &export, format, kept).await.contains(&secret), "{format:?}");
        }
        let lines = written(&test.db, &export, Format::Jsonl, nothing_kept()).await;
        assert_eq!(lines.lines().count(), 9);
        for line in lines.lines().take(8) {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
}

#[tokio::test]
async fn a_nasty_transcript_becomes_a_harmless_page() {
    let test = embedded().await;
    let export = session(&test.db, &nasty("x")).await;
    let page = written(&test.db, &export, Format::Html, Keep::All).await;
    check_page(&page);
    assert!(!page.to_lowercase().contains("<script") && !page.contains("href=\"javascript"));
    assert!(page.contains("data:image/png;base64,iVBORw0KGgo=") && !page.contains("data:image/svg"));
    assert!(page.contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"));
    assert_eq!(export.file_name(Format::Html), "title-script-s1.html");
}

#[tokio::test]
async fn what_the_conversation_has_left_is_marked() {
    for database in both().await {
        let db = &database.db;
        let prompt =
            |uuid: &str, words: &str| json!({"type": "user", "uuid": uuid, "message": {"content": words}}).to_string();
        let secret = ["ghp", "_", "wJalrXUtnFEMIK7MDENGbPxRfiCYzz12ab34"].concat();
        let last = format!("Go right with {secret}");
        let words = ["Begin", "Go left", &last];
        let lines: Vec<String> = ["a", "b", "c"].iter().zip(words).map(|(uuid, words)| prompt(uuid, words)).collect();
        let export = session(db, &lines).await;
        let row = |line: usize, after_line| TurnRow {
            transcript_id: export.parts[0].file.id.clone(),
            line: i64::try_from(line).unwrap(),
            uuid: Some(["a", "b", "c"][line].to_owned()),
            text: words[line].to_owned(),
            after_line,
            ..TurnRow::default()
        };
        let mut tx = db.begin().await.unwrap();
        turns::put(&mut tx, vec![row(0, None), row(1, None), row(2, Some(0))]).await.unwrap();
        tx.commit().await.unwrap();
        let export = Export::of(db, &Seams::default(), SESSION, true).await.unwrap().unwrap();
        for format in [Format::Markdown, Format::Html] {
            let text = written(db, &export, format, nothing_kept()).await;
            let place = |words: &str| {
                assert_eq!(text.matches(words).count(), 1, "{words} in {text}");
                text.find(words).unwrap()
            };
            let (left, instead) =
                (place("Left: the conversation went on from another prompt"), place("In place of another prompt"));
            assert!(text.find("Begin").unwrap() < left && left < instead, "{text}");
            // Each says which one, and hides in it what is hidden elsewhere.
            assert_eq!(text.matches("Go left").count(), 2, "{text}");
            assert_eq!((text.matches("Go right with").count(), text.contains(&secret)), (2, false), "{text}");
        }
    }
}
