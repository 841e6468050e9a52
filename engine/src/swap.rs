//! Other definitions while running: what changed is rebuilt in an engine beside this one, and taken over from it.
//!
//! A KPI that is computed as before keeps its windows, what it owes, and its place on the grid. A changed one goes on from
//! the last instant that was recorded for it, so each instant is recorded once, by one definition. Nothing here may read rows:
//! the shell restores the engine beside as it does at a restart, and must have told this one every row that the other knows.

use crate::engine::{MetricState, SeriesState};
use crate::moment::{micros, timestamp};
use crate::tally::{Source, Tally};
use crate::window::number;
use crate::{Effects, Engine, SeriesId};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use taydo_model::{Asset, Definitions, Kpi, KpiId, MetricId, kpi};

/// A series that no KPI counts any more has no number.
const GONE: u32 = u32::MAX;

impl Engine {
    /// The KPIs that these definitions compute anew or otherwise than this engine does.
    #[must_use]
    pub fn changed(&self, definitions: &Definitions) -> Vec<KpiId> {
        let known = |kpi: &Kpi| self.tallies.iter().any(|tally| tally.kpi.id == kpi.id);
        let changed = definitions.kpis.iter().filter(|kpi| !known(kpi) || !is_same(self.definitions(), definitions, kpi));
        changed.map(|kpi| kpi.id.clone()).collect()
    }

    /// An engine for those KPIs, that knows no data yet: it is to be restored, and then to be told what this one is told.
    #[must_use]
    pub fn beside(&self, definitions: Arc<Definitions>, now: Timestamp) -> Self {
        let changed = self.changed(&definitions);
        let mut beside = Self::for_kpis(definitions, &changed, now);
        beside.told = Some(Vec::new());
        beside
    }

    /// Goes on by the definitions of the engine beside, with its KPIs in the place of those that changed. Everything that
    /// is owed under the old definitions is told first; what the new ones owe, the next step tells.
    pub fn swap(&mut self, now: Timestamp, mut beside: Self) -> Effects {
        let effects = self.settle(now);
        beside.told.take().unwrap_or_default().iter().for_each(|series| self.add_series(series));
        let now = self.begin(micros(now));
        beside.begin(now);
        let definitions = Arc::clone(beside.definitions());
        let (tallies, of_this, of_other) = self.merge_tallies(&definitions, std::mem::take(&mut beside.tallies));
        self.tallies = tallies;
        self.definitions = definitions;
        self.metrics = MetricState::all(&self.tallies);
        self.merge_series(&mut beside, &of_this, &of_other);
        self.cases.absorb(std::mem::take(&mut beside.cases));
        let tallies = &self.tallies;
        self.cases.retain(|case| tallies.iter().any(|tally| matches!(&tally.source, Source::Backlog(backlog) if backlog.counts(case))));
        self.begin(now);
        effects
    }

    /// The tallies in the definitions' order; and for each old one and each one from beside its new place, where it has one.
    fn merge_tallies(&mut self, definitions: &Definitions, beside: Vec<Tally>) -> (Vec<Tally>, Places, Places) {
        let mut old: BTreeMap<KpiId, (usize, Tally)> = numbered(std::mem::take(&mut self.tallies));
        let mut new: BTreeMap<KpiId, (usize, Tally)> = numbered(beside);
        let (mut of_this, mut of_other) = (vec![None; old.len()], vec![None; new.len()]);
        let mut tallies = Vec::with_capacity(definitions.kpis.len());
        for kpi in &definitions.kpis {
            let place = Some(tallies.len());
            match (old.remove(&kpi.id), new.remove(&kpi.id)) {
                (before, Some((at, mut tally))) => {
                    if let Some((_, before)) = before {
                        tally.grid.resume_after(timestamp(before.grid.recorded));
                    }
                    note(&mut of_other, at, place);
                    tallies.push(tally);
                }
                (Some((at, tally)), None) => {
                    note(&mut of_this, at, place);
                    tallies.push(tally);
                }
                (None, None) => {}
            }
        }
        (tallies, of_this, of_other)
    }

    /// Brings the series of both together, each once, those that are still counted.
    fn merge_series(&mut self, beside: &mut Self, of_this: &Places, of_other: &Places) {
        let mut mine = by_id(&mut self.numbers, &mut self.series, of_this);
        let others = by_id(&mut beside.numbers, &mut beside.series, of_other);
        for (id, (other_number, other)) in others {
            match mine.get_mut(&id) {
                Some((_, state)) => state.absorb(other),
                None => {
                    mine.insert(id, (GONE, other));
                }
            }
            // Where the other engine had it, for its KPIs' references.
            beside.numbers.insert(id, other_number);
        }
        let metric_of: HashMap<MetricId, usize> = self.metrics.iter().enumerate().map(|(at, metric)| (metric.id.clone(), at)).collect();
        let (mut from_this, mut from_other) = (HashMap::new(), HashMap::new());
        for (id, (old_number, mut state)) in mine {
            let counted = state.routes.first().and_then(|route| self.tallies.get(route.tally)).and_then(|tally| match &tally.source {
                Source::Windows(windows) => metric_of.get(&windows.metric().id).copied(),
                Source::Backlog(_) => None,
            });
            let Some(metric) = counted else { continue };
            state.metric = metric;
            let place = number(self.series.len());
            if old_number != GONE {
                from_this.insert(old_number, place);
            }
            if let Some(other) = beside.numbers.get(&id) {
                from_other.insert(*other, place);
            }
            self.numbers.insert(id, place);
            self.series.push(state);
        }
        let renumbering = of_this.iter().map(|place| (place, &from_this)).chain(of_other.iter().map(|place| (place, &from_other)));
        for (place, map) in renumbering {
            if let Some(Source::Windows(windows)) = place.and_then(|at| self.tallies.get_mut(at)).map(|tally| &mut tally.source) {
                windows.renumber(map);
            }
        }
        self.merge_ahead(&beside.ahead, &from_this, &from_other);
    }

    /// Samples whose time has not come, under the series' new numbers.
    fn merge_ahead(&mut self, others: &Ahead, from_this: &HashMap<u32, u32>, from_other: &HashMap<u32, u32>) {
        let mine = std::mem::take(&mut self.ahead);
        let renumbered = |ahead: &Ahead, map: &HashMap<u32, u32>| -> Vec<_> {
            ahead.iter().filter_map(|(time, series, revision, ticks)| Some((*time, *map.get(series)?, *revision, *ticks))).collect()
        };
        self.ahead.extend(renumbered(&mine, from_this));
        self.ahead.extend(renumbered(others, from_other));
    }
}

type Ahead = std::collections::BTreeSet<(i64, u32, i32, i64)>;
/// For each tally of an engine its place in the merged one, where it has one.
type Places = Vec<Option<usize>>;

fn numbered(tallies: Vec<Tally>) -> BTreeMap<KpiId, (usize, Tally)> {
    tallies.into_iter().enumerate().map(|(at, tally)| (tally.kpi.id.clone(), (at, tally))).collect()
}

fn note(places: &mut Places, at: usize, place: Option<usize>) {
    if let Some(slot) = places.get_mut(at) {
        *slot = place;
    }
}

/// An engine's series by their number in the store, in its order, with the routes that still lead somewhere.
fn by_id(numbers: &mut HashMap<SeriesId, u32>, series: &mut Vec<SeriesState>, places: &Places) -> BTreeMap<SeriesId, (u32, SeriesState)> {
    let mut states: Vec<Option<SeriesState>> = std::mem::take(series).into_iter().map(Some).collect();
    let mut found = BTreeMap::new();
    for (id, number) in std::mem::take(numbers) {
        if let Some(mut state) = states.get_mut(number as usize).and_then(Option::take) {
            state.reroute(places);
            found.insert(id, (number, state));
        }
    }
    found
}

impl SeriesState {
    /// Leaves only the routes to tallies that are still there, under their new numbers.
    fn reroute(&mut self, places: &Places) {
        let routes = std::mem::take(&mut self.routes).into_vec().into_iter();
        let kept = routes.filter_map(|mut route| {
            route.tally = places.get(route.tally).copied().flatten()?;
            Some(route)
        });
        self.routes = kept.collect();
    }

    /// Takes over what another engine has of the same series.
    fn absorb(&mut self, other: Self) {
        self.track.absorb(other.track);
        self.routes = std::mem::take(&mut self.routes).into_vec().into_iter().chain(other.routes.into_vec()).collect();
    }
}

/// Whether a KPI's values come out the same under both sets. Its version covers its own definition; beside it count the
/// metric, the zone of its calendar, and which assets are expected where and when.
fn is_same(old: &Definitions, new: &Definitions, kpi: &Kpi) -> bool {
    let before = old.kpi(&kpi.id);
    let zone = old.city.zone == new.city.zone;
    zone && before.is_some_and(|before| before.version == kpi.version)
        && match &kpi.from {
            kpi::From::Observations { metric, .. } => {
                old.metric(metric) == new.metric(metric) && expected(old, metric).eq(expected(new, metric))
            }
            kpi::From::Cases { .. } => true,
        }
}

/// What coverage depends on, of each asset that measures the metric.
fn expected<'a>(definitions: &'a Definitions, metric: &'a MetricId) -> impl Iterator<Item = impl PartialEq + 'a> + 'a {
    let measuring = definitions.assets.iter().filter(move |asset| asset.metrics.contains(metric));
    measuring.map(|asset: &Arc<Asset>| (&asset.id, &asset.area, asset.valid_from, asset.valid_to))
}
