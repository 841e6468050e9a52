//! Readings of cases, straight from the definitions: each measure counts or sorts what it is said to, from nothing.

use super::{Rows, blank};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use taydo_model::calendar::Measured;
use taydo_model::kpi::{CaseMeasure, CaseTerms, From, Period, Window};
use taydo_model::{Allowance, Case, Definitions, Flags, Kpi, Reading, Scope};

impl Rows {
    pub(super) fn counted(&self, definitions: &Definitions, kpi: &Kpi, scope: &Scope, at: Timestamp) -> Option<Reading> {
        let From::Cases { kind, measure, window, terms } = &kpi.from else { return None };
        let memory = SignedDuration::from_hours(30 * 24).max(SignedDuration::from_secs(i64::from(window.longest_s()) + 86_400));
        let carries = |labels: &taydo_model::Labels, case: &Case| {
            labels.iter().map(|(name, value)| case.labels.get(name.as_str()) == Some(value)).collect::<Vec<_>>()
        };
        let cases: Vec<&Case> = self
            .cases
            .values()
            .map(|version| &version.case)
            .filter(|case| case.kind == *kind || kind.is_empty())
            .filter(|case| !carries(&terms.only, case).contains(&false) && !carries(&terms.without, case).contains(&true))
            .filter(|case| *scope == Scope::City || scopes(case).contains(scope))
            .collect();
        let known = |case: &&Case| case.opened <= at && case.closed.is_none_or(|closed| at < closed.max(case.opened) + memory);
        let is_known = cases.iter().any(known);
        if !is_known && *scope != Scope::City {
            return None;
        }
        let view = View { definitions, terms, at, window: *window };
        let events = cases.iter().flat_map(|case| [Some(case.opened), case.closed, case.reopened]).flatten();
        let newest = events.filter(|time| at - memory < *time && *time <= at).max();
        let found = if is_known { view.figure(*measure, &cases) } else { Found::default() };
        let too_few = is_known && found.cases < u64::from(terms.minimum.unwrap_or(0));
        let value = found.value.filter(|_| !too_few).map(|value| if kpi.unit.code() == "h" { value / 3600.0 } else { value });
        let mut reading = blank(kpi, scope, at, value, found.cases, newest);
        reading.numerator = found.parts.map(|(part, _)| part);
        reading.denominator = found.parts.map(|(_, whole)| whole);
        reading.flags = if too_few { Flags::TOO_FEW } else { Flags::default() };
        Some(reading)
    }
}

pub(super) fn scopes(case: &Case) -> Vec<Scope> {
    [case.area.clone().map(Scope::Area), case.department.clone().map(Scope::Department)].into_iter().flatten().collect()
}

/// A value before units: times in seconds, working times in working days, shares in percent.
#[derive(Default)]
struct Found {
    cases: u64,
    value: Option<f64>,
    parts: Option<(f64, f64)>,
}

/// Cases as they stood at a moment.
struct View<'a> {
    definitions: &'a Definitions,
    terms: &'a CaseTerms,
    at: Timestamp,
    window: Window,
}

impl View<'_> {
    fn figure(&self, measure: CaseMeasure, cases: &[&Case]) -> Found {
        let at = self.at;
        let of = |counts: &dyn Fn(&Case) -> bool| cases.iter().copied().filter(|case| counts(case)).collect::<Vec<&Case>>();
        let open = |case: &Case| case.opened <= at && case.closed.is_none_or(|closed| at < closed);
        let done = |case: &Case| case.withdrawn.is_none() && case.closed.is_some_and(|closed| self.inside(closed));
        let answer = |case: &Case| self.terms.answer.as_ref().and_then(|answer| case.labels.get(answer.label.as_str())).map(str::to_owned);
        let satisfied = |case: &Case| self.terms.answer.as_ref().unwrap().satisfied.contains(&answer(case).unwrap());
        match measure {
            CaseMeasure::Open => self.number(&of(&open)),
            CaseMeasure::Overdue => self.number(&of(&|case| open(case) && case.due.is_some_and(|due| due < at))),
            CaseMeasure::DueSoon => self.number(&of(&|case| open(case) && case.due.is_some_and(|due| at <= due && self.is_near(due)))),
            CaseMeasure::Opened => self.number(&of(&|case| self.inside(case.opened))),
            CaseMeasure::Closed => self.number(&of(&done)),
            CaseMeasure::Reopened => self.number(&of(&|case| case.reopened.is_some_and(|again| self.inside(again)))),
            CaseMeasure::Withdrawn => {
                self.number(&of(&|case| case.withdrawn.is_some() && case.closed.is_some_and(|closed| self.inside(closed))))
            }
            CaseMeasure::OnTime => self.share(&of(&|case| done(case) && case.due.is_some()), &|case| case.closed <= case.due),
            CaseMeasure::Satisfied => self.share(&of(&|case| done(case) && answer(case).is_some()), &satisfied),
            CaseMeasure::MedianAge => self.percentile(0.5, &of(&open), &|case| self.length(case.opened, at)),
            CaseMeasure::P90Age => self.percentile(0.9, &of(&open), &|case| self.length(case.opened, at)),
            CaseMeasure::MedianDuration => self.percentile(0.5, &of(&done), &|case| self.length(case.opened, case.closed.unwrap())),
            CaseMeasure::P90Duration => self.percentile(0.9, &of(&done), &|case| self.length(case.opened, case.closed.unwrap())),
            CaseMeasure::Duration => {
                let took = |case: &Case| self.length(case.opened, case.closed.unwrap()) * self.weight(case);
                let done = of(&done);
                Found { cases: done.len() as u64, value: Some(done.iter().map(|case| took(case)).sum()), parts: None }
            }
        }
    }

    fn number(&self, cases: &[&Case]) -> Found {
        Found { cases: cases.len() as u64, value: Some(cases.iter().map(|case| self.weight(case)).sum()), parts: None }
    }

    fn share(&self, cases: &[&Case], counts: &dyn Fn(&Case) -> bool) -> Found {
        let whole: f64 = cases.iter().map(|case| self.weight(case)).sum();
        let part: f64 = cases.iter().filter(|case| counts(case)).map(|case| self.weight(case)).sum();
        let parts = (whole > 0.0).then_some((part, whole));
        Found { cases: cases.len() as u64, value: parts.map(|(part, whole)| part / whole * 100.0), parts }
    }

    /// As `percentile_cont` is described in PostgreSQL's manual.
    fn percentile(&self, fraction: f64, cases: &[&Case], length: &dyn Fn(&Case) -> f64) -> Found {
        let mut lengths: Vec<f64> = cases.iter().map(|case| length(case)).collect();
        lengths.sort_by(f64::total_cmp);
        let value = (!lengths.is_empty()).then(|| {
            let row = fraction * (lengths.len() - 1) as f64;
            let (low, high) = (lengths[row.floor() as usize], lengths[row.ceil() as usize]);
            low + (row - row.floor()) * (high - low)
        });
        Found { cases: cases.len() as u64, value, parts: None }
    }

    fn weight(&self, case: &Case) -> f64 {
        self.terms.weigh.as_ref().map_or(1.0, |label| {
            let number = case.labels.get(label.as_str()).and_then(|text| text.parse::<u32>().ok());
            number.map_or(0.0, f64::from)
        })
    }

    fn length(&self, from: Timestamp, to: Timestamp) -> f64 {
        let elapsed = (to.as_microsecond() - from.as_microsecond()) as f64 / 1e6;
        if self.terms.working { self.office(from, to) / self.office_day() } else { elapsed }
    }

    /// Seconds of office time. That the calendar counts them rightly is shown where it is defined.
    fn office(&self, from: Timestamp, to: Timestamp) -> f64 {
        let calendar = self.definitions.calendar.as_ref().unwrap();
        (calendar.office_time(to) - calendar.office_time(from)) as f64 / 1e6
    }

    fn office_day(&self) -> f64 {
        self.definitions.calendar.as_ref().unwrap().office_day() as f64 / 1e6
    }

    fn is_near(&self, due: Timestamp) -> bool {
        let Allowance { count, measured } = self.terms.within.unwrap();
        let count = f64::from(count);
        let left = (due.as_microsecond() - self.at.as_microsecond()) as f64 / 1e6;
        match measured {
            Measured::WorkingDays => self.office(self.at, due) <= count * self.office_day(),
            Measured::WorkingHours => self.office(self.at, due) <= count * 3600.0,
            Measured::Days => left <= count * 86_400.0,
            Measured::Hours => left <= count * 3600.0,
        }
    }

    /// Whether the moment lies in the window of the reading.
    fn inside(&self, time: Timestamp) -> bool {
        let at = self.at;
        let zone = TimeZone::get(&self.definitions.city.zone).unwrap();
        let shown = |time: Timestamp| zone.to_datetime(time);
        let window_s = match self.window {
            Window::Sliding(window_s) => window_s,
            Window::Calendar(period) => return time <= at && begin(period, shown(at - SignedDuration::from_micros(1))) < shown(time),
        };
        if window_s % 86_400 != 0 {
            return at - SignedDuration::from_secs(window_s.into()) < time && time <= at;
        }
        let shown_again = (0..24).map(|step| shown(at + SignedDuration::from_mins(5 * step))).min().unwrap();
        shown_again - (i64::from(window_s) / 86_400).days() < shown(time) && time <= at
    }
}

/// When the period began that the clocks show to be in. Not for hours, which a change of clocks may repeat.
fn begin(period: Period, shown: DateTime) -> DateTime {
    let date = shown.date();
    let first = match period {
        Period::Hour => panic!("hours are not days"),
        Period::Day => date,
        Period::Week => date - i64::from(date.weekday().to_monday_zero_offset()).days(),
        Period::Month => date.first_of_month(),
        Period::Year => date.first_of_year(),
    };
    first.at(0, 0, 0, 0)
}
