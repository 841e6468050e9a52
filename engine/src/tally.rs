//! One KPI: its scopes, where it stands on its grid, which corrections it owes, and what was last told live.
//!
//! What the values are computed from is behind [`Source`]. It must never keep samples or cases itself.

use crate::backlog::Backlog;
use crate::closed::Content;
use crate::derived::Derived;
use crate::engine::SeriesState;
use crate::figure::Figure;
use crate::grid::Grid;
use crate::moment::{ALWAYS, NEVER, micros, step_ceil, step_floor, timestamp};
use crate::order::Turn;
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
    Derived(Box<Derived>),
}

/// What a figure may be made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Data<'a> {
    pub(crate) series: &'a [SeriesState],
    /// The KPIs before the one that asks: all of its operands.
    pub(crate) tallies: &'a [Tally],
}

/// Moments whose readings of a scope changed.
#[derive(Debug, Clone, Copy)]
struct News {
    place: u32,
    from: i64,
    to: i64,
    /// Whether only a recompute can mend them.
    beyond: bool,
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
    /// Whether it is there for itself, and not only for what is made from it: then it tells what it computes.
    is_wanted: bool,
    /// Whether another KPI is made from it: then the news are kept until they have been handed on.
    is_operand: bool,
    news: Vec<News>,
    /// The last instant that a KPI which is made from it has recorded.
    pub(crate) heard_until: i64,
    /// The scopes that the last tick looked at.
    looked: Vec<u32>,
}

impl Tally {
    /// A KPI without data, given those whose turn is before it; `None` when its metric or an operand isn't defined.
    pub(crate) fn new(turn: &Turn, definitions: &Definitions, before: &[Self], now: i64) -> Option<Self> {
        let kpi = &turn.kpi;
        let source = match kpi.from.computed().as_ref() {
            kpi::From::Observations { metric, .. } => {
                Source::Windows(Box::new(Windows::new(kpi, definitions.metric(metric)?, &definitions.city)?))
            }
            kpi::From::Cases { .. } => Source::Backlog(Box::new(Backlog::new(kpi, definitions)?)),
            kpi::From::Formula { .. } => Source::Derived(Box::new(Derived::new(kpi, definitions, before)?)),
            kpi::From::Form(_) => return None,
        };
        let mut tally = Self {
            kpi: Arc::clone(kpi),
            grid: Grid::new(kpi, turn.kept, now),
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
            is_wanted: turn.wanted,
            is_operand: turn.is_operand,
            news: Vec::new(),
            heard_until: ALWAYS,
            looked: Vec::new(),
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
            Source::Derived(derived) => derived.add_place(),
        }
        place
    }

    /// Goes on where another engine's tally of the same KPI stands. What came late for the instants up to there was told by
    /// that one.
    pub(crate) fn take_place(&mut self, of: Option<&Self>) {
        if let Some(of) = of {
            self.grid.resume_after(timestamp(of.grid.recorded));
        }
    }

    /// Lets go of the corrections that it owes: another has told them.
    pub(crate) fn owe_nothing(&mut self) {
        self.owed.clear();
        self.beyond = Ranges::default();
    }

    /// Its scopes, by their numbers.
    pub(crate) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// The KPIs from observations or cases that it rests on, itself under its own number if it is one, and how far before
    /// an instant it reads each.
    pub(crate) fn leaves(&self, own: usize) -> Vec<(usize, i64)> {
        match &self.source {
            Source::Windows(_) | Source::Backlog(_) => vec![(own, 0)],
            Source::Derived(derived) => derived.leaves.clone(),
        }
    }

    /// Takes from its operands which scopes there are, and which readings changed.
    pub(crate) fn hear(&mut self, before: &[Self], now: i64) {
        let Source::Derived(derived) = &mut self.source else { return };
        for (part, scope) in derived.unseen(before) {
            let Source::Derived(derived) = &self.source else { return };
            let places: Vec<u32> = derived.scopes(&scope).iter().map(|scope| self.scope(scope)).collect();
            let Source::Derived(derived) = &mut self.source else { return };
            derived.link(part, &scope, &places);
        }
        let Source::Derived(derived) = &self.source else { return };
        let mut heard: Vec<News> = Vec::new();
        for (part, tally, back) in derived.parts() {
            for news in before.get(tally).map(|tally| tally.news.as_slice()).unwrap_or_default() {
                let places = derived.places_of(part, news.place).iter();
                heard.extend(places.map(|place| News { place: *place, to: news.to.saturating_add(back).min(NEVER), ..*news }));
            }
        }
        heard.iter().for_each(|news| self.change(*news, now));
    }

    /// Tells its readings again, and those that are made from them.
    fn change(&mut self, news: News, now: i64) {
        let News { place, from, to, beyond } = news;
        if !self.is_wanted {
            // It tells nothing; those that are made from it do.
        } else if beyond {
            let every = self.grid.every;
            self.beyond.add(step_ceil(from, every) * every, step_floor(to.min(self.grid.recorded), every) * every);
        } else {
            self.owe(place, from, to, now);
        }
        if self.is_operand && from <= self.heard_until {
            self.news.push(news);
        }
    }

    /// Forgets the news, when all have heard them.
    pub(crate) fn forget_news(&mut self) {
        self.news.clear();
    }

    /// Its operands' numbers.
    pub(crate) fn operands(&self) -> Vec<usize> {
        match &self.source {
            Source::Windows(_) | Source::Backlog(_) => Vec::new(),
            Source::Derived(derived) => derived.parts().map(|(_, tally, _)| tally).collect(),
        }
    }

    /// From where on a restart at `now` must read.
    pub(crate) fn needed_from(&self, now: i64) -> i64 {
        let computable_from = self.grid.computable_from(now);
        match &self.source {
            Source::Windows(windows) => windows.needed_from(computable_from),
            Source::Backlog(backlog) => computable_from - backlog.reach(),
            Source::Derived(_) => computable_from,
        }
    }

    /// Prepares for a step at `now`.
    pub(crate) fn begin(&mut self, now: i64) {
        let computable_from = self.grid.computable_from(now);
        match &mut self.source {
            Source::Windows(windows) => windows.raise_floor(computable_from),
            Source::Backlog(backlog) => backlog.raise_floor(computable_from),
            Source::Derived(_) => {}
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
                self.reopen(route, time, last, came.now);
            }
            return;
        }
        let late = time <= self.grid.recorded.max(self.heard_until) && is_news;
        let until = if late { windows.last_touched(route, time).max(windows.last_touched(route, last)) } else { time };
        for place in &route.path.places {
            self.mark(*place);
            if late {
                self.change(News { place: *place, from: time, to: until, beyond: false }, came.now);
            }
        }
    }

    /// Takes a sample that came when its pane was closed; `last` is the last moment at which a sample adds something else
    /// now. Readings that rest on it are for a recompute.
    fn reopen(&mut self, route: &Route, time: i64, last: i64, now: i64) {
        let Source::Windows(windows) = &mut self.source else { return };
        let until = windows.last_touched(route, time).max(windows.last_touched(route, last));
        if let Some((closed, _)) = windows.closed() {
            closed.reopen(time - 1, last, self.grid.recorded);
        }
        for place in &route.path.places {
            self.mark(*place);
            self.change(News { place: *place, from: time, to: until, beyond: true }, now);
        }
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
            self.change(News { place, from, to: until, beyond: false }, now);
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
            Source::Backlog(_) | Source::Derived(_) => None,
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
                    self.change(News { place, from, to, beyond: false }, now);
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

    /// The content of a scope's reading at an instant; `None` when there is no such scope then.
    pub(crate) fn figure(&self, place: u32, at: i64, data: &Data<'_>) -> Option<Figure> {
        match &self.source {
            Source::Windows(windows) => windows.recorded(&self.kpi, place as usize, at, data.series),
            Source::Backlog(backlog) => backlog.figure(&self.kpi, place as usize, at),
            Source::Derived(derived) => derived.recorded(&self.kpi, place as usize, at, data),
        }
    }

    fn recorded(&self, place: u32, at: i64, correction: bool, data: &Data<'_>) -> Option<Recorded> {
        let figure = self.figure(place, at, data)?;
        Some(Recorded { reading: figure.into_reading(&self.kpi, self.scopes.get(place as usize)?, at), correction })
    }

    /// Whether a reading may rest on what only a recompute can tell.
    pub(crate) fn is_doubtful(&self, place: u32, at: i64, data: &Data<'_>) -> bool {
        match &self.source {
            Source::Windows(windows) => windows.is_doubtful(place as usize, at),
            Source::Backlog(_) => false,
            Source::Derived(derived) => derived.is_doubtful(place as usize, at, data),
        }
    }

    /// What corrects the reading of a scope that turns out not to have existed then, as when its only case moved elsewhere.
    fn retracted(&self, place: u32, at: i64) -> Option<Recorded> {
        let reading = Figure::default().into_reading(&self.kpi, self.scopes.get(place as usize)?, at);
        Some(Recorded { reading, correction: true })
    }

    /// Records every instant whose turn has come, and forgets what no reading needs any more.
    pub(crate) fn record(&mut self, now: i64, data: &Data<'_>, effects: &mut Effects) {
        let computable_from = self.grid.computable_from(now);
        let Some(due) = self.grid.take_due(now) else { return };
        if let Some((from, to)) = due.skipped.filter(|_| self.is_wanted) {
            self.beyond.add(from, to);
        }
        let mut at = due.first;
        while at <= due.last && self.is_wanted {
            let places = 0..number(self.scopes.len());
            if places.clone().any(|place| self.is_doubtful(place, at, data)) {
                self.beyond.add(at, at);
            }
            effects.recorded.extend(places.filter_map(|place| self.recorded(place, at, false, data)));
            at += self.grid.every;
        }
        match &mut self.source {
            Source::Windows(windows) => windows.forget(computable_from),
            Source::Backlog(backlog) => backlog.forget(),
            Source::Derived(_) => {}
        }
    }

    /// Tells the corrections that are owed.
    pub(crate) fn correct(&mut self, now: i64, data: &Data<'_>, effects: &mut Effects) {
        let computable_from = self.grid.computable_from(now);
        for (at, place) in std::mem::take(&mut self.owed) {
            if at < computable_from || self.is_doubtful(place, at, data) {
                self.beyond.add(at, at);
            } else {
                effects.recorded.extend(self.recorded(place, at, true, data).or_else(|| self.retracted(place, at)));
            }
        }
    }

    /// Its recorded instants between two moments, both included.
    pub(crate) fn touched(&self, from: i64, to: i64) -> Option<Touched> {
        let first = step_ceil(from, self.grid.every) * self.grid.every;
        let last = step_floor(to.min(self.grid.recorded), self.grid.every) * self.grid.every;
        (first <= last).then(|| Touched { kpi: self.kpi.id.clone(), from: timestamp(first), to: timestamp(last) })
    }

    /// Hands over what is beyond the lateness.
    pub(crate) fn take_beyond(&mut self, effects: &mut Effects) {
        let kpi = &self.kpi.id;
        let ranges = self.beyond.take().into_iter();
        effects.recompute.extend(ranges.map(|(from, to)| Touched { kpi: kpi.clone(), from: timestamp(from), to: timestamp(to) }));
    }

    /// The content of a scope's live reading.
    pub(crate) fn live(&self, place: u32, now: i64, data: &Data<'_>) -> Option<Figure> {
        match &self.source {
            Source::Windows(windows) => windows.live(&self.kpi, place as usize, now, data.series),
            Source::Backlog(backlog) => backlog.figure(&self.kpi, place as usize, now),
            Source::Derived(derived) => derived.live(&self.kpi, place as usize, now, self.grid.every, data),
        }
    }

    /// When a scope changes without data, given what it is now.
    fn next_change(&self, place: u32, figure: &Figure, now: i64) -> i64 {
        let itself = match &self.source {
            Source::Windows(windows) => (figure.samples > 0 || figure.value.is_some()).then(|| windows.cut().next_move(now)),
            Source::Backlog(backlog) => backlog.next_change(place as usize, now),
            // What its operands do of themselves, they look at themselves.
            Source::Derived(derived) => derived.looks_back().then(|| (step_floor(now, self.grid.every) + 1) * self.grid.every),
        };
        itself.into_iter().chain(figure.stale_at(&self.kpi)).min().unwrap_or(NEVER)
    }

    /// The live readings that differ from what was last told.
    pub(crate) fn tick(&mut self, now: i64, data: &Data<'_>, live: &mut Vec<Reading>) {
        self.mark_looked(data);
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
        for place in places.iter().copied() {
            let figure = self.live(place, now, data);
            if let Some(figure) = &figure {
                self.look_at = self.look_at.min(self.next_change(place, figure, now));
            }
            let (Some(told), Some(scope)) = (self.told.get_mut(place as usize), self.scopes.get(place as usize)) else { continue };
            // A scope that is gone is told once more, as missing.
            let gone = told.as_ref().is_some_and(|told| told.quality != Quality::Missing).then(Figure::default);
            if *told != figure && self.is_wanted {
                live.extend(figure.clone().or(gone).map(|figure| figure.into_reading(&self.kpi, scope, now)));
                *told = figure;
            }
        }
        self.looked = places;
    }

    /// Notes what may have changed with the operands, which have had their tick.
    fn mark_looked(&mut self, data: &Data<'_>) {
        let Source::Derived(derived) = &self.source else { return };
        let mut places: Vec<u32> = Vec::new();
        for (part, tally, _) in derived.parts() {
            let looked = data.tallies.get(tally).map(|tally| tally.looked.as_slice()).unwrap_or_default();
            places.extend(looked.iter().flat_map(|there| derived.places_of(part, *there)));
        }
        places.into_iter().for_each(|place| self.mark(place));
    }

    /// All live readings.
    pub(crate) fn snapshot(&self, now: i64, data: Data<'_>) -> impl Iterator<Item = Reading> {
        (0..).zip(&self.scopes).filter_map(move |(place, scope)| Some(self.live(place, now, &data)?.into_reading(&self.kpi, scope, now)))
    }

    /// When it wants to be woken.
    pub(crate) fn next_wake(&self) -> i64 {
        self.grid.next_due().min(self.look_at)
    }
}
