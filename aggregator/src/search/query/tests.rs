//! What people type, and what is made of it.

use proptest::prelude::*;

use super::{Ask, Filter, PARTS, Query, Role, Style};
use crate::domain::time::parse_rfc3339;

fn read(text: &str) -> Query {
    Query::read(text, parse_rfc3339("2026-11-21T14:00:00Z").unwrap())
}

/// Parts in short: `word`, `"phrase"`, `prefix*`, `fuzzy~`, filters by name, each after a `-` when it excludes.
fn short(text: &str) -> Vec<String> {
    let one = |part: &super::Part| {
        let asked = match &part.ask {
            Ask::Text(text, Style::Plain) => text.clone(),
            Ask::Text(text, Style::Phrase) => format!("\"{text}\""),
            Ask::Text(text, Style::Prefix) => format!("{text}*"),
            Ask::Text(text, Style::Fuzzy) => format!("{text}~"),
            Ask::Filter(_) => format!("{}={}", part.filter.unwrap(), part.value),
        };
        format!("{}{asked}", if part.excludes { "-" } else { "" })
    };
    read(text).parts.iter().map(one).collect()
}

#[test]
fn words_phrases_prefixes_fuzzy_words_and_exclusions() {
    assert_eq!(
        short("fix \"the build\" deploy* recieve~ -draft -\"old plan\""),
        ["fix", "\"the build\"", "deploy*", "recieve~", "-draft", "-\"old plan\""]
    );
    assert_eq!(short("“smart quotes” \"starts wi\"*"), ["\"smart quotes\"", "starts wi*"]);
}

#[test]
fn filters_take_plain_and_quoted_values() {
    assert_eq!(
        short("host:mac PROJECT:\"my app\" -tool:Bash is:error has:image"),
        ["host=mac", "project=my app", "-tool=Bash", "is=error", "has=image"]
    );
    let dates = read("after:2026-11-01 before:yesterday");
    let at = |text| parse_rfc3339(text).unwrap();
    assert_eq!(dates.parts[0].ask, Ask::Filter(Filter::After(at("2026-11-01T00:00:00Z"))));
    assert_eq!(dates.parts[1].ask, Ask::Filter(Filter::Before(at("2026-11-20T00:00:00Z"))));
    assert_eq!(read("role:tool").parts[0].ask, Ask::Filter(Filter::Role(vec![Role::ToolInput, Role::ToolResult])));
}

#[test]
fn code_and_addresses_are_text() {
    for text in ["a/b/c.rs:12", "foo::bar", "https://example.org/x?y=1", "--flag", "tool::call", "C:\\Users", "x:y:z"] {
        assert_eq!(short(text), [text]);
        assert_eq!(read(text).remarks, [""; 0], "{text}");
    }
}

#[test]
fn what_cannot_be_meant_is_explained() {
    for (text, told, parts) in [
        ("host: x", "`host:` needs a value, as in `host:workstation`", 1),
        ("is:banana x", "`is:` takes error, subagent or gone", 1),
        ("before:someday", "`before:` takes 2026-11-21", 0),
        ("tol:Bash", "did you mean `tool:Bash`?", 1),
        ("say \"never closed", "A quote is not closed", 3),
        ("🎉 x", "only letters and digits", 1),
    ] {
        let query = read(text);
        assert!(query.remarks.iter().any(|remark| remark.contains(told)), "{text}: {:?}", query.remarks);
        assert_eq!(query.parts.len(), parts, "{text}");
    }
    assert_eq!(read("\"").parts, []);
    assert_eq!(read("  ").remarks, [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn any_text_is_a_query(text in "([a-zA-Z0-9\":*~ -]|host:|is:|after:|7d|“|修|\\PC){0,80}") {
        let query = read(&text);
        prop_assert!(query.parts.len() <= PARTS);
        for part in &query.parts {
            prop_assert!(text.contains(&part.text), "{:?}", part);
        }
    }
}
