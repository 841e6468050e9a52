//! Scenarios: readings in over time, and the transitions that a rule must make of them.
//!
//! A scenario belongs to a rule as a test does to code. It must never need anything but the definitions and itself.

use crate::alert::{Cause, Turn};
use crate::baseline::Band;
use crate::{Flags, Quality, RuleId, Scope};
use jiff::Timestamp;
use std::fmt;

/// A scenario, as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    /// The rule that is evaluated.
    pub rule: RuleId,
    /// The first instant, on the KPI's grid.
    pub start: Timestamp,
    /// The baseline of every scope and hour, where one is known.
    pub baseline: Option<Band>,
    /// For each scope a reading for each instant from the first one on.
    pub readings: Vec<(Scope, Vec<Step>)>,
    /// Exactly the transitions that follow, in order.
    pub expect: Vec<Expected>,
}

/// A reading of a scenario.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The value; `None` when it is missing.
    pub value: Option<f64>,
    /// How much it can be relied on.
    pub quality: Quality,
    /// What else is to be known of it.
    pub flags: Flags,
    /// The share of the expected series that reported.
    pub coverage: f64,
}

/// A transition that must follow.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// How long after the first instant, in seconds.
    pub at_s: u32,
    /// Whose alert.
    pub scope: Scope,
    /// Whether it is the alert that says that all of the rule's readings are missing.
    pub no_data: bool,
    /// What it does.
    pub turn: Turn,
    /// Why.
    pub cause: Cause,
}

impl fmt::Display for Expected {
    /// As a file has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |value: serde_json::Result<serde_json::Value>| value.ok().and_then(|value| value.as_str().map(str::to_owned));
        let turn = word(serde_json::to_value(self.turn)).unwrap_or_default();
        let cause = word(serde_json::to_value(self.cause)).unwrap_or_default();
        let (amount, unit) = if self.at_s.is_multiple_of(60) { (self.at_s / 60, "m") } else { (self.at_s, "s") };
        let no_data = if self.no_data { ", no_data = true" } else { "" };
        write!(f, "{{ at = \"{amount}{unit}\", scope = \"{}\"{no_data}, turn = \"{turn}\", cause = \"{cause}\" }}", self.scope)
    }
}
