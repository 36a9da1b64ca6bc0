//! Where the parts of a JSON text lie, so that it can be changed in one place and stay as it is everywhere else.
//!
//! Only for text that a JSON parser has accepted.

use std::ops::Range;

/// One `"key": value` of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// The key, unescaped.
    pub key: String,
    /// From the key's opening quote to the value's end.
    pub whole: Range<usize>,
    /// The value alone.
    pub value: Range<usize>,
}

/// The text's one value, without the white space around it.
pub(super) fn root(text: &str) -> Range<usize> {
    let start = skip_space(text, 0);
    start..value_end(text, start)
}

/// The members of the object at `object`.
pub(super) fn members(text: &str, object: &Range<usize>) -> Vec<Member> {
    let mut found = Vec::new();
    let mut at = skip_space(text, object.start + 1);
    while byte(text, at) == Some(b'"') {
        let key_end = value_end(text, at);
        let value_start = skip_space(text, skip_space(text, key_end) + 1);
        let value = value_start..value_end(text, value_start);
        let key = serde_json::from_str(&text[at..key_end]).unwrap_or_default();
        found.push(Member { key, whole: at..value.end, value: value.clone() });
        at = next_item(text, value.end);
    }
    found
}

/// The elements of the array at `array`.
pub(super) fn elements(text: &str, array: &Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = skip_space(text, array.start + 1);
    while at + 1 < array.end {
        let end = value_end(text, at);
        found.push(at..end);
        at = next_item(text, end);
    }
    found
}

fn byte(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at).copied()
}

fn skip_space(text: &str, mut at: usize) -> usize {
    while matches!(byte(text, at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// Behind the comma that follows, or at the closing bracket.
fn next_item(text: &str, end: usize) -> usize {
    let at = skip_space(text, end);
    if byte(text, at) == Some(b',') { skip_space(text, at + 1) } else { at }
}

/// The end of the value that starts at `start`.
fn value_end(text: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(next) = byte(text, at) {
        match next {
            b'"' => at = string_end(text, at),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' | b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                at += 1;
            }
            _ => at += 1,
        }
        if depth == 0 && matches!(next, b'"' | b'}' | b']') {
            return at;
        }
    }
    at
}

fn string_end(text: &str, start: usize) -> usize {
    let mut at = start + 1;
    while let Some(next) = byte(text, at) {
        match next {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a\"\\\\{}\\[\\],: é]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-c\"\\\\]{0,3}", inner, 0..5).prop_map(|map| json!(map)),
            ]
        })
    }

    fn same(text: &str, at: &Range<usize>, value: &Value) {
        assert_eq!(&serde_json::from_str::<Value>(&text[at.clone()]).unwrap(), value);
        match value {
            Value::Object(map) => {
                let members = members(text, at);
                assert_eq!(members.len(), map.len());
                for member in &members {
                    same(text, &member.value, &map[&member.key]);
                }
            }
            Value::Array(list) => {
                let elements = elements(text, at);
                assert_eq!(elements.len(), list.len());
                elements.iter().zip(list).for_each(|(at, value)| same(text, at, value));
            }
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn every_part_lies_where_the_parser_sees_it(value in values(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let text = format!("\n {text}\t\n");
            same(&text, &root(&text), &value);
        }
    }
}
