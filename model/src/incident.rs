//! Incidents: episodes that people handle, opened by an alert that fired or by an operator's hand.
//!
//! It must never say whom to tell, or how: that is decided by routing, from the incident's group.

pub mod kind;
pub mod log;

use crate::alert::Severity;
use crate::{AreaId, PersonId, RuleId, Scope, TeamId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An incident's number in the store; people read it aloud, so it is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct IncidentId(pub i64);

/// The number of a notification group's episode in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct GroupId(pub i64);

/// Where an incident stands with the people who handle it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentStanding")]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nobody has taken it.
    Triggered,
    /// Somebody has.
    Acknowledged,
    /// Somebody has put it off until a time; then it is triggered again.
    Snoozed,
    /// It is over.
    Resolved,
}

/// Which incidents are told together: those of one team and one domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupKey {
    /// Whose.
    pub team: TeamId,
    /// The KPI's domain, or `hand` for those opened by hand.
    pub domain: String,
    /// Whether it is an exercise (DIỄN TẬP): never told together with what is real.
    #[serde(default)]
    pub exercise: bool,
}

/// What opened an incident.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Origin {
    /// An alert: at most one open incident for each.
    Alert {
        /// The rule.
        rule: RuleId,
        /// The scope.
        scope: Scope,
        /// Whether all of the rule's readings are missing.
        #[serde(default)]
        no_data: bool,
    },
    /// An operator.
    Hand {
        /// Who.
        person: PersonId,
    },
    /// A heartbeat that stayed away, or another watch of the centre over itself, by its name.
    Watch {
        /// Its name.
        name: String,
    },
}

/// An incident as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// What opened it.
    pub origin: Origin,
    /// How bad.
    pub severity: Severity,
    /// Whose.
    pub team: TeamId,
    /// With which it is told together.
    pub group: GroupId,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub standing: Standing,
    /// Who has taken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PersonId>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// Since when its alert fires on data that is old or missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_old_since: Option<Timestamp>,
    /// The incident that it goes on as a part of, where it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<IncidentId>,
}

/// Whom an incident, or a part of it, was given to. It pages nobody: whoever assigns has told them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assignment {
    /// To whom.
    pub party: Party,
    /// When they were told.
    pub told_at: Timestamp,
}

/// Who can be given an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// A team of the centre's.
    Team(TeamId),
    /// An outside agency, such as the fire brigade.
    Agency {
        /// What people call it.
        name: String,
        /// The number by which it was told; empty where it was told in another way.
        #[serde(default)]
        phone: String,
    },
}
