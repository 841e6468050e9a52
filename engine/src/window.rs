//! A KPI from observations: sliding windows of event time for each scope, and which series were expected.
//!
//! It must never decide when a reading is due, and never looks beyond the window's panes but for the newest sample's
//! time, which is remembered for an hour longer than the window.

use crate::engine::SeriesState;
use crate::figure::Figure;
use crate::moment::{HOUR, NEVER, common_width, seconds, step_ceil, step_floor, timestamp};
use crate::pane::{Cell, Fold};
use crate::track::Placed;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use taydo_model::kpi::{Across, Aggregate, Dimension, From};
use taydo_model::{Asset, AssetId, DepartmentId, Kpi, Labels, Metric, Scope};

/// For how long a scope's newest sample is remembered after it left the window, and with it the scope.
pub(crate) const MEMORY: i64 = HOUR;

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

/// Panes after `after`, up to and including `until`, as one moment sees them.
#[derive(Debug, Clone, Copy)]
struct View {
    after: i64,
    until: i64,
    at: i64,
}

/// The windows of one KPI.
#[derive(Debug)]
pub(crate) struct Windows {
    metric: Arc<Metric>,
    aggregate: Aggregate,
    across: Option<Across>,
    only: Labels,
    factor: f64,
    by: Vec<Dimension>,
    /// A pane's width, and how many make a window.
    width: i64,
    panes: i64,
    /// Panes up to this number are forgotten.
    floor: i64,
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
    pub(crate) fn new(kpi: &Kpi, metric: &Arc<Metric>) -> Option<Self> {
        let From::Observations { aggregate, window, across, only, factor, .. } = &kpi.from else { return None };
        let window = seconds(window.longest_s().max(1));
        let width = common_width(window, seconds(kpi.every_s.max(1)));
        Some(Self {
            metric: Arc::clone(metric),
            aggregate: *aggregate,
            across: *across,
            only: only.clone(),
            factor: *factor,
            by: kpi.by.clone(),
            width,
            panes: window / width,
            floor: i64::MIN / 4 / width,
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

    fn window(&self) -> i64 {
        self.width * self.panes
    }

    /// How far before an instant its reading looks.
    pub(crate) fn reach(&self) -> i64 {
        self.window() + MEMORY
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
            place.cells.push(self.add_cell());
        }
        self.places.push(place);
    }

    fn add_cell(&mut self) -> u32 {
        self.cells.push(Cell::default());
        self.members.push(Vec::new());
        number(self.cells.len() - 1)
    }

    /// Lets a series' samples flow into these scopes.
    pub(crate) fn route(&mut self, tally: usize, series: u32, labels: &Labels, places: &[u32]) -> Route {
        let cells: Vec<u32> = if self.across.is_some() {
            let cell = self.add_cell();
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

    /// Refers to the series by other numbers.
    pub(crate) fn renumber(&mut self, numbers: &HashMap<u32, u32>) {
        let references = self.members.iter_mut().chain(self.expected.iter_mut().map(|expected| &mut expected.series));
        for series in references.flatten() {
            *series = numbers.get(series).copied().unwrap_or(u32::MAX);
        }
    }

    /// Raises the floor: instants before `computable_from` are not asked for any more.
    pub(crate) fn raise_floor(&mut self, computable_from: i64) {
        self.floor = self.floor.max(step_floor(computable_from - self.window(), self.width));
    }

    /// The moment up to which samples are not needed any more.
    pub(crate) fn floor(&self) -> i64 {
        self.floor * self.width
    }

    /// Forgets the panes below the floor.
    pub(crate) fn forget(&mut self) {
        for cell in &mut self.cells {
            cell.forget(self.floor);
        }
    }

    /// Takes a sample. Panes that it leaves unknown are named in `spoiled`.
    pub(crate) fn put(&mut self, route: &Route, time: i64, ticks: i64, placed: Placed, spoiled: &mut Vec<Spoiled>) {
        let pane = step_ceil(time, self.width);
        for number in &route.cells {
            let Some(cell) = self.cells.get_mut(*number as usize) else { continue };
            match placed {
                _ if pane <= self.floor => cell.add_older(time),
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
        let span = ((pane - 1) * self.width, pane * self.width);
        if let (Some(cell), Some(members)) = (self.cells.get_mut(cell as usize), self.members.get(cell as usize)) {
            let tracks = members.iter().filter_map(|at| series.get(*at as usize));
            cell.rebuild(pane, tracks.flat_map(|state| state.track.within(span.0, span.1)));
        }
    }

    /// The last moment whose reading a sample of this time can change: while it is in the window, and as long as it
    /// is the newest and remembered.
    pub(crate) fn last_touched(&self, route: &Route, time: i64) -> i64 {
        let pane = step_ceil(time, self.width);
        let followed = |cell: &u32| self.cells.get(*cell as usize).and_then(|cell| cell.next_after(pane));
        let next = route.cells.iter().map(|cell| followed(cell).map_or(NEVER, |next| (next - 1) * self.width)).max();
        (time + self.window() - 1).max(next.unwrap_or(NEVER).min(time + self.reach() - 1))
    }

    /// A recorded reading's content: the window that ends at the grid instant `at`. `None` when there is no such scope then.
    pub(crate) fn recorded(&self, kpi: &Kpi, place: usize, at: i64, series: &[SeriesState]) -> Option<Figure> {
        let until = step_floor(at, self.width);
        self.figure(kpi, place, View { after: until - self.panes, until, at }, series)
    }

    /// A live reading's content: the window that ended at the last pane's edge, and what came since.
    pub(crate) fn live(&self, kpi: &Kpi, place: usize, now: i64, series: &[SeriesState]) -> Option<Figure> {
        let edge = step_floor(now, self.width);
        self.figure(kpi, place, View { after: edge - self.panes, until: edge + 1, at: now }, series)
    }

    /// When the live window moves on.
    pub(crate) fn next_edge(&self, now: i64) -> i64 {
        (step_floor(now, self.width) + 1) * self.width
    }

    fn figure(&self, kpi: &Kpi, place: usize, view: View, series: &[SeriesState]) -> Option<Figure> {
        let place = self.places.get(place)?;
        let cells = || place.cells.iter().filter_map(|cell| self.cells.get(*cell as usize));
        let newest = cells().filter_map(|cell| cell.newest(view.until)).max().filter(|time| *time > view.at - self.reach());
        let coverage = self.coverage(place, view, series);
        if !place.is_city && coverage.is_none() && newest.is_none() {
            return None;
        }
        let folds: Vec<Fold> = cells().filter_map(|cell| cell.fold(view.after, view.until)).collect();
        let (value, parts) = self.combine(&folds);
        let samples = folds.iter().map(|fold| fold.count).sum();
        Some(Figure { value, parts, samples, coverage, data_time: newest, ..Figure::default() }.judge(kpi, view.at))
    }

    /// The share of the expected assets in service that reported; `None` where none is expected.
    fn coverage(&self, place: &Place, view: View, series: &[SeriesState]) -> Option<f64> {
        let (after, until) = (view.after * self.width, view.until * self.width);
        let at = timestamp(view.at);
        let (mut expected, mut reported) = (0u32, 0u32);
        let in_service = place.expected.iter().filter_map(|at| self.expected.get(*at as usize)).filter(|one| one.asset.is_valid(at));
        for one in in_service {
            expected += 1;
            let mut tracks = one.series.iter().filter_map(|at| series.get(*at as usize));
            reported += u32::from(tracks.any(|state| state.track.reported(after, until)));
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
