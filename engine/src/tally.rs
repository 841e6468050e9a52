//! One KPI: its scopes, where it stands on its grid, which corrections it owes, and what was last told live.
//!
//! What the values are computed from is behind [`Source`]. It must never keep samples or cases itself.

use crate::backlog::Backlog;
use crate::engine::SeriesState;
use crate::figure::Figure;
use crate::grid::Grid;
use crate::moment::{ALWAYS, NEVER, step_ceil, step_floor, timestamp};
use crate::range::Ranges;
use crate::track::{Placed, Track};
use crate::window::{Route, Spoiled, Windows, number};
use crate::{Effects, Recorded, SeriesId, Touched};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use taydo_model::{Asset, Case, Definitions, Kpi, Labels, Quality, Reading, Scope, kpi};

/// What a KPI is computed from.
#[derive(Debug)]
pub(crate) enum Source {
    Windows(Windows),
    Backlog(Backlog),
}

/// Whether rows are news, or what a restart reads again, which nothing follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taking {
    News,
    Restore,
}

/// When a row came, and as what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Came {
    pub(crate) now: i64,
    pub(crate) taking: Taking,
}

/// One KPI.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) kpi: Arc<Kpi>,
    pub(crate) grid: Grid,
    pub(crate) source: Source,
    scopes: Vec<Scope>,
    index: HashMap<Scope, u32>,
    /// Instants that are to be told again, with the scope. At most as many as the lateness has instants for each scope.
    owed: BTreeSet<(i64, u32)>,
    /// What is beyond the lateness.
    beyond: Ranges,
    /// What was last told live, by scope.
    told: Vec<Option<Figure>>,
    /// Whether data came since, by scope, and for which.
    changed: Vec<bool>,
    changes: Vec<u32>,
    /// When some scope changes without data.
    look_at: i64,
    /// Whether that moment has passed since the last tick.
    look: bool,
}

impl Tally {
    /// A KPI without data; `None` when its metric isn't defined.
    pub(crate) fn new(kpi: &Arc<Kpi>, definitions: &Definitions, now: i64) -> Option<Self> {
        let source = match kpi.from.computed().as_ref() {
            kpi::From::Observations { metric, .. } => Source::Windows(Windows::new(kpi, definitions.metric(metric)?)?),
            kpi::From::Cases { .. } => Source::Backlog(Backlog::new(kpi, definitions)?),
            kpi::From::Form(_) => return None,
        };
        let mut tally = Self {
            kpi: Arc::clone(kpi),
            grid: Grid::new(kpi, now),
            source,
            scopes: Vec::new(),
            index: HashMap::new(),
            owed: BTreeSet::new(),
            beyond: Ranges::default(),
            told: Vec::new(),
            changed: Vec::new(),
            changes: Vec::new(),
            look_at: ALWAYS,
            look: true,
        };
        tally.begin(now);
        tally.scope(&Scope::City);
        definitions.assets.iter().for_each(|asset| tally.expect(asset));
        Some(tally)
    }

    fn expect(&mut self, asset: &Arc<Asset>) {
        let Source::Windows(windows) = &mut self.source else { return };
        for scope in windows.expect(asset) {
            let place = self.scope(&scope);
            if let Source::Windows(windows) = &mut self.source {
                windows.expect_in(place);
            }
        }
    }

    /// The scope's number, given now if it has none.
    fn scope(&mut self, scope: &Scope) -> u32 {
        if let Some(place) = self.index.get(scope) {
            return *place;
        }
        let place = number(self.scopes.len());
        self.scopes.push(scope.clone());
        self.index.insert(scope.clone(), place);
        self.told.push(None);
        self.changed.push(false);
        match &mut self.source {
            Source::Windows(windows) => windows.add_place(scope),
            Source::Backlog(backlog) => backlog.add_place(scope),
        }
        place
    }

    /// How far before an instant its reading looks, in microseconds.
    pub(crate) fn reach(&self) -> i64 {
        match &self.source {
            Source::Windows(windows) => windows.reach(),
            Source::Backlog(backlog) => backlog.reach(),
        }
    }

    /// From where on a restart at `now` must read.
    pub(crate) fn needed_from(&self, now: i64) -> i64 {
        self.grid.computable_from(now) - self.reach()
    }

    /// Prepares for a step at `now`.
    pub(crate) fn begin(&mut self, now: i64) {
        let computable_from = self.grid.computable_from(now);
        match &mut self.source {
            Source::Windows(windows) => windows.raise_floor(computable_from),
            Source::Backlog(backlog) => backlog.raise_floor(computable_from),
        }
        if now >= self.look_at {
            self.look_at = NEVER;
            self.look = true;
        }
    }

    /// Lets a series flow into its scopes; `None` when the KPI doesn't count it.
    pub(crate) fn route(&mut self, tally: usize, series: (u32, SeriesId), labels: &Labels) -> Option<Route> {
        let Source::Windows(windows) = &self.source else { return None };
        let scopes = windows.scopes(labels);
        let places: Vec<u32> = scopes.iter().map(|scope| self.scope(scope)).collect();
        match &mut self.source {
            Source::Windows(windows) if !places.is_empty() => Some(windows.route(tally, series, labels, &places)),
            _ => None,
        }
    }

    /// Takes a sample of this time that came at `now`, and is in the track.
    pub(crate) fn put_sample(
        &mut self,
        route: &Route,
        time: i64,
        (placed, track): (&Placed, &Track),
        came: Came,
        spoiled: &mut Vec<Spoiled>,
    ) {
        let Source::Windows(windows) = &mut self.source else { return };
        let last = windows.put(route, time, placed, track, spoiled);
        let late = time <= self.grid.recorded && came.taking == Taking::News;
        let until = if late { windows.last_touched(route, time).max(windows.last_touched(route, last)) } else { time };
        for place in &route.places {
            self.mark(*place);
            if late {
                self.owe(*place, time, until, came.now);
            }
        }
    }

    /// Takes a case's new state at `now`.
    pub(crate) fn put_case(&mut self, old: Option<&Case>, new: &Case, now: i64, taking: Taking) {
        let Source::Backlog(backlog) = &self.source else { return };
        let was = old.map(|case| backlog.scopes(case)).unwrap_or_default();
        let is = backlog.scopes(new);
        for scope in was.iter().chain(is.iter().filter(|scope| !was.contains(scope))) {
            let place = self.scope(scope);
            let Source::Backlog(backlog) = &mut self.source else { return };
            let mut touched = Ranges::default();
            backlog.put(place, old.filter(|_| was.contains(scope)), Some(new).filter(|_| is.contains(scope)), &mut touched);
            self.mark(place);
            if taking == Taking::News {
                for (from, to) in touched.take() {
                    self.owe(place, from, to, now);
                }
            }
        }
    }

    /// Notes that the scope's live reading may have changed.
    fn mark(&mut self, place: u32) {
        if let Some(changed) = self.changed.get_mut(place as usize).filter(|changed| !**changed) {
            *changed = true;
            self.changes.push(place);
        }
    }

    /// Notes that the readings of these moments changed: those within the lateness are owed, older ones are for a
    /// recompute, and those whose turn has not come are nobody's loss.
    fn owe(&mut self, place: u32, from: i64, to: i64, now: i64) {
        let every = self.grid.every;
        let to = step_floor(to.min(self.grid.recorded), every) * every;
        let first = step_ceil(from, every) * every;
        let owed_from = self.grid.correctable_from(now);
        if first < owed_from {
            self.beyond.add(first, to.min(owed_from - every));
        }
        let mut at = first.max(owed_from);
        while at <= to {
            self.owed.insert((at, place));
            at += every;
        }
    }

    /// Whether corrections wait to be told.
    pub(crate) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    fn recorded(&self, place: u32, at: i64, correction: bool, series: &[SeriesState]) -> Option<Recorded> {
        let figure = match &self.source {
            Source::Windows(windows) => windows.recorded(&self.kpi, place as usize, at, series)?,
            Source::Backlog(backlog) => backlog.figure(&self.kpi, place as usize, at)?,
        };
        Some(Recorded { reading: figure.into_reading(&self.kpi, self.scopes.get(place as usize)?, at), correction })
    }

    /// What corrects the reading of a scope that turns out not to have existed then, as when its only case moved elsewhere.
    fn retracted(&self, place: u32, at: i64) -> Option<Recorded> {
        let reading = Figure::default().into_reading(&self.kpi, self.scopes.get(place as usize)?, at);
        Some(Recorded { reading, correction: true })
    }

    /// Records every instant whose turn has come, and forgets what no reading needs any more.
    pub(crate) fn record(&mut self, now: i64, series: &[SeriesState], effects: &mut Effects) {
        let Some(due) = self.grid.take_due(now) else { return };
        if let Some((from, to)) = due.skipped {
            self.beyond.add(from, to);
        }
        let mut at = due.first;
        while at <= due.last {
            let places = 0..number(self.scopes.len());
            effects.recorded.extend(places.filter_map(|place| self.recorded(place, at, false, series)));
            at += self.grid.every;
        }
        match &mut self.source {
            Source::Windows(windows) => windows.forget(),
            Source::Backlog(backlog) => backlog.forget(),
        }
    }

    /// Tells the corrections that are owed.
    pub(crate) fn correct(&mut self, now: i64, series: &[SeriesState], effects: &mut Effects) {
        let computable_from = self.grid.computable_from(now);
        for (at, place) in std::mem::take(&mut self.owed) {
            if at < computable_from {
                self.beyond.add(at, at);
            } else {
                effects.recorded.extend(self.recorded(place, at, true, series).or_else(|| self.retracted(place, at)));
            }
        }
    }

    /// Hands over what is beyond the lateness.
    pub(crate) fn take_beyond(&mut self, effects: &mut Effects) {
        let kpi = &self.kpi.id;
        let ranges = self.beyond.take().into_iter();
        effects.recompute.extend(ranges.map(|(from, to)| Touched { kpi: kpi.clone(), from: timestamp(from), to: timestamp(to) }));
    }

    fn live(&self, place: u32, now: i64, series: &[SeriesState]) -> Option<Figure> {
        match &self.source {
            Source::Windows(windows) => windows.live(&self.kpi, place as usize, now, series),
            Source::Backlog(backlog) => backlog.figure(&self.kpi, place as usize, now),
        }
    }

    /// When a scope changes without data, given what it is now.
    fn next_change(&self, place: u32, figure: &Figure, now: i64) -> i64 {
        let itself = match &self.source {
            Source::Windows(windows) => (figure.samples > 0 || figure.value.is_some()).then(|| windows.next_edge(now)),
            Source::Backlog(backlog) => backlog.next_change(place as usize, now),
        };
        itself.into_iter().chain(figure.stale_at(&self.kpi)).min().unwrap_or(NEVER)
    }

    /// The live readings that differ from what was last told.
    pub(crate) fn tick(&mut self, now: i64, series: &[SeriesState], live: &mut Vec<Reading>) {
        let mut places = std::mem::take(&mut self.changes);
        for place in &places {
            if let Some(changed) = self.changed.get_mut(*place as usize) {
                *changed = false;
            }
        }
        if std::mem::take(&mut self.look) {
            places = (0..number(self.scopes.len())).collect();
            self.look_at = NEVER;
        }
        for place in places {
            let figure = self.live(place, now, series);
            if let Some(figure) = &figure {
                self.look_at = self.look_at.min(self.next_change(place, figure, now));
            }
            let (Some(told), Some(scope)) = (self.told.get_mut(place as usize), self.scopes.get(place as usize)) else { continue };
            // A scope that is gone is told once more, as missing.
            let gone = told.as_ref().is_some_and(|told| told.quality != Quality::Missing).then(Figure::default);
            if *told != figure {
                live.extend(figure.clone().or(gone).map(|figure| figure.into_reading(&self.kpi, scope, now)));
                *told = figure;
            }
        }
    }

    /// All live readings.
    pub(crate) fn snapshot(&self, now: i64, series: &[SeriesState]) -> impl Iterator<Item = Reading> {
        (0..).zip(&self.scopes).filter_map(move |(place, scope)| Some(self.live(place, now, series)?.into_reading(&self.kpi, scope, now)))
    }

    /// When it wants to be woken.
    pub(crate) fn next_wake(&self) -> i64 {
        self.grid.next_due().min(self.look_at)
    }
}
