//! A KPI's parts side by side: the wards, departments or assets that it is computed for, the worst first.
//!
//! It must never leave a part out because its figure is missing: those come last, and are counted.

use crate::kpi::{Better, Dimension};
use crate::why::Named;
use crate::{Kpi, KpiId, Quality, Scope, Status};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// `GET /api/v1/kpis/{id}/ranking?by&scope`: all parts of a scope at its newest recorded instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RankingPage {
    /// The KPI.
    pub kpi: KpiId,
    /// What is ranked.
    pub by: Dimension,
    /// The instant of the figures.
    pub time: Timestamp,
    /// The instant of the figures before; absent where there is none to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
    /// The parts, the worst first; where nothing is better or worse, the largest first. Those without a figure come last.
    pub rows: Vec<RankingRow>,
    /// How many have no figure.
    pub without: usize,
}

/// A part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RankingRow {
    /// Which.
    pub scope: Scope,
    /// What people call it.
    pub of: Named,
    /// Its figure.
    pub value: Option<f64>,
    /// Its figure before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<f64>,
    /// How much the figure can be relied on.
    pub quality: Quality,
    /// How far it lies towards the bad side.
    pub status: Status,
}

/// Puts parts in order, the worst first.
pub fn rank(kpi: &Kpi, rows: &mut [RankingRow]) {
    let worse = |a: f64, b: f64| match kpi.better {
        Better::Higher => a.total_cmp(&b),
        Better::Lower | Better::Neither => b.total_cmp(&a),
    };
    rows.sort_by(|one, other| match (one.value, other.value) {
        (Some(a), Some(b)) => worse(a, b).then_with(|| one.scope.cmp(&other.scope)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => one.scope.cmp(&other.scope),
    });
}
