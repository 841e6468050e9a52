//! Running a scenario: its readings through a rule's own watch, and what came of it beside what should.
//!
//! It must never judge otherwise than [`Watch`] does for the server.

use super::{Bands, Watch};
use crate::Recorded;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::sync::Arc;
use taydo_model::alert::Transition;
use taydo_model::baseline::Band;
use taydo_model::scenario::{Expected, Scenario, Step};
use taydo_model::{Definitions, Kpi, KpiId, Quality, Reading, Scope};

/// What a scenario's transitions were, when they aren't those that were expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Expected, and didn't happen.
    pub lacking: Vec<Expected>,
    /// Happened, and wasn't expected.
    pub unexpected: Vec<Expected>,
}

impl fmt::Display for Difference {
    /// A line each, as a scenario's file would have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lacking.iter().try_for_each(|one| writeln!(f, "  expected, and lacking:  {one}"))?;
        self.unexpected.iter().try_for_each(|one| writeln!(f, "  happened, unexpected:   {one}"))
    }
}

/// Runs a scenario.
///
/// # Errors
/// When other transitions follow than it expects.
pub fn run(definitions: &Definitions, scenario: &Scenario) -> Result<(), Difference> {
    let found = transitions(definitions, scenario);
    let (lacking, unexpected) = (beyond(&scenario.expect, &found), beyond(&found, &scenario.expect));
    if lacking.is_empty() && unexpected.is_empty() { Ok(()) } else { Err(Difference { lacking, unexpected }) }
}

/// What the one list has more than the other; the order of what happens at one instant means nothing.
fn beyond(all: &[Expected], others: &[Expected]) -> Vec<Expected> {
    let mut others = others.to_vec();
    let mut extra = Vec::new();
    for one in all {
        match others.iter().position(|other| other == one) {
            Some(at) => _ = others.remove(at),
            None => extra.push(one.clone()),
        }
    }
    extra
}

/// What follows from a scenario's readings; nothing when its rule isn't in the set.
fn transitions(definitions: &Definitions, scenario: &Scenario) -> Vec<Expected> {
    let Some(rule) = definitions.rule(&scenario.rule) else { return Vec::new() };
    let Some(kpi) = definitions.kpi(&rule.kpi) else { return Vec::new() };
    let definitions = Arc::new(Definitions { rules: vec![Arc::clone(rule)], ..definitions.clone() });
    let mut watch = Watch::new(definitions, scenario.start);
    let instants = scenario.readings.iter().map(|(_, steps)| steps.len()).max().unwrap_or(0);
    let mut found = Vec::new();
    for number in 0..instants {
        let at = later(scenario.start, i64::from(kpi.every_s) * i64::try_from(number).unwrap_or(i64::MAX));
        let steps = scenario.readings.iter().filter_map(|(scope, steps)| Some((scope, steps.get(number)?)));
        let recorded: Vec<Recorded> = steps.map(|(scope, step)| recorded(kpi, scope, at, *step)).collect();
        let evaluated = watch.step(later(at, i64::from(kpi.delay_s)), &recorded, &Always(scenario.baseline));
        found.extend(evaluated.transitions.iter().map(|transition| told(transition, scenario.start)));
    }
    found
}

/// One band at all hours.
struct Always(Option<Band>);

impl Bands for Always {
    fn band(&self, _: &KpiId, _: &Scope, _: Timestamp) -> Option<Band> {
        self.0
    }
}

fn recorded(kpi: &Kpi, scope: &Scope, at: Timestamp, step: Step) -> Recorded {
    // A stale reading's newest sample is one second older than it may be, a missing one has none.
    let age_s = match step.quality {
        Quality::Stale => Some(i64::from(kpi.stale_s) + 1),
        Quality::Missing => None,
        Quality::Good | Quality::Partial => Some(0),
    };
    let reading = Reading {
        kpi: kpi.id.clone(),
        scope: scope.clone(),
        time: at,
        value: step.value,
        numerator: None,
        denominator: None,
        samples: u64::from(step.value.is_some()),
        coverage: Some(step.coverage),
        quality: step.quality,
        flags: step.flags,
        data_time: age_s.map(|age_s| later(at, -age_s)),
    };
    Recorded { reading, correction: false }
}

fn told(transition: &Transition, start: Timestamp) -> Expected {
    Expected {
        at_s: u32::try_from(transition.at.as_second() - start.as_second()).unwrap_or(u32::MAX),
        scope: transition.scope.clone(),
        no_data: transition.no_data,
        turn: transition.turn,
        cause: transition.cause,
    }
}

fn later(time: Timestamp, seconds: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
