//! The message that the fan-out bench sends: the protocol's own update with one reading, as small as it gets.
//!
//! The reading's numerator carries the publisher's count and its denominator the microseconds of the publisher's
//! stopwatch, so that a receiver can tell what is missing and how long it took. Floor and product send the same bytes.

use anyhow::ensure;
use jiff::Timestamp;
use memchr::memmem;
use taydo_model::files::{File, check};
use taydo_model::wire::{Head, Mode, ServerMessage, Topic, View};
use taydo_model::{BoardId, Definitions, KpiId, Quality, Reading, Scope};

const CITY: &str = r#"
format_version = 1
id = "b"
name = { vi = "b", en = "b" }
zone = "UTC"
population = 1
"#;
const METRICS: &str = r#"
[m]
title = { vi = "m", en = "m" }
unit = "1"
resolution = 1
"#;
const KPI: &str = r#"
[k]
title = { vi = "k", en = "k" }
unit = "1"
better = "neither"
from = { observations = "m", aggregate = "last", window = "1m" }
"#;
const BOARD: &str = r#"
title = { vi = "b", en = "b" }
grid = [12, 8]
panels = [{ at = [1, 1], size = [3, 2], value = "k" }]
"#;

/// A city with one board of one figure.
///
/// # Errors
/// When the definitions have a problem, which they are tested not to have.
pub fn definitions() -> anyhow::Result<Definitions> {
    let file = |name: &str, text: &str| File { name: name.to_owned(), text: text.to_owned() };
    let files = [file("city.toml", CITY), file("metrics.toml", METRICS), file("kpis/k.toml", KPI), file("boards/b.toml", BOARD)];
    let (definitions, problems) = check(&files);
    ensure!(problems.is_empty(), "{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    // Frames of 200 bytes are what the figures are about; the hash of a real set takes 64 more.
    Ok(Definitions { hash: String::new(), ..definitions })
}

/// The topic that everybody watches.
///
/// # Errors
/// Never: the name is a board's.
pub fn topic() -> anyhow::Result<Topic> {
    Ok(Topic { board: BoardId::new("b")?, view: View::All })
}

/// The reading that carries a publisher's count and time.
///
/// # Errors
/// Never: the name is a KPI's.
pub fn reading(count: u64, micros: u64) -> anyhow::Result<Reading> {
    Ok(Reading {
        kpi: KpiId::new("k")?,
        scope: Scope::City,
        time: Timestamp::UNIX_EPOCH,
        value: Some(1.0),
        // Both are far below 2^53.
        numerator: Some(count as f64),
        denominator: Some(micros as f64),
        samples: 1,
        coverage: None,
        quality: Quality::Good,
        flags: Default::default(),
        data_time: None,
    })
}

/// The update's text, as the hub would write it.
///
/// # Errors
/// Never: all of it has a JSON form.
pub fn text(count: u64, micros: u64, now: Timestamp) -> anyhow::Result<Vec<u8>> {
    let head = Head { topic: topic()?, mode: Mode::Live, epoch: 1, sequence: count, time: now, definitions: String::new(), replay: None };
    let message = ServerMessage::Update { head, live: vec![reading(count, micros)?], recorded: Vec::new(), incidents: None };
    Ok(serde_json::to_vec(&message)?)
}

/// The count and the microseconds that an update carries; `None` for other messages.
#[must_use]
pub fn marks(payload: &[u8]) -> Option<(u64, u64)> {
    if !payload.starts_with(br#"{"type":"update""#) {
        return None;
    }
    let number = |name: &[u8]| {
        let digits = payload.get(memmem::find(payload, name)? + name.len()..)?;
        Some(digits.iter().take_while(|byte| byte.is_ascii_digit()).fold(0_u64, |number, byte| number * 10 + u64::from(byte - b'0')))
    };
    Some((number(br#""numerator":"#)?, number(br#""denominator":"#)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_carries_its_marks() {
        let text = text(123_456, 7_890_123, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(marks(&text), Some((123_456, 7_890_123)));
        assert_eq!(marks(br#"{"type":"hello"}"#), None);
    }

    #[test]
    fn the_city_is_sound() {
        assert_eq!(definitions().unwrap().boards.len(), 1);
    }
}
