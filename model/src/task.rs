//! Tasks (*giao việc*): what a leader gives to a unit about a KPI, with a deadline, the unit's answers, and how it ended.
//!
//! A task is made of lines that are only ever added. It must never say whether the figure changed because of it: the effect
//! is shown beside it, and people judge.

pub mod effect;
pub mod page;
pub mod request;

use crate::{Allowance, DepartmentId, KpiId, PersonId, Quality, Scope};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest text of a task, in characters.
pub const MAX_TEXT_CHARS: usize = 2_000;
/// The most lines of one task: then it is closed, and another one given.
pub const MAX_LINES: i64 = 500;

/// A task's number in the store; people read it aloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TaskId(pub i64);

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TaskEntryLine")]
pub struct Line {
    /// Of which task.
    pub task: TaskId,
    /// Counts the lines of the task, from 1, without holes.
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TaskEntry")]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Entry {
    /// It was given to a unit.
    Given {
        /// About which KPI.
        kpi: KpiId,
        /// For whom the figure is.
        scope: Scope,
        /// To whom.
        unit: DepartmentId,
        /// What is to be done.
        text: String,
        /// By when.
        due: Timestamp,
        /// How much time that was, where it was said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<Allowance>,
        /// The figure as it was then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        figure: Option<Figure>,
    },
    /// The unit says what it did.
    Answered {
        /// What.
        text: String,
    },
    /// Whoever gave it isn't satisfied: it goes on.
    SentBack {
        /// What is missing.
        text: String,
        /// By when it is to be answered now.
        due: Timestamp,
    },
    /// Whoever gave it closed it.
    Closed {
        /// What they say of it; may be empty.
        text: String,
    },
}

/// A recorded reading, as far as an effect is reckoned from it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// Its grid instant.
    pub time: Timestamp,
    /// Its value, in the KPI's unit.
    pub value: Option<f64>,
    /// How much it could be relied on.
    pub quality: Quality,
    /// The event time of its newest sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_time: Option<Timestamp>,
}

impl Figure {
    /// Of a recorded reading.
    #[must_use]
    pub fn of(reading: &crate::Reading) -> Self {
        Self { time: reading.time, value: reading.value, quality: reading.quality, data_time: reading.data_time }
    }
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TaskStanding")]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The unit has it.
    Open,
    /// The unit has answered, and whoever gave it has not said anything yet.
    Answered,
    /// It is over.
    Closed,
}
