//! The decoders' common ground: what an item is before it is checked, and how one is refused.
//!
//! A decoder is pure: bytes and a source's mapping in, items out, each handed to the caller as it is found, so that
//! one bad item spoils no other. It never looks a metric up, reads a clock, or keeps anything between two calls.

pub mod cases;
pub mod csv;
pub mod json;
pub mod line;
pub mod message;
mod split;

use jiff::Timestamp;
use std::borrow::Cow;
use taydo_model::{Case, CaseId, ErrorCode, SampleState, Unit, source::Field};

/// The most items in one body; a body with more is refused as a whole.
pub const MAX_ITEMS: usize = 200_000;
/// The most that is kept of a refused item's text, in bytes.
pub const MAX_EXCERPT_BYTES: usize = 1024;

/// A label's name and value, as they were sent.
pub type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Which unit a number came in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Given<'a> {
    /// None was given: it is the metric's.
    Metrics,
    /// The mapping says it.
    Unit(Unit),
    /// The message says it, by this code.
    Code(&'a str),
}

/// An observation before it is checked. It borrows from the body, so that a body costs no allocation for each item.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft<'a> {
    /// The metric's id.
    pub metric: &'a str,
    /// The labels, in the order of the message.
    pub labels: &'a [Pair<'a>],
    /// When it was measured; absent: when it is received.
    pub time: Option<Timestamp>,
    /// The number.
    pub value: f64,
    /// The number's unit.
    pub unit: Given<'a>,
    /// The source's count of corrections.
    pub revision: i32,
    /// What the source says of the number.
    pub state: SampleState,
}

/// What an item holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming<'a> {
    /// A measured number.
    Observation(Draft<'a>),
    /// A case's state.
    Case(Box<Case>),
}

/// Why an item is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What kind of refusal.
    pub code: ErrorCode,
    /// What is wrong and where.
    pub message: String,
    /// The case that the item is about, where that much could be read: it is present in its export all the same.
    pub case: Option<CaseId>,
}

impl Refusal {
    /// A refusal of this kind, in these words.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), case: None }
    }
}

/// One item of a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Item<'a> {
    /// Its place: the index in an array, the line of a text, or the row of a file, from 0. Several observations can
    /// come from one place.
    pub index: usize,
    /// What it was read from.
    pub payload: &'a [u8],
    /// What it holds, or why it can't be read.
    pub content: Result<Incoming<'a>, Refusal>,
}

/// The beginning of a refused item's text, cut between characters; what isn't UTF-8 is replaced.
#[must_use]
pub fn excerpt(payload: &[u8]) -> String {
    let head = payload.get(..MAX_EXCERPT_BYTES).unwrap_or(payload);
    // PostgreSQL's text has no NUL, and replacement characters are longer than what they replace.
    let mut text = String::from_utf8_lossy(head).replace('\0', "\u{fffd}");
    while text.len() > MAX_EXCERPT_BYTES {
        text.pop();
    }
    text
}

/// What a field's sender says of its value, by the code that stands beside it.
///
/// # Errors
/// When the mapping doesn't know the code: whether such a value measures anything can't be guessed.
fn state(field: &Field, code: impl FnOnce(&str) -> Option<String>) -> Result<SampleState, Refusal> {
    let Some(mapping) = &field.state else { return Ok(SampleState::Normal) };
    let code = code(&mapping.name).unwrap_or_default();
    mapping.read(&code).ok_or_else(|| {
        let shown: String = code.chars().take(40).collect();
        let message =
            format!("{:?} is {shown:?}, a state that the source's mapping doesn't know; add it to one of the lists", mapping.name);
        Refusal::new(ErrorCode::InvalidValue, message)
    })
}

/// The time so many milliseconds after the Unix epoch.
///
/// # Errors
/// When no calendar has it.
pub(crate) fn from_millis(millis: i64) -> Result<Timestamp, Refusal> {
    Timestamp::from_millisecond(millis)
        .map_err(|_| Refusal::new(ErrorCode::InvalidTime, format!("{millis} ms after 1970 is outside of the calendar")))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An item in one line of text, for tables of expectations.
    pub(crate) fn show(item: &Item<'_>) -> String {
        let content = match &item.content {
            Ok(Incoming::Observation(draft)) => {
                let labels: Vec<String> = draft.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let time = draft.time.map_or_else(|| "-".to_owned(), |time| time.to_string());
                let unit = match draft.unit {
                    Given::Metrics => String::new(),
                    Given::Unit(unit) => format!(" {unit}"),
                    Given::Code(code) => format!(" {code:?}"),
                };
                let state = if draft.state == SampleState::Normal { String::new() } else { format!(" {:?}", draft.state) };
                format!("{}{{{}}} {}{unit}{state} @{time}", draft.metric, labels.join(","), draft.value)
            }
            Ok(Incoming::Case(case)) => format!("case {}", serde_json::to_string(case).unwrap()),
            Err(refusal) => format!("{:?}: {}", refusal.code, refusal.message),
        };
        format!("{}: {content}", item.index)
    }

    #[test]
    fn an_excerpt_is_short_and_storable() {
        assert_eq!(excerpt(b"a\0b\xff"), "a\u{fffd}b\u{fffd}");
        assert!(excerpt("ế".repeat(2000).as_bytes()).len() <= MAX_EXCERPT_BYTES);
    }
}
