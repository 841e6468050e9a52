//! Readings straight from the definitions, over all rows, with no thought for speed.

use super::city::series;
use crate::{CaseVersion, Sample, SeriesId};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use taydo_model::kpi::{Aggregate, CaseMeasure, Dimension, From, Period, Window};
use taydo_model::{Case, CaseKey, City, Definitions, Flags, Kpi, Labels, Quality, Reading, SampleState, Scope};

/// What the store would hold: of each key the row that counts.
#[derive(Debug, Default, Clone)]
pub(super) struct Rows {
    pub(super) samples: BTreeMap<(Timestamp, SeriesId), (i32, i64)>,
    pub(super) cases: HashMap<CaseKey, CaseVersion>,
}

impl Rows {
    /// Whether the sample was new or changed something.
    pub(super) fn put(&mut self, sample: &Sample) -> bool {
        let row = (sample.revision, sample.ticks);
        let have = self.samples.entry((sample.time, sample.series)).or_insert((i32::MIN, 0));
        let better = row > *have;
        *have = row.max(*have);
        better
    }

    pub(super) fn put_case(&mut self, version: &CaseVersion) -> bool {
        let order = |version: &CaseVersion| (version.updated, version.hash);
        let better = self.cases.get(&version.key).is_none_or(|have| order(have) < order(version));
        if better {
            self.cases.insert(version.key.clone(), version.clone());
        }
        better
    }

    pub(super) fn samples_after(&self, after: Timestamp) -> Vec<Sample> {
        let rows = self.samples.iter().filter(|((time, _), _)| *time > after);
        rows.map(|((time, series), (revision, ticks))| Sample {
            series: *series,
            time: *time,
            ticks: *ticks,
            revision: *revision,
            state: SampleState::Normal,
        })
        .collect()
    }

    /// The reading of every scope that exists at the instant.
    pub(super) fn readings(&self, definitions: &Definitions, kpi: &Kpi, at: Timestamp) -> Vec<Reading> {
        let mut scopes = BTreeSet::from([Scope::City]);
        match &kpi.from {
            From::Observations { .. } => {
                scopes.extend(series().iter().flat_map(|series| series_scopes(kpi, &series.labels)));
                scopes.extend(definitions.assets.iter().map(|asset| Scope::Area(asset.area.clone())));
                scopes.extend(definitions.assets.iter().map(|asset| Scope::Asset(asset.id.clone())));
                scopes
                    .into_iter()
                    .filter(|scope| kpi.covers(scope))
                    .filter_map(|scope| self.observed(definitions, kpi, &scope, at))
                    .collect()
            }
            From::Cases { .. } => {
                scopes.extend(self.cases.values().flat_map(|version| case_scopes(&version.case)));
                scopes.into_iter().filter_map(|scope| self.counted(&definitions.city, kpi, &scope, at)).collect()
            }
        }
    }

    fn observed(&self, definitions: &Definitions, kpi: &Kpi, scope: &Scope, at: Timestamp) -> Option<Reading> {
        let From::Observations { metric, aggregate, window, across, only, factor } = &kpi.from else { return None };
        definitions.metric(metric)?;
        let zone = TimeZone::get(&definitions.city.zone).unwrap();
        let begins = |at: Timestamp| window_start(*window, &zone, at);
        let begin = begins(at);
        let carries = |labels: &Labels| only.iter().all(|(name, value)| labels.get(name.as_str()) == Some(value));
        let counted: Vec<_> = series().into_iter().filter(|series| carries(&series.labels)).collect();
        let members: Vec<_> = counted.iter().filter(|series| series_scopes(kpi, &series.labels).contains(scope)).collect();
        let earliest = begins(at - SignedDuration::from_hours(1));
        let rows: Vec<_> = self.samples.range((earliest, SeriesId(0))..=(at, SeriesId(i32::MAX))).collect();
        let of = |id: SeriesId| -> Vec<(Timestamp, i64)> {
            rows.iter().filter(|((_, series), _)| *series == id).map(|((time, _), (_, ticks))| (*time, *ticks)).collect()
        };
        let inside = |time: Timestamp| begin < time && time <= at;
        let remembered = |time: &Timestamp| earliest < *time && *time <= at;
        let newest = members.iter().flat_map(|series| of(series.id)).map(|(time, _)| time).filter(remembered).max();
        let expected: Vec<_> = definitions
            .assets
            .iter()
            .filter(|asset| asset.is_valid(at))
            .filter(|asset| only.iter().all(|(name, value)| name.as_str() == "area" && value == asset.area.as_str()))
            .filter(|asset| match scope {
                Scope::City => true,
                Scope::Area(area) => asset.area == *area,
                Scope::Asset(id) => asset.id == *id,
                Scope::Department(_) => false,
            })
            .collect();
        if *scope != Scope::City && expected.is_empty() && newest.is_none() {
            return None;
        }
        let reports = |asset: &str| {
            counted.iter().any(|one| one.labels.get("asset") == Some(asset) && of(one.id).iter().any(|(time, _)| inside(*time)))
        };
        let reported = expected.iter().filter(|asset| reports(asset.id.as_str())).count();
        let coverage = (!expected.is_empty()).then(|| reported as f64 / expected.len() as f64);
        let sets: Vec<Vec<(Timestamp, i64)>> = if across.is_some() {
            members.iter().map(|series| of(series.id).into_iter().filter(|(time, _)| inside(*time)).collect()).collect()
        } else {
            vec![members.iter().flat_map(|series| of(series.id)).filter(|(time, _)| inside(*time)).collect()]
        };
        let sets: Vec<_> = sets.into_iter().filter(|set| !set.is_empty()).collect();
        let one = |set: &Vec<(Timestamp, i64)>| {
            let ticks: Vec<i64> = set.iter().map(|(_, ticks)| *ticks).collect();
            let sum = ticks.iter().sum::<i64>() as f64 / 10.0;
            match aggregate {
                Aggregate::Count => set.len() as f64,
                Aggregate::Sum => sum,
                Aggregate::Mean => sum / set.len() as f64,
                Aggregate::Min => *ticks.iter().min().unwrap() as f64 / 10.0,
                Aggregate::Max => *ticks.iter().max().unwrap() as f64 / 10.0,
                Aggregate::Last => set.iter().max().unwrap().1 as f64 / 10.0,
            }
        };
        let value = (!sets.is_empty()).then(|| sets.iter().map(one).sum::<f64>() * factor);
        let samples = sets.iter().map(Vec::len).sum::<usize>() as u64;
        let mut reading = blank(kpi, scope, at, value, samples, newest);
        reading.coverage = coverage;
        if *aggregate == Aggregate::Mean && across.is_none() && value.is_some() {
            reading.denominator = Some(samples as f64);
            reading.numerator = value.map(|value| value * samples as f64);
        }
        if reading.quality == Quality::Good && coverage.is_some_and(|have| have < kpi.coverage.unwrap()) {
            reading.quality = Quality::Partial;
        }
        Some(reading)
    }

    fn counted(&self, city: &City, kpi: &Kpi, scope: &Scope, at: Timestamp) -> Option<Reading> {
        let From::Cases { kind, measure, window } = &kpi.from else { return None };
        let window_s = &window.longest_s();
        let window = SignedDuration::from_secs((*window_s).into());
        let days = i64::from(*window_s) / 86_400;
        let zone = TimeZone::get(&city.zone).unwrap();
        let shown = |time: Timestamp| zone.to_datetime(time);
        let shown_again = (0..24).map(|step| shown(at + SignedDuration::from_mins(5 * step))).min().unwrap();
        let memory = SignedDuration::from_hours(30 * 24).max(window);
        let of_kind = self.cases.values().map(|version| &version.case).filter(|case| case.kind == *kind || kind.is_empty());
        let cases: Vec<&Case> = of_kind.filter(|case| *scope == Scope::City || case_scopes(case).contains(scope)).collect();
        let known = |case: &&Case| case.opened <= at && case.closed.is_none_or(|closed| at < closed.max(case.opened) + memory);
        let inside = |time: Timestamp| match *window_s % 86_400 {
            0 => shown_again - days.days() < shown(time) && time <= at,
            _ => at - window < time && time <= at,
        };
        let is_known = cases.iter().any(known);
        if !is_known && *scope != Scope::City {
            return None;
        }
        let count = |counts: &dyn Fn(&Case) -> bool| cases.iter().filter(|case| counts(case)).count();
        let closed_with_due = |case: &Case| case.due.is_some() && case.closed.is_some_and(inside);
        let whole = match measure {
            CaseMeasure::Open => count(&|case| case.is_open(at)),
            CaseMeasure::Overdue => count(&|case| case.is_overdue(at)),
            CaseMeasure::Opened => count(&|case| inside(case.opened)),
            CaseMeasure::Closed => count(&|case| case.closed.is_some_and(inside)),
            CaseMeasure::OnTime => count(&closed_with_due),
        };
        let events = cases.iter().flat_map(|case| [Some(case.opened), case.closed]).flatten();
        let newest = events.filter(|time| at - memory < *time && *time <= at).max();
        let samples = if is_known { whole as u64 } else { 0 };
        let mut reading = blank(kpi, scope, at, is_known.then_some(whole as f64), samples, newest);
        if *measure == CaseMeasure::OnTime && is_known {
            let part = count(&|case| closed_with_due(case) && case.closed <= case.due);
            let share = (whole > 0).then(|| part as f64 / whole as f64 * 100.0);
            reading = blank(kpi, scope, at, share, samples, newest);
            reading.numerator = share.map(|_| part as f64);
            reading.denominator = share.map(|_| whole as f64);
        }
        Some(reading)
    }
}

/// Where the window of a reading at a moment begins, exclusive: for a calendar's period, going back by days and then by quarters of an hour to
/// the last moment before which the clocks showed another one.
pub(super) fn window_start(window: Window, zone: &TimeZone, at: Timestamp) -> Timestamp {
    let period = match window {
        Window::Sliding(window_s) => return at - SignedDuration::from_secs(window_s.into()),
        Window::Calendar(period) => period,
    };
    let shown = |time: Timestamp| {
        let shown = zone.to_datetime(time);
        let monday = shown.date() - i64::from(shown.date().weekday().to_monday_zero_offset()).days();
        match period {
            Period::Hour => (shown.date(), i32::from(shown.hour()) * 100_000 + zone.to_offset(time).seconds()),
            Period::Day => (shown.date(), 0),
            Period::Week => (monday, 0),
            Period::Month => (shown.date().first_of_month(), 0),
            Period::Year => (shown.date().first_of_year(), 0),
        }
    };
    let just_before = |time: Timestamp| time - SignedDuration::from_micros(1);
    let this = shown(just_before(at));
    let mut begin = Timestamp::from_second(just_before(at).as_second().div_euclid(900) * 900).unwrap();
    let (day, quarter) = (SignedDuration::from_hours(24), SignedDuration::from_mins(15));
    while shown(just_before(begin - day)) == this {
        begin -= day;
    }
    while shown(just_before(begin)) == this {
        begin -= quarter;
    }
    begin
}

fn blank(kpi: &Kpi, scope: &Scope, at: Timestamp, value: Option<f64>, samples: u64, newest: Option<Timestamp>) -> Reading {
    let stale = newest.is_none_or(|time| at.duration_since(time) > SignedDuration::from_secs(kpi.stale_s.into()));
    let quality = match value {
        None => Quality::Missing,
        Some(_) if stale => Quality::Stale,
        Some(_) => Quality::Good,
    };
    Reading {
        kpi: kpi.id.clone(),
        scope: scope.clone(),
        time: at,
        value,
        numerator: None,
        denominator: None,
        samples,
        coverage: None,
        quality,
        flags: Flags::default(),
        data_time: newest,
    }
}

fn series_scopes(kpi: &Kpi, labels: &Labels) -> Vec<Scope> {
    let mut scopes = vec![Scope::City];
    for (name, dimension) in [("area", Dimension::Area), ("asset", Dimension::Asset), ("department", Dimension::Department)] {
        if let Some(id) = labels.get(name).filter(|_| kpi.by.contains(&dimension)) {
            scopes.push(format!("{name}:{id}").parse().unwrap());
        }
    }
    scopes
}

fn case_scopes(case: &Case) -> Vec<Scope> {
    [case.area.clone().map(Scope::Area), case.department.clone().map(Scope::Department)].into_iter().flatten().collect()
}

/// Whether two readings say the same, the last bits of a quotient apart.
pub(super) fn same(a: &Reading, b: &Reading) -> bool {
    let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0),
        (a, b) => a.is_none() && b.is_none(),
    };
    let rest = |reading: &Reading| Reading { value: None, numerator: None, coverage: None, ..reading.clone() };
    near(a.value, b.value) && near(a.numerator, b.numerator) && near(a.coverage, b.coverage) && rest(a) == rest(b)
}
