//! A KPI from cases: for each scope, what the cases that count at a moment come to.
//!
//! Each measure is a span of time in which a case counts, so that levels and windows are one thing, and deadlines fall due
//! without data. It must never decide when a reading is due.

mod measure;
mod place;

use crate::figure::Figure;
use crate::moment::{HOUR, NEVER, SECOND, micros, seconds, step_floor};
use crate::range::Ranges;
use measure::Measure;
use place::{Place, Share, events};
use taydo_model::kpi::Dimension;
use taydo_model::{Case, Definitions, Flags, Kpi, Scope};

/// For how long after its last case a scope is known to be at zero, at least. A source that has said nothing for longer
/// is missing.
const MEMORY: i64 = 30 * 24 * HOUR;

/// The cases of one KPI.
#[derive(Debug)]
pub(crate) struct Backlog {
    measure: Measure,
    memory: i64,
    every: i64,
    by: Vec<Dimension>,
    floor: i64,
    /// By the scopes' numbers in the tally.
    places: Vec<Place>,
}

impl Backlog {
    /// The cases for a KPI from cases; `None` when it is not one, or can't be counted in this city.
    pub(crate) fn new(kpi: &Kpi, definitions: &Definitions) -> Option<Self> {
        let measure = Measure::new(kpi, definitions)?;
        let memory = MEMORY.max(measure.longest()).max(seconds(kpi.stale_s));
        let every = seconds(kpi.every_s.max(1));
        Some(Self { measure, memory, every, by: kpi.by.clone(), floor: i64::MIN / 4, places: Vec::new() })
    }

    /// How far before an instant its reading looks for closed cases.
    pub(crate) fn reach(&self) -> i64 {
        self.memory + SECOND
    }

    pub(crate) fn add_place(&mut self, scope: &Scope) {
        let mut place = Place::new(*scope == Scope::City, self.measure.is_ranked());
        place.forget(self.floor, self.memory);
        self.places.push(place);
    }

    /// Whether the case is one of those that are counted.
    pub(crate) fn counts(&self, case: &Case) -> bool {
        self.measure.admits(case)
    }

    /// The scopes of a case; none when it is not counted.
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

    fn share(&self, case: &Case) -> Share {
        let opened = micros(case.opened);
        let end = case.closed.map_or(NEVER, micros).max(opened);
        Share { part: self.measure.part(case), known: (opened, end + self.memory), events: events(case) }
    }

    /// Puts a case's new state, if any, in the place of the old, if any, in one scope that both or one of them belong
    /// to. The moments whose readings change are added to `touched`.
    pub(crate) fn put(&mut self, place: u32, old: Option<&Case>, new: Option<&Case>, touched: &mut Ranges) {
        let share = |case: Option<&Case>| case.map(|case| self.share(case)).unwrap_or_default();
        let (was, is) = (share(old), share(new));
        let (floor, memory) = (self.floor - self.memory, self.memory);
        if let Some(place) = self.places.get_mut(place as usize) {
            place.replace(&was, &is, floor, memory, touched);
        }
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
        let data_time = place.newest(at, at - self.memory);
        if place.known.at(at).cases == 0 {
            return place.is_city.then(|| Figure { data_time, ..Figure::default() }.judge(kpi, at));
        }
        let amount = place.counted.at(at);
        let samples = u64::try_from(amount.cases).unwrap_or(0);
        let ranked = place.ranks.as_ref().map(|ranks| ranks.at(at));
        let (value, parts) = self.measure.value(&amount, ranked.as_ref(), at);
        let too_few = samples < self.measure.minimum();
        let flags = if too_few { Flags::TOO_FEW } else { Flags::default() };
        Some(Figure { value: value.filter(|_| !too_few), parts, samples, data_time, flags, ..Figure::default() }.judge(kpi, at))
    }

    /// The next moment at which a scope's reading changes by itself. Ages grow all the time; they are told again at each
    /// instant of the grid.
    pub(crate) fn next_change(&self, place: usize, now: i64) -> Option<i64> {
        let place = self.places.get(place)?;
        let grows = self.measure.ages() && place.counted.at(now).cases > 0;
        let older = grows.then(|| (step_floor(now, self.every) + 1) * self.every);
        place.next_after(now).into_iter().chain(older).min()
    }
}
