//! `POST /api/v1/observations`: an array of observations, or `{"observations": […]}`.
//!
//! Each element is read by itself. It never recurses into what it doesn't expect and never lets one key stand twice.

use super::{Draft, Given, Incoming, Item, Pair, Refusal, split};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, collections::BTreeMap, fmt};
use taydo_model::{ErrorCode, LabelName, MetricId, SampleState};

/// One value of a JSON object, as far as a measurement can be made of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Number(f64),
    Boolean(bool),
    Text(Cow<'a, str>),
    Null,
    /// An object or an array.
    Nested,
}

/// The pairs of a JSON object, in order, each key once.
#[derive(Debug, PartialEq)]
pub(super) struct Pairs<'a, V>(pub(super) Vec<(Cow<'a, str>, V)>);

/// A text, borrowed where the body writes it without escapes.
#[derive(Debug, PartialEq)]
struct Word<'a>(Cow<'a, str>);

/// A measured number as it is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SentObservation")]
pub(crate) struct Wire<'a> {
    #[serde(borrow)]
    #[schemars(with = "MetricId")]
    metric: Word<'a>,
    #[serde(borrow, default)]
    #[schemars(with = "BTreeMap<LabelName, String>")]
    labels: Pairs<'a, Word<'a>>,
    /// When it was measured; when it is received, where it is absent.
    #[serde(borrow, default)]
    #[schemars(with = "Option<Timestamp>")]
    time: Option<Word<'a>>,
    #[serde(borrow)]
    #[schemars(with = "f64")]
    value: Scalar<'a>,
    /// The value's unit; the metric's, where it is absent.
    #[serde(borrow, default)]
    #[schemars(with = "Option<String>")]
    unit: Option<Word<'a>>,
    /// The source's count of corrections.
    #[serde(default)]
    revision: i32,
    #[serde(default)]
    state: SampleState,
}

/// What is sent: an array, or an object that holds it.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "SentObservations")]
#[expect(dead_code, reason = "a body is read element by element; this only describes it")]
pub(crate) enum Body<'a> {
    Bare(Vec<Wire<'a>>),
    Named { observations: Vec<Wire<'a>> },
}

/// Reads a body and hands its elements over.
///
/// # Errors
/// When the body is no such array, or has too many elements; nothing has been handed over then.
pub fn decode(body: &[u8], take: &mut dyn FnMut(Item<'_>)) -> Result<(), Refusal> {
    for (index, payload) in split::elements(body, "observations")?.into_iter().enumerate() {
        match read(payload) {
            Err(refusal) => take(Item { index, payload, content: Err(refusal) }),
            Ok(wire) => emit(index, payload, &wire, take),
        }
    }
    Ok(())
}

fn read(payload: &[u8]) -> Result<Wire<'_>, Refusal> {
    serde_json::from_slice(payload).map_err(|error| refuse(&error))
}

fn emit(index: usize, payload: &[u8], wire: &Wire<'_>, take: &mut dyn FnMut(Item<'_>)) {
    let labels: Vec<Pair<'_>> =
        wire.labels.0.iter().map(|(name, value)| (Cow::Borrowed(name.as_ref()), Cow::Borrowed(value.0.as_ref()))).collect();
    let time = wire.time.as_ref().map(|time| {
        time.0.parse().map_err(|_| {
            Refusal::new(ErrorCode::InvalidTime, format!("{:?} is not a time; write 2026-03-01T07:30:05+07:00", short(&time.0)))
        })
    });
    let content = match (time.transpose(), &wire.value) {
        (Err(refusal), _) => Err(refusal),
        (Ok(time), Scalar::Number(value)) => Ok(Incoming::Observation(Draft {
            metric: &wire.metric.0,
            labels: &labels,
            time,
            value: *value,
            unit: wire.unit.as_ref().map_or(Given::Metrics, |unit| Given::Code(&unit.0)),
            revision: wire.revision,
            state: wire.state,
        })),
        (Ok(_), _) => Err(Refusal::new(ErrorCode::InvalidValue, "`value` is not a number")),
    };
    take(Item { index, payload, content });
}

/// A refusal that says whether the text isn't JSON, or is JSON of another shape.
pub(super) fn refuse(error: &serde_json::Error) -> Refusal {
    let code = if error.classify() == serde_json::error::Category::Data { ErrorCode::Invalid } else { ErrorCode::Malformed };
    Refusal::new(code, error.to_string())
}

/// The beginning of a text that may be long.
pub(super) fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

impl<V> Default for Pairs<'_, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Word<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Word(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Word(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Words)
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Pairs<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Objects<V>(std::marker::PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Objects<V> {
            type Value = Pairs<'de, V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                let mut names = std::collections::HashSet::new();
                while let Some((Word(name), value)) = map.next_entry::<Word<'de>, V>()? {
                    if !names.insert(name.clone()) {
                        return Err(serde::de::Error::custom(format_args!("duplicate field `{}`", short(&name))));
                    }
                    pairs.push((name, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Objects(std::marker::PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalars;
        impl<'de> Visitor<'de> for Scalars {
            type Value = Scalar<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(number))
            }
            // Whole numbers beyond 53 bits lose their last digits; no metric's ticks go that far.
            #[allow(clippy::cast_precision_loss)]
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(number as f64))
            }
            #[allow(clippy::cast_precision_loss)]
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Scalar::Number(number as f64))
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
                Ok(Scalar::Boolean(flag))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Scalar::Null)
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
                Ok(Scalar::Nested)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                Ok(Scalar::Nested)
            }
        }
        deserializer.deserialize_any(Scalars)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::show;
    use super::*;

    fn items(body: &str) -> Vec<String> {
        let mut out = Vec::new();
        decode(body.as_bytes(), &mut |item| out.push(show(&item))).unwrap();
        out
    }

    #[test]
    fn each_element_is_taken_or_refused_by_itself() {
        let good = r#"{"metric":"m","value":1}"#;
        let table: &[(&str, &str)] = &[
            (
                r#"{"metric":"m","value":31.5,"unit":"km/h","time":"2026-03-01T07:30:05+07:00","labels":{"asset":"a"},"revision":2}"#,
                "m{asset=a} 31.5 \"km/h\" @2026-03-01T00:30:05Z",
            ),
            (r#"{"metric":"m","value":1,"state":"calibrating"}"#, "m{} 1 Calibrating @-"),
            (r#"{"metric":"m","value":1,"state":"broken"}"#, "Invalid: unknown variant `broken`, expected one of `normal`"),
            (r#"{"metric":"\u0111","value":1,"unit":null,"time":null}"#, "đ{} 1 @-"),
            (r#"{"metric":"m","value":"1"}"#, "InvalidValue: `value` is not a number"),
            (r#"{"metric":"m","value":[[[1]]]}"#, "InvalidValue: `value` is not a number"),
            (r#"{"metric":"m","value":NaN}"#, "Malformed: expected value at line 1 column 23"),
            (r#"{"metric":"m","value":1e999}"#, "Malformed: number out of range at line 1 column 27"),
            (r#"{"metric":"m","value":1,"value":2}"#, "Invalid: duplicate field `value`"),
            (r#"{"metric":"m","value":1,"labels":{"a":"1","a":"2"}}"#, "Invalid: duplicate field `a`"),
            (r#"{"metric":"m","value":1,"labels":{"a":{"b":1}}}"#, "Invalid: invalid type: map, expected a text"),
            (r#"{"metric":"m","value":1,"valeu":2}"#, "Invalid: unknown field `valeu`"),
            (r#"{"metric":"m"}"#, "Invalid: missing field `value`"),
            (r#"{"metric":"m","value":1,"time":"yesterday"}"#, "InvalidTime: \"yesterday\" is not a time"),
            ("7", "Invalid: invalid type: integer `7`"),
            ("", "Malformed: EOF"),
        ];
        for (element, expected) in table {
            let got = items(&format!("[{good},{element},{good}]"));
            assert_eq!((got.len(), got[0].as_str(), got[2].as_str()), (3, "0: m{} 1 @-", "2: m{} 1 @-"), "{element}");
            assert!(got[1].starts_with(&format!("1: {expected}")), "{element}: {}", got[1]);
        }
        assert_eq!(items(&format!("{{\"observations\":[{good}]}}")).len(), 1);
        let deep = format!("[{{\"metric\":\"m\",\"value\":{}]", "[".repeat(50_000) + &"]".repeat(50_000) + "}");
        assert_eq!(items(&deep).len(), 1);
    }
}
