//! The JSON Schema of a type, found by watching it read itself.
//!
//! A type's `Deserialize` says at each place what it wants: fields by name, a number, a text. What is watched here is given
//! a value that fits, place by place, and tried again with another where it is refused; so the schema is that of the code, and not
//! of a list beside it. What a type keeps to itself (a tag within an object, fields taken over from another type) is described
//! as anything. It must never claim more than it has seen.

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Texts that are tried in turn, and what they are taken for.
const TEXTS: [(&str, Option<&str>); 9] = [
    ("a", None),
    ("city", None),
    ("2026-03-02", Some("date")),
    ("2026-03-02T01:00:00Z", Some("date-time")),
    ("07:30:00", Some("time")),
    ("km/h", None),
    ("Asia/Ho_Chi_Minh", None),
    ("1", None),
    ("#000000", None),
];
/// So often a type is read at most.
const ATTEMPTS: usize = 4_000;
/// Places deeper than this are not looked at: a type may hold itself.
const DEEPEST: usize = 14;

/// What a type wants at a place.
#[derive(Debug, Clone, PartialEq)]
enum Wish {
    Anything,
    Bool,
    Whole,
    Number,
    Text,
    Maybe,
    Many,
    Several(usize),
    Names,
    Fields(&'static [&'static str]),
    OneOf(&'static [&'static str]),
    Nothing,
}

/// One reading after the other.
#[derive(Debug, Default)]
struct Watch {
    wishes: BTreeMap<String, Wish>,
    /// Which of several possibilities is given at a place.
    choices: BTreeMap<String, usize>,
    /// The field that is left out in this reading, to see whether it must be there.
    left_out: Option<String>,
    required: BTreeSet<String>,
    /// Where this reading is.
    at: String,
}

/// The schema of what a type reads.
pub(super) fn schema<T: DeserializeOwned>() -> Value {
    let watch = RefCell::new(Watch::default());
    let mut attempts = 0;
    let mut read = || {
        attempts += 1;
        T::deserialize(Place { watch: &watch, path: String::new() }).is_ok()
    };
    let mut sound = settle(&watch, &mut read, ATTEMPTS);
    // Every variant of every choice is looked at once; what lies within one is settled with it.
    let mut seen: BTreeSet<(String, usize)> = BTreeSet::new();
    for _ in 0..200 {
        let next = watch.borrow().wishes.iter().find_map(|(path, wish)| match wish {
            Wish::OneOf(names) if path.matches('|').count() < 3 => {
                (0..names.len()).map(|number| (path.clone(), number)).find(|one| !seen.contains(one))
            }
            _ => None,
        });
        let Some((path, number)) = next else { break };
        seen.insert((path.clone(), number));
        let before = watch.borrow().choices.clone();
        watch.borrow_mut().choices.insert(path, number);
        settle(&watch, &mut read, 200);
        watch.borrow_mut().choices = before;
    }
    sound &= read();
    if sound {
        let places = watch.borrow().wishes.clone();
        for (path, wish) in &places {
            let Wish::Fields(names) = wish else { continue };
            for name in *names {
                let place = format!("{path}.{name}");
                watch.borrow_mut().left_out = Some(place.clone());
                // Only a place that this reading comes to tells anything.
                watch.borrow_mut().at = String::new();
                if !read() && watch.borrow().at.starts_with(path.as_str()) {
                    watch.borrow_mut().required.insert(place);
                }
            }
        }
        watch.borrow_mut().left_out = None;
    }
    watch.borrow().describe("")
}

/// Reads until it fits, or nothing else can be tried.
fn settle(watch: &RefCell<Watch>, read: &mut impl FnMut() -> bool, attempts: usize) -> bool {
    for _ in 0..attempts {
        watch.borrow_mut().at = String::new();
        if read() {
            return true;
        }
        if !watch.borrow_mut().try_otherwise() {
            return false;
        }
    }
    false
}

impl Watch {
    /// Chooses something else at the place that was refused, or at the nearest one around it that has another choice.
    fn try_otherwise(&mut self) -> bool {
        let mut path = self.at.clone();
        loop {
            let count = match self.wishes.get(&path) {
                Some(Wish::Text) => TEXTS.len(),
                Some(Wish::Maybe | Wish::Many | Wish::Names | Wish::Anything) => 2,
                Some(Wish::OneOf(names)) => names.len(),
                _ => 0,
            };
            let choice = self.choices.entry(path.clone()).or_insert(0);
            if choice.saturating_add(1) < count {
                *choice = choice.saturating_add(1);
                return true;
            }
            let Some(end) = path.rfind(['.', '[', '?', '|', '{']) else { return false };
            path.truncate(end);
        }
    }

    fn describe(&self, path: &str) -> Value {
        let Some(wish) = self.wishes.get(path) else { return json!({}) };
        match wish {
            Wish::Anything => json!({}),
            Wish::Nothing => json!({ "type": "null" }),
            Wish::Bool => json!({ "type": "boolean" }),
            Wish::Whole => json!({ "type": "integer" }),
            Wish::Number => json!({ "type": "number" }),
            Wish::Text => {
                let text = TEXTS.get(self.choices.get(path).copied().unwrap_or(0));
                match text.and_then(|(_, format)| *format) {
                    Some(format) => json!({ "type": "string", "format": format }),
                    None => json!({ "type": "string" }),
                }
            }
            Wish::Maybe => match self.describe(&format!("{path}?")) {
                Value::Object(inner) if inner.is_empty() => json!({}),
                inner => json!({ "anyOf": [inner, { "type": "null" }] }),
            },
            Wish::Many => json!({ "type": "array", "items": self.describe(&format!("{path}[")) }),
            Wish::Several(count) => {
                let items: Vec<Value> = (0..*count).map(|number| self.describe(&format!("{path}[{number}"))).collect();
                json!({ "type": "array", "prefixItems": items, "minItems": count, "maxItems": count })
            }
            Wish::Names => json!({ "type": "object", "additionalProperties": self.describe(&format!("{path}{{")) }),
            Wish::Fields(names) => self.describe_fields(path, names),
            Wish::OneOf(names) => self.describe_variants(path, names),
        }
    }

    fn describe_fields(&self, path: &str, names: &[&str]) -> Value {
        let place = |name: &&str| format!("{path}.{name}");
        let fields: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), self.describe(&place(name)))).collect();
        let required: Vec<&str> = names.iter().filter(|name| self.required.contains(&place(name))).copied().collect();
        let mut schema = json!({ "type": "object", "properties": fields });
        if let (Some(schema), false) = (schema.as_object_mut(), required.is_empty()) {
            schema.insert("required".to_owned(), json!(required));
        }
        schema
    }

    fn describe_variants(&self, path: &str, names: &[&str]) -> Value {
        let inner = |name: &str| format!("{path}|{name}");
        let is_word = |name: &&str| self.wishes.get(&inner(name)).is_none_or(|wish| *wish == Wish::Nothing);
        let words: Vec<&str> = names.iter().filter(|name| is_word(name)).copied().collect();
        let mut kinds = Vec::new();
        if !words.is_empty() {
            kinds.push(json!({ "type": "string", "enum": words }));
        }
        for name in names.iter().filter(|name| !is_word(name)) {
            kinds.push(json!({ "type": "object", "properties": { *name: self.describe(&inner(name)) }, "required": [name] }));
        }
        match <[Value; 1]>::try_from(kinds) {
            Ok([one]) => one,
            Err(kinds) => json!({ "anyOf": kinds }),
        }
    }
}

/// A value was refused, or nothing fits.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}
impl std::error::Error for Refused {}
impl de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// A place within a type.
#[derive(Clone)]
struct Place<'w> {
    watch: &'w RefCell<Watch>,
    path: String,
}

impl Place<'_> {
    /// Notes what is wanted here; returns which possibility is to be given.
    fn note(&self, wish: Wish) -> Result<usize, Refused> {
        let mut watch = self.watch.borrow_mut();
        watch.at.clone_from(&self.path);
        let depth = self.path.matches(['.', '[', '?', '|', '{']).count();
        if depth > DEEPEST {
            return Err(Refused);
        }
        watch.wishes.insert(self.path.clone(), wish);
        Ok(watch.choices.get(&self.path).copied().unwrap_or(0))
    }

    fn inner(&self, suffix: &str) -> Self {
        Self { watch: self.watch, path: format!("{}{suffix}", self.path) }
    }
}

macro_rules! given {
    ($($method:ident, $visit:ident, $value:expr, $wish:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            self.note($wish)?;
            visitor.$visit($value)
        })*
    };
}

impl<'de> de::Deserializer<'de> for Place<'_> {
    type Error = Refused;

    given! {
        deserialize_bool, visit_bool, true, Wish::Bool;
        deserialize_i8, visit_i8, 1, Wish::Whole;
        deserialize_i16, visit_i16, 1, Wish::Whole;
        deserialize_i32, visit_i32, 1, Wish::Whole;
        deserialize_i64, visit_i64, 1, Wish::Whole;
        deserialize_u8, visit_u8, 1, Wish::Whole;
        deserialize_u16, visit_u16, 1, Wish::Whole;
        deserialize_u32, visit_u32, 1, Wish::Whole;
        deserialize_u64, visit_u64, 1, Wish::Whole;
        deserialize_f32, visit_f32, 1.0, Wish::Number;
        deserialize_f64, visit_f64, 1.0, Wish::Number;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.note(Wish::Anything)? {
            0 => visitor.visit_unit(),
            _ => visitor.visit_map(de::value::MapDeserializer::new(std::iter::empty::<(String, String)>())),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.note(Wish::Text)?;
        visitor.visit_char('a')
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let choice = self.note(Wish::Text)?;
        visitor.visit_str(TEXTS.get(choice).map_or("a", |(text, _)| text))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.note(Wish::Anything)?;
        visitor.visit_bytes(&[])
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.note(Wish::Maybe)? {
            0 => visitor.visit_some(self.inner("?")),
            _ => visitor.visit_none(),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.note(Wish::Nothing)?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let items = match self.note(Wish::Many)? {
            0 => vec![self.inner("[")],
            _ => Vec::new(),
        };
        visitor.visit_seq(Items(items.into_iter()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refused> {
        self.note(Wish::Several(len))?;
        let items: Vec<Self> = (0..len).map(|number| self.inner(&format!("[{number}"))).collect();
        visitor.visit_seq(Items(items.into_iter()))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let entries = match self.note(Wish::Names)? {
            0 => vec![(Key::Any(self.inner("{key")), self.inner("{"))],
            _ => Vec::new(),
        };
        visitor.visit_map(Entries { entries: entries.into_iter(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.note(Wish::Fields(fields))?;
        let left_out = self.watch.borrow().left_out.clone();
        let places = fields.iter().map(|name| (Key::Field(name), self.inner(&format!(".{name}"))));
        let entries: Vec<_> = places.filter(|(_, place)| left_out.as_ref() != Some(&place.path)).collect();
        // A field that is missed is missed here, whatever was read last.
        let taken = visitor.visit_map(Entries { entries: entries.into_iter(), value: None });
        if taken.is_err() && left_out.is_some_and(|place| place.rsplit_once('.').is_some_and(|(of, _)| of == self.path)) {
            self.watch.borrow_mut().at.clone_from(&self.path);
        }
        taken
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, names: &'static [&'static str], visitor: V) -> Result<V::Value, Refused> {
        let choice = self.note(Wish::OneOf(names))?;
        let name = names.get(choice).copied().ok_or(Refused)?;
        visitor.visit_enum(Variant { name, place: self.inner(&format!("|{name}")) })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }
}

struct Items<I>(I);

impl<'de, 'w, I: Iterator<Item = Place<'w>>> de::SeqAccess<'de> for Items<I> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        self.0.next().map(|place| seed.deserialize(place)).transpose()
    }
}

enum Key<'w> {
    Field(&'static str),
    Any(Place<'w>),
}

struct Entries<'w, I> {
    entries: I,
    value: Option<Place<'w>>,
}

impl<'de, 'w, I: Iterator<Item = (Key<'w>, Place<'w>)>> de::MapAccess<'de> for Entries<'w, I> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        match key {
            Key::Field(name) => seed.deserialize(name.into_deserializer()).map(Some),
            Key::Any(place) => seed.deserialize(place).map(Some),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        seed.deserialize(self.value.take().ok_or(Refused)?)
    }
}

struct Variant<'w> {
    name: &'static str,
    place: Place<'w>,
}

impl<'de, 'w> de::EnumAccess<'de> for Variant<'w> {
    type Error = Refused;
    type Variant = Place<'w>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Place<'w>), Refused> {
        Ok((seed.deserialize(IntoDeserializer::<Refused>::into_deserializer(self.name))?, self.place))
    }
}

impl<'de> de::VariantAccess<'de> for Place<'_> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        self.note(Wish::Nothing).map(drop)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refused> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refused> {
        de::Deserializer::deserialize_tuple(self, len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Refused> {
        de::Deserializer::deserialize_struct(self, "", fields, visitor)
    }
}
