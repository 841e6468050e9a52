//! A cell's text as a number or a time. It never guesses: what the mapping doesn't say is refused.

use super::super::{Refusal, json::short};
use jiff::{Timestamp, fmt::strtime, tz::TimeZone};
use taydo_model::{ErrorCode, source::Csv};

/// How the cells of a file are written.
#[derive(Debug)]
pub(super) struct Cells {
    decimal: char,
    format: Format,
    zone: TimeZone,
}

#[derive(Debug)]
enum Format {
    Unix,
    UnixMillis,
    Rfc3339,
    Pattern(String),
}

impl Cells {
    pub(super) fn new(csv: &Csv) -> Result<Self, Refusal> {
        let zone = TimeZone::get(&csv.zone)
            .map_err(|_| Refusal::new(ErrorCode::Invalid, format!("{:?} is not a time zone; write Asia/Ho_Chi_Minh", csv.zone)))?;
        let format = match csv.time_format.as_str() {
            "unix" => Format::Unix,
            "unix_ms" => Format::UnixMillis,
            "rfc3339" => Format::Rfc3339,
            pattern => Format::Pattern(pattern.to_owned()),
        };
        Ok(Self { decimal: csv.decimal, format, zone })
    }

    /// A number with the mapping's decimal sign. Groups of thousands are not understood.
    pub(super) fn number(&self, text: &str) -> Result<f64, String> {
        let parsed = if self.decimal == '.' {
            text.parse().ok()
        } else if text.contains('.') {
            // With a decimal comma, `1.234` would be a thousand to one writer and one to another.
            None
        } else {
            text.replace(self.decimal, ".").parse().ok()
        };
        parsed.ok_or_else(|| format!("{:?} is not a number with decimal sign {:?}", short(text), self.decimal))
    }

    /// A time in the mapping's format and, where the text has no offset, in its zone.
    pub(super) fn time(&self, text: &str) -> Result<Timestamp, String> {
        let parsed = match &self.format {
            Format::Unix => text.parse().ok().and_then(unix),
            Format::UnixMillis => text.parse().ok().and_then(|millis| Timestamp::from_millisecond(millis).ok()),
            Format::Rfc3339 => text.parse().ok(),
            Format::Pattern(pattern) => self.pattern(pattern, text),
        };
        parsed.ok_or_else(|| format!("{:?} is not a time written as {}", short(text), self.name()))
    }

    fn pattern(&self, pattern: &str, text: &str) -> Option<Timestamp> {
        let parts = strtime::parse(pattern, text).ok()?;
        if parts.offset().is_some() || parts.timestamp().is_some() {
            return parts.to_timestamp().ok();
        }
        // A date alone is its midnight.
        let civil = parts.to_datetime().or_else(|_| parts.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
        self.zone.to_ambiguous_timestamp(civil).earlier().ok()
    }

    fn name(&self) -> &str {
        match &self.format {
            Format::Unix => "unix",
            Format::UnixMillis => "unix_ms",
            Format::Rfc3339 => "rfc3339",
            Format::Pattern(pattern) => pattern,
        }
    }
}

/// Seconds since the Unix epoch, with or without a fraction.
fn unix(seconds: f64) -> Option<Timestamp> {
    // Microseconds since 1970 stay below 2^53 until the year 2255, so the conversion is exact; what is outside saturates.
    #[allow(clippy::cast_possible_truncation)]
    let micros = (seconds * 1e6).round() as i64;
    seconds.is_finite().then(|| Timestamp::from_microsecond(micros).ok()).flatten()
}
