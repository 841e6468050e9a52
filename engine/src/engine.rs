//! The engine itself: it hands rows to the KPIs that count them and lets each do what its time asks for.
//!
//! It owns the series, the cases and the order of a step. It must never compute a value.

use crate::book::Book;
use crate::mark::Marks;
use crate::moment::{ALWAYS, NEVER, SECOND, micros, step_ceil, timestamp};
use crate::order::turns;
use crate::spread::Spread;
use crate::suspicion::Rules;
use crate::tally::{Came, Data, Source, Taking, Tally};
use crate::track::{Keeping, Placed, Track};
use crate::window::{Route, Spoiled, number};
use crate::{Batch, CaseVersion, ClosedPane, Effects, Input, Position, Reopened, Sample, Series, SeriesId, Touched};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasherDefault;
use std::hint::black_box;
use std::sync::Arc;
use taydo_model::{Definitions, KpiId, MetricId, Reading, SampleState};

/// How long corrections are gathered before they are told, so that a reading that many late samples touch is told again
/// once and not for each of them.
const CORRECTION_WAIT: i64 = 15 * SECOND;
/// How many samples may wait for their time to come. When so many wait, a further one is taken at once: recorded readings
/// are the same, and a live one may show it early.
const MAX_AHEAD: usize = 100_000;

/// Samples whose series are fetched together.
const TOGETHER: usize = 32;

/// A series in the engine.
#[derive(Debug)]
pub(crate) struct SeriesState {
    pub(crate) track: Track,
    pub(crate) routes: Box<[Route]>,
    /// The metric's number.
    pub(crate) metric: usize,
}

/// A metric that KPIs use. Its samples are kept as far back as the farthest of them needs.
#[derive(Debug)]
pub(crate) struct MetricState {
    pub(crate) id: MetricId,
    tallies: Vec<usize>,
    pub(crate) keeping: Keeping,
}

impl MetricState {
    /// The metrics that these KPIs are computed from.
    pub(crate) fn all(tallies: &[Tally]) -> Vec<Self> {
        let mut metrics: Vec<Self> = Vec::new();
        for (at, tally) in tallies.iter().enumerate() {
            let Source::Windows(windows) = &tally.source else { continue };
            let id = &windows.metric().id;
            let place = metrics.iter().position(|metric| metric.id == *id).unwrap_or_else(|| {
                let keeping = Keeping { rules: Rules::new(windows.metric()), linked: false, anchored: false, floor: ALWAYS };
                metrics.push(Self { id: id.clone(), tallies: Vec::new(), keeping });
                metrics.len() - 1
            });
            if let Some(metric) = metrics.get_mut(place) {
                metric.tallies.push(at);
                metric.keeping.linked |= windows.lens().is_linked();
                metric.keeping.anchored |= windows.lens().is_anchored();
            }
        }
        metrics
    }
}

/// A sample whose time has not come, in order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ahead {
    time: i64,
    /// The series' number here.
    pub(crate) series: u32,
    revision: i32,
    ticks: i64,
    state: SampleState,
}

/// The engine. One task owns it.
#[derive(Debug)]
pub struct Engine {
    pub(crate) definitions: Arc<Definitions>,
    pub(crate) tallies: Vec<Tally>,
    pub(crate) metrics: Vec<MetricState>,
    pub(crate) series: Vec<SeriesState>,
    /// A series' number here, by its number in the store.
    pub(crate) numbers: HashMap<SeriesId, u32, BuildHasherDefault<Spread>>,
    pub(crate) cases: Book,
    pub(crate) ahead: BTreeSet<Ahead>,
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

    /// The same for one KPI, with the stretch that begins at this moment the next to be closed.
    pub(crate) fn for_closing(definitions: Arc<Definitions>, kpi: &KpiId, from: Timestamp) -> Self {
        let mut engine = Self::for_kpis(definitions, std::slice::from_ref(kpi), from);
        engine.tallies.iter_mut().for_each(|tally| tally.begin_closing_at(micros(from)));
        engine
    }

    fn with(definitions: Arc<Definitions>, now: Timestamp, wanted: impl Fn(&KpiId) -> bool) -> Self {
        let now = micros(now);
        let mut tallies: Vec<Tally> = Vec::new();
        for turn in turns(&definitions, wanted) {
            tallies.extend(Tally::new(&turn, &definitions, &tallies, now));
        }
        let metrics = MetricState::all(&tallies);
        let mut engine = Self {
            definitions,
            tallies,
            metrics,
            series: Vec::new(),
            numbers: HashMap::default(),
            cases: Book::default(),
            ahead: BTreeSet::new(),
            positions: BTreeMap::new(),
            correct_at: NEVER,
            now,
            told: None,
        };
        engine.begin(now);
        engine.hand_on(now);
        engine.note_heard();
        engine
    }

    /// Says that a KPI's readings up to and including the instant `recorded` are in the store, so that the next step
    /// goes on from there: once for each KPI at a restart, before the first step.
    pub fn resume_after(&mut self, kpi: &KpiId, recorded: Timestamp) {
        for tally in self.tallies.iter_mut().filter(|tally| tally.kpi.id == *kpi) {
            tally.grid.resume_after(recorded);
        }
        self.note_heard();
    }

    /// Takes rows of the store again, at a restart or to begin a recompute; nothing follows from them. Samples may
    /// come in any order.
    pub fn restore(&mut self, now: Timestamp, batch: Batch) {
        let now = self.begin(micros(now));
        self.take(now, batch, Taking::Restore);
        self.hand_on(now);
    }

    /// What a restart at `now` must read of the metrics that KPIs are computed from: samples after this moment, each of
    /// its own, so that a long window over a small metric costs only that metric's rows.
    #[must_use]
    pub fn samples_needed_from(&self, now: Timestamp) -> Vec<(MetricId, Timestamp)> {
        let now = micros(now);
        let needed_from = |metric: &MetricState| {
            let tallies = metric.tallies.iter().filter_map(|at| self.tallies.get(*at));
            tallies.map(|tally| tally.needed_from(now)).min().unwrap_or(now)
        };
        self.metrics.iter().map(|metric| (metric.id.clone(), timestamp(needed_from(metric)))).collect()
    }

    /// The closed panes that a restart must hand in by [`Engine::restore_closed`], in order, before any samples; stale are
    /// those that may lack what no engine has consumed: samples between these times, both included.
    #[must_use]
    pub fn closed_needed(&mut self, unconsumed: &[(Timestamp, Timestamp)]) -> Vec<Reopened> {
        let now = self.now;
        self.tallies.iter_mut().filter_map(|tally| tally.closed_needed(tally.grid.computable_from(now), unconsumed)).collect()
    }

    /// Up to where a KPI's panes are closed: nothing that comes later changes them, but late data that the engine names.
    /// `None` for a KPI whose panes never are.
    #[must_use]
    pub fn closed_until(&self, kpi: &KpiId) -> Option<Timestamp> {
        self.tallies.iter().find(|tally| tally.kpi.id == *kpi)?.closed_until().map(timestamp)
    }

    /// Takes a closed pane of the store. Whether it was of use: one that another basis made, or that can't be read, isn't,
    /// and must be made again.
    pub fn restore_closed(&mut self, pane: &ClosedPane) -> bool {
        let mut tallies = self.tallies.iter_mut().filter(|tally| tally.kpi.id == pane.kpi);
        if !tallies.next().is_some_and(|tally| tally.take_closed(pane)) {
            return false;
        }
        self.raise_floors();
        true
    }

    /// Closes what has ended by the moment, whether or not corrections may still come.
    pub(crate) fn close_up_to(&mut self, moment: i64) -> Vec<ClosedPane> {
        let series = &self.series;
        self.tallies.iter_mut().flat_map(|tally| tally.close_up_to(moment, series)).collect()
    }

    /// The metrics of which a restart must also read the [`ANCHORS`](crate::ANCHORS) newest samples of each series before
    /// that: growth is counted from them. Samples that measure nothing or aren't possible are none of these, nor those
    /// more than [`LONGEST_STEP`](crate::LONGEST_STEP) older.
    #[must_use]
    pub fn anchored(&self) -> Vec<MetricId> {
        self.metrics.iter().filter(|metric| metric.keeping.anchored).map(|metric| metric.id.clone()).collect()
    }

    /// The cases that a restart at `now` must read: those that are open, or were opened or closed after this moment.
    #[must_use]
    pub fn relevant_cases_from(&self, now: Timestamp) -> Timestamp {
        timestamp(self.cases_needed_from(micros(now)))
    }

    /// Whether any of its KPIs counts cases.
    pub(crate) fn counts_cases(&self) -> bool {
        self.tallies.iter().any(|tally| matches!(tally.source, Source::Backlog(_)))
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
        let rests_until = |(leaf, back): (usize, i64)| match &self.tallies.get(leaf)?.source {
            Source::Windows(windows) if metrics.is_none_or(|metrics| metrics.contains(&windows.metric().id)) => {
                Some(windows.aftermath(micros(to)).saturating_add(back))
            }
            _ => None,
        };
        let mut touched = Vec::new();
        for (at, tally) in self.tallies.iter().enumerate() {
            let Some(until) = tally.leaves(at).into_iter().filter_map(rests_until).max() else { continue };
            touched.extend(tally.touched(micros(from), until));
        }
        touched
    }

    /// The same for cases, given their present and all earlier versions: from when each was first said to be opened.
    #[must_use]
    pub fn touched_by_cases(&self, cases: &[CaseVersion]) -> Vec<Touched> {
        let counted = |(leaf, _): (usize, i64)| match &self.tallies.get(leaf)?.source {
            Source::Backlog(backlog) => {
                let counted = cases.iter().filter(|version| backlog.counts(&version.case));
                counted.map(|version| micros(version.case.opened)).min()
            }
            _ => None,
        };
        let mut touched = Vec::new();
        for (at, tally) in self.tallies.iter().enumerate() {
            let Some(from) = tally.leaves(at).into_iter().filter_map(counted).min() else { continue };
            touched.extend(tally.touched(from, NEVER));
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
        match input {
            Input::Batch(batch) => self.take(now, batch, Taking::News),
            Input::Reclosed(reclosed) => {
                // What follows is told at once, so that the positions that waited for the panes can follow it.
                self.correct_at = now;
                for one in &reclosed {
                    self.tallies.iter_mut().filter(|tally| tally.kpi.id == one.kpi).for_each(|tally| tally.take_reclosed(one, now));
                }
            }
            Input::Tick | Input::Wake => {}
        }
        self.hand_on(now);
        self.record(now, &mut effects);
        self.correct(now, &mut effects);
        effects.recorded.sort_by_key(|recorded| recorded.reading.time);
        if tick {
            self.in_turn(|tally, data| tally.tick(now, data, &mut effects.live));
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
        let ahead = self.ahead.first().map(|ahead| step_ceil(ahead.time, SECOND) * SECOND);
        let wakes = self.tallies.iter().map(Tally::next_wake).chain(ahead).chain([self.correct_at]);
        wakes.min().filter(|wake| *wake < NEVER).map(timestamp)
    }

    /// Every live reading as of the last step: what a new viewer is shown first.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> Vec<Reading> {
        let now = micros(now).max(self.now);
        let data = Data { series: &self.series, tallies: &self.tallies };
        self.tallies.iter().flat_map(|tally| tally.snapshot(now, data)).collect()
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
        self.raise_floors();
        let mut spoiled = Vec::new();
        while self.ahead.first().is_some_and(|ahead| ahead.time <= now) {
            let Some(ahead) = self.ahead.pop_first() else { break };
            // Its time has only come now, so no instant that it belongs to can have been recorded, unless the shell
            // slept over one: then it is as late as it would be had it come now.
            self.place(ahead, Taking::News, &mut spoiled);
        }
        self.rebuild(spoiled);
        now
    }

    /// Lets each KPI do something with those before it.
    fn in_turn(&mut self, mut act: impl FnMut(&mut Tally, &Data<'_>)) {
        for at in 0..self.tallies.len() {
            let (before, rest) = self.tallies.split_at_mut(at);
            if let Some(tally) = rest.first_mut() {
                act(tally, &Data { series: &self.series, tallies: before });
            }
        }
    }

    /// Lets what is made from other KPIs hear which of their readings changed.
    pub(crate) fn hand_on(&mut self, now: i64) {
        self.in_turn(|tally, data| tally.hear(data.tallies, now));
        self.tallies.iter_mut().for_each(Tally::forget_news);
    }

    /// Of each metric the samples are kept that one of its KPIs needs.
    fn raise_floors(&mut self) {
        for metric in &mut self.metrics {
            let windows = metric.tallies.iter().filter_map(|at| match &self.tallies.get(*at)?.source {
                Source::Windows(windows) => Some(windows.floor()),
                Source::Backlog(_) | Source::Derived(_) => None,
            });
            metric.keeping.floor = windows.min().unwrap_or(self.now);
        }
    }

    pub(crate) fn take(&mut self, now: i64, batch: Batch, taking: Taking) {
        batch.series.into_iter().for_each(|series| self.add_series(&series));
        let mut spoiled = Vec::new();
        for some in batch.samples.chunks(TOGETHER) {
            self.fetch(some);
            some.iter().for_each(|sample| self.take_sample(now, sample, taking, &mut spoiled));
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
                routes.extend(tally.route(at, (place, series.id), &series.labels));
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

    /// Looks at what these samples will touch. Each series' state lies elsewhere in memory, and the processor waits for
    /// many of them at once where nothing that it does meanwhile depends on them.
    fn fetch(&self, samples: &[Sample]) {
        let mut known = [u32::MAX; TOGETHER];
        for (number, sample) in known.iter_mut().zip(samples) {
            *number = self.numbers.get(&sample.series).copied().unwrap_or(u32::MAX);
        }
        let states = || known.iter().filter_map(|series| self.series.get(*series as usize));
        black_box(states().filter_map(|state| state.track.newest()).max());
        black_box(states().filter_map(|state| state.track.last_ticks()).max());
        let reports = |route: &Route| match &self.tallies.get(route.tally)?.source {
            Source::Windows(windows) => windows.last_report(route),
            Source::Backlog(_) | Source::Derived(_) => None,
        };
        black_box(states().flat_map(|state| &state.routes).filter_map(reports).max());
    }

    fn take_sample(&mut self, now: i64, sample: &Sample, taking: Taking, spoiled: &mut Vec<Spoiled>) {
        let Some(series) = self.numbers.get(&sample.series).copied() else { return };
        let Sample { time, ticks, revision, state, .. } = *sample;
        let sample = Ahead { time: micros(time), series, revision, ticks, state };
        if sample.time > now && self.ahead.len() < MAX_AHEAD {
            self.ahead.insert(sample);
        } else {
            self.place(sample, taking, spoiled);
        }
    }

    fn place(&mut self, sample: Ahead, taking: Taking, spoiled: &mut Vec<Spoiled>) {
        let Some(state) = self.series.get_mut(sample.series as usize) else { return };
        let Some(MetricState { keeping, .. }) = self.metrics.get(state.metric) else { return };
        let placed = state.track.place(keeping, sample.time, sample.ticks, sample.revision, Marks::of_state(sample.state));
        if placed == Placed::Unchanged {
            return;
        }
        let came = Came { now: self.now, taking };
        for route in &state.routes {
            if let Some(tally) = self.tallies.get_mut(route.tally) {
                tally.put_sample(route, sample.time, (&placed, &state.track), came, spoiled);
            }
        }
        state.track.forget(keeping);
    }

    fn rebuild(&mut self, mut spoiled: Vec<Spoiled>) {
        spoiled.sort_unstable();
        spoiled.dedup();
        for (tally, cell, pane) in spoiled {
            if let Some(Source::Windows(windows)) = self.tallies.get_mut(tally).map(|tally| &mut tally.source) {
                windows.rebuild(cell, pane, &self.series);
            }
        }
        for tally in &mut self.tallies {
            if let Source::Windows(windows) = &mut tally.source {
                windows.find_reports(&self.series);
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
        self.in_turn(|tally, data| {
            tally.record(now, data, effects);
            tally.close(now, data.series, effects);
        });
        self.note_heard();
        self.cases.forget(self.cases_needed_from(now));
    }

    /// Notes of each operand up to which instant those that are made from it have recorded: news of later ones are none.
    pub(crate) fn note_heard(&mut self) {
        for at in (0..self.tallies.len()).rev() {
            let (before, rest) = self.tallies.split_at_mut(at);
            let Some(tally) = rest.first() else { continue };
            let until = tally.grid.recorded.max(tally.heard_until);
            for operand in tally.operands() {
                if let Some(operand) = before.get_mut(operand) {
                    operand.heard_until = operand.heard_until.max(until);
                }
            }
        }
    }

    fn correct(&mut self, now: i64, effects: &mut Effects) {
        if self.correct_at == NEVER && self.tallies.iter().any(Tally::owes) {
            self.correct_at = now + CORRECTION_WAIT;
        }
        if self.correct_at <= now {
            self.in_turn(|tally, data| tally.correct(now, data, effects));
            self.correct_at = NEVER;
        }
        for tally in &mut self.tallies {
            tally.take_beyond(effects);
            tally.take_stale(effects);
        }
        if self.correct_at == NEVER {
            let told = std::mem::take(&mut self.positions);
            effects.positions.extend(told.into_iter().map(|(lane, seq)| Position { lane, seq }));
        }
    }
}
