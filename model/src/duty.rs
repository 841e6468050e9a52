//! Duty: how long messages wait for each other, and who looks after a department's feeds; what a city's `duty.toml` says.
//!
//! Persons, teams and rotas are of the roster, which changes without files: it must never be taken for granted here that
//! they are there.

use crate::calendar::WorkingCalendar;
use crate::oncall::Target;
use crate::{DepartmentId, TeamId, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The longest of the times below, in seconds.
pub const LONGEST_S: u32 = 7 * 86_400;

/// What a city's `duty.toml` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Duty {
    /// How long the messages of all teams wait.
    pub timings: Timings,
    /// What differs for some teams.
    pub teams: BTreeMap<TeamId, Timings>,
    /// Who is told when a steward's feed is still silent after the steward's time.
    pub shift_lead: Option<Target>,
    /// The departments' stewards, by the team that stands for each in incidents; see [`steward_team`].
    pub stewards: BTreeMap<TeamId, Steward>,
}

/// How long messages wait for each other, as far as somebody has said it; times are in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timings {
    /// How long a group's first message waits for more; a critical incident waits for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_wait_s: Option<u32>,
    /// The time between two messages of a group with something new; at least one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_interval_s: Option<u32>,
    /// After what time without news people are told again that it still fires; rounded up to a message's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_interval_s: Option<u32>,
    /// After what time an acknowledged incident is triggered again, where the team's policy doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement_timeout_s: Option<u32>,
}

impl Timings {
    /// These, and where they say nothing those.
    #[must_use]
    pub fn or(self, those: Self) -> Self {
        Self {
            group_wait_s: self.group_wait_s.or(those.group_wait_s),
            group_interval_s: self.group_interval_s.or(those.group_interval_s),
            repeat_interval_s: self.repeat_interval_s.or(those.repeat_interval_s),
            acknowledgement_timeout_s: self.acknowledgement_timeout_s.or(those.acknowledgement_timeout_s),
        }
    }

    /// What keeps them from being taken, with what to do; `None` when they are sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        let least_one = [
            ("group_interval_s", self.group_interval_s),
            ("repeat_interval_s", self.repeat_interval_s),
            ("acknowledgement_timeout_s", self.acknowledgement_timeout_s),
        ];
        let short = least_one.into_iter().find(|(_, seconds)| *seconds == Some(0));
        let long = least_one.into_iter().chain([("group_wait_s", self.group_wait_s)]);
        let long = long.into_iter().find(|(_, seconds)| seconds.is_some_and(|seconds| seconds > LONGEST_S));
        let too_short = |name: &str| {
            Text::new(
                &format!("`{name}` là 0; hãy viết ít nhất 1, hoặc bỏ đi để theo thành phố"),
                &format!("`{name}` is 0; write at least 1, or leave it out for the city's"),
            )
        };
        let too_long = |name: &str| {
            Text::new(
                &format!("`{name}` dài hơn một tuần; hãy viết nhiều nhất {LONGEST_S} giây"),
                &format!("`{name}` is longer than a week; write at most {LONGEST_S} seconds"),
            )
        };
        short.map(|(name, _)| too_short(name)).or_else(|| long.map(|(name, _)| too_long(name)))
    }
}

/// Who looks after a department's feeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Steward {
    /// Whose.
    pub department: DepartmentId,
    /// A person, a rota or a team.
    pub target: Target,
    /// When the steward is told of what can wait.
    pub hours: Arc<WorkingCalendar>,
    /// For how long the steward has it alone before the shift lead is told, in seconds.
    pub lead_after_s: u32,
}

impl Steward {
    /// The moment itself in office hours, else when they begin next.
    #[must_use]
    pub fn hours_from(&self, moment: Timestamp) -> Timestamp {
        self.hours.next_open(moment)
    }
}

/// The team that stands for a department's steward in incidents; `None` for an id that is too long to be a part of another.
#[must_use]
pub fn steward_team(department: &DepartmentId) -> Option<TeamId> {
    TeamId::new(format!("steward.{department}")).ok()
}

impl Duty {
    /// The steward for whom a team stands.
    #[must_use]
    pub fn steward(&self, team: &TeamId) -> Option<&Steward> {
        self.stewards.get(team)
    }

    /// The team that stands for the steward of a department; `None` where it has no steward.
    #[must_use]
    pub fn steward_of(&self, department: &DepartmentId) -> Option<&TeamId> {
        let team = steward_team(department)?;
        self.stewards.get_key_value(&team).map(|(team, _)| team)
    }

    /// What the files say for a team.
    #[must_use]
    pub fn timings_of(&self, team: &TeamId) -> Timings {
        self.teams.get(team).copied().unwrap_or_default().or(self.timings)
    }
}
