//! The bodies of messages: a plain value, an object of fields, ThingsBoard's `{"ts", "values"}`, or an array of these.
//! Where the mapping expects a plain value, `{"ts", "value"}` gives it with its time.
//!
//! `ts` is in milliseconds since the Unix epoch; beside fields, without `values`, it is the time as well, unless the
//! mapping names a field so. Absent fields and nulls are no observations; nested values of mapped fields are refused.

use super::{Draft, Given, Incoming, Item, Pair, Refusal, from_millis, json, split};
use jiff::Timestamp;
use json::{Pairs, Scalar};
use std::borrow::Cow;
use taydo_model::{
    ErrorCode, SampleState,
    source::{Body, Field, TopicPattern},
};

/// The most items of one message.
pub const MAX_MESSAGE_ITEMS: usize = 10_000;
/// The longest body, in bytes. Longer ones are refused without being read.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// Reads a message and hands its observations over; the labels that the topic gives go with each.
pub fn decode(topic: &str, body: &[u8], pattern: &TopicPattern, shape: &Body, take: &mut dyn FnMut(Item<'_>)) {
    let refuse = |refusal| Item { index: 0, payload: body, content: Err(refusal) };
    let Some(found) = pattern.read(topic) else {
        let message = format!("topic {:?} does not match {:?}", json::short(topic), pattern.filter());
        return take(refuse(Refusal::new(ErrorCode::Invalid, message)));
    };
    if body.len() > MAX_BODY_BYTES {
        let message = format!("the body has {} bytes, and {MAX_BODY_BYTES} is the most", body.len());
        return take(refuse(Refusal::new(ErrorCode::TooLarge, message)));
    }
    let labels: Vec<Pair<'_>> = found.labels.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(*value))).collect();
    match shape {
        Body::Value(metric) => {
            let content = match metric.as_ref().map(|metric| metric.as_str()).or(found.metric) {
                None => Err(Refusal::new(ErrorCode::UnknownMetric, "neither the topic nor the source's mapping names a metric")),
                Some(metric) => plain(body).map(|(time, value)| {
                    Incoming::Observation(Draft {
                        metric,
                        labels: &labels,
                        time,
                        value,
                        unit: Given::Metrics,
                        revision: 0,
                        state: SampleState::Normal,
                    })
                }),
            };
            take(Item { index: 0, payload: body, content });
        }
        Body::Fields(fields) => {
            let trimmed = split::trim(body);
            let Some(array) = trimmed.strip_prefix(b"[") else { return object(0, trimmed, &labels, fields, take) };
            match split::split(array) {
                Err(refusal) => take(refuse(refusal)),
                Ok((elements, _)) if elements.len() > MAX_MESSAGE_ITEMS => {
                    let message = format!("the array has {} items, and {MAX_MESSAGE_ITEMS} is the most", elements.len());
                    take(refuse(Refusal::new(ErrorCode::TooLarge, message)));
                }
                Ok((elements, rest)) => {
                    for (index, element) in elements.into_iter().enumerate() {
                        object(index, element, &labels, fields, take);
                    }
                    if !split::trim(rest).is_empty() {
                        take(refuse(Refusal::new(ErrorCode::Malformed, "there is more after the array; send one array")));
                    }
                }
            }
        }
    }
}

/// A body that is one number: `31.5`, `"31.5"`, `true`, or `{"ts": 1772348400000, "value": 31.5}`.
fn plain(body: &[u8]) -> Result<(Option<Timestamp>, f64), Refusal> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Dated<'a> {
        ts: i64,
        #[serde(borrow)]
        value: Scalar<'a>,
    }
    let (time, scalar) = if split::trim(body).starts_with(b"{") {
        let dated: Dated<'_> = serde_json::from_slice(body).map_err(|error| json::refuse(&error))?;
        (Some(from_millis(dated.ts)?), dated.value)
    } else {
        (None, serde_json::from_slice(body).map_err(|error| json::refuse(&error))?)
    };
    let value = number(&scalar)?.ok_or_else(|| Refusal::new(ErrorCode::InvalidValue, "the body is null and not a number"))?;
    Ok((time, value))
}

/// A value as a number; nothing for a null.
fn number(scalar: &Scalar<'_>) -> Result<Option<f64>, Refusal> {
    let refusal = |message: String| Err(Refusal::new(ErrorCode::InvalidValue, message));
    match scalar {
        Scalar::Number(number) => Ok(Some(*number)),
        Scalar::Boolean(flag) => Ok(Some(f64::from(u8::from(*flag)))),
        Scalar::Null => Ok(None),
        Scalar::Text(text) => match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => refusal(format!("{:?} is not a number", json::short(text))),
        },
        Scalar::Nested => refusal("an object or an array is not a number".to_owned()),
    }
}

/// A value as a code: of a state, say.
fn code(scalar: &Scalar<'_>) -> Option<String> {
    match scalar {
        Scalar::Text(text) => Some(text.to_string()),
        Scalar::Number(number) => Some(number.to_string()),
        Scalar::Boolean(flag) => Some(flag.to_string()),
        Scalar::Null | Scalar::Nested => None,
    }
}

/// One object: fields, or a time and fields.
fn object(index: usize, payload: &[u8], labels: &[Pair<'_>], fields: &[Field], take: &mut dyn FnMut(Item<'_>)) {
    match timed(payload, fields) {
        Err(refusal) => take(Item { index, payload, content: Err(refusal) }),
        Ok((time, values)) => emit(index, payload, time, &values, labels, fields, take),
    }
}

/// Either shape as a time and values.
fn timed<'a>(payload: &'a [u8], fields: &[Field]) -> Result<(Option<Timestamp>, Pairs<'a, Scalar<'a>>), Refusal> {
    #[derive(serde::Deserialize)]
    struct Timed<'a> {
        ts: i64,
        #[serde(borrow)]
        values: Pairs<'a, Scalar<'a>>,
    }
    if let Ok(timed) = serde_json::from_slice::<Timed<'a>>(payload) {
        return Ok((Some(from_millis(timed.ts)?), timed.values));
    }
    let values: Pairs<'a, Scalar<'a>> = serde_json::from_slice(payload).map_err(|error| json::refuse(&error))?;
    let get = |name: &str| values.0.iter().find(|(have, _)| have == name).map(|(_, value)| value);
    if get("values") == Some(&Scalar::Nested) && get("ts").is_some() {
        return Err(Refusal::new(ErrorCode::InvalidTime, "`ts` is not a whole number of milliseconds, or `values` is not an object"));
    }
    let time = match get("ts") {
        // Up to 2^53 milliseconds a double is exact; what lies beyond is no time of ours and saturates out of the calendar.
        #[allow(clippy::cast_possible_truncation)]
        Some(Scalar::Number(millis)) if fields.iter().all(|field| field.name != "ts") => Some(from_millis(*millis as i64)?),
        _ => None,
    };
    Ok((time, values))
}

fn emit(
    index: usize,
    payload: &[u8],
    time: Option<Timestamp>,
    values: &Pairs<'_, Scalar<'_>>,
    labels: &[Pair<'_>],
    fields: &[Field],
    take: &mut dyn FnMut(Item<'_>),
) {
    let mut known = false;
    for field in fields {
        let Some((_, scalar)) = values.0.iter().find(|(name, _)| *name == field.name) else { continue };
        known = true;
        let value = match number(scalar) {
            Ok(None) => continue,
            Ok(Some(value)) => value,
            Err(refusal) => {
                let message = format!("field {:?}: {}", field.name, refusal.message);
                take(Item { index, payload, content: Err(Refusal::new(refusal.code, message)) });
                continue;
            }
        };
        let state = match super::state(field, |name| values.0.iter().find(|(have, _)| have == name).and_then(|(_, scalar)| code(scalar))) {
            Ok(state) => state,
            Err(refusal) => {
                take(Item { index, payload, content: Err(refusal) });
                continue;
            }
        };
        let mut all = Cow::Borrowed(labels);
        if !field.labels.is_empty() {
            all.to_mut().extend(field.labels.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(value))));
        }
        let draft = Draft { metric: field.metric.as_str(), labels: &all, time, value, unit: Given::Unit(field.unit), revision: 0, state };
        take(Item { index, payload, content: Ok(Incoming::Observation(draft)) });
    }
    if !known {
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let message = format!("none of the source's fields is there: {}", names.join(", "));
        take(Item { index, payload, content: Err(Refusal::new(ErrorCode::Invalid, message)) });
    }
}

#[cfg(test)]
mod tests;
