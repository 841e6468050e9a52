//! One KPI: its scopes, where it stands on its grid, which corrections it owes, and what was last told live.
//!
//! What the values are computed from is behind [`Source`]. It must never keep samples or cases itself.

use crate::backlog::Backlog;
use crate::closed::Content;
use crate::engine::SeriesState;
use crate::figure::Figure;
use crate::grid::Grid;
use crate::moment::{ALWAYS, NEVER, micros, step_ceil, step_floor, timestamp};
use crate::range::Ranges;
use crate::track::{Placed, Track};
use crate::window::{Route, Spoiled, Windows, number};
use crate::{ClosedPane, ClosedSpan, Effects, Reclosed, Recorded, Reopened, SeriesId, Touched};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use taydo_model::{Asset, Case, Definitions, Kpi, Labels, Quality, Reading, Scope, kpi};

/// What a KPI is computed from.
#[derive(Debug)]
pub(crate) enum Source {
    Windows(Box<Windows>),
    Backlog(Box<Backlog>),
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
        let source = match &kpi.from {
            kpi::From::Observations { metric, .. } => {
                Source::Windows(Box::new(Windows::new(kpi, definitions.metric(metric)?, &definitions.city)?))
            }
            kpi::From::Cases { .. } => Source::Backlog(Box::new(Backlog::new(kpi, definitions)?)),
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

    /// From where on a restart at `now` must read.
    pub(crate) fn needed_from(&self, now: i64) -> i64 {
        let computable_from = self.grid.computable_from(now);
        match &self.source {
            Source::Windows(windows) => windows.needed_from(computable_from),
            Source::Backlog(backlog) => computable_from - backlog.reach(),
        }
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
    pub(crate) fn put_sample(&mut self, route: &Route, time: i64, placed: (&Placed, &Track), came: Came, spoiled: &mut Vec<Spoiled>) {
        let Source::Windows(windows) = &mut self.source else { return };
        let last = windows.put(route, time, placed, came.taking, spoiled);
        let is_news = came.taking == Taking::News;
        if windows.closed_until().is_some_and(|until| time <= until) {
            if is_news {
                self.reopen(route, time, last);
            }
            return;
        }
        let late = time <= self.grid.recorded && is_news;
        let until = if late { windows.last_touched(route, time).max(windows.last_touched(route, last)) } else { time };
        for place in &route.places {
            self.mark(*place);
            if late {
                self.owe(*place, time, until, came.now);
            }
        }
    }

    /// Takes a sample that came when its pane was closed; `last` is the last moment at which a sample adds something else
    /// now. Readings that rest on it are for a recompute.
    fn reopen(&mut self, route: &Route, time: i64, last: i64) {
        let Source::Windows(windows) = &mut self.source else { return };
        let until = windows.last_touched(route, time).max(windows.last_touched(route, last));
        if let Some((closed, _)) = windows.closed() {
            closed.reopen(time - 1, last, self.grid.recorded);
        }
        let every = self.grid.every;
        let last = step_floor(until.min(self.grid.recorded), every) * every;
        self.beyond.add(step_ceil(time, every) * every, last);
        route.places.iter().for_each(|place| self.mark(*place));
    }

    /// Takes panes that were made again from the samples. Readings up to the instant `computed` rest on them already.
    pub(crate) fn take_reclosed(&mut self, reclosed: &Reclosed, now: i64) {
        let Source::Windows(windows) = &mut self.source else { return };
        let until = windows.cut().memory_end(micros(reclosed.until));
        let Some((closed, cut)) = windows.closed() else { return };
        if closed.basis() != reclosed.basis {
            return;
        }
        let read = |pane: &ClosedPane| Some((micros(pane.until), Content::read(&pane.content)?));
        let panes: Vec<_> = reclosed.panes.iter().filter_map(read).collect();
        let reported: Vec<_> = panes.iter().map(|(until, content)| (*until, content.reported.clone())).collect();
        let cells = panes.into_iter().map(|(until, content)| (until, content.cells)).collect();
        if !closed.replace((micros(reclosed.after), micros(reclosed.until)), cells, micros(reclosed.computed), cut) {
            return;
        }
        reported.iter().for_each(|(until, reported)| windows.note_reported(*until, reported));
        let from = (micros(reclosed.after) + 1).max(micros(reclosed.computed) + 1);
        for place in 0..number(self.scopes.len()) {
            self.mark(place);
            self.owe(place, from, until, now);
        }
    }

    /// Makes the stretch that begins at this moment the next to be closed: before any sample.
    pub(crate) fn begin_closing_at(&mut self, moment: i64) {
        if let Source::Windows(windows) = &mut self.source {
            windows.begin_closing_at(moment);
        }
    }

    /// Takes a closed pane of the store, if it was made by this definition.
    pub(crate) fn take_closed(&mut self, pane: &ClosedPane) -> bool {
        let Source::Windows(windows) = &mut self.source else { return false };
        let until = micros(pane.until);
        let fits = windows.closed().is_some_and(|(closed, _)| closed.basis() == pane.basis && until % closed.stretch() == 0);
        let Some(content) = Content::read(&pane.content).filter(|_| fits) else { return false };
        windows.take_closed(until, content);
        true
    }

    /// Closes what no correction reaches any more.
    pub(crate) fn close(&mut self, now: i64, series: &[SeriesState], effects: &mut Effects) {
        let moment = self.grid.computable_from(now);
        effects.closed.append(&mut self.close_up_to(moment, series));
    }

    /// Closes what has ended by the moment.
    pub(crate) fn close_up_to(&mut self, moment: i64, series: &[SeriesState]) -> Vec<ClosedPane> {
        let Source::Windows(windows) = &mut self.source else { return Vec::new() };
        let Some(basis) = windows.closed().map(|(closed, _)| closed.basis()) else { return Vec::new() };
        let pane = |(until, content)| ClosedPane { kpi: self.kpi.id.clone(), basis, until: timestamp(until), content };
        windows.close(moment, series).into_iter().map(pane).collect()
    }

    /// Says which closed panes late data has made wrong.
    pub(crate) fn take_stale(&mut self, effects: &mut Effects) {
        let Source::Windows(windows) = &mut self.source else { return };
        let Some(found) = windows.closed().and_then(|(closed, cut)| closed.take_stale(cut)) else { return };
        let stale = found.stretches.into_iter().map(|(after, until)| (timestamp(after), timestamp(until))).collect();
        let span = self.closed_span(found.wanted);
        effects.reopened.extend(span.map(|span| Reopened { span, stale, recorded: timestamp(found.recorded) }));
    }

    /// The closed panes between two edges.
    fn closed_span(&mut self, (after, until): (i64, i64)) -> Option<ClosedSpan> {
        let Source::Windows(windows) = &mut self.source else { return None };
        let metric = windows.metric().id.clone();
        let (closed, _) = windows.closed()?;
        let (basis, stretch) = (closed.basis(), SignedDuration::from_micros(closed.stretch()));
        Some(ClosedSpan { kpi: self.kpi.id.clone(), metric, basis, stretch, after: timestamp(after), until: timestamp(until) })
    }

    /// Up to where panes are closed; `None` where none ever are.
    pub(crate) fn closed_until(&self) -> Option<i64> {
        match &self.source {
            Source::Windows(windows) => windows.closed_until(),
            Source::Backlog(_) => None,
        }
    }

    /// The closed panes that readings at or after the instant rest on.
    pub(crate) fn closed_needed(&mut self, at: i64, unconsumed: &[(Timestamp, Timestamp)]) -> Option<Reopened> {
        let recorded = timestamp(self.grid.recorded);
        let Source::Windows(windows) = &mut self.source else { return None };
        let stale = |(from, to): &(Timestamp, Timestamp)| (timestamp(micros(*from) - 1), timestamp(windows.last_added(micros(*to))));
        let stale = unconsumed.iter().map(stale).collect();
        let from = windows.cut().remembered_from(at);
        let (closed, _) = windows.closed()?;
        let edges = (step_floor(from, closed.stretch()) * closed.stretch(), closed.until());
        let span = self.closed_span(edges).filter(|span| span.after < span.until)?;
        Some(Reopened { span, stale, recorded })
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

    fn is_doubtful(&self, place: u32, at: i64) -> bool {
        matches!(&self.source, Source::Windows(windows) if windows.is_doubtful(place as usize, at))
    }

    /// What corrects the reading of a scope that turns out not to have existed then, as when its only case moved elsewhere.
    fn retracted(&self, place: u32, at: i64) -> Option<Recorded> {
        let reading = Figure::default().into_reading(&self.kpi, self.scopes.get(place as usize)?, at);
        Some(Recorded { reading, correction: true })
    }

    /// Records every instant whose turn has come, and forgets what no reading needs any more.
    pub(crate) fn record(&mut self, now: i64, series: &[SeriesState], effects: &mut Effects) {
        let computable_from = self.grid.computable_from(now);
        let Some(due) = self.grid.take_due(now) else { return };
        if let Some((from, to)) = due.skipped {
            self.beyond.add(from, to);
        }
        let mut at = due.first;
        while at <= due.last {
            let places = 0..number(self.scopes.len());
            if places.clone().any(|place| self.is_doubtful(place, at)) {
                self.beyond.add(at, at);
            }
            effects.recorded.extend(places.filter_map(|place| self.recorded(place, at, false, series)));
            at += self.grid.every;
        }
        match &mut self.source {
            Source::Windows(windows) => windows.forget(computable_from),
            Source::Backlog(backlog) => backlog.forget(),
        }
    }

    /// Tells the corrections that are owed.
    pub(crate) fn correct(&mut self, now: i64, series: &[SeriesState], effects: &mut Effects) {
        let computable_from = self.grid.computable_from(now);
        for (at, place) in std::mem::take(&mut self.owed) {
            if at < computable_from || self.is_doubtful(place, at) {
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
            Source::Windows(windows) => (figure.samples > 0 || figure.value.is_some()).then(|| windows.cut().next_move(now)),
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
