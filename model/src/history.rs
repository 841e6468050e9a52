//! Revisions: everything that was ever recorded for one instant.
//!
//! It must never leave one out: a correction is seen beside what it corrects.

use crate::{Flags, KpiId, Quality, Scope};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /api/v1/kpis/{id}/revisions?scope&time`: the revisions of one reading, the first one first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RevisionsPage {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// The grid instant.
    pub time: Timestamp,
    /// The revisions; none where nothing was recorded.
    pub revisions: Vec<Revision>,
}

/// A reading as it was recorded at some time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// Its number, from 1.
    pub revision: i32,
    /// When it was recorded: from then on it was what was shown.
    pub recorded: Timestamp,
    /// The version of the KPI's definition that it was computed by.
    pub definition: String,
    /// The value in the KPI's unit.
    pub value: Option<f64>,
    /// What was divided …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<f64>,
    /// … and by what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<f64>,
    /// How many samples or cases it rests on.
    pub samples: u64,
    /// How much it can be relied on.
    pub quality: Quality,
    /// What else is to be known of it.
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    pub flags: Flags,
    /// The event time of its newest sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_time: Option<Timestamp>,
}
