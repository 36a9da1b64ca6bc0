//! JSON objects of unknown make, read field by field: a field of another type than asked for counts as absent.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Fields that are kept of one object; what comes after them counts as absent. No client writes near as many.
const FIELDS: usize = 1_000;

/// Values that are kept of one array.
const ITEMS: usize = 20_000;

/// An object whose values stay unread until they are asked for.
#[derive(Debug, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// Reads an object; `None` when the text is anything else.
    pub fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Reads a value that should be an object.
    pub fn of(raw: &'a RawValue) -> Option<Self> {
        // Not worth a parser for what is plainly something else.
        if raw.get().starts_with('{') { Self::read(raw.get()) } else { None }
    }

    /// A field as it stands; `null` counts as absent.
    pub fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().find(|(field, _)| field == name).map(|(_, value)| *value);
        found.filter(|value| value.get() != "null")
    }

    /// A string.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.raw(name).and_then(string)
    }

    /// A string that is not empty.
    pub fn word(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty()).map(Cow::into_owned)
    }

    /// A whole number; fractions are cut off.
    pub fn number(&self, name: &str) -> Option<i64> {
        number(self.raw(name)?)
    }

    /// A number with its fraction.
    pub fn fraction(&self, name: &str) -> Option<f64> {
        self.raw(name)?.get().parse().ok()
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.raw(name)?.get().parse().ok()
    }

    /// An object.
    pub fn object(&self, name: &str) -> Option<Object<'a>> {
        self.raw(name).and_then(Object::of)
    }

    /// The values of an array; none when it is anything else.
    pub fn list(&self, name: &str) -> Vec<&'a RawValue> {
        self.raw(name).map(list).unwrap_or_default()
    }

    /// The objects of an array.
    pub fn objects(&self, name: &str) -> Vec<Object<'a>> {
        self.list(name).into_iter().filter_map(Object::of).collect()
    }

    /// Names and values, in the order of the text.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), *value))
    }
}

/// A JSON string's text; borrowed when nothing in it is escaped.
pub fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    if !raw.get().starts_with('"') {
        return None;
    }
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

/// A whole number; fractions are cut off.
// A fraction beyond the range becomes the range's end, which is what a damaged number deserves.
#[allow(clippy::cast_possible_truncation)]
pub fn number(raw: &RawValue) -> Option<i64> {
    raw.get().parse().ok().or_else(|| raw.get().parse::<f64>().ok().map(|number| number as i64))
}

/// The values of an array; none when it is anything else.
pub fn list(raw: &RawValue) -> Vec<&RawValue> {
    if !raw.get().starts_with('[') {
        return Vec::new();
    }
    serde_json::from_str::<List<'_>>(raw.get()).map(|list| list.0).unwrap_or_default()
}

/// A text as a JSON value of its own: what it says when it is JSON, else an object with the text as its only field.
pub fn value(text: &str, field: &str) -> Option<Box<RawValue>> {
    let is_json = text.starts_with(['{', '[']);
    let own = if is_json { RawValue::from_string(text.to_owned()).ok() } else { None };
    own.or_else(|| {
        let mut object = serde_json::Map::new();
        object.insert(field.to_owned(), text.into());
        serde_json::value::to_raw_value(&object).ok()
    })
}

struct List<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items)
    }
}

struct Fields;
struct Items;

impl<'de> Visitor<'de> for Fields {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        #[derive(Deserialize)]
        struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
        let mut fields = Vec::new();
        while fields.len() < FIELDS {
            let Some((Name(name), value)) = map.next_entry::<Name<'_>, &RawValue>()? else {
                return Ok(Object(fields));
            };
            fields.push((name, value));
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Object(fields))
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = List<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<'de>, A::Error> {
        let mut items = Vec::new();
        while items.len() < ITEMS {
            let Some(item) = seq.next_element::<&RawValue>()? else { return Ok(List(items)) };
            items.push(item);
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(List(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_another_type_counts_as_absent() {
        let object = Object::read(r#"{"a":1.9,"b":"x\ny","c":[1,{"d":true}],"e":null,"f":{}}"#).unwrap();
        assert_eq!((object.number("a"), object.text("a")), (Some(1), None));
        assert_eq!((object.text("b").as_deref(), object.number("b")), (Some("x\ny"), None));
        assert_eq!((object.list("c").len(), object.objects("c").len(), object.list("b").len()), (2, 1, 0));
        assert_eq!(object.objects("c")[0].flag("d"), Some(true));
        assert!(object.raw("e").is_none() && object.object("f").is_some());
        assert!(Object::read("[1]").is_none() && Object::read("{").is_none());
    }

    #[test]
    fn what_is_kept_of_an_object_is_bounded() {
        let fields: Vec<String> = (0..FIELDS + 10).map(|number| format!("\"{number}\":{number}")).collect();
        let text = format!("{{{}}}", fields.join(","));
        assert_eq!(Object::read(&text).unwrap().0.len(), FIELDS);
    }

    #[test]
    fn a_text_is_a_value() {
        assert_eq!(value(r#"{"a":1}"#, "input").unwrap().get(), r#"{"a":1}"#);
        assert_eq!(value("*** Begin \"Patch\"", "input").unwrap().get(), r#"{"input":"*** Begin \"Patch\""}"#);
        assert_eq!(value("{torn", "input").unwrap().get(), r#"{"input":"{torn"}"#);
    }
}
