//! The engine itself: it hands rows to the KPIs that count them and lets each do what its time asks for.
//!
//! It owns the series, the cases and the order of a step. It must never compute a value.

use crate::book::Book;
use crate::moment::{ALWAYS, NEVER, SECOND, micros, step_ceil, step_floor, timestamp};
use crate::tally::{Source, Taking, Tally};
use crate::track::{Placed, Track};
use crate::window::{Route, Spoiled, number};
use crate::{Batch, CaseVersion, Effects, Input, Position, Sample, Series, SeriesId, Touched};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use taydo_model::{Definitions, KpiId, MetricId, Reading};

/// How long corrections are gathered before they are told, so that a reading that many late samples touch is told again
/// once and not for each of them.
const CORRECTION_WAIT: i64 = 15 * SECOND;
/// How many samples may wait for their time to come. When so many wait, a further one is taken at once: recorded readings
/// are the same, and a live one may show it early.
const MAX_AHEAD: usize = 100_000;

/// A series in the engine.
#[derive(Debug)]
pub(crate) struct SeriesState {
    pub(crate) track: Track,
    pub(crate) routes: Box<[Route]>,
    /// The metric's number.
    pub(crate) metric: usize,
}

/// How far back the samples of a metric are needed: the farthest of its KPIs.
#[derive(Debug)]
pub(crate) struct MetricState {
    pub(crate) id: MetricId,
    tallies: Vec<usize>,
    floor: i64,
}

impl MetricState {
    /// The metrics that these KPIs are computed from.
    pub(crate) fn all(tallies: &[Tally]) -> Vec<Self> {
        let mut metrics: Vec<Self> = Vec::new();
        for (at, tally) in tallies.iter().enumerate() {
            let Source::Windows(windows) = &tally.source else { continue };
            let id = &windows.metric().id;
            match metrics.iter_mut().find(|metric| metric.id == *id) {
                Some(metric) => metric.tallies.push(at),
                None => metrics.push(Self { id: id.clone(), tallies: vec![at], floor: ALWAYS }),
            }
        }
        metrics
    }
}

/// The engine. One task owns it.
#[derive(Debug)]
pub struct Engine {
    pub(crate) definitions: Arc<Definitions>,
    pub(crate) tallies: Vec<Tally>,
    pub(crate) metrics: Vec<MetricState>,
    pub(crate) series: Vec<SeriesState>,
    /// A series' number here, by its number in the store.
    pub(crate) numbers: HashMap<SeriesId, u32>,
    pub(crate) cases: Book,
    /// Samples whose time has not come: (time, series' number here, revision, ticks).
    pub(crate) ahead: BTreeSet<(i64, u32, i32, i64)>,
    /// How far each lane has been consumed, where that was not told yet.
    positions: BTreeMap<i16, i64>,
    /// When the corrections that wait are told.
    correct_at: i64,
    /// The latest `now`; time never goes back here.
    now: i64,
    /// In an engine that is to be taken over by another, the series that it was told of: the other may not know all of them.
    pub(crate) told: Option<Vec<Series>>,
}

impl Engine {
    /// An engine that knows the definitions and no data yet. A KPI whose metric isn't defined is left out. Recorded readings begin with the first grid instant after `now`.
    #[must_use]
    pub fn new(definitions: Arc<Definitions>, now: Timestamp) -> Self {
        Self::with(definitions, now, |_| true)
    }

    /// The same for some of the KPIs, as a recompute needs them.
    #[must_use]
    pub fn for_kpis(definitions: Arc<Definitions>, kpis: &[KpiId], now: Timestamp) -> Self {
        Self::with(definitions, now, |kpi| kpis.contains(kpi))
    }

    fn with(definitions: Arc<Definitions>, now: Timestamp, wanted: impl Fn(&KpiId) -> bool) -> Self {
        let now = micros(now);
        let kpis = definitions.kpis.iter().filter(|kpi| wanted(&kpi.id));
        let tallies: Vec<Tally> = kpis.filter_map(|kpi| Tally::new(kpi, &definitions, now)).collect();
        let metrics = MetricState::all(&tallies);
        let mut engine = Self {
            definitions,
            tallies,
            metrics,
            series: Vec::new(),
            numbers: HashMap::new(),
            cases: Book::default(),
            ahead: BTreeSet::new(),
            positions: BTreeMap::new(),
            correct_at: NEVER,
            now,
            told: None,
        };
        engine.begin(now);
        engine
    }

    /// Says that a KPI's readings up to and including the instant `recorded` are in the store, so that the next step
    /// goes on from there: once for each KPI at a restart, before the first step.
    pub fn resume_after(&mut self, kpi: &KpiId, recorded: Timestamp) {
        for tally in self.tallies.iter_mut().filter(|tally| tally.kpi.id == *kpi) {
            tally.grid.resume_after(recorded);
        }
    }

    /// Takes rows of the store again, at a restart or to begin a recompute; nothing follows from them. Samples may
    /// come in any order.
    pub fn restore(&mut self, now: Timestamp, batch: Batch) {
        let now = self.begin(micros(now));
        self.take(now, batch, Taking::Restore);
    }

    /// How far before `now` a restart must read samples.
    #[must_use]
    pub fn horizon(&self) -> SignedDuration {
        let windows = self.tallies.iter().filter(|tally| matches!(tally.source, Source::Windows(_)));
        let reach = windows.map(|tally| -tally.needed_from(0)).max().unwrap_or(0);
        SignedDuration::from_micros(reach)
    }

    /// The cases that a restart at `now` must read: those that are open, or were opened or closed after this moment.
    #[must_use]
    pub fn relevant_cases_from(&self, now: Timestamp) -> Timestamp {
        timestamp(self.cases_needed_from(micros(now)))
    }

    fn cases_needed_from(&self, now: i64) -> i64 {
        let backlogs = self.tallies.iter().filter(|tally| matches!(tally.source, Source::Backlog(_)));
        backlogs.map(|tally| tally.needed_from(now)).min().unwrap_or(now)
    }

    /// The instants, recorded by now, whose readings rest on samples between these times, both included: what a
    /// recompute must mend when nobody knows which corrections of theirs were told. Only KPIs of these metrics
    /// (`None`: of any).
    #[must_use]
    pub fn touched(&self, from: Timestamp, to: Timestamp, metrics: Option<&[MetricId]>) -> Vec<Touched> {
        let mut touched = Vec::new();
        for tally in &self.tallies {
            let Source::Windows(windows) = &tally.source else { continue };
            let last = step_floor((micros(to) + windows.reach()).min(tally.grid.recorded), tally.grid.every) * tally.grid.every;
            let first = step_ceil(micros(from), tally.grid.every) * tally.grid.every;
            if first <= last && metrics.is_none_or(|metrics| metrics.contains(&windows.metric().id)) {
                touched.push(Touched { kpi: tally.kpi.id.clone(), from: timestamp(first), to: timestamp(last) });
            }
        }
        touched
    }

    /// The same for cases, given their present and all earlier versions: from when each was first said to be opened.
    #[must_use]
    pub fn touched_by_cases(&self, cases: &[CaseVersion]) -> Vec<Touched> {
        let mut touched = Vec::new();
        for tally in &self.tallies {
            let Source::Backlog(backlog) = &tally.source else { continue };
            let counted = cases.iter().filter(|version| backlog.counts(&version.case));
            let Some(from) = counted.map(|version| micros(version.case.opened)).min() else { continue };
            let first = step_ceil(from, tally.grid.every) * tally.grid.every;
            if first <= tally.grid.recorded {
                touched.push(Touched { kpi: tally.kpi.id.clone(), from: timestamp(first), to: timestamp(tally.grid.recorded) });
            }
        }
        touched
    }

    /// Takes one input and says what follows from it. A `now` before that of an earlier step counts as that one.
    ///
    /// Readings whose turn has come are recorded after the input is taken. Corrections are gathered for up to 15 s.
    /// After an absence the last 120 instants of a KPI, as far as its lateness reaches, are recorded at once, and the
    /// older ones are left to a recompute.
    pub fn step(&mut self, now: Timestamp, input: Input) -> Effects {
        let now = self.begin(micros(now));
        let mut effects = Effects::default();
        let tick = matches!(input, Input::Tick);
        if let Input::Batch(batch) = input {
            self.take(now, batch, Taking::News);
        }
        self.record(now, &mut effects);
        self.correct(now, &mut effects);
        effects.recorded.sort_by_key(|recorded| recorded.reading.time);
        if tick {
            self.tallies.iter_mut().for_each(|tally| tally.tick(now, &self.series, &mut effects.live));
        }
        effects
    }

    /// Tells at once the corrections that wait, and with them all positions: before a stop.
    pub fn settle(&mut self, now: Timestamp) -> Effects {
        self.correct_at = self.now;
        self.step(now, Input::Wake)
    }

    /// When the engine wants to be woken, if data doesn't come before. Where it is for a live reading, the next tick
    /// tells it.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        // Devices whose clocks are a little ahead must not cause a wake for each of their samples.
        let ahead = self.ahead.first().map(|(time, ..)| step_ceil(*time, SECOND) * SECOND);
        let wakes = self.tallies.iter().map(Tally::next_wake).chain(ahead).chain([self.correct_at]);
        wakes.min().filter(|wake| *wake < NEVER).map(timestamp)
    }

    /// Every live reading as of the last step: what a new viewer is shown first.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> Vec<Reading> {
        let now = micros(now).max(self.now);
        self.tallies.iter().flat_map(|tally| tally.snapshot(now, &self.series)).collect()
    }

    /// The definitions that it works by.
    #[must_use]
    pub fn definitions(&self) -> &Arc<Definitions> {
        &self.definitions
    }

    pub(crate) fn begin(&mut self, now: i64) -> i64 {
        self.now = self.now.max(now);
        let now = self.now;
        self.tallies.iter_mut().for_each(|tally| tally.begin(now));
        for metric in &mut self.metrics {
            let windows = metric.tallies.iter().filter_map(|at| match &self.tallies.get(*at)?.source {
                Source::Windows(windows) => Some(windows.floor()),
                Source::Backlog(_) => None,
            });
            metric.floor = windows.min().unwrap_or(now);
        }
        let mut spoiled = Vec::new();
        while self.ahead.first().is_some_and(|(time, ..)| *time <= now) {
            let Some((time, series, revision, ticks)) = self.ahead.pop_first() else { break };
            // Its time has only come now, so no instant that it belongs to can have been recorded, unless the shell
            // slept over one: then it is as late as it would be had it come now.
            self.place(series, time, ticks, revision, Taking::News, &mut spoiled);
        }
        self.rebuild(spoiled);
        now
    }

    fn take(&mut self, now: i64, batch: Batch, taking: Taking) {
        batch.series.into_iter().for_each(|series| self.add_series(&series));
        let mut spoiled = Vec::new();
        for sample in &batch.samples {
            self.take_sample(now, sample, taking, &mut spoiled);
        }
        self.rebuild(spoiled);
        batch.cases.into_iter().for_each(|version| self.take_case(now, version, taking));
        if let Some(Position { lane, seq }) = batch.position {
            let known = self.positions.entry(lane).or_insert(seq);
            *known = seq.max(*known);
        }
    }

    pub(crate) fn add_series(&mut self, series: &Series) {
        if self.numbers.contains_key(&series.id) {
            return;
        }
        let Some(metric) = self.metrics.iter().position(|metric| metric.id == series.metric) else { return };
        let place = number(self.series.len());
        let mut routes = Vec::new();
        for at in self.metrics.get(metric).map(|metric| metric.tallies.clone()).unwrap_or_default() {
            if let Some(tally) = self.tallies.get_mut(at) {
                routes.extend(tally.route(at, place, &series.labels));
            }
        }
        if !routes.is_empty() {
            self.numbers.insert(series.id, place);
            if let Some(told) = &mut self.told {
                told.push(series.clone());
            }
            self.series.push(SeriesState { track: Track::default(), routes: routes.into(), metric });
        }
    }

    fn take_sample(&mut self, now: i64, sample: &Sample, taking: Taking, spoiled: &mut Vec<Spoiled>) {
        let Some(series) = self.numbers.get(&sample.series).copied() else { return };
        let time = micros(sample.time);
        if time > now && self.ahead.len() < MAX_AHEAD {
            self.ahead.insert((time, series, sample.revision, sample.ticks));
        } else {
            self.place(series, time, sample.ticks, sample.revision, taking, spoiled);
        }
    }

    fn place(&mut self, series: u32, time: i64, ticks: i64, revision: i32, taking: Taking, spoiled: &mut Vec<Spoiled>) {
        let Some(state) = self.series.get_mut(series as usize) else { return };
        let floor = self.metrics.get(state.metric).map_or(ALWAYS, |metric| metric.floor);
        let placed = if time <= floor { Placed::TooOld } else { state.track.place(time, ticks, revision) };
        if placed == Placed::Unchanged {
            return;
        }
        state.track.forget(floor);
        for route in &state.routes {
            if let Some(tally) = self.tallies.get_mut(route.tally) {
                tally.put_sample(route, (time, ticks), placed, self.now, taking, spoiled);
            }
        }
    }

    fn rebuild(&mut self, mut spoiled: Vec<Spoiled>) {
        spoiled.sort_unstable();
        spoiled.dedup();
        for (tally, cell, pane) in spoiled {
            if let Some(Source::Windows(windows)) = self.tallies.get_mut(tally).map(|tally| &mut tally.source) {
                windows.rebuild(cell, pane, &self.series);
            }
        }
    }

    fn take_case(&mut self, now: i64, version: CaseVersion, taking: Taking) {
        let counted = self.tallies.iter().any(|tally| matches!(&tally.source, Source::Backlog(backlog) if backlog.counts(&version.case)));
        if !counted && !self.cases.holds(&version.key) {
            return;
        }
        let Some(change) = self.cases.put(version) else { return };
        self.tallies.iter_mut().for_each(|tally| tally.put_case(change.old.as_ref(), &change.new, now, taking));
    }

    fn record(&mut self, now: i64, effects: &mut Effects) {
        for tally in &mut self.tallies {
            tally.record(now, &self.series, effects);
        }
        self.cases.forget(self.cases_needed_from(now));
    }

    fn correct(&mut self, now: i64, effects: &mut Effects) {
        if self.correct_at == NEVER && self.tallies.iter().any(Tally::owes) {
            self.correct_at = now + CORRECTION_WAIT;
        }
        if self.correct_at <= now {
            self.tallies.iter_mut().for_each(|tally| tally.correct(now, &self.series, effects));
            self.correct_at = NEVER;
        }
        self.tallies.iter_mut().for_each(|tally| tally.take_beyond(effects));
        if self.correct_at == NEVER {
            let told = std::mem::take(&mut self.positions);
            effects.positions.extend(told.into_iter().map(|(lane, seq)| Position { lane, seq }));
        }
    }
}
