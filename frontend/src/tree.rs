//! Reads the shared model's types from JSON's tree, without a word on what is wrong with it.
//!
//! The words of errors that nobody reads, and the code that puts them together for every field of every type, would be a
//! tenth of the program that a phone has to fetch. Must never take what `serde_json` itself would refuse.

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::de::{Error, IntoDeserializer, value::StringDeserializer};
use serde_json::{Map, Number, Value, map};
use std::fmt::{self, Display};

/// The tree is not of the type that was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfAnotherType;

impl Display for OfAnotherType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is of another type; load the page again")
    }
}

impl std::error::Error for OfAnotherType {}

impl Error for OfAnotherType {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }

    fn invalid_type(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn serde::de::Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

/// Reads a JSON text by way of its tree: one parser for all types. `None` where it is not a `T`.
#[must_use]
pub fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    read(serde_json::from_str(text).ok()?)
}

/// Reads a tree. `None` where it is not a `T`.
#[must_use]
pub fn read<T: DeserializeOwned>(tree: Value) -> Option<T> {
    T::deserialize(Tree(tree)).ok()
}

/// A tree, or a part of one.
struct Tree(Value);

fn number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, OfAnotherType> {
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(number), ..) => visitor.visit_u64(number),
        (None, Some(number), _) => visitor.visit_i64(number),
        (None, None, Some(number)) => visitor.visit_f64(number),
        (None, None, None) => Err(OfAnotherType),
    }
}

fn list<'de, V: Visitor<'de>>(list: Vec<Value>, visitor: V) -> Result<V::Value, OfAnotherType> {
    let mut items = Items(list.into_iter());
    let value = visitor.visit_seq(&mut items)?;
    if items.0.next().is_none() { Ok(value) } else { Err(OfAnotherType) }
}

fn object<'de, V: Visitor<'de>>(object: Map<String, Value>, visitor: V) -> Result<V::Value, OfAnotherType> {
    let mut fields = Fields { rest: object.into_iter(), value: None };
    let value = visitor.visit_map(&mut fields)?;
    if fields.rest.next().is_none() { Ok(value) } else { Err(OfAnotherType) }
}

/// A wish for a number of any width, which the visitor checks.
macro_rules! numbers {
    ($($wish:ident)+) => {$(
        fn $wish<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OfAnotherType> {
            match self.0 {
                Value::Number(found) => number(&found, visitor),
                _ => Err(OfAnotherType),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for Tree {
    type Error = OfAnotherType;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OfAnotherType> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(truth),
            Value::Number(found) => number(&found, visitor),
            Value::String(text) => visitor.visit_string(text),
            Value::Array(found) => list(found, visitor),
            Value::Object(found) => object(found, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OfAnotherType> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, OfAnotherType> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, OfAnotherType> {
        let variant = match self.0 {
            Value::String(name) => Variant { name, content: None },
            Value::Object(found) => {
                let mut entries = found.into_iter();
                let (Some((name, content)), None) = (entries.next(), entries.next()) else { return Err(OfAnotherType) };
                Variant { name, content: Some(content) }
            }
            _ => return Err(OfAnotherType),
        };
        visitor.visit_enum(variant)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OfAnotherType> {
        visitor.visit_unit()
    }

    // A type that says what it wants gets that or nothing: what derived code would do with anything else, such as reading a
    // structure from a list, is then never compiled.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, OfAnotherType> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OfAnotherType> {
        match self.0 {
            Value::Object(found) => object(found, visitor),
            _ => Err(OfAnotherType),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OfAnotherType> {
        match self.0 {
            Value::Array(found) => list(found, visitor),
            _ => Err(OfAnotherType),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, OfAnotherType> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, OfAnotherType> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OfAnotherType> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            _ => Err(OfAnotherType),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OfAnotherType> {
        self.deserialize_string(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OfAnotherType> {
        self.deserialize_string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OfAnotherType> {
        self.deserialize_string(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OfAnotherType> {
        match self.0 {
            Value::Bool(truth) => visitor.visit_bool(truth),
            _ => Err(OfAnotherType),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_f32 deserialize_f64
    }

    serde::forward_to_deserialize_any! { i128 u128 bytes byte_buf unit unit_struct }
}

struct Items(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Items {
    type Error = OfAnotherType;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, OfAnotherType> {
        self.0.next().map(|item| seed.deserialize(Tree(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Fields {
    rest: map::IntoIter,
    value: Option<Value>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = OfAnotherType;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, OfAnotherType> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        let name: StringDeserializer<OfAnotherType> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, OfAnotherType> {
        seed.deserialize(Tree(self.value.take().ok_or(OfAnotherType)?))
    }
}

struct Variant {
    name: String,
    content: Option<Value>,
}

struct Content(Option<Value>);

impl<'de> EnumAccess<'de> for Variant {
    type Error = OfAnotherType;
    type Variant = Content;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content), OfAnotherType> {
        let name: StringDeserializer<OfAnotherType> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Content(self.content)))
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = OfAnotherType;

    fn unit_variant(self) -> Result<(), OfAnotherType> {
        if self.0.is_none_or(|content| content.is_null()) { Ok(()) } else { Err(OfAnotherType) }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, OfAnotherType> {
        seed.deserialize(Tree(self.0.ok_or(OfAnotherType)?))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, OfAnotherType> {
        match self.0 {
            Some(Value::Array(found)) => list(found, visitor),
            _ => Err(OfAnotherType),
        }
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, OfAnotherType> {
        match self.0 {
            Some(Value::Object(found)) => object(found, visitor),
            _ => Err(OfAnotherType),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;
    use taydo_model::{Reading, incident::log::LogLine, kpi::From, oncall::Target, rota::Override};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Unit,
        Newtype(f64),
        Tuple(i64, u8),
        Struct { a: Option<bool>, b: BTreeMap<String, char> },
    }

    /// Both readers take the same texts, and make the same of them.
    fn check<T: DeserializeOwned + PartialEq + fmt::Debug>(texts: &[&str]) {
        for text in texts {
            assert_eq!(parse::<T>(text), serde_json::from_str::<Value>(text).ok().and_then(|tree| T::deserialize(tree).ok()), "{text}");
        }
    }

    #[test]
    fn it_reads_what_serde_json_reads_and_refuses_what_that_refuses() {
        check::<Kind>(&[
            r#""unit""#,
            r#"{"unit":null}"#,
            r#"{"unit":1}"#,
            r#""newtype""#,
            r#"{"newtype":-1}"#,
            r#"{"newtype":1e300}"#,
            r#"{"tuple":[-5,255]}"#,
            r#"{"tuple":[-5,256]}"#,
            r#"{"tuple":[1,2,3]}"#,
            r#"{"tuple":[1]}"#,
            r#"{"struct":{"a":null,"b":{"x":"y"}}}"#,
            r#"{"struct":{"b":{"x":"yz"}}}"#,
            r#"{"struct":{"b":{}},"unit":null}"#,
            r#"{"other":1}"#,
            "{}",
            "[]",
            "true",
            "nonsense",
        ]);
        check::<Vec<Option<u64>>>(&["[1,null,18446744073709551615]", "[1.0]", "[-1]", "{}", "null"]);
        check::<(f64, String)>(&[r#"[1,"a"]"#, r#"[1.5,"a",2]"#, r#"["a",1]"#]);
    }

    #[test]
    fn it_reads_the_models_flattened_tagged_and_untagged_types() {
        check::<LogLine>(&[
            r#"{"group":1,"number":2,"at":"2026-03-02T01:00:00Z","incidents":[3],"what":"noted","person":"an","text":"x"}"#,
            r#"{"group":1,"number":2,"at":"2026-03-02T01:00:00Z","incidents":[3],"what":"muted","by":"silence"}"#,
            r#"{"group":1,"number":2,"at":"yesterday","incidents":[3],"what":"closed"}"#,
        ]);
        check::<Override>(&[
            r#"{"id":1,"from":"2026-03-02T01:00:00Z","to":"2026-03-02T02:00:00Z","change":"replace","person":"an","by":"binh"}"#,
            r#"{"id":1,"from":"2026-03-02T01:00:00Z","to":"2026-03-02T02:00:00Z","change":"replace","person":"an"}"#,
        ]);
        check::<Target>(&[r#"{"person":"an"}"#, r#"{"person":"A N"}"#]);
        check::<From>(&[r#"{"observations":"traffic.speed","aggregate":"mean","window_s":300}"#, r#"{"nothing":1}"#]);
        check::<Reading>(&["{}", r#"{"kpi":"a.b","scope":"city"}"#]);
    }
}
