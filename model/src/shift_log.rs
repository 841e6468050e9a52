//! The shift log of the room: who was on duty at a desk, what they wrote down and when, and who handed over to whom.
//!
//! It is made of lines that are only ever added: a correction is an entry that names what it corrects. It must never hold
//! what pages or incidents do by themselves: those have logs of their own, and entries name them.

pub mod page;
pub mod request;
pub mod sheet;

use crate::PersonId;
use crate::incident::IncidentId;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest entry, in characters.
pub const MAX_ENTRY_CHARS: usize = 2_000;
/// The longest name of a desk, in characters.
pub const MAX_DESK_CHARS: usize = 60;
/// The most people on duty at one desk.
pub const MAX_ON_DUTY: usize = 50;
/// The most incidents that one entry names.
pub const MAX_NAMED: usize = 50;
/// The most lines of one log: then it is signed off, and the next one opened.
pub const MAX_LINES: i64 = 2_000;

/// A log's number in the store; people read it aloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ShiftLogId(pub i64);

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LogEntryLine")]
pub struct Line {
    /// Of which log.
    pub log: ShiftLogId,
    /// Counts the lines of the log, from 1, without holes.
    pub number: i64,
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it.
    pub person: PersonId,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LogEntry")]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Entry {
    /// The log was opened.
    Opened {
        /// From which desk.
        desk: String,
        /// Who leads the shift.
        lead: PersonId,
        /// Who else is on duty.
        on_duty: Vec<PersonId>,
        /// The log of the same desk before it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follows: Option<ShiftLogId>,
    },
    /// Somebody wrote something down.
    Written {
        /// What.
        text: String,
        /// The incidents that it is about.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        incidents: Vec<IncidentId>,
        /// The number of the entry that it corrects.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        corrects: Option<i64>,
    },
    /// One of the shift signed the hand-over sheet; from now on nothing is written.
    HandedOver {
        /// The SHA-256 of the sheet as it was signed, in hexadecimal digits.
        sheet: String,
    },
    /// Whoever was to take over didn't sign it: it is written on.
    SentBack {
        /// What is missing.
        why: String,
    },
    /// Whoever takes over signed the same sheet: the log is closed.
    TakenOver,
}

/// Where a log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LogStanding")]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is written.
    Open,
    /// One has signed, and the other has not yet.
    HandedOver,
    /// Both have signed.
    Closed,
}

/// The incidents that a text names, as in `#12`: in their order, each once.
#[must_use]
pub fn named(text: &str) -> Vec<IncidentId> {
    let mut found = Vec::new();
    // What stands before the first sign names nothing.
    for part in text.split('#').skip(1) {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        if let Some(id) = digits.parse().ok().filter(|id| *id > 0).map(IncidentId)
            && !found.contains(&id)
        {
            found.push(id);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidents_are_named_by_a_sign_and_a_number() {
        for (text, ids) in [
            ("#12 và #7: đã báo; xem lại #12.", &[12, 7][..]),
            ("QL91 #", &[]),
            ("phòng #0, #-3, # 5, #99999999999999999999", &[]),
            ("##4#5", &[4, 5]),
        ] {
            assert_eq!(named(text), ids.iter().copied().map(IncidentId).collect::<Vec<_>>(), "{text}");
        }
    }
}
