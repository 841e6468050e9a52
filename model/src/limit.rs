//! Limits: a KPI's target and thresholds as leaders change them while the server runs, each change with who and why.
//!
//! It must never hold a limit without a reason, nor decide which is in force: the definition set does, with these in it.

use crate::{KpiId, PersonId, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest reason, in characters.
pub const MAX_REASON_CHARS: usize = 500;
/// The file by which a definition set holds what was changed. No folder has it: files that begin with a dot are not read.
pub const LIMITS_FILE: &str = ".limits.toml";

/// Which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// What it should be.
    Target,
    /// Beyond it somebody should look.
    Attention,
    /// Beyond it somebody must act.
    Critical,
}

impl Which {
    /// All of them, each further towards the bad side than the one before.
    pub const ALL: [Self; 3] = [Self::Target, Self::Attention, Self::Critical];

    /// Its key in files.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Attention => "attention",
            Self::Critical => "critical",
        }
    }
}

/// A change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LimitChange {
    /// Which limit.
    pub which: Which,
    /// What it is from then on, in the KPI's unit; absent: what the city's file says.
    pub value: Option<f64>,
    /// Who changed it.
    pub person: PersonId,
    /// Why, and by what decision.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// `POST /api/v1/kpis/{id}/limits`: changes a limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeLimit {
    /// Who.
    pub person: PersonId,
    /// Which limit.
    pub which: Which,
    /// What it shall be; absent: what the city's file says.
    #[serde(default)]
    pub value: Option<f64>,
    /// Why, and by what decision.
    pub reason: String,
}

impl ChangeLimit {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        let reason = &self.reason;
        let is_sound = !reason.trim().is_empty() && reason.chars().count() <= MAX_REASON_CHARS && !reason.chars().any(char::is_control);
        let reason = (!is_sound).then(|| Text {
            vi: format!("lý do có từ 1 đến {MAX_REASON_CHARS} ký tự trên một dòng"),
            en: format!("`reason` has 1 to {MAX_REASON_CHARS} characters in one line"),
        });
        reason.or_else(|| self.value.is_some_and(|value| !value.is_finite()).then(|| Text::new("`value` là một số", "`value` is a number")))
    }
}

/// `GET /api/v1/kpis/{id}/limits`: what is in force, and every change, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LimitsPage {
    /// The KPI.
    pub kpi: KpiId,
    /// What is in force now.
    pub in_force: BTreeMap<Which, f64>,
    /// Whether a change is stored and not in force yet.
    pub is_pending: bool,
    /// The changes.
    pub changes: Vec<LimitChange>,
    /// What people named in it are called.
    pub names: BTreeMap<PersonId, String>,
}
