//! Fields of unknown make: a value of another type than expected counts as absent instead of failing the line.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Most elements of a list that are kept; what follows is read and dropped. A line of 16 MiB could hold millions.
pub const LIST: usize = 10_000;

/// A string, or nothing when the value is anything else.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    deserializer.deserialize_any(Text)
}

/// `true`, or `false` when the value is anything else.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    deserializer.deserialize_any(Flag)
}

/// A number, fractions cut off, or nothing when the value is anything else.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    deserializer.deserialize_any(Number)
}

/// A number that counts something: 0 when the value is no number, or a negative one.
pub fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(deserializer.deserialize_any(Number)?.unwrap_or(0).max(0))
}

/// A number with its fraction, or nothing when the value is anything else.
pub fn float<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    deserializer.deserialize_any(Float)
}

/// An object of known make, or nothing when the value is anything else.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(Object(PhantomData))
}

/// The objects of a list, other elements left out; none when the value is no list.
pub fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(Objects(PhantomData))
}

/// The objects among the elements, at most [`LIST`].
pub fn elements<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(mut seq: A) -> Result<Vec<T>, A::Error> {
    let mut found = Vec::new();
    while found.len() < LIST {
        match seq.next_element::<Element<T>>()? {
            Some(Element(element)) => found.extend(element),
            None => return Ok(found),
        }
    }
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(found)
}

struct Text;
struct Flag;
struct Number;
struct Float;
struct Object<T>(PhantomData<T>);
struct Objects<T>(PhantomData<T>);

/// An element of a list: an object, or something else that is left out.
struct Element<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Element<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(Self)
    }
}

/// The answers of a visitor to the values that it does not look for, by the names of those values.
macro_rules! otherwise {
    ($nothing:expr; $($kind:ident)*) => {
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("any value")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        $(otherwise!(@$kind $nothing);)*
    };
    (@bool $nothing:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
    (@numbers $nothing:expr) => {
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
    (@text $nothing:expr) => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
    (@list $nothing:expr) => {
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
    (@object $nothing:expr) => {
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
}
pub(super) use otherwise;

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, str>>;
    otherwise!(None; bool numbers list object);

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }
    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text)))
    }
}

impl<'de> Visitor<'de> for Flag {
    type Value = bool;
    otherwise!(false; numbers text list object);

    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }
}

impl<'de> Visitor<'de> for Number {
    type Value = Option<i64>;
    otherwise!(None; bool text list object);

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).ok())
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was asked before")]
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        // Larger numbers are not exact any more, so they count nothing.
        Ok((value.abs() < 9e15).then_some(value as i64))
    }
}

impl<'de> Visitor<'de> for Float {
    type Value = Option<f64>;
    otherwise!(None; bool text list object);

    #[expect(clippy::cast_precision_loss, reason = "it is asked for as a fraction")]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }
    #[expect(clippy::cast_precision_loss, reason = "it is asked for as a fraction")]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = Option<T>;
    otherwise!(None; bool numbers text list);

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Objects<T> {
    type Value = Vec<T>;
    otherwise!(Vec::new(); bool numbers text object);

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        elements(seq)
    }
}
