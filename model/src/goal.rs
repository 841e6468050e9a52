//! Goals: the points of the city's plan, and the KPIs that say how far each of them is.

use crate::{GoalId, KpiId, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of the plan, in the plan's own order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GoalPart")]
pub struct Part {
    /// What it is about.
    pub title: Text,
    /// Its points, the most important first.
    pub goals: Vec<Goal>,
}

/// A point of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Goal {
    /// Its name.
    pub id: GoalId,
    /// What is to be reached.
    pub title: Text,
    /// The KPIs that measure it, the most telling first; at least one, and each with an owner.
    pub kpis: Vec<KpiId>,
}
