//! Alerts: what a rule makes of the recorded readings of one scope.
//!
//! A rule says when; its alert is the state of that for one scope; the transition into firing opens an incident, which
//! people handle. It must never hold a person or a way to reach one.

use crate::{AreaId, Reading, RuleId, Scope, TeamId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How bad it is. The order is from mildest to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// To be known.
    Info,
    /// To be looked at in office hours.
    Medium,
    /// To be looked at now.
    High,
    /// To be looked at now, without waiting to be grouped.
    Critical,
}

/// Whether a message may wait for the end of a person's quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Held in quiet hours, and sent as one digest at their end.
    Low,
    /// Sent at any hour.
    High,
}

impl Severity {
    /// Critical and high wake people; the rest waits.
    #[must_use]
    pub fn urgency(self) -> Urgency {
        if self >= Self::High { Urgency::High } else { Urgency::Low }
    }
}

/// Where an alert stands. A pending one is nobody's business yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// The condition doesn't hold.
    Inactive,
    /// It holds, but not yet for long enough.
    Pending,
    /// It has held for long enough.
    Firing,
}

/// Why an alert changed, or why it says something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The condition began or ceased to hold.
    Condition,
    /// The scope's reading went missing while others went on.
    Missing,
    /// All of the rule's readings are missing.
    NoData,
    /// It began to flap: the last to be told until it has settled.
    Flapping,
    /// It has settled after flapping.
    Settled,
    /// The rule is no longer there, or no longer for this scope.
    RuleGone,
}

/// Whether a transition opens or closes an incident, or only says something new of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It fires from now on.
    Fired,
    /// It fires no longer.
    Resolved,
    /// It goes on firing on old data: shown, never paged.
    DataOld,
    /// It fires on fresh data again.
    DataFresh,
}

/// One change of one alert. It is stored in the transaction of the reading that caused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// The rule.
    pub rule: RuleId,
    /// The scope.
    pub scope: Scope,
    /// Whether this is the alert that says that all of the rule's readings are missing; it lives beside the others.
    #[serde(default)]
    pub no_data: bool,
    /// The grid instant at which it was decided.
    pub at: Timestamp,
    /// Counts the transitions of this alert, from 1.
    pub sequence: i64,
    /// What it did.
    pub turn: Turn,
    /// Why.
    pub cause: Cause,
    /// How bad, by the rule as it was then.
    pub severity: Severity,
    /// Whose it is, by the rule as it was then.
    pub team: TeamId,
    /// The KPI's domain: its id up to the first dot. Alerts of one team and one domain are told together.
    pub domain: String,
    /// Where, as far as the scope or the asset's register entry says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaId>,
    /// The reading that decided it; none where its absence did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
}
