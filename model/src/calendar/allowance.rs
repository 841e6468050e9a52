//! How long a case may take: `5wd` (working days), `16wh` (hours of office time), `20d` (days) or `36h` (hours).
//!
//! It must never say when that time ends; a calendar does.

use crate::LabelName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::{fmt, str::FromStr};

/// The longest allowance, of any measure.
const MOST: u16 = 9999;

/// What an allowance is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measured {
    /// Days that are worked.
    WorkingDays,
    /// Hours for which offices are open.
    WorkingHours,
    /// Days of the week, worked or not.
    Days,
    /// Hours of day and night.
    Hours,
}

const SUFFIXES: &[(&str, Measured)] =
    &[("wd", Measured::WorkingDays), ("wh", Measured::WorkingHours), ("d", Measured::Days), ("h", Measured::Hours)];

/// A length of time that is counted in days or hours, worked or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Allowance {
    /// How many.
    pub count: u16,
    /// Of what.
    pub measured: Measured,
}

impl Allowance {
    /// Whether it is counted by a working calendar.
    #[must_use]
    pub fn is_working(self) -> bool {
        matches!(self.measured, Measured::WorkingDays | Measured::WorkingHours)
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = SUFFIXES.iter().find(|(_, measured)| *measured == self.measured).map_or("", |(suffix, _)| suffix);
        write!(f, "{}{suffix}", self.count)
    }
}

impl FromStr for Allowance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let measured = text.strip_prefix(digits).and_then(|suffix| SUFFIXES.iter().find(|(name, _)| *name == suffix));
        let count = digits.parse::<u16>().ok().filter(|count| *count <= MOST && digits.bytes().all(|byte| byte.is_ascii_digit()));
        match (count, measured) {
            (Some(count), Some((_, measured))) => Ok(Self { count, measured: *measured }),
            _ => {
                let shown: String = text.chars().take(40).collect();
                Err(format!(
                    "{shown:?} is not a length of time: write working days as 5wd, office hours as 16wh, days as 20d or hours as 36h"
                ))
            }
        }
    }
}

impl TryFrom<String> for Allowance {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
impl From<Allowance> for String {
    fn from(allowance: Allowance) -> String {
        allowance.to_string()
    }
}

/// How long cases of one kind may take, by a label such as the procedure.
#[derive(Debug, Clone, PartialEq)]
pub struct AllowanceTable {
    /// The kind of cases.
    pub kind: String,
    /// The label that decides.
    pub label: LabelName,
    /// By the label's value.
    pub of: BTreeMap<String, Allowance>,
    /// For every other value, and where the label is absent.
    pub otherwise: Option<Allowance>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_is_its_text() {
        for text in ["5wd", "16wh", "20d", "36h", "0wd"] {
            assert_eq!(text.parse::<Allowance>().unwrap().to_string(), text);
        }
        for text in ["", "5", "wd", "5 wd", "5w", "-5wd", "+5wd", "5.5wd", "5WD", "99999d", "5m"] {
            assert!(text.parse::<Allowance>().is_err(), "{text}");
        }
    }
}
