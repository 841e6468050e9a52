//! Alert rules over recorded readings: which alerts fire, end, flap, or go on without data.
//!
//! [`Watch`] holds all rules of a definition set and the state of each for each scope. It must never be shown a live
//! reading, look at a clock, or decide who is told.
//!
//! An *evaluation* of a rule is one grid instant of its KPI, with the readings of all scopes:
//!
//! - It takes place when the instant's readings are recorded in their turn. Corrections evaluate nothing, nor does an
//!   instant before the newest that is due, as a catch-up records it: what was missed is not made up.
//! - Time is the readings' own: the same readings give the same transitions, in whichever steps they come, as long as each
//!   comes in its turn.
//! - After a restart the clocks of `for` and `keep_firing` go on from where they stood, without the down time; after more
//!   than [`TOLERANCE`] of it they begin anew. What fires goes on firing until an evaluation ends it.
//! - Nothing ends because nothing is known: without evaluations no alert changes.
//!
//! A reading is no ground to begin when it is stale (unless the rule asks for `age`), has less than the rule's coverage
//! (unless it asks for `coverage`), is missing, or when something that the condition needs is missing. What fires goes on,
//! marked, on stale and thin data; it is resolved as *missing* at the third evaluation in a row without a reading while
//! other scopes have some. What is pending survives two such evaluations, but only a good one lets it fire.

mod flapping;
mod machine;
mod outlook;
pub mod scenario;
mod watched;

#[cfg(test)]
pub(crate) mod tests;

use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use taydo_model::alert::{Alert, Evaluation, Transition};
use taydo_model::baseline::Band;
use taydo_model::rule::Operand;
use taydo_model::{Definitions, Kpi, KpiId, Reading, RuleId, Scope};
use watched::Watched;

use crate::Recorded;

/// A restart after no more down time than this lets the clocks of `for` and `keep_firing` go on.
pub const TOLERANCE: SignedDuration = SignedDuration::from_hours(1);

/// Where baselines come from.
pub trait Bands {
    /// In which band the figure usually lies at that moment; `None` where that is not known.
    fn band(&self, kpi: &KpiId, scope: &Scope, at: Timestamp) -> Option<Band>;
}

/// No baseline is known: conditions that name one can't be said.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBands;

impl Bands for NoBands {
    fn band(&self, _: &KpiId, _: &Scope, _: Timestamp) -> Option<Band> {
        None
    }
}

/// What follows from a step: all of it belongs into the transaction of the readings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluated {
    /// What happened, in the order of the instants, then of the rules and scopes.
    pub transitions: Vec<Transition>,
    /// The alerts that changed, as they are now. An evaluation that changes nothing writes nothing here.
    pub alerts: Vec<Alert>,
    /// The last evaluation of each rule that was evaluated: one row for a rule, however many scopes it has.
    pub evaluations: Vec<Evaluation>,
}

impl Evaluated {
    /// Whether nothing follows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transitions.is_empty() && self.alerts.is_empty() && self.evaluations.is_empty()
    }
}

/// All rules of a definition set, with the state of each for each scope.
#[derive(Debug)]
pub struct Watch {
    definitions: Arc<Definitions>,
    /// By the rules' ids.
    watched: Vec<Watched>,
    /// Of the KPIs whose rules ask for it: each scope's last value and its instant.
    previous: HashMap<KpiId, HashMap<Scope, (Timestamp, f64)>>,
}

impl Watch {
    /// The rules of a set, of which nothing is known yet.
    #[must_use]
    pub fn new(definitions: Arc<Definitions>, now: Timestamp) -> Self {
        let watched = definitions.rules.iter().filter_map(|rule| Watched::new(rule, &definitions, now)).collect();
        let mut watch = Self { definitions, watched, previous: HashMap::new() };
        watch.keep_wanted_values();
        watch
    }

    /// Goes on from what is stored: at a start, before the first step. Alerts of rules and scopes that are gone are
    /// resolved; those of rules that changed are treated as [`Watch::redefine`] does.
    pub fn restore(&mut self, alerts: Vec<Alert>, evaluations: Vec<Evaluation>, now: Timestamp) -> Evaluated {
        let mut evaluated = Evaluated::default();
        for evaluation in evaluations {
            if let Some(watched) = self.find(&evaluation.rule) {
                watched.resume(evaluation);
            }
        }
        for alert in alerts {
            let definitions = Arc::clone(&self.definitions);
            match self.find(&alert.rule) {
                Some(watched) => watched.take_over(alert, &definitions, now, &mut evaluated),
                None => watched::let_go(alert, now, &mut evaluated),
            }
        }
        evaluated
    }

    /// Notes readings of the last instants as the store has them: at a start, for rules that ask for `previous`.
    pub fn remember(&mut self, readings: &[Reading]) {
        self.note_newer(readings);
    }

    /// The KPIs of which [`Watch::remember`] wants the last instants.
    pub fn remembers(&self) -> impl Iterator<Item = &KpiId> {
        self.previous.keys()
    }

    fn note_newer<'r>(&mut self, readings: impl IntoIterator<Item = &'r Reading>) {
        for reading in readings {
            let known = self.previous.get(&reading.kpi).and_then(|values| values.get(&reading.scope));
            if known.is_none_or(|(at, _)| *at <= reading.time) {
                self.note(reading);
            }
        }
    }

    /// Goes on by other definitions. A rule that changed drops what is pending, and what fires stays until it is evaluated
    /// under the new rule. What a rule that is gone, or that no longer covers a scope, had firing is resolved.
    pub fn redefine(&mut self, definitions: Arc<Definitions>, now: Timestamp) -> Evaluated {
        let mut evaluated = Evaluated::default();
        let old = std::mem::replace(self, Self::new(Arc::clone(&definitions), now));
        for before in old.watched {
            match self.find(&before.rule.id) {
                Some(watched) => watched.follow(before, &definitions, now, &mut evaluated),
                None => before.into_alerts().for_each(|alert| watched::let_go(alert, now, &mut evaluated)),
            }
        }
        for (kpi, values) in old.previous {
            if let Some(wanted) = self.previous.get_mut(&kpi) {
                *wanted = values;
            }
        }
        evaluated
    }

    /// Takes what the engine recorded in one of its steps, at that step's `now`, and says what follows. All readings of a
    /// KPI and an instant come in one step, as the engine gives them.
    pub fn step(&mut self, now: Timestamp, recorded: &[Recorded], bands: &dyn Bands) -> Evaluated {
        let mut evaluated = Evaluated::default();
        let turns = self.in_turn(now, recorded);
        // What was missed is not judged, but it is what was before that which is.
        let is_late = |reading: &&Reading| turns.get(&reading.kpi).is_none_or(|turn| !turn.values().any(|one| one.time == reading.time));
        let late: Vec<&Reading> = recorded.iter().filter(|one| !one.correction).map(|one| &one.reading).filter(is_late).collect();
        self.note_newer(late);
        for (id, readings) in turns {
            let Some(at) = readings.values().next().map(|reading| reading.time) else { continue };
            let values = self.previous.get(&id);
            let surroundings = Surroundings { definitions: &self.definitions, previous: values, bands };
            for watched in self.watched.iter_mut().filter(|watched| watched.rule.kpi == id) {
                watched.evaluate(at, &readings, &surroundings, &mut evaluated);
            }
            readings.values().for_each(|reading| self.note(reading));
        }
        evaluated.transitions.sort_by(|a, b| (a.at, &a.rule, &a.scope, a.no_data).cmp(&(b.at, &b.rule, &b.scope, b.no_data)));
        evaluated
    }

    /// The readings that are evaluated, by KPI and scope: first revisions of the newest instant that is due.
    fn in_turn<'r>(&self, now: Timestamp, recorded: &'r [Recorded]) -> BTreeMap<KpiId, BTreeMap<&'r Scope, &'r Reading>> {
        let mut turns: BTreeMap<KpiId, BTreeMap<&Scope, &Reading>> = BTreeMap::new();
        let due: HashMap<&KpiId, Option<Timestamp>> = self.watched.iter().map(|one| (&one.rule.kpi, newest_due(&one.kpi, now))).collect();
        for Recorded { reading, correction } in recorded {
            let is_due = due.get(&reading.kpi).copied().flatten() == Some(reading.time);
            if is_due && !correction {
                turns.entry(reading.kpi.clone()).or_default().entry(&reading.scope).or_insert(reading);
            }
        }
        turns
    }

    /// Every alert of which there is something to remember, by rule and scope.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.watched.iter().flat_map(Watched::alerts)
    }

    /// Every rule's last evaluation.
    pub fn evaluations(&self) -> impl Iterator<Item = &Evaluation> {
        self.watched.iter().filter_map(|watched| watched.evaluation.as_ref())
    }

    /// The rules that should have been evaluated twice since they last were: their evaluator is stale.
    pub fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &RuleId> {
        self.watched.iter().filter(move |watched| watched.overdue_at() <= now).map(|watched| &watched.rule.id)
    }

    /// When the next rule becomes overdue, if it isn't evaluated before: nothing else here waits for time.
    #[must_use]
    pub fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        self.watched.iter().map(Watched::overdue_at).filter(|at| *at > now).min()
    }

    fn find(&mut self, rule: &RuleId) -> Option<&mut Watched> {
        let at = self.watched.binary_search_by(|watched| watched.rule.id.cmp(rule)).ok()?;
        self.watched.get_mut(at)
    }

    fn keep_wanted_values(&mut self) {
        for watched in self.watched.iter().filter(|watched| watched.rule.names(Operand::Previous)) {
            self.previous.entry(watched.rule.kpi.clone()).or_default();
        }
    }

    fn note(&mut self, reading: &Reading) {
        if let (Some(values), Some(value)) = (self.previous.get_mut(&reading.kpi), reading.value) {
            values.insert(reading.scope.clone(), (reading.time, value));
        }
    }
}

/// What stands beside a reading when it is judged.
#[derive(Clone, Copy)]
struct Surroundings<'a> {
    definitions: &'a Definitions,
    /// Of the KPI, where its rules ask for it.
    previous: Option<&'a HashMap<Scope, (Timestamp, f64)>>,
    bands: &'a dyn Bands,
}

/// The newest grid instant whose reading is due.
fn newest_due(kpi: &Kpi, now: Timestamp) -> Option<Timestamp> {
    kpi.last_instant(now.checked_sub(SignedDuration::from_secs(i64::from(kpi.delay_s))).ok()?)
}
