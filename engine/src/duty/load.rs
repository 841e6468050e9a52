//! The alarm load of those who are on call, against the limits of EEMUA 191.
//!
//! It must never divide by nobody: where the record has nobody on call, one operator is reckoned with.

use super::life::{Life, seconds};
use super::{Fact, Record};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use taydo_model::figures::{AlarmLoad, Frequent, Judgement, Measure, What};
use taydo_model::incident::GroupKey;
use taydo_model::number::number;
use taydo_model::text::Language;
use taydo_model::{PersonId, RuleId, Text};

const TEN_MINUTES: SignedDuration = SignedDuration::from_mins(10);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Rules that are named.
const NAMED: usize = 10;

/// How many are on call, as a step function of time: from each moment on so many, until the next.
pub(super) struct Staff(BTreeMap<Timestamp, BTreeSet<PersonId>>);

impl Staff {
    pub(super) fn new(record: &Record, to: Timestamp) -> Self {
        let shifts: Vec<_> = record.shifts.iter().map(|shift| (shift.from, shift.to.unwrap_or(to).min(to), &shift.person)).collect();
        let mut edges: BTreeSet<Timestamp> = shifts.iter().flat_map(|(from, end, _)| [*from, *end]).collect();
        edges.insert(record.from);
        // People come and go at few moments, so each is looked at by itself.
        let on =
            |at: Timestamp| shifts.iter().filter(|(from, end, _)| *from <= at && at < *end).map(|(.., person)| (*person).clone()).collect();
        Self(edges.into_iter().map(|at| (at, on(at))).collect())
    }

    /// How many at a moment; at least one.
    pub(super) fn at(&self, at: Timestamp) -> f64 {
        self.0.range(..=at).next_back().map_or(1.0, |(_, on)| on.len().max(1) as f64)
    }

    /// How many in the mean from one moment to another.
    fn mean(&self, from: Timestamp, to: Timestamp) -> f64 {
        let inner = self.0.range(from..to).map(|(at, _)| *at).filter(|at| *at > from);
        let edges: Vec<Timestamp> = [from].into_iter().chain(inner).chain([to]).collect();
        let weighed: f64 = edges.iter().zip(edges.iter().skip(1)).map(|(at, next)| self.at(*at) * seconds(*at, *next)).sum();
        let whole = seconds(from, to);
        if whole > 0.0 { weighed / whole } else { self.at(from) }
    }
}

/// The load of a time that ends at `to`, from all incidents of which something is known.
pub(super) fn load(record: &Record, real: &[(&Fact, &GroupKey, &Life)], to: Timestamp) -> AlarmLoad {
    let from = record.from;
    let is_within = |at: Timestamp| from <= at && at < to;
    let mut alarms: Vec<Timestamp> = real.iter().filter_map(|(.., life)| life.shown_at).filter(|at| is_within(*at)).collect();
    alarms.sort();
    let staff = Staff::new(record, to);
    let muted = real.iter().filter(|(.., life)| life.shown_at.is_none() && is_within(life.opened_at)).count() as u64;
    let rules = real.iter().filter(|(.., life)| life.shown_at.is_some_and(is_within)).filter_map(|(fact, ..)| fact.rule.as_ref());
    let (most_frequent, ten_share) = frequent(rules, alarms.len());
    if to <= from {
        return AlarmLoad { words: words(&[]), ..AlarmLoad::default() };
    }
    let operators = staff.mean(from, to);
    let mean = |span: SignedDuration| alarms.len() as f64 / operators / (seconds(from, to) / span.as_secs_f64());
    let mut measures = vec![
        What::TenMinutesMean.measure(mean(TEN_MINUTES), None),
        most(What::TenMinutesMost, &alarms, TEN_MINUTES, &staff),
        What::HourMean.measure(mean(HOUR), None),
        most(What::HourMost, &alarms, HOUR, &staff),
        What::DayMean.measure(mean(DAY), None),
        day_most(record, &alarms, &staff, to),
    ];
    measures.extend(standing(from, to, real));
    let judgement = measures.iter().map(|measure| measure.judgement).max().unwrap_or_default();
    AlarmLoad { alarms: alarms.len() as u64, muted, operators, words: words(&measures), measures, most_frequent, ten_share, judgement }
}

/// The most alarms of one operator in any stretch of this length, and when it ended.
fn most(what: What, alarms: &[Timestamp], span: SignedDuration, staff: &Staff) -> Measure {
    let mut window: VecDeque<Timestamp> = VecDeque::new();
    let mut most = (0.0, None);
    for at in alarms {
        window.push_back(*at);
        while window.front().is_some_and(|first| at.duration_since(*first) >= span) {
            window.pop_front();
        }
        let share = window.len() as f64 / staff.at(*at);
        if share > most.0 {
            most = (share, Some(*at));
        }
    }
    what.measure(most.0, most.1)
}

/// The most alarms of one operator on any day of the city's calendar, as far as the time covers it.
fn day_most(record: &Record, alarms: &[Timestamp], staff: &Staff, to: Timestamp) -> Measure {
    let mut days: BTreeMap<Timestamp, (Timestamp, u64)> = BTreeMap::new();
    for at in alarms {
        let day = at.to_zoned(record.zone.clone()).start_of_day();
        let end = day.as_ref().ok().and_then(|day| day.tomorrow().ok()).map_or(to, |day| day.timestamp());
        let begin = day.map_or(*at, |day| day.timestamp());
        days.entry(begin).or_insert((end, 0)).1 += 1;
    }
    let share = |(begin, (end, count)): (&Timestamp, &(Timestamp, u64))| {
        (*count as f64 / staff.mean((*begin).max(record.from), (*end).min(to)), *begin)
    };
    let most = days.iter().map(share).max_by(|one, other| one.0.total_cmp(&other.0));
    What::DayMost.measure(most.map_or(0.0, |(share, _)| share), most.map(|(_, at)| at))
}

/// Alarms that stood: at the end of the time, and the most at one moment of it.
fn standing(from: Timestamp, to: Timestamp, real: &[(&Fact, &GroupKey, &Life)]) -> [Measure; 2] {
    let mut changes: BTreeMap<Timestamp, i64> = BTreeMap::new();
    for (.., life) in real {
        let Some(shown) = life.shown_at.filter(|at| *at < to) else { continue };
        *changes.entry(shown.max(from)).or_default() += 1;
        if let Some(over) = life.resolved_at.filter(|at| *at < to) {
            *changes.entry(over.max(from)).or_default() -= 1;
        }
    }
    let (mut now, mut most) = (0_i64, (0_i64, None));
    for (at, change) in changes {
        now += change;
        if now > most.0 {
            most = (now, Some(at));
        }
    }
    [What::StandingLast.measure(now as f64, None), What::StandingMost.measure(most.0 as f64, most.1)]
}

fn frequent<'r>(rules: impl Iterator<Item = &'r RuleId>, alarms: usize) -> (Vec<Frequent>, Option<f64>) {
    let mut counts: BTreeMap<&RuleId, u64> = BTreeMap::new();
    for rule in rules {
        *counts.entry(rule).or_default() += 1;
    }
    let mut counts: Vec<(&RuleId, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let share = |count: u64| count as f64 / alarms.max(1) as f64;
    let named: Vec<Frequent> =
        counts.into_iter().take(NAMED).map(|(rule, count)| Frequent { rule: rule.clone(), alarms: count, share: share(count) }).collect();
    let together = (alarms > 0).then(|| share(named.iter().map(|one| one.alarms).sum()));
    (named, together)
}

/// The load in a sentence: what is usual, what was the most, and what that means.
fn words(measures: &[Measure]) -> Text {
    let of = |what: What| measures.iter().find(|measure| measure.what == what);
    let (Some(mean), Some(most)) = (of(What::TenMinutesMean), of(What::TenMinutesMost)) else {
        return Text::new("Chưa có thời gian nào để tính.", "There is no time to reckon with yet.");
    };
    let worst = measures.iter().map(|measure| measure.judgement).max().unwrap_or(Judgement::Acceptable);
    let written = |value: f64, language| number(value, 1, language);
    let vi = format!(
        "Tải cảnh báo {}: trung bình {} cảnh báo mỗi 10 phút cho mỗi người trực, lúc nhiều nhất {}.",
        worst.words().vi,
        written(mean.value, Language::Vi),
        written(most.value, Language::Vi)
    );
    let en = format!(
        "The alarm load is {}: {} alarms in 10 minutes for each operator in the mean, {} at the most.",
        worst.words().en,
        written(mean.value, Language::En),
        written(most.value, Language::En)
    );
    Text::new(&vi, &en)
}
