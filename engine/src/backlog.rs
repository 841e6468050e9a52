//! A KPI from cases: for each scope, how many cases count at a moment.
//!
//! Each measure is a span of time in which a case counts, so that levels and sliding windows are one thing, and
//! deadlines fall due without data. It must never decide when a reading is due.

use crate::calendar::Length;
use crate::figure::Figure;
use crate::moment::{HOUR, NEVER, SECOND, micros, seconds};
use crate::range::Ranges;
use crate::steps::{Span, Steps, difference};
use std::collections::BTreeMap;
use taydo_model::kpi::{CaseMeasure, Dimension, From};
use taydo_model::{Case, City, Kpi, Scope, Unit};

/// For how long after its last case a scope is known to be at zero, at least. A source that has said nothing for longer
/// is missing.
const MEMORY: i64 = 30 * 24 * HOUR;

/// Where and when a case counts.
#[derive(Debug, Clone, PartialEq)]
struct Spans {
    /// While it counts.
    count: Span,
    /// The same, if it was closed in time.
    on_time: Span,
    /// While it vouches for its scopes.
    known: Span,
}

/// The cases of one KPI.
#[derive(Debug)]
pub(crate) struct Backlog {
    kind: String,
    measure: CaseMeasure,
    window: Length,
    memory: i64,
    by: Vec<Dimension>,
    /// What a ratio must be multiplied by.
    per_ratio: f64,
    floor: i64,
    places: Vec<Place>,
}

/// A scope's part. Its number is the scope's number in the tally.
#[derive(Debug, Default)]
struct Place {
    is_city: bool,
    count: Steps,
    on_time: Steps,
    known: Steps,
    /// How many cases were opened or closed at a moment, as far back as is remembered.
    events: BTreeMap<i64, u32>,
}

impl Backlog {
    /// The cases for a KPI of a city from cases; `None` when it is not one.
    pub(crate) fn new(kpi: &Kpi, city: &City) -> Option<Self> {
        let From::Cases { kind, measure, window } = &kpi.from else { return None };
        let window = Length::new(window.longest_s(), city);
        let per_ratio = Unit::parse("ratio").and_then(|ratio| ratio.factor_to(kpi.unit)).unwrap_or(1.0);
        Some(Self {
            kind: kind.clone(),
            measure: *measure,
            memory: MEMORY.max(window.longest()).max(seconds(kpi.stale_s)),
            window,
            by: kpi.by.clone(),
            per_ratio,
            floor: i64::MIN / 4,
            places: Vec::new(),
        })
    }

    /// How far before an instant its reading looks for closed cases.
    pub(crate) fn reach(&self) -> i64 {
        self.memory + SECOND
    }

    pub(crate) fn add_place(&mut self, scope: &Scope) {
        let mut place = Place { is_city: *scope == Scope::City, ..Place::default() };
        place.forget(self.floor, self.memory);
        self.places.push(place);
    }

    /// Whether the case is of the kind that is counted.
    pub(crate) fn counts(&self, case: &Case) -> bool {
        self.kind.is_empty() || self.kind == case.kind
    }

    /// The scopes of a case; none when it is of another kind.
    pub(crate) fn scopes(&self, case: &Case) -> Vec<Scope> {
        if !self.counts(case) {
            return Vec::new();
        }
        let mut scopes = vec![Scope::City];
        scopes.extend(self.by.iter().filter_map(|dimension| match dimension {
            Dimension::Area => case.area.clone().map(Scope::Area),
            Dimension::Department => case.department.clone().map(Scope::Department),
            Dimension::Asset => None,
        }));
        scopes
    }

    fn spans(&self, case: &Case) -> Spans {
        let opened = micros(case.opened);
        let closed = case.closed.map(micros);
        let due = case.due.map(micros);
        let end = closed.unwrap_or(NEVER);
        let never = (0, 0);
        let count = match (self.measure, closed, due) {
            (CaseMeasure::Open, ..) => (opened, end),
            (CaseMeasure::Overdue, _, Some(due)) => (opened.max(due + 1), end),
            (CaseMeasure::Opened, ..) => (opened, self.window.end(opened)),
            (CaseMeasure::Closed, Some(closed), _) | (CaseMeasure::OnTime, Some(closed), Some(_)) => (closed, self.window.end(closed)),
            (CaseMeasure::Overdue | CaseMeasure::Closed | CaseMeasure::OnTime, ..) => never,
        };
        let in_time = self.measure == CaseMeasure::OnTime && closed <= due;
        Spans { count, on_time: if in_time { count } else { never }, known: (opened, end.max(opened) + self.memory) }
    }

    /// Puts a case's new state, if any, in the place of the old, if any, in one scope that both or one of them belong
    /// to. The moments whose readings change are added to `touched`.
    pub(crate) fn put(&mut self, place: u32, old: Option<&Case>, new: Option<&Case>, touched: &mut Ranges) {
        let spans = |case: Option<&Case>| case.map_or(Spans { count: (0, 0), on_time: (0, 0), known: (0, 0) }, |case| self.spans(case));
        let (was, is) = (spans(old), spans(new));
        let (floor, memory) = (self.floor - self.memory, self.memory);
        let Some(place) = self.places.get_mut(place as usize) else { return };
        for (steps, was, is) in [
            (&mut place.count, was.count, is.count),
            (&mut place.on_time, was.on_time, is.on_time),
            (&mut place.known, was.known, is.known),
        ] {
            steps.put(was, -1);
            steps.put(is, 1);
            for (from, to) in difference(was, is) {
                touched.add(from, to - 1);
            }
        }
        place.replace_events(events(old), events(new), floor, memory, touched);
    }

    /// Raises the floor: instants before it are not asked for any more.
    pub(crate) fn raise_floor(&mut self, computable_from: i64) {
        self.floor = self.floor.max(computable_from);
    }

    /// Folds away what lies below the floor.
    pub(crate) fn forget(&mut self) {
        for place in &mut self.places {
            place.forget(self.floor, self.memory);
        }
    }

    /// A reading's content at a moment; `None` when there is no such scope then.
    pub(crate) fn figure(&self, kpi: &Kpi, place: usize, at: i64) -> Option<Figure> {
        let place = self.places.get(place)?;
        let known = place.known.count(at) > 0;
        if !known && !place.is_city {
            return None;
        }
        let count = place.count.count(at);
        #[allow(clippy::cast_precision_loss)]
        let (whole, part) = (count as f64, place.on_time.count(at) as f64);
        let (value, parts) = match self.measure {
            _ if !known => (None, None),
            CaseMeasure::OnTime if count == 0 => (None, None),
            CaseMeasure::OnTime => (Some(part * self.per_ratio / whole), Some((part, whole))),
            _ => (Some(whole), None),
        };
        let newest = place.events.range(..=at).next_back().map(|(time, _)| *time).filter(|time| *time > at - self.memory);
        let samples = if known { count } else { 0 };
        Some(Figure { value, parts, samples, data_time: newest, ..Figure::default() }.judge(kpi, at))
    }

    /// The next moment at which a scope's reading changes by itself.
    pub(crate) fn next_change(&self, place: usize, now: i64) -> Option<i64> {
        let place = self.places.get(place)?;
        [&place.count, &place.on_time, &place.known].into_iter().filter_map(|steps| steps.next_after(now)).min()
    }
}

fn events(case: Option<&Case>) -> [Option<i64>; 2] {
    case.map_or([None, None], |case| [Some(micros(case.opened)), case.closed.map(micros)])
}

impl Place {
    fn replace_events(&mut self, old: [Option<i64>; 2], new: [Option<i64>; 2], floor: i64, memory: i64, touched: &mut Ranges) {
        let gone = old.into_iter().flatten().filter(|time| !new.contains(&Some(*time)));
        let come = new.into_iter().flatten().filter(|time| !old.contains(&Some(*time)));
        let changed: Vec<i64> = gone.chain(come).collect();
        for time in old.into_iter().flatten().filter(|time| *time > floor) {
            if let Some(count) = self.events.get_mut(&time) {
                *count -= 1;
                if *count == 0 {
                    self.events.remove(&time);
                }
            }
        }
        for time in new.into_iter().flatten().filter(|time| *time > floor) {
            *self.events.entry(time).or_default() += 1;
        }
        for time in changed {
            let next = self.events.range(time + 1..).next().map_or(NEVER, |(next, _)| *next);
            touched.add(time, next.min(time + memory) - 1);
        }
    }

    fn forget(&mut self, floor: i64, memory: i64) {
        for steps in [&mut self.count, &mut self.on_time, &mut self.known] {
            steps.forget(floor);
        }
        while self.events.first_key_value().is_some_and(|(time, _)| *time <= floor - memory) {
            self.events.pop_first();
        }
    }
}
