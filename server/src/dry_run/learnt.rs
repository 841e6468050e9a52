//! The usual bands of a dry run, learnt from its own readings as the server learns them from stored ones.
//!
//! It must never know a moment that has not been played.

use super::asks_for_the_usual;
use crate::baseline::{WEEKS, step_s};
use crate::days::Days;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use taydo_engine::Recorded;
use taydo_engine::alert::Bands;
use taydo_model::baseline::{Band, Slots};
use taydo_model::{Definitions, Flags, KpiId, Quality, Scope};

/// Baselines are made anew when they are so old.
const EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The bands and what they are learnt from.
#[derive(Debug)]
pub(super) struct Learnt {
    definitions: Arc<Definitions>,
    days: Days,
    /// The last weeks of each figure.
    values: BTreeMap<(KpiId, Scope), VecDeque<(Timestamp, f64)>>,
    slots: BTreeMap<(KpiId, Scope), Slots>,
    learnt_at: Option<Timestamp>,
}

impl Learnt {
    pub(super) fn new(definitions: &Arc<Definitions>) -> Self {
        Self {
            days: Days::of(definitions),
            definitions: Arc::clone(definitions),
            values: BTreeMap::new(),
            slots: BTreeMap::new(),
            learnt_at: None,
        }
    }

    /// The KPIs whose usual a rule asks for.
    pub(super) fn wanted(&self) -> BTreeSet<KpiId> {
        self.definitions.rules.iter().filter(|rule| asks_for_the_usual(rule)).map(|rule| rule.kpi.clone()).collect()
    }

    /// Notes what was recorded, as far as a rule asks for its usual.
    pub(super) fn take(&mut self, recorded: &[Recorded]) {
        for Recorded { reading, correction } in recorded {
            let (Some(kpi), Some(value)) = (self.definitions.kpi(&reading.kpi), reading.value) else { continue };
            let is_sound = !correction && reading.quality <= Quality::Partial && !reading.flags.contains(Flags::SUSPECT);
            let is_on_step = reading.time.as_second().rem_euclid(i64::from(step_s(kpi.every_s))) == 0;
            let rules = &self.definitions.rules;
            let is_wanted = || {
                let of = |rule: &&Arc<taydo_model::rule::Rule>| rule.kpi == reading.kpi && rule.covers(&reading.scope, &self.definitions);
                rules.iter().filter(of).any(|rule| asks_for_the_usual(rule))
            };
            if is_sound && is_on_step && is_wanted() {
                let values = self.values.entry((reading.kpi.clone(), reading.scope.clone())).or_default();
                values.push_back((reading.time, value));
                let oldest = reading.time.checked_sub(SignedDuration::from_hours(WEEKS * 168)).unwrap_or(Timestamp::MIN);
                while values.front().is_some_and(|(time, _)| *time < oldest) {
                    values.pop_front();
                }
            }
        }
    }

    /// Makes the baselines from what is known now.
    pub(super) fn learn(&mut self) {
        for (figure, values) in &self.values {
            let Some(kpi) = self.definitions.kpi(&figure.0) else { continue };
            let half_step = 0.5 * 10_f64.powi(-i32::from(kpi.decimals));
            let slots = self.days.in_season(|season| Slots::learn(values.iter().copied(), season, half_step));
            self.slots.insert(figure.clone(), slots);
            self.learnt_at = self.learnt_at.max(values.back().map(|(time, _)| *time));
        }
    }

    /// Makes them anew when they are a week old.
    pub(super) fn learn_when_due(&mut self, now: Timestamp) {
        if self.learnt_at.is_none_or(|at| now.duration_since(at) >= EVERY) && !self.values.is_empty() {
            self.learn();
        }
    }
}

impl Bands for Learnt {
    fn band(&self, kpi: &KpiId, scope: &Scope, at: Timestamp) -> Option<Band> {
        let slots = self.slots.get(&(kpi.clone(), scope.clone()))?;
        self.days.in_season(|season| slots.at(at, season))
    }
}
