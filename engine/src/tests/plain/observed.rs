//! A KPI from observations, word for word: every sample of a series from the beginning, judged, stepped and held anew for
//! each reading.

use super::{Rows, blank, series_scopes};
use crate::SeriesId;
use crate::tests::city::series;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Unit, Zoned, ZonedRound};
use std::collections::BTreeSet;
use taydo_model::kpi::{Across, Aggregate, From, Period, Suspect, Window};
use taydo_model::{Asset, Definitions, Flags, Kpi, Labels, Metric, Quality, Reading, SampleState, Scope};

/// A sample, judged.
#[derive(Debug, Clone)]
pub(super) struct One {
    time: Timestamp,
    ticks: i64,
    state: SampleState,
    impossible: bool,
    jumped: bool,
    frozen: bool,
}

impl One {
    fn is_void(&self) -> bool {
        matches!(self.state, SampleState::Calibrating | SampleState::Fault)
    }

    fn takes_part(&self) -> bool {
        !self.is_void() && !self.impossible
    }

    fn is_suspect(&self) -> bool {
        self.impossible || self.jumped || self.frozen
    }

    fn counts(&self, suspect: Suspect) -> bool {
        !self.is_void() && (suspect == Suspect::Flag || !self.is_suspect())
    }

    fn reports(&self, suspect: Suspect) -> bool {
        self.counts(suspect) || self.state == SampleState::Calibrating
    }
}

/// What one set of samples comes to: the value and its quotient, and by how much a percentile may be off.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    value: f64,
    parts: Option<(f64, f64)>,
    slack: f64,
}

/// All series that belong to one set, with all their samples.
type Set<'a> = Vec<(&'a Labels, &'a [One])>;

impl Rows {
    /// By how much a percentile may be off its exact value.
    pub(in crate::tests) fn slack(&self, definitions: &Definitions, kpi: &Kpi, scope: &Scope, at: Timestamp) -> f64 {
        let sketched =
            matches!(kpi.from, From::Observations { aggregate: Aggregate::Median | Aggregate::P90 | Aggregate::P95 | Aggregate::P99, .. });
        if !sketched {
            return 0.0;
        }
        reading(&self.judged(definitions, kpi, at), definitions, kpi, scope, at).map_or(0.0, |(_, slack)| slack)
    }

    /// Every series that the KPI counts, with all its samples up to the moment.
    pub(super) fn judged(&self, definitions: &Definitions, kpi: &Kpi, at: Timestamp) -> Vec<(Labels, Vec<One>)> {
        let From::Observations { metric, only, .. } = &kpi.from else { return Vec::new() };
        let Some(metric) = definitions.metric(metric) else { return Vec::new() };
        let carries = |labels: &Labels| only.iter().all(|(name, value)| labels.get(name.as_str()) == Some(value));
        let counted = series().into_iter().filter(|series| carries(&series.labels));
        counted.map(|series| (series.labels, judged(metric, self.of(series.id, at)))).collect()
    }

    fn of(&self, series: SeriesId, until: Timestamp) -> Vec<(Timestamp, i64, SampleState)> {
        let rows = self.samples.range(..=(until, SeriesId(i32::MAX))).filter(|((_, id), _)| *id == series);
        rows.map(|((time, _), (_, ticks, state))| (*time, *ticks, *state)).collect()
    }
}

/// The reading of a scope, and by how much a percentile may be off; `None` when there is no such scope then.
pub(super) fn reading(
    counted: &[(Labels, Vec<One>)],
    definitions: &Definitions,
    kpi: &Kpi,
    scope: &Scope,
    at: Timestamp,
) -> Option<(Reading, f64)> {
    let From::Observations { metric, aggregate, window, across, only, suspect, at_least, factor } = &kpi.from else { return None };
    let metric = definitions.metric(metric)?;
    let start = start(*window, &definitions.city.zone, at);
    let inside = |one: &&One| start < one.time && one.time <= at;
    let members: Set<'_> = counted
        .iter()
        .filter(|(labels, _)| series_scopes(kpi, labels).contains(scope))
        .filter(|(labels, _)| !matches!(aggregate, Aggregate::Distinct { label } if labels.get(label.as_str()).is_none()))
        .map(|(labels, ones)| (labels, ones.as_slice()))
        .collect();
    let earliest = self::start(*window, &definitions.city.zone, at - SignedDuration::from_hours(1));
    let remembered = |one: &&One| earliest < one.time && one.counts(*suspect);
    let newest = members.iter().flat_map(|(_, ones)| ones.iter()).filter(remembered).map(|one| one.time).max();
    let expected = expected(definitions, only, scope, at);
    if *scope != Scope::City && expected.is_empty() && newest.is_none() {
        return None;
    }
    let reports = |asset: &Asset| {
        let mut own = counted.iter().filter(|(labels, _)| labels.get("asset") == Some(asset.id.as_str()));
        own.any(|(_, ones)| ones.iter().filter(inside).any(|one| one.reports(*suspect)))
    };
    let reported = expected.iter().filter(|asset| reports(asset)).count();
    let coverage = (!expected.is_empty()).then(|| reported as f64 / expected.len() as f64);

    let by_series = across.is_some() || *aggregate == Aggregate::Rate;
    let sets: Vec<Set<'_>> = if by_series { members.iter().map(|one| vec![*one]).collect() } else { vec![members.clone()] };
    let ask = Asked { metric, aggregate, suspect: *suspect, stale_s: kpi.stale_s, start, at };
    let outcomes: Vec<Outcome> = sets.iter().filter_map(|set| ask.of(set)).collect();
    let samples: Vec<&One> = members.iter().flat_map(|(_, ones)| ones.iter()).filter(inside).filter(|one| one.counts(*suspect)).collect();
    let mut flags = Flags::default();
    let held = outcomes.is_empty() || matches!(aggregate, Aggregate::TimeWeightedMean { .. }) && samples.is_empty();
    for (holds, flag) in [
        (samples.iter().any(|one| one.is_suspect()), Flags::SUSPECT),
        (samples.iter().any(|one| one.state == SampleState::Provisional), Flags::PROVISIONAL),
        (samples.len() < *at_least as usize && !(samples.is_empty() && (held || outcomes.is_empty())), Flags::TOO_FEW),
    ] {
        flags = if holds { flags.union(flag) } else { flags };
    }
    let values = || outcomes.iter().map(|outcome| outcome.value);
    let value = match across {
        None | Some(Across::Sum) => values().sum::<f64>(),
        Some(Across::Max) => values().fold(f64::MIN, f64::max),
        Some(Across::Min) => values().fold(f64::MAX, f64::min),
        Some(Across::Mean) => values().sum::<f64>() / outcomes.len() as f64,
    };
    let value = (!outcomes.is_empty() && !flags.contains(Flags::TOO_FEW)).then_some(value * factor);
    let mut reading = blank(kpi, scope, at, value, samples.len() as u64, newest);
    reading.coverage = coverage;
    reading.flags = flags;
    if let [Outcome { parts: Some((numerator, denominator)), .. }] = outcomes.as_slice() {
        reading.numerator = Some(numerator * factor);
        reading.denominator = Some(*denominator);
    }
    if reading.quality == Quality::Good && coverage.is_some_and(|have| have < kpi.coverage.unwrap()) {
        reading.quality = Quality::Partial;
    }
    Some((reading, outcomes.iter().map(|outcome| outcome.slack).sum::<f64>() * factor))
}

/// When the window of a reading begins.
fn start(window: Window, zone: &str, at: Timestamp) -> Timestamp {
    let period = match window {
        Window::Sliding(window_s) => return at - SignedDuration::from_secs(window_s.into()),
        Window::Calendar(period) => period,
    };
    let before: Zoned = (at - SignedDuration::from_micros(1)).to_zoned(TimeZone::get(zone).unwrap());
    let day = before.start_of_day().unwrap();
    let first = match period {
        Period::Hour => {
            // Where clocks are changed within an hour, it is two: back by quarters while they show the same.
            let shown = |moment: &Zoned| (moment.date(), moment.hour(), moment.offset());
            let quarter = ZonedRound::new().smallest(Unit::Minute).increment(15).mode(jiff::RoundMode::Trunc);
            let mut first = before.round(quarter).unwrap();
            while shown(&(&first - 15.minutes())) == shown(&before) {
                first = &first - 15.minutes();
            }
            first
        }
        Period::Day => day,
        Period::Week => {
            let days = day.date().weekday().since(Weekday::Monday);
            day.checked_sub(i64::from(days).days()).unwrap().start_of_day().unwrap()
        }
        Period::Month => day.first_of_month().unwrap().start_of_day().unwrap(),
        Period::Year => day.first_of_year().unwrap().start_of_day().unwrap(),
    };
    first.timestamp()
}

fn expected<'a>(definitions: &'a Definitions, only: &Labels, scope: &Scope, at: Timestamp) -> Vec<&'a Asset> {
    let in_scope = |asset: &&Asset| match scope {
        Scope::City => true,
        Scope::Area(area) => asset.area == *area,
        Scope::Asset(id) => asset.id == *id,
        Scope::Department(_) => false,
    };
    let carries = |asset: &&Asset| only.iter().all(|(name, value)| name.as_str() == "area" && value == asset.area.as_str());
    definitions.assets.iter().map(AsRef::as_ref).filter(|asset| asset.is_valid(at)).filter(carries).filter(in_scope).collect()
}

/// Which samples of a series are suspect.
fn judged(metric: &Metric, rows: Vec<(Timestamp, i64, SampleState)>) -> Vec<One> {
    let one = |(time, ticks, state): (Timestamp, i64, SampleState)| {
        let mut one = One { time, ticks, state, impossible: false, jumped: false, frozen: false };
        let value = metric.value(ticks);
        one.impossible = !one.is_void() && metric.range.is_some_and(|(least, most)| value < least || value > most);
        one
    };
    let mut ones: Vec<One> = rows.into_iter().map(one).collect();
    let parts: Vec<usize> = (0..ones.len()).filter(|at| ones[*at].takes_part()).collect();
    let (time, ticks) = (|k: usize| ones[parts[k]].time, |k: usize| ones[parts[k]].ticks);
    let mut found = Vec::new();
    for (k, part) in parts.iter().enumerate() {
        let jumped = metric.jump.is_some_and(|jump| {
            let follows = |a: usize, b: usize| time(b).duration_since(time(a)) <= SignedDuration::from_secs(jump.within_s.into());
            let near = |a: usize, b: usize| (ticks(a) - ticks(b)).abs() as f64 / 10.0 <= jump.more_than + 1e-9;
            let too_far = k >= 1 && follows(k - 1, k) && !near(k - 1, k);
            let came_back = k >= 2 && follows(k - 2, k - 1) && !near(k - 2, k - 1) && near(k - 2, k);
            too_far && !came_back
        });
        let frozen = metric.frozen_s.is_some_and(|frozen_s| {
            let frozen = SignedDuration::from_secs(frozen_s.into());
            let mut first = k;
            while first > 0 && ticks(first - 1) == ticks(k) && time(first).duration_since(time(first - 1)) <= frozen {
                first -= 1;
            }
            time(k).duration_since(time(first)) >= frozen
        });
        found.push((*part, jumped, frozen));
    }
    for (at, jumped, frozen) in found {
        (ones[at].jumped, ones[at].frozen) = (jumped, frozen);
    }
    ones
}

struct Asked<'a> {
    metric: &'a Metric,
    aggregate: &'a Aggregate,
    suspect: Suspect,
    stale_s: u32,
    start: Timestamp,
    at: Timestamp,
}

impl Asked<'_> {
    fn inside(&self, one: &One) -> bool {
        self.start < one.time && one.time <= self.at && one.counts(self.suspect)
    }

    fn of(&self, set: &Set<'_>) -> Option<Outcome> {
        let value = |one: &One| self.metric.value(one.ticks);
        let mut samples: Vec<&One> = set.iter().flat_map(|(_, ones)| ones.iter()).filter(|one| self.inside(one)).collect();
        let whole = |value: f64| Some(Outcome { value, parts: None, slack: 0.0 });
        let quotient = |a: f64, b: f64| Some(Outcome { value: a / b, parts: Some((a, b)), slack: 0.0 });
        let count = samples.len() as f64;
        let sum: f64 = samples.iter().map(|one| one.ticks).sum::<i64>() as f64 / 10.0;
        if let Aggregate::TimeWeightedMean { hold_s } = self.aggregate {
            let (area, hours) = self.held(set, hold_s.unwrap_or(self.stale_s));
            return if hours > 0.0 { quotient(area, hours) } else { None };
        }
        if samples.is_empty() {
            return None;
        }
        let steps: Vec<(f64, f64)> = set.iter().flat_map(|(_, ones)| self.steps(ones)).collect();
        let (grown, took) = (steps.iter().map(|(grown, _)| grown).sum::<f64>(), steps.iter().map(|(_, took)| took).sum::<f64>());
        samples.sort_by_key(|one| one.ticks);
        match self.aggregate {
            Aggregate::Count => whole(count),
            Aggregate::Sum => whole(sum),
            Aggregate::Mean => quotient(sum, count),
            Aggregate::Min => whole(value(samples.first()?)),
            Aggregate::Max => whole(value(samples.last()?)),
            Aggregate::Last => whole(value(samples.iter().max_by_key(|one| (one.time, one.ticks))?)),
            Aggregate::Increase => whole(grown).filter(|_| !steps.is_empty()),
            Aggregate::Rate => quotient(grown, took).filter(|_| !steps.is_empty()),
            Aggregate::Median => percentile(&samples, 0.5),
            Aggregate::P90 => percentile(&samples, 0.9),
            Aggregate::P95 => percentile(&samples, 0.95),
            Aggregate::P99 => percentile(&samples, 0.99),
            Aggregate::ShareAbove { limit } => quotient(samples.iter().filter(|one| value(one) > *limit).count() as f64, count),
            Aggregate::ShareBelow { limit } => quotient(samples.iter().filter(|one| value(one) < *limit).count() as f64, count),
            Aggregate::Distinct { label } => {
                let reporting = set.iter().filter(|(_, ones)| ones.iter().any(|one| self.inside(one)));
                whole(reporting.map(|(labels, _)| labels.get(label.as_str())).collect::<BTreeSet<_>>().len() as f64)
            }
            Aggregate::TimeWeightedMean { .. } => None,
        }
    }

    /// The steps that end in the window: by how much, in how many hours.
    fn steps(&self, ones: &[One]) -> Vec<(f64, f64)> {
        let mut steps = Vec::new();
        for (at, one) in ones.iter().enumerate().filter(|(_, one)| self.inside(one) && one.takes_part()) {
            let before: Vec<&One> = ones[..at].iter().rev().filter(|one| one.takes_part()).take(4).collect();
            let trusted = before.iter().find(|one| !(self.suspect == Suspect::Exclude && one.jumped));
            let Some(base) = trusted.or(before.first()) else { continue };
            let took = one.time.duration_since(base.time);
            if took <= SignedDuration::from_hours(35 * 24) {
                let grown = if one.ticks < base.ticks { one.ticks } else { one.ticks - base.ticks };
                steps.push((grown as f64 / 10.0, took.as_secs_f64() / 3600.0));
            }
        }
        steps
    }

    /// Value times hours, and hours, that the series' values held within the window.
    fn held(&self, set: &Set<'_>, hold_s: u32) -> (f64, f64) {
        let (mut area, mut hours) = (0.0, 0.0);
        for (_, ones) in set {
            let ones: Vec<&One> = ones.iter().filter(|one| one.counts(self.suspect)).collect();
            for (at, one) in ones.iter().enumerate() {
                let next = ones.get(at + 1).map_or(self.at, |next| next.time);
                let end = next.min(one.time + SignedDuration::from_secs(hold_s.into())).min(self.at);
                let length = end.duration_since(one.time.max(self.start)).as_secs_f64() / 3600.0;
                if length > 0.0 {
                    area += length * self.metric.value(one.ticks);
                    hours += length;
                }
            }
        }
        (area, hours)
    }
}

/// As SQL's `percentile_cont`, of samples in order, with how far a sketch may be off.
fn percentile(samples: &[&One], share: f64) -> Option<Outcome> {
    let place = share * (samples.len() - 1) as f64;
    let (below, above) = (samples[place.floor() as usize].ticks as f64 / 10.0, samples[place.ceil() as usize].ticks as f64 / 10.0);
    let value = below + (above - below) * place.fract();
    Some(Outcome { value, parts: None, slack: below.abs().max(above.abs()) / 128.0 })
}
