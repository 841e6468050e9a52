//! Rules: when a KPI's recorded readings are worth telling people, and whom.
//!
//! A rule is one definition for many scopes; the state of each is its alert ([`crate::alert::Alert`]). It must never hold
//! a person, nor evaluate itself: that is the engine's.

mod summary;

use crate::alert::Severity;
use crate::formula::{Formula, Node};
use crate::kpi::Dimension;
use crate::text::Language;
use crate::{AreaId, Definitions, KpiId, RuleId, Scope, TeamId, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use summary::{Filling, PLACES, places};

/// A rule, as its file defines it. Its `version` changes whenever anything in it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name.
    pub id: RuleId,
    /// SHA-256 over the rule's content, the first 16 hexadecimal digits.
    pub version: String,
    /// Its title.
    pub title: Text,
    /// The KPI whose recorded readings it looks at.
    pub kpi: KpiId,
    /// Which scopes of the KPI: those of this way of dividing the city; `None`: the city itself.
    pub by: Option<Dimension>,
    /// Only these scopes, and the assets in these areas; empty: all.
    #[serde(default)]
    pub only: Vec<Scope>,
    /// It fires when this holds …
    pub when: Condition,
    /// … and, where this is given, nothing else than this ends it.
    pub clear: Option<Condition>,
    /// For how long it must hold before it fires, in seconds.
    pub for_s: u32,
    /// For how long it goes on firing after it should have ended, in seconds.
    pub keep_firing_s: u32,
    /// How bad it is.
    pub severity: Severity,
    /// Who is told.
    pub team: TeamId,
    /// What people are told, with places such as `{value}` to be filled in.
    pub summary: Text,
    /// Where it is written what to do: a path of the repository, or an address.
    pub runbook: Option<String>,
    /// What to do, as a check-list.
    #[serde(default)]
    pub sop: Vec<Text>,
    /// What it means that all of its readings are missing.
    pub no_data: NoData,
    /// From less coverage than this it can't start; `None`: from none that the KPI itself calls partial.
    pub min_coverage: Option<f64>,
    /// What it mutes while it fires.
    #[serde(default)]
    pub inhibits: Vec<Inhibition>,
}

/// What it means that all of a rule's readings are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoData {
    /// An alert of its own says so; the others stay as they are.
    #[default]
    Separate,
    /// It counts as if the condition held, for every known scope.
    Alert,
    /// Nothing: the alerts stay as they are.
    Keep,
    /// It counts as if the condition didn't hold.
    Ok,
}

/// A condition over one reading and what stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RuleCondition")]
pub struct Condition {
    /// As it is written.
    pub text: String,
    /// Its operands are numbered as [`Operand`] is. Targets, thresholds and constants of the city are numbers already.
    pub formula: Formula,
}

/// What a condition may name, beside what is a number already when the file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Operand {
    /// The reading's value.
    Value,
    /// How old its newest sample was at its instant, in seconds.
    Age,
    /// The share of the expected series that reported, 0 to 1.
    Coverage,
    /// The value one step of the KPI's grid earlier.
    Previous,
    /// Below is unusual at that hour of the week.
    BaselineLow,
    /// The usual at that hour of the week.
    BaselineMiddle,
    /// Above is unusual at that hour of the week.
    BaselineHigh,
}

impl Operand {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Value, Self::Age, Self::Coverage, Self::Previous, Self::BaselineLow, Self::BaselineMiddle, Self::BaselineHigh];

    /// Its number in formulas.
    #[must_use]
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The one with this number.
    #[must_use]
    pub fn of(number: u16) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Whether it is part of the baseline.
    #[must_use]
    pub fn is_baseline(self) -> bool {
        matches!(self, Self::BaselineLow | Self::BaselineMiddle | Self::BaselineHigh)
    }
}

impl Condition {
    /// Whether it names this operand.
    #[must_use]
    pub fn names(&self, operand: Operand) -> bool {
        self.formula.nodes().iter().any(|node| matches!(node, Node::Operand(number) if *number == operand.number()))
    }

    /// Whether it holds; `None` when that can't be said, because something that it needs is missing.
    #[must_use]
    pub fn holds(&self, operand: &dyn Fn(Operand) -> Option<f64>) -> Option<bool> {
        self.formula.holds(&|number, _| operand(Operand::of(number)?))
    }
}

/// Which alerts a firing one mutes: those that any of `rules` or `domains` names, and that are alike. Never itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inhibition {
    /// Alerts of these rules …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleId>,
    /// … and of all rules whose KPI belongs to these domains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// Of these only those that say that all of a rule's readings are missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_data: bool,
    /// In what the two must be alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equal: Vec<Label>,
}

/// What two alerts can be alike in. One that has no such thing is like another that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// The area: the scope itself, or where the asset stands.
    Area,
    /// The department.
    Department,
    /// The asset.
    Asset,
    /// The team.
    Team,
}

impl Rule {
    /// The domain of its alerts: the KPI's id up to the first dot.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.kpi.as_str().split('.').next().unwrap_or_default()
    }

    /// Whether it has an alert for this scope.
    #[must_use]
    pub fn covers(&self, scope: &Scope, definitions: &Definitions) -> bool {
        if scope.dimension() != self.by || self.only.is_empty() {
            return scope.dimension() == self.by;
        }
        let area = definitions.area_of(scope);
        self.only.iter().any(|one| one == scope || matches!(one, Scope::Area(one) if Some(one) == area.as_ref()))
    }

    /// Whether one of its conditions names this operand.
    #[must_use]
    pub fn names(&self, operand: Operand) -> bool {
        self.when.names(operand) || self.clear.as_ref().is_some_and(|clear| clear.names(operand))
    }

    /// What people are told, filled in. A place that nothing fills in becomes a dash.
    #[must_use]
    pub fn summary_in(&self, language: Language, filling: &Filling<'_>) -> String {
        summary::fill(self.summary.get(language), language, filling)
    }
}

impl Definitions {
    /// Where a scope is: the area itself, or the asset's; `None` where the register doesn't say.
    #[must_use]
    pub fn area_of(&self, scope: &Scope) -> Option<AreaId> {
        match scope {
            Scope::Area(area) => Some(area.clone()),
            Scope::Asset(asset) => self.asset(asset).map(|asset| asset.area.clone()),
            Scope::City | Scope::Department(_) => None,
        }
    }

    /// What people call a scope; its id where the city doesn't know it.
    #[must_use]
    pub fn scope_name(&self, scope: &Scope, language: Language) -> String {
        match scope {
            Scope::City => self.city.name.get(language).to_owned(),
            Scope::Area(area) => self.city.area_name(area).to_owned(),
            Scope::Department(id) => {
                let known = self.city.departments.iter().find(|department| department.id == *id);
                known.map_or_else(|| id.to_string(), |department| department.name.get(language).to_owned())
            }
            Scope::Asset(id) => self.asset(id).map_or_else(|| id.to_string(), |asset| asset.name.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_have_the_numbers_of_their_order() {
        for (number, operand) in (0..).zip(Operand::ALL) {
            assert_eq!((operand.number(), Operand::of(number)), (number, Some(operand)));
        }
        assert_eq!(Operand::of(7), None);
    }
}
