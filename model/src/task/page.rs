//! What pages show of tasks.
//!
//! It must never hold a telephone number of a person.

use super::effect::Effect;
use super::{Figure, Line, Standing, TaskId};
use crate::{DepartmentId, KpiId, PersonId, Scope, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A task in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskHead {
    /// Its number.
    pub id: TaskId,
    /// About which KPI.
    pub kpi: KpiId,
    /// For whom the figure is.
    pub scope: Scope,
    /// To whom it was given.
    pub unit: DepartmentId,
    /// What is to be done.
    pub text: String,
    /// Who gave it.
    pub giver: PersonId,
    /// When.
    pub given_at: Timestamp,
    /// By when it is to be answered.
    pub due: Timestamp,
    /// Where it stands.
    pub standing: Standing,
    /// When the unit answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// When it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// The figure when it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<Figure>,
    /// How many lines it has: what a judgement names as seen.
    pub lines: i64,
}

impl TaskHead {
    /// Whether the unit should have answered by now and has not.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.standing == Standing::Open && self.due < now
    }
}

/// A task as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskLine {
    /// It in short.
    #[serde(flatten)]
    pub head: TaskHead,
    /// The KPI's title, with the scope where that is not the city.
    pub about: Text,
    /// What the unit is called.
    pub unit_name: Text,
    /// Whether it is overdue.
    pub is_late: bool,
}

/// `GET /api/v1/tasks[?kpi&scope&before]`: those that are not closed, overdue ones first, then the newest closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TasksPage {
    /// The server's time.
    pub time: Timestamp,
    /// The tasks.
    pub tasks: Vec<TaskLine>,
    /// What people named in it are called.
    pub names: BTreeMap<PersonId, String>,
}

/// `GET /api/v1/tasks/{id}`: a task with all of its lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskPage {
    /// The server's time.
    pub time: Timestamp,
    /// It, as lists show it.
    pub task: TaskLine,
    /// Its lines, in order.
    pub lines: Vec<Line>,
    /// The same in words.
    pub said: Vec<SaidLine>,
    /// Whether every line is as it was written.
    pub is_intact: bool,
    /// The figure since; absent where the KPI is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// What people named in it are called.
    pub names: BTreeMap<PersonId, String>,
}

/// A line in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TaskSaidLine")]
pub struct SaidLine {
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub person: PersonId,
    /// What it says.
    pub text: Text,
}

/// [`TaskPage`] as the task's page reads it, which has no use for the rest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[expect(missing_docs, reason = "as in `TaskPage`")]
pub struct TaskNotes {
    pub time: Timestamp,
    pub task: TaskLine,
    pub said: Vec<SaidLine>,
    pub is_intact: bool,
    #[serde(default)]
    pub effect: Option<Effect>,
    pub names: BTreeMap<PersonId, String>,
}
