//! Alerts: what a rule makes of the recorded readings of one scope.
//!
//! A rule says when; its alert is the state of that for one scope; the transition into firing opens an incident, which
//! people handle. It must never hold a person or a way to reach one.

use crate::{AreaId, Reading, RuleId, Scope, TeamId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad it is. The order is from mildest to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The condition began or ceased to hold.
    Condition,
    /// The scope's reading went missing while others went on.
    Missing,
    /// All of the rule's readings are missing.
    NoData,
    /// It began to flap: the last to be told until it has settled. Its incident stays open, or is opened, whichever the turn.
    Flapping,
    /// It has settled after flapping: fired, and the incident goes on; or resolved, and it is closed.
    Settled,
    /// The rule is no longer there, or no longer for this scope.
    RuleGone,
}

/// Whether a transition opens or closes an incident, or only says something new of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AlertTurn")]
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

/// What a rule makes of one scope, as it is stored. Most scopes have none: where nothing holds and nothing was ever told,
/// there is nothing to remember.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// The rule.
    pub rule: RuleId,
    /// The scope.
    pub scope: Scope,
    /// Whether this is the alert that says that all of the rule's readings are missing; its scope is the city.
    #[serde(default)]
    pub no_data: bool,
    /// Since when the condition has held; down time within the tolerance moves it on, so that it counts served time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_at: Option<Timestamp>,
    /// When it fired; absent when it doesn't fire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired_at: Option<Timestamp>,
    /// Since when it should have ended, while `keep_firing` holds it; moved on as `active_at` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_since: Option<Timestamp>,
    /// How many evaluations in a row had no reading that counts.
    #[serde(default)]
    pub absent: u8,
    /// Whether it fires on old data.
    #[serde(default)]
    pub data_old: bool,
    /// Whether it flaps: what it does is noted and not told.
    #[serde(default)]
    pub flapping: bool,
    /// The numbers of those of the rule's last evaluations at which it fired or ended, in order; at most twenty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<i64>,
    /// How many transitions it has had.
    #[serde(default)]
    pub sequence: i64,
    /// What its incident was opened with; absent when none is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
}

/// What a transition says of the rule: kept while an incident is open, for its end when the rule is gone by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AlertTold")]
pub struct Told {
    /// How bad.
    pub severity: Severity,
    /// Whose.
    pub team: TeamId,
    /// The KPI's domain.
    pub domain: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaId>,
}

impl Alert {
    /// One of which nothing is known yet.
    #[must_use]
    pub fn new(rule: RuleId, scope: Scope, no_data: bool) -> Self {
        Self {
            rule,
            scope,
            no_data,
            active_at: None,
            fired_at: None,
            keep_since: None,
            absent: 0,
            data_old: false,
            flapping: false,
            changes: Vec::new(),
            sequence: 0,
            told: None,
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> AlertState {
        match (self.fired_at, self.active_at) {
            (Some(_), _) => AlertState::Firing,
            (None, Some(_)) => AlertState::Pending,
            (None, None) => AlertState::Inactive,
        }
    }
}

/// A rule's last evaluation: one row for each rule, however many scopes it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The rule.
    pub rule: RuleId,
    /// The rule's version that it was made by.
    pub version: String,
    /// The grid instant of the readings.
    pub at: Timestamp,
    /// Counts the rule's evaluations, from 1: the flap window is reckoned in them.
    pub number: i64,
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
