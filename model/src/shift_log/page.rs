//! What pages show of shift logs.
//!
//! It must never hold a telephone number of a person.

use super::{Line, ShiftLogId, Standing};
use crate::incident::IncidentId;
use crate::{PersonId, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A log in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogHead {
    /// Its number.
    pub id: ShiftLogId,
    /// From which desk.
    pub desk: String,
    /// Who leads the shift.
    pub lead: PersonId,
    /// Who else is on duty.
    pub on_duty: Vec<PersonId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub standing: Standing,
    /// How many lines it has: what a signature names as seen.
    pub lines: i64,
    /// Who has handed over, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_over: Option<Signature>,
    /// Who has taken over, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_over: Option<Signature>,
}

/// Who signed, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signature {
    /// Who.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// `GET /api/v1/shift-logs[?before]`: those that are not closed, and the newest of the others, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogsPage {
    /// The server's time.
    pub time: Timestamp,
    /// The logs.
    pub logs: Vec<LogHead>,
    /// What people named in it are called.
    pub names: BTreeMap<PersonId, String>,
}

/// `GET /api/v1/shift-logs/{id}`: a log with all of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogPage {
    /// The server's time.
    pub time: Timestamp,
    /// It in short.
    pub head: LogHead,
    /// Its lines, in order.
    pub lines: Vec<Line>,
    /// The same in words.
    pub said: Vec<SaidEntry>,
    /// Whether every line and the signed sheet are as they were written.
    pub is_intact: bool,
    /// What people named in it are called.
    pub names: BTreeMap<PersonId, String>,
}

/// A line in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaidEntry {
    /// Its number.
    pub number: i64,
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub person: PersonId,
    /// What it says; of entries what was written.
    pub text: Text,
    /// The incidents that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<IncidentId>,
}

/// [`LogPage`] as the log's page reads it, which has no use for the rest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[expect(missing_docs, reason = "as in `LogPage`")]
pub struct LogNotes {
    pub time: Timestamp,
    pub head: LogHead,
    pub said: Vec<SaidEntry>,
    pub is_intact: bool,
    pub names: BTreeMap<PersonId, String>,
}
