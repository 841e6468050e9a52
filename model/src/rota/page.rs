//! What the on-call pages show: who is on call now, a person's own shifts, a rota's calendar with its gaps.
//!
//! It must never hold a telephone number or an address: these pages name people only.

use super::{OverrideId, RotaParts, Shift};
use crate::{PersonId, RotaId, TeamId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest time that one page of a rota or of a person's shifts shows, in days.
pub const MAX_DAYS: u16 = 366;

/// A person as pages name them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonName {
    /// Their id.
    pub id: PersonId,
    /// What people call them.
    pub name: String,
}

/// Who is on call now, by every rota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OnCallPage {
    /// The server's time.
    pub time: Timestamp,
    /// The rotas.
    pub rotas: Vec<OnCallNow>,
    /// Everybody whom they name, each once.
    pub people: Vec<PersonName>,
}

/// Who is on call by one rota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OnCallNow {
    /// The rota.
    pub rota: RotaId,
    /// Whose it is.
    pub team: TeamId,
    /// What people call it.
    pub name: String,
    /// Who is on call; nobody, where it is empty.
    pub persons: Vec<PersonId>,
    /// Since when these are; `None` where nobody has ever been on call.
    pub since: Option<Timestamp>,
    /// Until when; `None` where no change is in sight for a year.
    pub until: Option<Timestamp>,
    /// Who comes then; nobody, where it is empty.
    pub next: Vec<PersonId>,
    /// The gaps of the next 24 hours.
    pub gaps: Vec<GapAhead>,
}

/// A time with nobody on call that people should know of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GapAhead {
    /// Its first instant; `None` where nobody has ever been on call. The same gap has the same one whenever it is asked for.
    pub from: Option<Timestamp>,
    /// The first instant after it; `None` where no end is in sight for a year.
    pub to: Option<Timestamp>,
}

/// A person's own shifts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MyShiftsPage {
    /// The server's time.
    pub time: Timestamp,
    /// Whose.
    pub person: PersonName,
    /// The IANA zone that their times are shown in.
    pub zone: String,
    /// The shifts, the earliest first.
    pub shifts: Vec<MyShift>,
}

/// One of a person's shifts, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MyShift {
    /// By which rota.
    pub rota: RotaId,
    /// What people call it.
    pub name: String,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Whether a change for once brought it about: the layers alone would have somebody else for some of it.
    pub changed: bool,
}

/// A rota's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RotaPage {
    /// The server's time.
    pub time: Timestamp,
    /// The definition.
    pub rota: RotaParts,
    /// The first instant that is shown.
    pub from: Timestamp,
    /// The first instant that is not.
    pub to: Timestamp,
    /// Whose turn it is by each layer alone, whatever was changed for once; in the layers' order.
    pub layers: Vec<Vec<Shift>>,
    /// Who is on call in the end. Shifts without persons are gaps; the whole time is covered.
    pub shifts: Vec<Shift>,
    /// Everybody whom it names, each once.
    pub people: Vec<PersonName>,
    /// Those of them who have no contact that works: on call they are nobody.
    pub unreachable: Vec<PersonId>,
}

/// [`RotaPage`] as its page reads it, which has no use for how turns are reckoned.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as in `RotaPage`")]
pub struct RotaNotes {
    pub time: Timestamp,
    pub rota: RotaNote,
    pub from: Timestamp,
    pub layers: Vec<Vec<Shift>>,
    pub shifts: Vec<Shift>,
    pub people: Vec<PersonName>,
    pub unreachable: Vec<PersonId>,
}

/// A rota as its page reads it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as in `RotaParts`")]
pub struct RotaNote {
    pub id: RotaId,
    pub name: String,
    pub zone: String,
    pub layers: Vec<LayerNote>,
    pub overrides: Vec<OverrideNote>,
}

/// A layer as its rota's page reads it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as in `Layer`")]
pub struct LayerNote {
    pub name: String,
}

/// An override as its rota's page reads and sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideNote {
    /// Its number; 0 before it is stored.
    pub id: OverrideId,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// `replace`, `add` or `remove`.
    pub change: String,
    /// Whose turns they are, or who is on call as well.
    pub person: PersonId,
    /// Who takes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
}
