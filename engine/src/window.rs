//! A KPI from observations: windows of event time for each scope, and which series were expected.
//!
//! It must never decide when a reading is due, and never looks beyond the window's panes but for the newest sample's
//! time, which is remembered for an hour longer than the window.

use crate::SeriesId;
use crate::closed::{Closed, Owner, basis};
use crate::engine::SeriesState;
use crate::figure::Figure;
use crate::moment::{ALWAYS, NEVER, step_ceil, timestamp};
use crate::pane::{Cell, Fold};
use crate::span::{Cut, View};
use crate::track::Placed;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use taydo_model::kpi::{Across, Aggregate, Dimension, From};
use taydo_model::{Asset, AssetId, City, DepartmentId, Kpi, Labels, Metric, Scope};

/// Where a series' samples go within one KPI.
#[derive(Debug)]
pub(crate) struct Route {
    /// The KPI, by its number in the engine.
    pub(crate) tally: usize,
    cells: Box<[u32]>,
    /// The scopes whose readings change with it.
    pub(crate) places: Box<[u32]>,
}

/// A pane that must be rebuilt from samples.
pub(crate) type Spoiled = (usize, u32, i64);

/// The windows of one KPI.
#[derive(Debug)]
pub(crate) struct Windows {
    metric: Arc<Metric>,
    aggregate: Aggregate,
    across: Option<Across>,
    only: Labels,
    factor: f64,
    by: Vec<Dimension>,
    cut: Cut,
    /// Panes up to here are forgotten, or closed.
    floor: i64,
    /// The closed panes of a long window.
    closed: Option<Closed>,
    /// One for each scope, or with `across` one for each series …
    cells: Vec<Cell>,
    /// … and whose samples it holds.
    members: Vec<Vec<u32>>,
    places: Vec<Place>,
    expected: Vec<Expected>,
    expected_index: HashMap<AssetId, u32>,
}

/// A scope's part. Its number is the scope's number in the tally.
#[derive(Debug, Default)]
struct Place {
    is_city: bool,
    cells: Vec<u32>,
    expected: Vec<u32>,
}

/// An asset that should report, the scopes that expect it, and the series that it reports by.
#[derive(Debug)]
struct Expected {
    asset: Arc<Asset>,
    places: Vec<u32>,
    series: Vec<u32>,
}

impl Windows {
    /// The windows for a KPI from observations; `None` when it is not one.
    pub(crate) fn new(kpi: &Kpi, metric: &Arc<Metric>, city: &City) -> Option<Self> {
        let From::Observations { aggregate, window, across, only, factor, .. } = &kpi.from else { return None };
        let cut = Cut::new(*window, kpi, city);
        Some(Self {
            metric: Arc::clone(metric),
            aggregate: *aggregate,
            across: *across,
            only: only.clone(),
            factor: *factor,
            by: kpi.by.clone(),
            closed: cut.stretch.map(|stretch| Closed::new(stretch, basis(kpi, metric, &city.zone))),
            cut,
            floor: ALWAYS,
            cells: Vec::new(),
            members: Vec::new(),
            places: Vec::new(),
            expected: Vec::new(),
            expected_index: HashMap::new(),
        })
    }

    pub(crate) fn metric(&self) -> &Metric {
        &self.metric
    }

    pub(crate) fn cut(&self) -> &Cut {
        &self.cut
    }

    /// The number of the pane that a moment is in.
    fn pane(&self, time: i64) -> i64 {
        step_ceil(time, self.cut.width)
    }

    /// Notes that an asset should report, and says for which scopes. An asset is not expected when the KPI asks for
    /// labels that the register doesn't know.
    pub(crate) fn expect(&mut self, asset: &Arc<Asset>) -> Vec<Scope> {
        let carries = |name: &str, value: &str| match name {
            "asset" => value == asset.id.as_str(),
            "area" => value == asset.area.as_str(),
            _ => false,
        };
        if !asset.metrics.contains(&self.metric.id) || !self.only.iter().all(|(name, value)| carries(name.as_str(), value)) {
            return Vec::new();
        }
        self.expected_index.insert(asset.id.clone(), number(self.expected.len()));
        self.expected.push(Expected { asset: Arc::clone(asset), places: Vec::new(), series: Vec::new() });
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
        let last = number(self.expected.len().saturating_sub(1));
        if let (Some(scope), Some(expected)) = (self.places.get_mut(place as usize), self.expected.last_mut()) {
            scope.expected.push(last);
            expected.places.push(place);
        }
    }

    /// The scopes of a series with these labels; none when the KPI doesn't count it.
    pub(crate) fn scopes(&self, labels: &Labels) -> Vec<Scope> {
        if !self.only.iter().all(|(name, value)| labels.get(name.as_str()) == Some(value)) {
            return Vec::new();
        }
        let mut scopes = vec![Scope::City];
        scopes.extend(self.by.iter().filter_map(|dimension| match dimension {
            Dimension::Area => labels.area().map(Scope::Area),
            Dimension::Asset => labels.asset().map(Scope::Asset),
            Dimension::Department => labels.get("department").and_then(|text| DepartmentId::new(text).ok()).map(Scope::Department),
        }));
        scopes
    }

    /// Makes room for the tally's next scope.
    pub(crate) fn add_place(&mut self, scope: &Scope) {
        let mut place = Place { is_city: *scope == Scope::City, ..Place::default() };
        if self.across.is_none() {
            place.cells.push(self.add_cell(Owner::Scope(scope.clone())));
        }
        self.places.push(place);
    }

    fn add_cell(&mut self, owner: Owner) -> u32 {
        if let Some(closed) = &mut self.closed {
            closed.add_cell(owner);
        }
        self.cells.push(Cell::default());
        self.members.push(Vec::new());
        number(self.cells.len() - 1)
    }

    /// Lets a series' samples flow into these scopes.
    pub(crate) fn route(&mut self, tally: usize, (series, id): (u32, SeriesId), labels: &Labels, places: &[u32]) -> Route {
        let cells: Vec<u32> = if self.across.is_some() {
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
        let expected = labels.asset().and_then(|asset| self.expected_index.get(&asset)).copied();
        if let Some(expected) = expected.and_then(|at| self.expected.get_mut(at as usize)) {
            expected.series.push(series);
            // Where the register and the labels disagree, a sample changes the coverage of scopes that it isn't in.
            touched.extend(expected.places.iter().filter(|place| !places.contains(place)));
        }
        Route { tally, cells: cells.into(), places: touched.into() }
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
        self.floor
    }

    /// The closed panes, where the window is a long one.
    pub(crate) fn closed(&mut self) -> Option<(&mut Closed, &Cut)> {
        Some((self.closed.as_mut()?, &self.cut))
    }

    /// Makes the stretch that begins at this moment the next to be closed: before any sample.
    pub(crate) fn begin_closing_at(&mut self, moment: i64) {
        if let Some(closed) = &mut self.closed {
            closed.begin_again_at(moment);
            self.floor = closed.until();
        }
    }

    /// Up to where panes are closed; `None` where none ever are.
    pub(crate) fn closed_until(&self) -> Option<i64> {
        self.closed.as_ref().map(Closed::until)
    }

    /// Closes what has ended by the moment. Gives each stretch's end and content.
    pub(crate) fn close(&mut self, moment: i64, series: &[SeriesState]) -> Vec<(i64, Vec<u8>)> {
        let mut stretches = Vec::new();
        while let Some(until) = self.closed.as_ref().and_then(|closed| closed.next_until(moment)) {
            let (from, last) = (self.pane(self.floor), self.pane(until));
            let folds: Vec<(u32, Fold)> = (0..).zip(&self.cells).filter_map(|(at, cell)| Some((at, cell.fold(from, last)?))).collect();
            let reported = self.reported(self.floor, until, series);
            let Some(closed) = &mut self.closed else { break };
            stretches.push(closed.close(folds, reported, &self.cut));
            self.floor = until;
            self.cells.iter_mut().for_each(|cell| cell.forget(last));
        }
        stretches
    }

    /// The series that reported between two moments, by their numbers in the store.
    fn reported(&self, after: i64, until: i64, series: &[SeriesState]) -> Vec<i32> {
        // The city's cell has all series, and is the first; with `across` each series has its own.
        let cells = if self.across.is_some() { self.members.as_slice() } else { self.members.get(..1).unwrap_or_default() };
        let states = cells.iter().flatten().filter_map(|at| series.get(*at as usize));
        states.filter(|state| state.track.reported(after, until)).map(|state| state.id.0).collect()
    }

    /// Takes a stretch that was closed before.
    pub(crate) fn take_closed(&mut self, until: i64, cells: Vec<(Owner, Fold)>) {
        if let Some(closed) = &mut self.closed {
            closed.take(until, cells, &self.cut);
            self.floor = self.floor.max(closed.until());
        }
    }

    /// Forgets the panes below the floor, and what readings at `computable_from` don't remember.
    pub(crate) fn forget(&mut self, computable_from: i64) {
        if let Some(closed) = &mut self.closed {
            closed.forget(self.cut.remembered_from(computable_from));
        }
        let floor = self.pane(self.floor);
        for cell in &mut self.cells {
            cell.forget(floor);
        }
    }

    /// Takes a sample. Panes that it leaves unknown are named in `spoiled`.
    pub(crate) fn put(&mut self, route: &Route, time: i64, ticks: i64, placed: Placed, spoiled: &mut Vec<Spoiled>) {
        let pane = self.pane(time);
        for number in &route.cells {
            let Some(cell) = self.cells.get_mut(*number as usize) else { continue };
            match placed {
                _ if time <= self.floor => cell.add_older(time),
                Placed::New => cell.add(pane, time, ticks),
                Placed::Replaced { old } => {
                    if !cell.replace(pane, time, old, ticks) {
                        spoiled.push((route.tally, *number, pane));
                    }
                }
                Placed::Unchanged | Placed::TooOld => {}
            }
        }
    }

    /// Gives a spoiled pane the fold of its samples.
    pub(crate) fn rebuild(&mut self, cell: u32, pane: i64, series: &[SeriesState]) {
        let span = ((pane - 1) * self.cut.width, pane * self.cut.width);
        if let (Some(cell), Some(members)) = (self.cells.get_mut(cell as usize), self.members.get(cell as usize)) {
            let tracks = members.iter().filter_map(|at| series.get(*at as usize));
            cell.rebuild(pane, tracks.flat_map(|state| state.track.within(span.0, span.1)));
        }
    }

    /// The last moment whose reading a sample of this time can change: while it is in the window, and as long as it
    /// is the newest and remembered.
    pub(crate) fn last_touched(&self, route: &Route, time: i64) -> i64 {
        let pane = self.pane(time);
        let closed = |cell: u32| self.closed.as_ref().and_then(|closed| closed.next_after(cell, time));
        let followed = |cell: &u32| self.cells.get(*cell as usize).and_then(|cell| cell.next_after(pane));
        let followed = |cell: &u32| closed(*cell).map(|until| until - 1).or_else(|| followed(cell).map(|next| (next - 1) * self.cut.width));
        let next = route.cells.iter().map(|cell| followed(cell).unwrap_or(NEVER)).max();
        self.cut.end(time).max(next.unwrap_or(NEVER).min(self.cut.memory_end(time)))
    }

    /// A recorded reading's content. `None` when there is no such scope then.
    pub(crate) fn recorded(&self, kpi: &Kpi, place: usize, at: i64, series: &[SeriesState]) -> Option<Figure> {
        self.figure(kpi, place, self.cut.recorded(at), series)
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
        let folds: Vec<Fold> = place.cells.iter().filter_map(|cell| self.fold(*cell, view)).collect();
        let (value, parts) = self.combine(&folds);
        let samples = folds.iter().map(|fold| fold.count).sum();
        Some(Figure { value, parts, samples, coverage, data_time: newest, ..Figure::default() }.judge(kpi, view.at))
    }

    fn newest(&self, cell: u32, view: View) -> Option<i64> {
        let open = self.cells.get(cell as usize).and_then(|cell| cell.newest(self.pane(view.until)));
        open.max(self.closed.as_ref().and_then(|closed| closed.newest(cell, view.until)))
    }

    fn fold(&self, cell: u32, view: View) -> Option<Fold> {
        let closed = self.closed.as_ref().filter(|closed| view.after < closed.until());
        let before = closed.and_then(|closed| closed.fold(cell, view.after, view.until.min(closed.until())));
        let begin = view.after.max(closed.map_or(view.after, Closed::until));
        let open = self.cells.get(cell as usize)?.fold(self.pane(begin), self.pane(view.until));
        match (before, open) {
            (Some(mut before), Some(open)) => {
                before.merge(&open);
                Some(before)
            }
            (before, open) => before.or(open),
        }
    }

    /// The share of the expected assets in service that reported; `None` where none is expected.
    fn coverage(&self, place: &Place, view: View, series: &[SeriesState]) -> Option<f64> {
        let at = timestamp(view.at);
        let (mut expected, mut reported) = (0u32, 0u32);
        let in_service = place.expected.iter().filter_map(|at| self.expected.get(*at as usize)).filter(|one| one.asset.is_valid(at));
        for one in in_service {
            expected += 1;
            let mut tracks = one.series.iter().filter_map(|at| series.get(*at as usize));
            reported += u32::from(tracks.any(|state| state.track.reported(view.after, view.until)));
        }
        (expected > 0).then(|| f64::from(reported) / f64::from(expected))
    }

    /// The value in the KPI's unit and, for a mean of one set of samples, what was divided by what.
    fn combine(&self, folds: &[Fold]) -> (Option<f64>, Option<(f64, f64)>) {
        let counts = || folds.iter().map(|fold| fold.count).sum::<u64>();
        let total = |of: fn(&Fold) -> i128| scaled(&self.metric, folds.iter().map(of).sum(), 1);
        let mut parts = None;
        let value = match self.aggregate {
            _ if folds.is_empty() => return (None, None),
            #[allow(clippy::cast_precision_loss)]
            Aggregate::Count => counts() as f64,
            Aggregate::Sum => total(|fold| fold.sum),
            Aggregate::Min => total(|fold| fold.min.into()),
            Aggregate::Max => total(|fold| fold.max.into()),
            Aggregate::Last => total(|fold| fold.last.1.into()),
            Aggregate::Mean => {
                if self.across.is_none() {
                    #[allow(clippy::cast_precision_loss)]
                    let count = counts() as f64;
                    parts = Some((total(|fold| fold.sum) * self.factor, count));
                }
                self.sum_of_means(folds)
            }
        };
        (Some(value * self.factor), parts)
    }

    /// Sums of equal counts are added as whole numbers and the quotients by rising count, so that the result doesn't
    /// depend on the order of the series.
    fn sum_of_means(&self, folds: &[Fold]) -> f64 {
        let mut by_count: BTreeMap<u64, i128> = BTreeMap::new();
        for fold in folds {
            *by_count.entry(fold.count).or_default() += fold.sum;
        }
        by_count.iter().map(|(count, sum)| scaled(&self.metric, *sum, *count)).sum()
    }
}

/// So many resolution steps, divided by `count`, in the metric's unit. For decimal resolutions the result is the double
/// nearest to the quotient of whole numbers, as in `Metric::value`.
#[allow(clippy::cast_precision_loss)]
fn scaled(metric: &Metric, ticks: i128, count: u64) -> f64 {
    let per_unit = (1.0 / metric.resolution).round();
    let (ticks, count) = (ticks as f64, count as f64);
    if metric.resolution < 1.0 && (per_unit * metric.resolution - 1.0).abs() < 1e-12 {
        ticks / (per_unit * count)
    } else {
        ticks * metric.resolution / count
    }
}

/// Numbers of scopes, series and cells are 32 bits wide, which memory bounds long before.
pub(crate) fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
