//! Backtests: what rules would have made of readings that are stored, as if they had been in force then.
//!
//! It must never judge otherwise than [`Watch`] does for the server. Whom it would have paged is routing's: what is told
//! here is when each incident would have been opened and closed.

use super::{Bands, Watch};
use crate::Recorded;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use taydo_model::alert::{Cause, Severity, Transition, Turn};
use taydo_model::{Definitions, Reading, RuleId, Scope};

/// One incident that would have been.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The rule.
    pub rule: RuleId,
    /// The scope.
    pub scope: Scope,
    /// Whether it says that all of the rule's readings were missing.
    pub no_data: bool,
    /// How bad.
    pub severity: Severity,
    /// When it would have been opened.
    pub from: Timestamp,
    /// When it would have been closed; `None` when it lasted to the end.
    pub to: Option<Timestamp>,
    /// Why it would have been closed.
    pub ended_by: Option<Cause>,
    /// Whether it flapped.
    pub flapped: bool,
    /// The value that opened it.
    pub value: Option<f64>,
}

/// What a rule would have done.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleReport {
    /// The rule.
    pub rule: RuleId,
    /// How many incidents.
    pub episodes: usize,
    /// How many of them between two hours of the night would have woken somebody: see [`Backtest::finish`].
    pub at_night: usize,
    /// For how long together, in seconds; those that lasted to the end are counted up to there.
    pub total_s: i64,
    /// How long the longest.
    pub longest_s: i64,
    /// How many evaluations were made.
    pub evaluations: i64,
}

/// A backtest under way: readings are taken in the order of their instants.
#[derive(Debug)]
pub struct Backtest {
    definitions: Arc<Definitions>,
    watch: Watch,
    open: BTreeMap<(RuleId, Scope, bool), Episode>,
    closed: Vec<Episode>,
}

impl Backtest {
    /// The rules of a set, from a moment on.
    #[must_use]
    pub fn new(definitions: Arc<Definitions>, from: Timestamp) -> Self {
        Self { watch: Watch::new(Arc::clone(&definitions), from), definitions, open: BTreeMap::new(), closed: Vec::new() }
    }

    /// Takes all readings of a KPI and an instant.
    pub fn take(&mut self, readings: Vec<Reading>, bands: &dyn Bands) {
        let Some((at, kpi)) = readings.first().and_then(|first| Some((first.time, self.definitions.kpi(&first.kpi)?))) else { return };
        let delay = SignedDuration::from_secs(i64::from(kpi.delay_s));
        let now = at.checked_add(delay).unwrap_or(Timestamp::MAX);
        let recorded: Vec<Recorded> = readings.into_iter().map(|reading| Recorded { reading, correction: false }).collect();
        self.watch.step(now, &recorded, bands).transitions.into_iter().for_each(|transition| self.follow(transition));
    }

    /// All incidents in the order in which they were opened, and what each rule did. `is_night` says of a moment whether
    /// people sleep.
    #[must_use]
    pub fn finish(mut self, until: Timestamp, is_night: &dyn Fn(Timestamp) -> bool) -> (Vec<Episode>, Vec<RuleReport>) {
        self.closed.extend(std::mem::take(&mut self.open).into_values());
        self.closed.sort_by(|a, b| (a.from, &a.rule, &a.scope).cmp(&(b.from, &b.rule, &b.scope)));
        let reports = self.watch.evaluations().map(|evaluation| {
            let own: Vec<&Episode> = self.closed.iter().filter(|episode| episode.rule == evaluation.rule).collect();
            let lengths = own.iter().map(|episode| episode.to.unwrap_or(until).duration_since(episode.from).as_secs());
            let wakes = |episode: &&&Episode| episode.severity >= Severity::High && is_night(episode.from);
            RuleReport {
                rule: evaluation.rule.clone(),
                episodes: own.len(),
                at_night: own.iter().filter(wakes).count(),
                total_s: lengths.clone().sum(),
                longest_s: lengths.max().unwrap_or(0),
                evaluations: evaluation.number,
            }
        });
        let reports = reports.collect();
        (self.closed, reports)
    }

    fn follow(&mut self, transition: Transition) {
        let Transition { rule, scope, no_data, at, turn, cause, severity, reading, .. } = transition;
        let key = (rule.clone(), scope.clone(), no_data);
        let is_end = turn == Turn::Resolved && cause != Cause::Flapping;
        if !is_end && matches!(turn, Turn::Fired | Turn::Resolved) {
            let value = reading.and_then(|reading| reading.value);
            let opened = || Episode { rule, scope, no_data, severity, from: at, to: None, ended_by: None, flapped: false, value };
            let episode = self.open.entry(key).or_insert_with(opened);
            episode.flapped |= cause == Cause::Flapping;
        } else if is_end && let Some(episode) = self.open.remove(&key) {
            self.closed.push(Episode { to: Some(at), ended_by: Some(cause), ..episode });
        }
    }
}
