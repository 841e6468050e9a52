//! Other definitions while running: what changed is rebuilt in an engine beside this one, and taken over from it.
//!
//! A KPI that is computed as before keeps its windows, what it owes, and its place on the grid. A changed one goes on from
//! the last instant that was recorded for it, so each instant is recorded once, by one definition. Nothing here may read rows:
//! the shell restores the engine beside as it does at a restart, and must have told this one every row that the other knows.

use crate::engine::{Ahead, MetricState, SeriesState};
use crate::moment::micros;
use crate::order::turns;
use crate::tally::{Source, Taking, Tally};
use crate::track::Track;
use crate::window::{Route, number};
use crate::{Batch, Effects, Engine, SeriesId};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use taydo_model::{Asset, Definitions, Kpi, KpiId, MetricId, kpi};

/// For each tally of an engine its place in the merged one, where it has one.
type Places = Vec<Option<usize>>;
/// The new numbers of an engine's series.
type Numbers = HashMap<u32, u32>;

impl Engine {
    /// The KPIs that these definitions compute anew or otherwise than this engine does, and those that they are made from
    /// or that are made from them: what hangs together is rebuilt together.
    #[must_use]
    pub fn changed(&self, definitions: &Definitions) -> Vec<KpiId> {
        let known = |kpi: &Kpi| self.tallies.iter().any(|tally| tally.kpi.id == kpi.id);
        let is_changed = |kpi: &&Arc<Kpi>| !known(kpi) || !is_same(self.definitions(), definitions, kpi);
        let mut changed: Vec<KpiId> = definitions.kpis.iter().filter(is_changed).map(|kpi| kpi.id.clone()).collect();
        loop {
            let before = changed.len();
            for kpi in &definitions.kpis {
                let operands = kpi.operands().iter().map(|operand| &operand.kpi);
                let together: Vec<&KpiId> = operands.chain([&kpi.id]).collect();
                if together.len() > 1 && together.iter().any(|one| changed.contains(one)) {
                    let more: Vec<KpiId> = together.into_iter().filter(|one| !changed.contains(one)).cloned().collect();
                    changed.extend(more);
                }
            }
            if changed.len() == before {
                changed.sort();
                return changed;
            }
        }
    }

    /// An engine for those KPIs, that knows no data yet: it is to be restored. What this one is told meanwhile is for
    /// [`Engine::swap`].
    #[must_use]
    pub fn beside(&self, definitions: Arc<Definitions>, now: Timestamp) -> Self {
        let changed = self.changed(&definitions);
        let mut beside = Self::for_kpis(definitions, &changed, now);
        beside.told = Some(Vec::new());
        beside
    }

    /// Goes on by the definitions of the engine beside, with its KPIs in the place of those that changed; `missed` is what
    /// this one was told since the other was made. Everything that is owed under the old definitions is told first; what the
    /// new ones owe, the next step tells.
    pub fn swap(&mut self, now: Timestamp, mut beside: Self, missed: Vec<Batch>) -> Effects {
        let effects = self.settle(now);
        let now = self.begin(micros(now));
        self.tell_missed(now, &mut beside, missed);
        let definitions = Arc::clone(beside.definitions());
        let (of_this, of_other) = self.merge_tallies(&definitions, std::mem::take(&mut beside.tallies));
        self.definitions = definitions;
        self.metrics = MetricState::all(&self.tallies);
        self.merge_series(&mut beside, &of_this, &of_other);
        self.cases.absorb(std::mem::take(&mut beside.cases));
        let tallies = &self.tallies;
        self.cases.retain(|case| tallies.iter().any(|tally| matches!(&tally.source, Source::Backlog(backlog) if backlog.counts(case))));
        self.begin(now);
        self.hand_on(now);
        self.note_heard();
        effects
    }

    /// Lets the engine beside know what this one knows. As news, so that what was closed there is opened again; but the
    /// corrections that follow were told here.
    fn tell_missed(&mut self, now: i64, beside: &mut Self, missed: Vec<Batch>) {
        beside.told.take().unwrap_or_default().iter().for_each(|series| self.add_series(series));
        for tally in &mut beside.tallies {
            tally.take_place(self.tallies.iter().find(|old| old.kpi.id == tally.kpi.id));
        }
        beside.note_heard();
        beside.begin(now);
        missed.into_iter().for_each(|batch| beside.take(now, Batch { position: None, ..batch }, Taking::News));
        beside.hand_on(now);
        beside.tallies.iter_mut().for_each(Tally::owe_nothing);
    }

    /// Puts the tallies into the order of the definitions. Gives for each old one and each one from beside its new place,
    /// where it has one.
    fn merge_tallies(&mut self, definitions: &Definitions, beside: Vec<Tally>) -> (Places, Places) {
        let mut old = numbered(std::mem::take(&mut self.tallies));
        let mut new = numbered(beside);
        let (mut of_this, mut of_other) = (vec![None; old.len()], vec![None; new.len()]);
        for turn in turns(definitions, |_| true) {
            let place = Some(self.tallies.len());
            match (old.remove(&turn.kpi.id), new.remove(&turn.kpi.id)) {
                (_, Some((at, tally))) => {
                    note(&mut of_other, at, place);
                    self.tallies.push(tally);
                }
                (Some((at, tally)), None) => {
                    note(&mut of_this, at, place);
                    self.tallies.push(tally);
                }
                (None, None) => {}
            }
        }
        for places in [&of_this, &of_other] {
            for place in places.iter().flatten() {
                if let Some(Source::Derived(derived)) = self.tallies.get_mut(*place).map(|tally| &mut tally.source) {
                    derived.renumber(places);
                }
            }
        }
        (of_this, of_other)
    }

    /// Brings the series of both together, each once, those that are still counted.
    fn merge_series(&mut self, beside: &mut Self, of_this: &Places, of_other: &Places) {
        let mut merged: BTreeMap<SeriesId, Both> = BTreeMap::new();
        for (id, number, state) in by_id(self) {
            merged.entry(id).or_default().this = Some((number, rerouted(state, of_this)));
        }
        for (id, number, state) in by_id(beside) {
            merged.entry(id).or_default().other = Some((number, rerouted(state, of_other)));
        }
        let (mut from_this, mut from_other) = (Numbers::new(), Numbers::new());
        for (id, Both { this, other }) in merged {
            let (mine, (my_routes, my_track)) = parts(this);
            let (others, (other_routes, other_track)) = parts(other);
            let routes: Vec<Route> = my_routes.into_iter().chain(other_routes).collect();
            let Some((metric, keeping)) = self.metric_of(&routes) else { continue };
            let place = number(self.series.len());
            from_this.extend(mine.map(|mine| (mine, place)));
            from_other.extend(others.map(|other| (other, place)));
            self.numbers.insert(id, place);
            self.series.push(SeriesState { track: my_track.joined(other_track, &keeping), routes: routes.into(), metric });
        }
        for (places, numbers) in [(of_this, &from_this), (of_other, &from_other)] {
            for place in places.iter().flatten() {
                if let Some(Source::Windows(windows)) = self.tallies.get_mut(*place).map(|tally| &mut tally.source) {
                    windows.renumber(numbers);
                }
            }
        }
        let ahead = std::mem::take(&mut self.ahead).into_iter().filter_map(|one| renumbered(one, &from_this));
        let others = std::mem::take(&mut beside.ahead).into_iter().filter_map(|one| renumbered(one, &from_other));
        self.ahead = ahead.chain(others).collect();
    }

    /// The metric of a series with these routes, and how it is kept; `None` where nothing counts it any more.
    fn metric_of(&self, routes: &[Route]) -> Option<(usize, crate::track::Keeping)> {
        let Source::Windows(windows) = &self.tallies.get(routes.first()?.tally)?.source else { return None };
        let id = &windows.metric().id;
        let at = self.metrics.iter().position(|metric| metric.id == *id)?;
        Some((at, self.metrics.get(at)?.keeping))
    }
}

/// One series in both engines: its number and what it has there.
#[derive(Default)]
struct Both {
    this: Option<(u32, (Vec<Route>, Track))>,
    other: Option<(u32, (Vec<Route>, Track))>,
}

fn parts(of: Option<(u32, (Vec<Route>, Track))>) -> (Option<u32>, (Vec<Route>, Track)) {
    of.map_or_else(Default::default, |(number, content)| (Some(number), content))
}

fn numbered(tallies: Vec<Tally>) -> BTreeMap<KpiId, (usize, Tally)> {
    tallies.into_iter().enumerate().map(|(at, tally)| (tally.kpi.id.clone(), (at, tally))).collect()
}

fn note(places: &mut Places, at: usize, place: Option<usize>) {
    if let Some(slot) = places.get_mut(at) {
        *slot = place;
    }
}

/// Takes an engine's series, each with its numbers in the store and there.
fn by_id(engine: &mut Engine) -> Vec<(SeriesId, u32, SeriesState)> {
    let mut states: Vec<Option<SeriesState>> = std::mem::take(&mut engine.series).into_iter().map(Some).collect();
    let numbers = std::mem::take(&mut engine.numbers);
    numbers.into_iter().filter_map(|(id, number)| Some((id, number, states.get_mut(number as usize)?.take()?))).collect()
}

/// The routes to tallies that are still there, under their new numbers, and the track.
fn rerouted(state: SeriesState, places: &Places) -> (Vec<Route>, Track) {
    let routes = state.routes.into_vec().into_iter().filter_map(|mut route| {
        route.tally = places.get(route.tally).copied().flatten()?;
        Some(route)
    });
    (routes.collect(), state.track)
}

fn renumbered(mut ahead: Ahead, numbers: &Numbers) -> Option<Ahead> {
    ahead.series = *numbers.get(&ahead.series)?;
    Some(ahead)
}

/// Whether a KPI's values come out the same under both sets. Its version covers its own definition and its operands'; beside
/// it count the metric, the calendars, and which assets are expected where and when.
fn is_same(old: &Definitions, new: &Definitions, kpi: &Kpi) -> bool {
    let is_version = old.kpi(&kpi.id).is_some_and(|before| before.version == kpi.version);
    is_version
        && old.city.zone == new.city.zone
        && match kpi.from.computed().as_ref() {
            kpi::From::Observations { metric, .. } => {
                old.metric(metric) == new.metric(metric) && expected(old, metric).eq(expected(new, metric))
            }
            kpi::From::Cases { .. } => old.calendar == new.calendar,
            kpi::From::Formula { across, .. } => across.is_none() || places(old).eq(places(new)),
            kpi::From::Form(_) => true,
        }
}

/// What coverage depends on, of each asset that measures the metric.
fn expected<'a>(definitions: &'a Definitions, metric: &'a MetricId) -> impl Iterator<Item = impl PartialEq + 'a> + 'a {
    let measuring = definitions.assets.iter().filter(move |asset| asset.metrics.contains(metric));
    measuring.map(|asset: &Arc<Asset>| (&asset.id, &asset.area, asset.valid_from, asset.valid_to))
}

/// Which asset is where.
fn places(definitions: &Definitions) -> impl Iterator<Item = impl PartialEq + '_> + '_ {
    definitions.assets.iter().map(|asset| (&asset.id, &asset.area))
}
