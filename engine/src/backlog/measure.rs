//! What a KPI counts of a case: when it counts, how much, and what follows from all that count at a moment.
//!
//! It must never know which scopes a case belongs to.

use crate::calendar::{Length, Periods};
use crate::moment::{HOUR, NEVER, SECOND, micros, seconds, timestamp};
use crate::ranks::Ranked;
use crate::steps::{Amount, Span};
use std::sync::Arc;
use taydo_model::calendar::deadline;
use taydo_model::kpi::{CaseMeasure, CaseTerms, From, Window};
use taydo_model::{Case, Definitions, Kpi, Unit, WorkingCalendar};

/// A span in which nothing counts.
const NOT_AT_ALL: Span = (0, 0);

/// What one case adds to a KPI.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// While it counts.
    pub(super) span: Span,
    /// How much it counts.
    pub(super) amount: Amount,
    /// Where it stands among the others: for ages when it was opened, for durations how long it took.
    pub(super) rank: i64,
}

impl Default for Part {
    fn default() -> Self {
        Self { span: NOT_AT_ALL, amount: Amount::CASE, rank: 0 }
    }
}

/// For how long what happened stays in the window.
#[derive(Debug)]
enum Stay {
    /// For so long.
    Sliding(Length),
    /// Until its period has ended.
    Calendar(Periods),
}

impl Stay {
    fn new(window: Window, definitions: &Definitions) -> Self {
        match window {
            Window::Sliding(window_s) => Self::Sliding(Length::new(window_s, &definitions.city)),
            Window::Calendar(period) => Self::Calendar(Periods::new(period, &definitions.city)),
        }
    }

    /// When what happened at a moment leaves the window. The reading at the very end of a period is still of it.
    fn end(&self, from: i64) -> i64 {
        match self {
            Self::Sliding(length) => length.end(from),
            Self::Calendar(periods) => periods.end(from) + 1,
        }
    }
}

/// How one KPI counts.
#[derive(Debug)]
pub(super) struct Measure {
    kind: String,
    measure: CaseMeasure,
    terms: CaseTerms,
    stay: Stay,
    /// The longest that a case counts after its last event.
    longest: i64,
    /// Where working time is counted.
    calendar: Option<Arc<WorkingCalendar>>,
    /// What a ratio, or a length of time in microseconds, is multiplied by to be in the KPI's unit.
    per_unit: f64,
}

impl Measure {
    /// How a KPI from cases counts; `None` when it is not one, or needs a working calendar where there is none.
    pub(super) fn new(kpi: &Kpi, definitions: &Definitions) -> Option<Self> {
        let From::Cases { kind, measure, window, terms } = &kpi.from else { return None };
        let calendar = definitions.calendar.clone();
        let per = |code: &str| Unit::parse(code).and_then(|unit| unit.factor_to(kpi.unit)).unwrap_or(1.0);
        #[allow(clippy::cast_precision_loss)]
        let per_unit = match &calendar {
            _ if !measure.is_time() => per("ratio"),
            _ if !terms.working => per("s") / SECOND as f64,
            Some(calendar) => per("d") / calendar.office_day().max(1) as f64,
            None => return None,
        };
        let needs_calendar = terms.within.is_some_and(taydo_model::Allowance::is_working);
        (calendar.is_some() || !needs_calendar).then(|| Self {
            kind: kind.clone(),
            measure: *measure,
            terms: terms.clone(),
            stay: Stay::new(*window, definitions),
            // Clocks have been changed by up to a day.
            longest: seconds(window.longest_s()) + 24 * HOUR,
            calendar,
            per_unit,
        })
    }

    /// The longest that a case counts after its last event.
    pub(super) fn longest(&self) -> i64 {
        self.longest
    }

    /// Whether cases must be kept in order.
    pub(super) fn is_ranked(&self) -> bool {
        self.measure.quantile().is_some()
    }

    /// Whether what is counted grows by itself.
    pub(super) fn ages(&self) -> bool {
        matches!(self.measure, CaseMeasure::MedianAge | CaseMeasure::P90Age)
    }

    /// Whether the case is one of those that are counted.
    pub(super) fn admits(&self, case: &Case) -> bool {
        (self.kind.is_empty() || self.kind == case.kind) && self.terms.admit(&case.labels)
    }

    /// What the case adds.
    pub(super) fn part(&self, case: &Case) -> Part {
        let opened = micros(case.opened);
        let (closed, done) = (case.closed.map(micros), case.done().map(micros));
        let weight = i128::from(self.terms.weight(&case.labels));
        let part = |span, whole, part, rank| Part { span, amount: Amount { cases: 1, whole, part }, rank };
        let within = |event: Option<i64>| event.map_or(NOT_AT_ALL, |event| (event, self.stay.end(event)));
        let took = |done: i64| self.between(opened, done);
        match self.measure {
            CaseMeasure::Open | CaseMeasure::Overdue | CaseMeasure::DueSoon => part(self.stands(case), weight, 0, 0),
            CaseMeasure::MedianAge | CaseMeasure::P90Age => part(self.stands(case), weight, 0, opened),
            CaseMeasure::Opened => part(within(Some(opened)), weight, 0, 0),
            CaseMeasure::Closed => part(within(done), weight, 0, 0),
            CaseMeasure::Reopened => part(within(case.reopened.map(micros)), weight, 0, 0),
            CaseMeasure::Withdrawn => part(within(closed.filter(|_| done.is_none())), weight, 0, 0),
            CaseMeasure::OnTime => {
                let in_time = case.done() <= case.due;
                part(within(done.filter(|_| case.due.is_some())), weight, if in_time { weight } else { 0 }, 0)
            }
            CaseMeasure::Satisfied => {
                let answer = self.terms.answer.as_ref();
                let given = answer.and_then(|answer| case.labels.get(answer.label.as_str()));
                let satisfied = answer.is_some_and(|answer| answer.satisfied.iter().any(|word| Some(word.as_str()) == given));
                part(within(done.filter(|_| given.is_some())), weight, if satisfied { weight } else { 0 }, 0)
            }
            CaseMeasure::MedianDuration | CaseMeasure::P90Duration => part(within(done), weight, 0, done.map_or(0, took)),
            CaseMeasure::Duration => part(within(done), weight * i128::from(done.map_or(0, took)), 0, 0),
        }
    }

    /// While an open case counts.
    fn stands(&self, case: &Case) -> Span {
        let opened = micros(case.opened);
        let end = case.closed.map_or(NEVER, micros);
        match (self.measure, case.due.map(micros)) {
            (CaseMeasure::Overdue, Some(due)) => (opened.max(due + 1), end),
            (CaseMeasure::DueSoon, Some(due)) => (opened.max(self.soon(due)), end.min(due + 1)),
            (CaseMeasure::Overdue | CaseMeasure::DueSoon, None) => NOT_AT_ALL,
            _ => (opened, end),
        }
    }

    /// From when on a deadline is near.
    fn soon(&self, due: i64) -> i64 {
        let Some(within) = self.terms.within else { return due };
        let due = timestamp(due);
        micros(self.calendar.as_ref().map_or_else(|| deadline::before(due, within), |calendar| calendar.before(due, within)))
    }

    /// The time between two moments, or the office time.
    fn between(&self, from: i64, to: i64) -> i64 {
        match self.calendar.as_ref().filter(|_| self.terms.working) {
            Some(calendar) => calendar.office_time(timestamp(to)) - calendar.office_time(timestamp(from)),
            None => to - from,
        }
    }

    /// The least number of cases that a share or a median needs.
    pub(super) fn minimum(&self) -> u64 {
        self.terms.minimum.unwrap_or(0).into()
    }

    /// The value of cases of which so much is counted, with what was divided; `None` where there is none, as for a share
    /// of nothing.
    pub(super) fn value(&self, amount: &Amount, ranked: Option<&Ranked<'_>>, at: i64) -> (Option<f64>, Option<(f64, f64)>) {
        #[allow(clippy::cast_precision_loss)]
        let (whole, part) = (amount.whole as f64, amount.part as f64);
        match (self.measure.quantile(), ranked) {
            (Some(quantile), Some(ranked)) => (self.quantile(quantile, ranked, at), None),
            _ if self.measure.is_share() && amount.whole == 0 => (None, None),
            _ if self.measure.is_share() => (Some(part * self.per_unit / whole), Some((part, whole))),
            _ if self.measure.is_time() => (Some(whole * self.per_unit), None),
            _ => (Some(whole), None),
        }
    }

    /// As SQL's `percentile_cont`: the lengths in order, the smallest at 0 and the largest at 1, and what lies between two
    /// of them in proportion.
    fn quantile(&self, quantile: f64, ranked: &Ranked<'_>, at: i64) -> Option<f64> {
        let last = ranked.count().checked_sub(1)?;
        // Counts of cases are far below 2^53, and a share of one is no larger than it.
        #[allow(clippy::cast_precision_loss)]
        let place = quantile * last as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let (low, high) = (place.floor() as usize, place.ceil() as usize);
        #[allow(clippy::cast_precision_loss)]
        let nth = |before: usize| {
            // The youngest was opened last; office time passes in the same order as time.
            let length = if self.ages() { self.between(ranked.nth(last - before)?, at) } else { ranked.nth(before)? };
            Some(length as f64 * self.per_unit)
        };
        let (below, above) = (nth(low)?, nth(high)?);
        Some(below + (place - place.floor()) * (above - below))
    }
}
