//! A KPI from observations: windows of event time for each scope, and which series were expected.
//!
//! It must never decide when a reading is due, and never looks beyond the window's panes but for the newest sample's
//! time, which is remembered for an hour longer than the window.

use crate::SeriesId;
use crate::closed::{Closed, Content, Owner, basis};
use crate::combine::{Combination, Combined};
use crate::coverage::Expected;
use crate::engine::SeriesState;
use crate::figure::Figure;
use crate::fold::{Fold, Kind, Point};
use crate::lens::{Lens, Span};
use crate::moment::{ALWAYS, NEVER, step_ceil, step_floor};
use crate::pane::Cell;
use crate::row::Entry;
use crate::span::{Cut, View};
use crate::suspicion::Rules;
use crate::tally::Taking;
use crate::track::{Placed, Track};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use taydo_model::kpi::{Dimension, From};
use taydo_model::{Asset, City, DepartmentId, Kpi, Labels, Metric, Scope};

/// Where a series' samples go within one KPI.
#[derive(Debug)]
pub(crate) struct Route {
    /// The KPI, by its number in the engine.
    pub(crate) tally: usize,
    /// The series' number in the store.
    series: i32,
    /// The expected asset that it reports for.
    asset: Option<u32>,
    /// Shared by all series of the same scopes, which are far fewer than series.
    pub(crate) path: Arc<Path>,
}

/// Which cells samples go to.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Path {
    cells: Box<[u32]>,
    /// The scopes whose readings change with them.
    pub(crate) places: Box<[u32]>,
}

/// A pane that must be rebuilt from samples.
pub(crate) type Spoiled = (usize, u32, i64);

/// The windows of one KPI.
#[derive(Debug)]
pub(crate) struct Windows {
    combination: Combination,
    lens: Lens,
    /// How long before a sample lies what decides whether it is suspect.
    suspicion: i64,
    only: Labels,
    by: Vec<Dimension>,
    /// Whether a series counts for its own scope alone: a ward's entered figure says nothing of the city's.
    own_scope: bool,
    cut: Cut,
    /// Panes up to this edge are forgotten, or closed.
    floor: i64,
    /// The closed panes of a long window.
    closed: Option<Closed>,
    /// One for each scope, or with `across` one for each series …
    cells: Vec<Cell>,
    /// … and whose samples it holds.
    members: Vec<Vec<u32>>,
    paths: HashSet<Arc<Path>>,
    places: Vec<Place>,
    expected: Expected,
}

/// A scope's part. Its number is the scope's number in the tally.
#[derive(Debug, Default)]
struct Place {
    is_city: bool,
    cells: Vec<u32>,
    expected: Vec<u32>,
}

impl Windows {
    /// The windows for a KPI from observations; `None` when it is not one.
    pub(crate) fn new(kpi: &Kpi, metric: &Arc<Metric>, city: &City) -> Option<Self> {
        let computed = kpi.from.computed();
        let From::Observations { aggregate, window, only, suspect, .. } = computed.as_ref() else { return None };
        let cut = Cut::new(*window, kpi, city);
        Some(Self {
            combination: Combination::new(kpi, metric)?,
            lens: Lens::new(kpi, aggregate, *suspect, metric),
            suspicion: Rules::new(metric).reach(),
            only: only.clone(),
            by: kpi.by.clone(),
            own_scope: matches!(kpi.from, From::Form(_)),
            closed: cut.stretch.map(|stretch| Closed::new(stretch, basis(kpi, metric, &city.zone))),
            expected: Expected::new(cut.width),
            cut,
            floor: ALWAYS,
            cells: Vec::new(),
            members: Vec::new(),
            paths: HashSet::new(),
            places: Vec::new(),
        })
    }

    pub(crate) fn metric(&self) -> &Arc<Metric> {
        self.combination.metric()
    }

    pub(crate) fn lens(&self) -> &Lens {
        &self.lens
    }

    pub(crate) fn cut(&self) -> &Cut {
        &self.cut
    }

    /// Up to here readings at or after the moment need no samples, anchors apart.
    pub(crate) fn needed_from(&self, at: i64) -> i64 {
        self.closed_until().unwrap_or_else(|| self.cut.remembered_from(at)) - self.margin()
    }

    /// How far before a window lies what decides what its samples add.
    fn margin(&self) -> i64 {
        self.lens.look_back() + self.suspicion
    }

    /// The last moment whose reading may rest on a sample of this time, when nobody knows what follows it.
    pub(crate) fn aftermath(&self, time: i64) -> i64 {
        self.cut.memory_end(self.last_added(time))
    }

    /// The last moment at which a sample may add something else because of one of this time.
    pub(crate) fn last_added(&self, time: i64) -> i64 {
        time + self.lens.look_ahead() + self.suspicion
    }

    /// Notes that an asset should report, and says for which scopes. An asset is not expected when the KPI asks for
    /// labels that the register doesn't know.
    pub(crate) fn expect(&mut self, asset: &Arc<Asset>) -> Vec<Scope> {
        let carries = |name: &str, value: &str| match name {
            "asset" => value == asset.id.as_str(),
            "area" => value == asset.area.as_str(),
            _ => false,
        };
        if !asset.metrics.contains(&self.metric().id) || !self.only.iter().all(|(name, value)| carries(name.as_str(), value)) {
            return Vec::new();
        }
        self.expected.add(asset);
        let mut scopes = vec![Scope::City];
        scopes.extend(self.by.iter().filter_map(|dimension| match dimension {
            Dimension::Area => Some(Scope::Area(asset.area.clone())),
            Dimension::Asset => Some(Scope::Asset(asset.id.clone())),
            Dimension::Department => None,
        }));
        scopes
    }

    /// Links the asset that was noted last to a scope of [`Windows::expect`].
    pub(crate) fn expect_in(&mut self, place: u32) {
        if let Some(scope) = self.places.get_mut(place as usize) {
            scope.expected.extend(self.expected.add_place(place));
        }
    }

    /// The scopes of a series with these labels; none when the KPI doesn't count it.
    pub(crate) fn scopes(&self, labels: &Labels) -> Vec<Scope> {
        if !self.only.iter().all(|(name, value)| labels.get(name.as_str()) == Some(value)) {
            return Vec::new();
        }
        let divided = self.by.iter().filter_map(|dimension| match dimension {
            Dimension::Area => labels.area().map(Scope::Area),
            Dimension::Asset => labels.asset().map(Scope::Asset),
            Dimension::Department => labels.get("department").and_then(|text| DepartmentId::new(text).ok()).map(Scope::Department),
        });
        if self.own_scope && !labels.is_empty() {
            return divided.take(1).collect();
        }
        [Scope::City].into_iter().chain(divided).collect()
    }

    /// Makes room for the tally's next scope.
    pub(crate) fn add_place(&mut self, scope: &Scope) {
        let mut place = Place { is_city: *scope == Scope::City, ..Place::default() };
        if !self.combination.is_by_series() {
            place.cells.push(self.add_cell(Owner::Scope(scope.clone())));
        }
        self.places.push(place);
    }

    fn add_cell(&mut self, owner: Owner) -> u32 {
        if let Some(closed) = &mut self.closed {
            closed.add_cell(owner);
        }
        self.cells.push(Cell::new(self.lens.kind));
        self.members.push(Vec::new());
        number(self.cells.len() - 1)
    }

    /// Lets a series' samples flow into these scopes.
    pub(crate) fn route(&mut self, tally: usize, (series, id): (u32, SeriesId), labels: &Labels, places: &[u32]) -> Route {
        let cells: Vec<u32> = if !self.combination.admit(id.0, labels) {
            Vec::new()
        } else if self.combination.is_by_series() {
            let cell = self.add_cell(Owner::Series(id.0));
            for place in places {
                if let Some(place) = self.places.get_mut(*place as usize) {
                    place.cells.push(cell);
                }
            }
            vec![cell]
        } else {
            places.iter().filter_map(|place| self.places.get(*place as usize)?.cells.first().copied()).collect()
        };
        for cell in &cells {
            if let Some(members) = self.members.get_mut(*cell as usize) {
                members.push(series);
            }
        }
        let mut touched = places.to_vec();
        let mut asset = None;
        if let Some((expected, by)) = labels.asset().and_then(|asset| self.expected.add_series(&asset, (series, id.0))) {
            asset = Some(expected);
            // Where the register and the labels disagree, a sample changes the coverage of scopes that it isn't in.
            touched.extend(by.iter().filter(|place| !places.contains(place)));
            if self.closed.is_some() {
                self.expected.keep_series(expected, id.0);
            }
        }
        Route { tally, series: id.0, asset, path: self.path(Path { cells: cells.into(), places: touched.into() }) }
    }

    /// The path, once for all that share it.
    fn path(&mut self, path: Path) -> Arc<Path> {
        if let Some(known) = self.paths.get(&path) {
            return Arc::clone(known);
        }
        let path = Arc::new(path);
        self.paths.insert(Arc::clone(&path));
        path
    }

    /// When the asset of a series last reported, as far as it is known.
    pub(crate) fn last_report(&self, route: &Route) -> Option<i64> {
        self.expected.newest(route.asset?)
    }

    /// Refers to the series by other numbers.
    pub(crate) fn renumber(&mut self, numbers: &HashMap<u32, u32>) {
        self.expected.renumber(numbers);
        for series in self.members.iter_mut().flatten() {
            *series = numbers.get(series).copied().unwrap_or(u32::MAX);
        }
    }

    /// Raises the floor: instants before `computable_from` are not asked for any more. The panes of a long window must be
    /// closed first.
    pub(crate) fn raise_floor(&mut self, computable_from: i64) {
        self.floor = match &mut self.closed {
            None => self.floor.max(self.cut.needed_from(computable_from)),
            Some(closed) => closed.begin_at(computable_from),
        };
    }

    /// The moment up to which samples are not needed any more.
    pub(crate) fn floor(&self) -> i64 {
        self.floor - self.margin()
    }

    /// The closed panes, where the window is a long one.
    pub(crate) fn closed(&mut self) -> Option<(&mut Closed, &Cut)> {
        Some((self.closed.as_mut()?, &self.cut))
    }

    /// Up to where panes are closed; `None` where none ever are.
    pub(crate) fn closed_until(&self) -> Option<i64> {
        self.closed.as_ref().map(Closed::until)
    }

    /// Makes the stretch that begins at this moment the next to be closed: before any sample.
    pub(crate) fn begin_closing_at(&mut self, moment: i64) {
        if let Some(closed) = &mut self.closed {
            closed.begin_again_at(moment);
            self.floor = closed.until();
        }
    }

    /// Closes what has ended by the moment. Gives each stretch's end and content.
    pub(crate) fn close(&mut self, moment: i64, series: &[SeriesState]) -> Vec<(i64, Vec<u8>)> {
        let mut stretches = Vec::new();
        while let Some(until) = self.closed.as_ref().and_then(|closed| closed.next_until(moment)) {
            let view = View { after: self.floor, until, at: until, remembered: until };
            let folds = (0..number(self.cells.len())).filter_map(|cell| Some((cell, self.fold(cell, view, series)?))).collect();
            let reported = self.reporting(view, series);
            self.expected.note_closed(until, &reported);
            let Some(closed) = &mut self.closed else { break };
            stretches.push(closed.close(folds, reported, &self.cut));
            self.floor = until;
            let last = self.pane_of(until);
            self.cells.iter_mut().for_each(|cell| cell.forget(last));
        }
        stretches
    }

    /// Of each expected asset that reported, a series by which it did, by its number in the store.
    fn reporting(&self, view: View, series: &[SeriesState]) -> Vec<i32> {
        self.expected.reporting(|at| self.reported(at, view, series))
    }

    /// Notes which series reported in a closed stretch.
    pub(crate) fn note_reported(&mut self, until: i64, series: &[i32]) {
        self.expected.note_closed(until, series);
    }

    /// Takes a stretch that was closed before.
    pub(crate) fn take_closed(&mut self, until: i64, content: Content) {
        self.expected.note_closed(until, &content.reported);
        if let Some(closed) = &mut self.closed {
            closed.take(until, content.cells, &self.cut);
            self.floor = self.floor.max(closed.until());
        }
        // Samples that came before it are in it.
        let last = self.pane_of(self.floor);
        self.cells.iter_mut().for_each(|cell| cell.forget(last));
    }

    /// Forgets the panes below the floor, and what readings at `computable_from` don't remember.
    pub(crate) fn forget(&mut self, computable_from: i64) {
        if let Some(closed) = &mut self.closed {
            closed.forget(self.cut.remembered_from(computable_from));
        }
        let floor = self.pane_of(self.floor);
        for cell in &mut self.cells {
            cell.forget(floor);
        }
    }

    /// Takes a sample of this time, with what became of it and the track that it is in. Panes that it leaves unknown are
    /// named in `spoiled`. Gives the time of the last sample that adds something else now.
    pub(crate) fn put(
        &mut self,
        route: &Route,
        time: i64,
        (placed, track): (&Placed, &Track),
        taking: Taking,
        spoiled: &mut Vec<Spoiled>,
    ) -> i64 {
        let is_old = time <= self.floor;
        // What came before it may be forgotten, or it may replace one that counted.
        let counts = match placed {
            Placed::TooOld(entry) | Placed::Appended(entry) => self.lens.counts(entry),
            Placed::Inserted { .. } | Placed::Unchanged => true,
        };
        let is_judged = taking == Taking::Restore && !matches!(placed, Placed::TooOld(_));
        if is_old && !is_judged && (self.suspicion > 0 || !counts) {
            route.path.cells.iter().for_each(|cell| self.doubt(*cell, time));
        }
        if let Some(asset) = route.asset {
            self.note_reports(asset, placed);
        }
        let last = match placed {
            Placed::Unchanged => return time,
            Placed::TooOld(entry) => {
                if self.lens.counts(entry) {
                    let point = self.lens.point(entry, route.series, std::iter::empty());
                    self.replace(route, None, Some(&point), spoiled);
                }
                time
            }
            Placed::Appended(entry) => self.append(route, entry, track),
            Placed::Inserted { before, after } => self.change(route, before, after, spoiled).max(time),
        };
        // Older than all that is kept, it may be followed by samples that aren't.
        if !is_old && track.newest().is_some() {
            return last;
        }
        let unknown = self.suspicion.max(self.lens.look_ahead());
        match track.oldest() {
            Some(oldest) if oldest < time => last,
            Some(oldest) if self.lens.is_anchored() && oldest > time => last.max(oldest.min(time + unknown)).max(time + self.suspicion),
            _ => last.max(time + unknown),
        }
    }

    /// Notes which samples of an asset's series are reports now. Those too old to be kept are none.
    fn note_reports(&mut self, asset: u32, placed: &Placed) {
        let (before, after) = match placed {
            Placed::Appended(entry) => (&[][..], std::slice::from_ref(entry)),
            Placed::Inserted { before, after } => (&before[..], &after[..]),
            Placed::Unchanged | Placed::TooOld(_) => return,
        };
        let reports = |entry: &&Entry| self.lens.reports(entry);
        let still = |time: i64| {
            after
                .binary_search_by_key(&time, |entry| entry.time)
                .is_ok_and(|at| after.get(at).is_some_and(|entry| self.lens.reports(entry)))
        };
        before.iter().filter(reports).filter(|entry| !still(entry.time)).for_each(|entry| self.expected.drop(asset, entry.time));
        after.iter().filter(reports).for_each(|entry| self.expected.note(asset, entry.time));
    }

    /// Finds when assets last reported whose last report was none after all.
    pub(crate) fn find_reports(&mut self, series: &[SeriesState]) {
        let lens = &self.lens;
        let last = |at: u32, until: i64| {
            let mut back = series.get(at as usize)?.track.back_from(until);
            back.find(|entry| lens.reports(entry)).map(|entry| entry.time)
        };
        self.expected.find(last);
    }

    fn append(&mut self, route: &Route, entry: &Entry, track: &Track) -> i64 {
        if self.lens.counts(entry) {
            let before = || track.before_newest();
            let point = self.lens.point(entry, route.series, before());
            self.replace(route, None, Some(&point), &mut Vec::new());
            if self.lens.kind == Kind::Held
                && let Some(last) = before().find(|entry| self.lens.counts(entry))
            {
                let span = self.lens.span(&last, entry.time);
                self.hold(route, span, 1);
            }
        }
        entry.time + self.lens.look_back()
    }

    /// Takes the difference between two states of a stretch of a series.
    fn change(&mut self, route: &Route, before: &[Entry], after: &[Entry], spoiled: &mut Vec<Spoiled>) -> i64 {
        let mut last = ALWAYS;
        if self.lens.kind == Kind::Held {
            let (old, new) = (self.lens.spans(before), self.lens.spans(after));
            new.iter().filter(|span| !old.contains(span)).for_each(|span| self.hold(route, *span, 1));
            old.iter().filter(|span| !new.contains(span)).for_each(|span| self.hold(route, *span, -1));
        }
        let (old, new) = (self.lens.points(before, route.series), self.lens.points(after, route.series));
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let time = old.peek().into_iter().chain(new.peek()).map(|point| point.time).min();
            let Some(time) = time else { return last };
            let (old, new) = (old.next_if(|point| point.time == time), new.next_if(|point| point.time == time));
            if old != new {
                self.replace(route, old, new, spoiled);
                last = time + self.lens.look_back();
            }
        }
    }

    fn pane_of(&self, time: i64) -> i64 {
        step_ceil(time, self.cut.width)
    }

    fn doubt(&mut self, cell: u32, time: i64) {
        if let Some(cell) = self.cells.get_mut(cell as usize) {
            cell.doubt(time);
        }
    }

    /// Puts what one moment's sample adds in the place of what it added.
    fn replace(&mut self, route: &Route, old: Option<&Point>, new: Option<&Point>, spoiled: &mut Vec<Spoiled>) {
        let Some(time) = old.or(new).map(|point| point.time) else { return };
        let pane = self.pane_of(time);
        for number in &route.path.cells {
            let Some(cell) = self.cells.get_mut(*number as usize) else { continue };
            match (old, new) {
                (_, Some(new)) if time <= self.floor => cell.add_older(new.time),
                (_, None) if time <= self.floor => cell.doubt(time),
                (None, Some(new)) => cell.add(pane, new),
                _ => {
                    if !cell.replace(pane, old, new) {
                        spoiled.push((route.tally, *number, pane));
                    }
                }
            }
        }
    }

    /// Notes for how long a value held, or (with sign −1) that it didn't.
    fn hold(&mut self, route: &Route, (from, to, ticks): Span, sign: i64) {
        let width = self.cut.width;
        let first = step_floor(from.max(self.floor), width) + 1;
        for number in &route.path.cells {
            let Some(cell) = self.cells.get_mut(*number as usize) else { continue };
            for pane in first..=step_ceil(to, width) {
                let (begin, end) = (((pane - 1) * width).max(from), (pane * width).min(to));
                cell.hold(pane, ticks, sign * (end - begin));
            }
        }
    }

    /// Finds the extremes of a spoiled pane again.
    pub(crate) fn rebuild(&mut self, cell: u32, pane: i64, series: &[SeriesState]) {
        let span = ((pane - 1) * self.cut.width, pane * self.cut.width);
        if let (Some(cell), Some(members)) = (self.cells.get_mut(cell as usize), self.members.get(cell as usize)) {
            let entries = members.iter().filter_map(|at| series.get(*at as usize)).flat_map(|state| state.track.within(span.0, span.1));
            let counted = entries.filter(|entry| self.lens.counts(entry));
            cell.find_extremes(pane, counted.map(|entry| (entry.time, entry.ticks())));
        }
    }

    /// The last moment whose reading a sample of this time can change: while it is in the window, and as long as it
    /// is the newest and remembered.
    pub(crate) fn last_touched(&self, route: &Route, time: i64) -> i64 {
        let pane = self.pane_of(time);
        let closed = |cell: u32| self.closed.as_ref().and_then(|closed| closed.next_after(cell, time));
        let followed = |cell: &u32| self.cells.get(*cell as usize).and_then(|cell| cell.next_after(pane));
        let followed = |cell: &u32| closed(*cell).map(|until| until - 1).or_else(|| followed(cell).map(|next| (next - 1) * self.cut.width));
        let next = route.path.cells.iter().map(|cell| followed(cell).unwrap_or(NEVER)).max();
        self.cut.end(time).max(next.unwrap_or(NEVER).min(self.cut.memory_end(time)))
    }

    /// A recorded reading's content. `None` when there is no such scope then.
    pub(crate) fn recorded(&self, kpi: &Kpi, place: usize, at: i64, series: &[SeriesState]) -> Option<Figure> {
        self.figure(kpi, place, self.cut.recorded(at), series)
    }

    /// Whether the recorded reading of that instant may name a wrong time for the newest sample, because that was corrected
    /// after it was forgotten: only a recompute knows.
    pub(crate) fn is_doubtful(&self, place: usize, at: i64) -> bool {
        if self.closed.is_some() {
            return false;
        }
        let view = self.cut.recorded(at);
        let cells = self.places.get(place).into_iter().flat_map(|place| &place.cells);
        let until = self.pane_of(view.until);
        cells.filter_map(|cell| self.cells.get(*cell as usize)).any(|cell| cell.is_doubtful(view.remembered, until))
    }

    /// A live reading's content.
    pub(crate) fn live(&self, kpi: &Kpi, place: usize, now: i64, series: &[SeriesState]) -> Option<Figure> {
        self.figure(kpi, place, self.cut.live(now), series)
    }

    fn figure(&self, kpi: &Kpi, place: usize, view: View, series: &[SeriesState]) -> Option<Figure> {
        let place = self.places.get(place)?;
        let newest = place.cells.iter().filter_map(|cell| self.newest(*cell, view)).max().filter(|time| *time > view.remembered);
        let coverage = self.coverage(place, view, series);
        if !place.is_city && coverage.is_none() && newest.is_none() {
            return None;
        }
        let folds: Vec<Fold> = place.cells.iter().filter_map(|cell| self.fold(*cell, view, series)).collect();
        let Combined { value, parts, samples, flags } = self.combination.of(&folds);
        Some(Figure { value, parts, samples, coverage, data_time: newest, flags, ..Figure::default() }.judge(kpi, view.at))
    }

    fn newest(&self, number: u32, view: View) -> Option<i64> {
        let (cell, until) = (self.cells.get(number as usize)?, self.pane_of(view.until));
        match &self.closed {
            None => cell.newest(until),
            // Everything that is remembered is in panes.
            Some(closed) => cell.newest_kept(until).or_else(|| closed.newest(number, view.until)),
        }
    }

    /// What a cell holds of the time that the view covers, with what its series' newest values add to it by now.
    fn fold(&self, number: u32, view: View, series: &[SeriesState]) -> Option<Fold> {
        let mut begin = view.after;
        let mut before = None;
        if let Some(closed) = self.closed.as_ref().filter(|closed| view.after < closed.until()) {
            begin = closed.until();
            before = closed.fold(number, view.after, view.until.min(begin));
        }
        let open = self.fold_open(number, View { after: begin, ..view }, series);
        match (before, open) {
            (Some(before), Some(open)) => Some(before.merged(&open)),
            (before, open) => before.or(open),
        }
    }

    fn fold_open(&self, number: u32, view: View, series: &[SeriesState]) -> Option<Fold> {
        let mut fold = self.cells.get(number as usize)?.fold(self.pane_of(view.after), self.pane_of(view.until));
        if self.lens.kind == Kind::Held {
            let members = self.members.get(number as usize)?.iter().filter_map(|at| series.get(*at as usize));
            for (from, to, ticks) in members.filter_map(|state| self.lens.tail(&state.track, view.after, view.at)) {
                let length = to - from.max(view.after);
                if length > 0 {
                    fold.get_or_insert_with(|| Fold::new(Kind::Held)).hold(ticks, length);
                }
            }
        }
        fold
    }

    /// The share of the expected assets in service that reported; `None` where none is expected.
    fn coverage(&self, place: &Place, view: View, series: &[SeriesState]) -> Option<f64> {
        self.expected.share(&place.expected, (view.after, view.until), view.at, |at| self.reported(at, view, series))
    }

    fn reported(&self, at: u32, view: View, series: &[SeriesState]) -> bool {
        let Some(state) = series.get(at as usize) else { return false };
        state.track.back_from(view.until).take_while(|entry| entry.time > view.after).any(|entry| self.lens.reports(&entry))
    }
}

/// Numbers of scopes, series and cells are 32 bits wide, which memory bounds long before.
pub(crate) fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
