//! Recomputes that somebody asks for: which KPIs, which stretch of time, and how far it has got.
//!
//! It must never say done before every instant is.

use crate::KpiId;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /api/v1/recomputes`: what is to be computed again from what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecomputeRequest {
    /// The KPIs, at least one.
    pub kpis: Vec<KpiId>,
    /// The first moment, inclusive.
    pub from: Timestamp,
    /// The last moment, inclusive.
    pub to: Timestamp,
}

/// `GET /api/v1/recomputes/{id}`, and the answer to the request: a job and how far it has got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecomputeJob {
    /// Its number.
    pub id: i64,
    /// When it was asked for.
    pub requested: Timestamp,
    /// What was asked for.
    pub request: RecomputeRequest,
    /// Where it stands.
    pub state: RecomputeState,
    /// Grid instants that are computed and saved …
    pub instants_done: u64,
    /// … of all.
    pub instants: u64,
    /// Readings that came out other than they were stored, or that were not stored at all.
    pub changed: u64,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Why it failed, and what to do.
    pub error: Option<String>,
}

/// `GET /api/v1/recomputes`: the newest jobs first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecomputesPage {
    /// The jobs.
    pub jobs: Vec<RecomputeJob>,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecomputeState {
    /// Others are before it.
    Waiting,
    /// It runs. After a restart of the server it begins again.
    Running,
    /// Every instant is computed and saved.
    Done,
    /// It was given up.
    Failed,
}

impl RecomputeState {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}
