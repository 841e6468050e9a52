//! Stored records as programs fetch them, page by page: observations and cases.
//!
//! It must never tell of a person: of a case only who handles it, where it belongs, what it is about and its times.

use crate::{AreaId, CaseId, DepartmentId, Labels, MetricId, SampleState, SourceId, Unit};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most records in one answer.
pub const MAX_RECORDS: u32 = 10_000;

/// How finely observations are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RollupStep")]
pub enum Step {
    /// One by one.
    #[default]
    #[serde(rename = "raw")]
    Raw,
    /// By minute.
    #[serde(rename = "1m")]
    Minute,
    /// By hour.
    #[serde(rename = "1h")]
    Hour,
    /// By the city's day.
    #[serde(rename = "1d")]
    Day,
}

/// `GET /api/v1/observations?metric&from&to[&asset][&labels][&series][&step][&limit][&cursor]`: observations with
/// `from ≤ time < to`, by series, then time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObservationsPage {
    /// The metric.
    pub metric: MetricId,
    /// The unit of its values.
    pub unit: Unit,
    /// Their first possible moment …
    pub from: Timestamp,
    /// … and the first that none of them has.
    pub to: Timestamp,
    /// How finely they are told.
    pub step: Step,
    /// The series that `observations` name.
    pub series: Vec<SeriesLine>,
    /// At most as many as were asked for.
    pub observations: Vec<ObservationLine>,
    /// What to ask the next page with, as `cursor` beside the same parameters; absent after the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesLine {
    /// Its number.
    pub id: i32,
    /// The source that made it.
    pub source: SourceId,
    /// Its labels.
    pub labels: Labels,
}

/// An observation, or what those of a minute, an hour or a day come to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObservationLine {
    /// Its series' number.
    pub series: i32,
    /// Its time, or the first moment of the minute, hour or day.
    pub time: Timestamp,
    /// The value; of several the last one.
    pub value: f64,
    /// What its sender says of it, where it isn't a normal one. Calibrating and faulty ones are no part of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<SampleState>,
    /// The smallest of several …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// … the largest …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// … their sum …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<f64>,
    /// … and how many they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
}

/// Which cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CaseStatus {
    /// Not closed yet.
    Open,
    /// Closed, withdrawn ones among them.
    Closed,
    /// Closed because it was taken back.
    Withdrawn,
}

/// `GET /api/v1/cases[?kind][&department][&area][&status][&opened_from][&opened_to][&closed_from][&closed_to][&limit][&cursor]`:
/// the present state of cases, by when they were opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRecordsPage {
    /// At most as many as were asked for.
    pub cases: Vec<CaseRecord>,
    /// What to ask the next page with, as `cursor` beside the same parameters; absent after the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRecord {
    /// The source that told of it.
    pub source: SourceId,
    /// The source's name for it.
    pub id: CaseId,
    /// What kind of case.
    pub kind: String,
    /// Who handles it.
    pub department: Option<DepartmentId>,
    /// Where it belongs.
    pub area: Option<AreaId>,
    /// What it is about.
    pub procedure: Option<String>,
    /// When it began.
    pub opened: Timestamp,
    /// When it should be done.
    pub due: Option<Timestamp>,
    /// When it was done or taken back.
    pub closed: Option<Timestamp>,
    /// When it was taken back.
    pub withdrawn: Option<Timestamp>,
    /// When it was last opened again.
    pub reopened: Option<Timestamp>,
    /// When its source last changed it.
    pub updated: Timestamp,
}
