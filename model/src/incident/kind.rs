//! Kinds of incidents that people open by hand: what to do about each is written down before it happens.
//!
//! It must never hold a person.

use crate::alert::Severity;
use crate::{KindId, TeamId, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind, as its file defines it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kind {
    /// Its name.
    pub id: KindId,
    /// What people call it.
    pub title: Text,
    /// How bad such an incident is, unless whoever opens it says otherwise.
    pub severity: Severity,
    /// Whose it is, unless whoever opens it says otherwise.
    pub team: TeamId,
    /// What to do, as a check-list. An incident keeps the one that it was opened with.
    #[serde(default)]
    pub sop: Vec<Text>,
    /// Where it is written what to do: a path of the repository, or an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
}
