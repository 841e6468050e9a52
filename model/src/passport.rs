//! A KPI's passport: what it is, how it comes about, what it rests on now, and who answers for it.
//!
//! It must never show a number without what it was divided from, where it was divided.

mod cases;
mod definition;

use crate::why::Named;
use crate::{Kpi, Reading, Text, api::FeedState};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /api/v1/kpis/{id}?scope`: the passport.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PassportPage {
    /// The definition set's hash.
    pub definitions: String,
    /// The definition.
    pub kpi: Kpi,
    /// How it is computed, in words.
    pub computed: Text,
    /// Who answers for it.
    pub owner: Option<Named>,
    /// Whom the reading is for.
    pub scope: Named,
    /// The newest recorded reading.
    pub reading: Option<Reading>,
    /// Since when readings have been made by this version of the definition.
    pub version_since: Option<Timestamp>,
    /// What was in force before it: earlier versions, the newest first.
    pub earlier: Vec<Version>,
    /// How many series the register lets expect for this scope; absent where none are.
    pub expected: Option<u32>,
    /// The feeds that its data has come by.
    pub feeds: Vec<Feed>,
}

/// The same answer as a wall reads it, which wants the reading alone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PassportNote {
    /// The newest recorded reading.
    pub reading: Option<Reading>,
}

/// A version of a definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// Its hash.
    pub version: String,
    /// When it first made a reading.
    pub since: Timestamp,
}

/// A feed, as a passport names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Feed {
    /// Which.
    #[serde(flatten)]
    pub of: Named,
    /// How it is.
    pub state: FeedState,
    /// When something last arrived by it.
    pub last_seen: Option<Timestamp>,
}
