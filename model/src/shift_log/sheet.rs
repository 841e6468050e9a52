//! The hand-over sheet: what whoever takes over a desk has to know, as of one moment.
//!
//! It names people and things in words, so that what was signed reads the same however the roster and the definitions change.
//! It must never hold more than its bounds: what is left out is counted.

use super::ShiftLogId;
use crate::Text;
use crate::alert::Severity;
use crate::api::FeedState;
use crate::incident::{IncidentId, Standing};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most incidents that it lists, the worst first.
pub const MAX_LISTED: usize = 200;

/// A sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sheet {
    /// Of which log.
    pub log: ShiftLogId,
    /// The city.
    pub city: Text,
    /// The desk.
    pub desk: String,
    /// When the log was opened.
    pub opened_at: Timestamp,
    /// The moment that it is of.
    pub made_at: Timestamp,
    /// Who led the shift.
    pub lead: String,
    /// Who else was on duty.
    pub on_duty: Vec<String>,
    /// What is open, the worst first.
    pub incidents: Vec<OpenIncident>,
    /// How many more are open than it lists.
    pub more_incidents: usize,
    /// What is silenced, or will be.
    pub silences: Vec<Silenced>,
    /// Feeds that don't work.
    pub feeds: Vec<SilentFeed>,
    /// What was written in the shift.
    pub entries: Vec<Entry>,
    /// Who is on call now and next, by each rota.
    pub rotas: Vec<Turn>,
}

/// An open incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenIncident {
    /// Its number.
    pub id: IncidentId,
    /// Whether it is an exercise (DIỄN TẬP).
    pub exercise: bool,
    /// How bad.
    pub severity: Severity,
    /// What it is.
    pub title: Text,
    /// Where.
    pub place: Text,
    /// When it was opened: its age is told at the sheet's moment.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub standing: Standing,
    /// Who has it.
    pub owner: Option<String>,
    /// Until when it is snoozed.
    pub until: Option<Timestamp>,
    /// To whom it was given.
    pub assignments: Vec<String>,
    /// How many steps of its check-list are done, and how many there are.
    pub steps: (usize, usize),
}

/// Something that pages nobody for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Silenced {
    /// What, in words.
    pub what: Text,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Who wants it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// Whether it is planned work.
    pub maintenance: bool,
}

/// A feed that doesn't work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SilentFeed {
    /// What it is called.
    pub title: Text,
    /// In one word.
    pub state: FeedState,
    /// When something last arrived.
    pub last_seen: Option<Timestamp>,
    /// What is wrong, where that is known.
    pub problem: Option<String>,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SheetEntry")]
pub struct Entry {
    /// Its number in the log.
    pub number: i64,
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub person: String,
    /// What.
    pub text: String,
    /// Which one it corrects.
    pub corrects: Option<i64>,
}

/// Who is on call by a rota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DutyTurn")]
pub struct Turn {
    /// What it is called.
    pub rota: String,
    /// Who is on call; nobody where it is empty.
    pub now: Vec<String>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Who comes then; nobody where it is empty.
    pub next: Vec<String>,
}
