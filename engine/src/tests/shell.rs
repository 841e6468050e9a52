//! A shell for tests: it keeps rows and readings as the server would, wakes the engine when it asks, runs recomputes,
//! and can be killed between two steps.

use super::city::series;
use super::plain::{Rows, same};
use crate::recompute::{Plan, Run, SamplesNeeded};
use crate::refold::{self, Refold};
use crate::{Batch, CaseVersion, ClosedPane, ClosedSpan, Effects, Engine, Input, Position, Reclosed, Reopened, Sample, Touched};
use jiff::Timestamp;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use taydo_model::{Definitions, KpiId, Quality, Reading, Scope};

#[derive(Debug)]
pub(super) struct Shell {
    pub(super) definitions: Arc<Definitions>,
    pub(super) engine: Engine,
    pub(super) rows: Rows,
    /// Of each reading the last revision.
    pub(super) readings: BTreeMap<(KpiId, Scope, Timestamp), Reading>,
    start: Timestamp,
    batches: Vec<(Vec<Sample>, Vec<CaseVersion>)>,
    versions: Vec<CaseVersion>,
    told: i64,
    pub(super) live: HashMap<(KpiId, Scope), Reading>,
    /// Closed panes, by KPI, basis and end.
    closed: BTreeMap<(KpiId, i64, Timestamp), ClosedPane>,
    /// How many samples were read for other than closed panes, and how many for them.
    pub(super) read: Cell<usize>,
    pub(super) refolded: Cell<usize>,
}

impl Shell {
    pub(super) fn new(definitions: Arc<Definitions>, start: Timestamp) -> Self {
        Self {
            engine: Engine::new(Arc::clone(&definitions), start),
            definitions,
            rows: Rows::default(),
            readings: BTreeMap::new(),
            start,
            batches: Vec::new(),
            versions: Vec::new(),
            told: -1,
            live: HashMap::new(),
            closed: BTreeMap::new(),
            read: Cell::new(0),
            refolded: Cell::new(0),
        }
    }

    /// Commits a batch and hands the engine what was new or changed, or all of it.
    pub(super) fn batch(&mut self, now: Timestamp, samples: Vec<Sample>, cases: Vec<CaseVersion>, with_repeats: bool) -> Effects {
        let samples: Vec<Sample> = samples.into_iter().filter(|sample| self.rows.put(sample) || with_repeats).collect();
        let cases: Vec<CaseVersion> = cases.into_iter().filter(|version| self.rows.put_case(version)).collect();
        let position = Some(Position { lane: 1, seq: self.batches.len() as i64 });
        self.batches.push((samples.clone(), cases.clone()));
        self.versions.extend(cases.iter().cloned());
        let effects = self.engine.step(now, Input::Batch(Batch { position, series: series(), samples, cases }));
        self.keep(effects)
    }

    pub(super) fn wake(&mut self, now: Timestamp) -> Effects {
        let effects = self.engine.step(now, Input::Wake);
        self.keep(effects)
    }

    pub(super) fn tick(&mut self, now: Timestamp) -> Effects {
        let effects = self.engine.step(now, Input::Tick);
        self.keep(effects)
    }

    /// Wakes the engine whenever it asks, until `until`.
    pub(super) fn sleep_until(&mut self, until: Timestamp) {
        let mut last = None;
        while let Some(wake) = self.engine.next_wake().filter(|wake| *wake <= until) {
            assert!(last < Some(wake), "woken at {wake}, it asks for the same moment again");
            last = Some(wake);
            self.wake(wake);
        }
    }

    fn keep(&mut self, effects: Effects) -> Effects {
        for recorded in &effects.recorded {
            let reading = recorded.reading.clone();
            let known = self.readings.insert((reading.kpi.clone(), reading.scope.clone(), reading.time), reading);
            assert!(recorded.correction || known.is_none(), "told twice as new: {known:?}");
        }
        for reading in &effects.live {
            self.live.insert((reading.kpi.clone(), reading.scope.clone()), reading.clone());
        }
        self.told = effects.positions.iter().map(|position| position.seq).fold(self.told, i64::max);
        for pane in &effects.closed {
            self.closed.entry((pane.kpi.clone(), pane.basis, pane.until)).or_insert_with(|| pane.clone());
        }
        for reopened in &effects.reopened {
            self.ensure(&reopened.span, &reopened.stale);
        }
        self.recompute(&effects.recompute);
        if !effects.reopened.is_empty() {
            let reclosed = effects.reopened.iter().map(|reopened| self.reclosed(reopened)).collect();
            let followed = self.engine.step(Timestamp::MIN, Input::Reclosed(reclosed));
            self.keep(followed);
        }
        effects
    }

    fn reclosed(&self, reopened: &Reopened) -> Reclosed {
        let ClosedSpan { kpi, basis, after, until, .. } = reopened.span.clone();
        Reclosed { kpi, basis, after, until, computed: reopened.recorded, panes: self.closed_of(&reopened.span) }
    }

    fn closed_of(&self, span: &ClosedSpan) -> Vec<ClosedPane> {
        let pane = |until| self.closed.get(&(span.kpi.clone(), span.basis, until)).cloned().unwrap();
        span.edges().map(pane).collect()
    }

    /// Makes again what isn't stored or is stale.
    fn ensure(&mut self, span: &ClosedSpan, stale: &[(Timestamp, Timestamp)]) {
        let stored: Vec<Timestamp> =
            span.edges().filter(|until| self.closed.contains_key(&(span.kpi.clone(), span.basis, *until))).collect();
        for missing in refold::missing(span, &stored, stale) {
            let mut refold = Refold::new(&self.definitions, &missing, series());
            let mut samples = if refold.is_anchored() { self.rows.anchors(&self.definitions, refold.samples_after()) } else { Vec::new() };
            samples.extend(self.rows.samples_after(refold.samples_after()));
            samples.retain(|sample| sample.time <= missing.until);
            self.refolded.set(self.refolded.get() + samples.len());
            let rest = samples.split_off(samples.len() / 2);
            let panes = [refold.take(samples), refold.take(rest), refold.finish()].concat();
            let ends: Vec<Timestamp> = panes.iter().map(|pane| pane.until).collect();
            assert_eq!(ends, missing.edges().collect::<Vec<_>>());
            self.closed.extend(panes.into_iter().map(|pane| ((pane.kpi.clone(), pane.basis, pane.until), pane)));
        }
    }

    pub(super) fn recompute(&mut self, ranges: &[Touched]) {
        for touched in ranges {
            self.readings.retain(|(kpi, _, time), _| *kpi != touched.kpi || *time < touched.from || touched.to < *time);
            let Some(plan) = Plan::new(&self.definitions, touched) else { continue };
            let needs = plan.needs(self.engine.closed_until(&touched.kpi).unwrap_or(Timestamp::MIN));
            let mut run = plan.run(series());
            let mut readings = Vec::new();
            if let Some(after) = needs.cases_after {
                run.load_cases(self.cases_after(after));
            }
            match needs.samples {
                Some(samples) => self.run(&mut run, samples, needs.until, &mut readings),
                None => readings.extend(run.advance(Vec::new(), needs.until)),
            }
            assert!(run.is_done());
            self.readings.extend(readings.into_iter().map(|reading| ((reading.kpi.clone(), reading.scope.clone(), reading.time), reading)));
        }
    }

    /// Runs over the panes and the samples that are needed, in pieces.
    fn run(&mut self, run: &mut Run, needed: SamplesNeeded, until: Timestamp, readings: &mut Vec<Reading>) {
        let SamplesNeeded { closed, after, anchors, metrics } = needed;
        assert_eq!(metrics.iter().map(|metric| metric.as_str()).collect::<Vec<_>>(), ["speed"]);
        if anchors {
            run.load_samples(self.rows.anchors(&self.definitions, after));
        }
        for span in &closed {
            self.ensure(span, &[]);
            let panes = self.closed_of(span);
            let (first, second) = panes.split_at(panes.len() / 2);
            run.load_closed(first.to_vec());
            if closed.len() == 1 {
                readings.extend(run.advance(Vec::new(), first.last().map_or(Timestamp::MIN, |pane| pane.until)));
            }
            run.load_closed(second.to_vec());
        }
        readings.extend(closed.iter().map(|span| span.until).min().map(|until| run.advance(Vec::new(), until)).unwrap_or_default());
        let all: Vec<Sample> = self.rows.samples_after(after).into_iter().filter(|sample| sample.time <= until).collect();
        self.read.set(self.read.get() + all.len());
        let (first, second) = all.split_at(all.len() / 3);
        if let Some(last) = first.last() {
            let (first, shared): (Vec<_>, Vec<_>) = first.iter().partition(|sample| sample.time < last.time);
            let before = last.time - jiff::SignedDuration::from_micros(1);
            readings.extend(run.advance(first, before));
            readings.extend(run.advance(shared.into_iter().chain(second.iter().copied()).collect(), until));
        } else {
            readings.extend(run.advance(all, until));
        }
    }

    fn cases_after(&self, after: Timestamp) -> Vec<CaseVersion> {
        let relevant = |version: &&CaseVersion| {
            let case = &version.case;
            case.closed.is_none_or(|closed| closed > after) || case.opened > after
        };
        self.rows.cases.values().filter(relevant).cloned().collect()
    }

    /// Kills the engine and starts another from the store.
    pub(super) fn restart(&mut self, now: Timestamp) {
        let mut engine = Engine::new(Arc::clone(&self.definitions), now);
        for kpi in &self.definitions.kpis {
            let last = self.readings.keys().filter(|(id, ..)| *id == kpi.id).map(|(_, _, time)| *time).max();
            engine.resume_after(&kpi.id, last.unwrap_or(self.start).max(self.start));
        }
        engine.restore(now, Batch { series: series(), ..Batch::default() });
        let untold = self.batches.get((self.told + 1) as usize..).unwrap_or_default().to_vec();
        let times = untold.iter().flat_map(|(samples, _)| samples).map(|sample| sample.time);
        let touched_times = times.clone().min().zip(times.max());
        self.fill(&mut engine, now, touched_times);
        let keys: Vec<_> = untold.iter().flat_map(|(_, cases)| cases).map(|version| &version.key).collect();
        let versions: Vec<_> = self.versions.iter().filter(|version| keys.contains(&&version.key)).cloned().collect();
        let mut touched = engine.touched_by_cases(&versions);
        if let Some((from, to)) = touched_times {
            touched.extend(engine.touched(from, to, None));
        }
        self.engine = engine;
        self.recompute(&touched);
    }

    /// Reads into an engine what its windows reach back to.
    fn fill(&mut self, engine: &mut Engine, now: Timestamp, touched: Option<(Timestamp, Timestamp)>) {
        for Reopened { span, stale, .. } in engine.closed_needed(&Vec::from_iter(touched)) {
            self.ensure(&span, &stale);
            for pane in self.closed_of(&span) {
                assert!(engine.restore_closed(&pane));
            }
        }
        let from: HashMap<_, _> = engine.samples_needed_from(now).into_iter().collect();
        let metrics: HashMap<_, _> = series().into_iter().map(|series| (series.id, series.metric)).collect();
        let mut samples = self.rows.samples_after(Timestamp::MIN);
        samples.retain(|sample| from.get(&metrics[&sample.series]).is_some_and(|from| *from < sample.time));
        for metric in engine.anchored() {
            samples.extend(self.rows.anchors(&self.definitions, from[&metric]));
        }
        self.read.set(self.read.get() + samples.len());
        let cases = self.cases_after(engine.relevant_cases_from(now));
        engine.restore(now, Batch { samples, cases, ..Batch::default() });
    }

    /// Begins to rebuild beside the engine what these definitions change. Returns it with the number of batches that
    /// the store had then.
    pub(super) fn begin_change(&mut self, now: Timestamp, definitions: &Arc<Definitions>) -> (Engine, usize) {
        let mut beside = self.engine.beside(Arc::clone(definitions), now);
        // In another order, so that nothing can rest on equal numbers in both engines.
        beside.restore(now, Batch { series: series().into_iter().rev().collect(), ..Batch::default() });
        let old = std::mem::replace(&mut self.definitions, Arc::clone(definitions));
        self.fill(&mut beside, now, None);
        self.definitions = old;
        (beside, self.batches.len())
    }

    /// Tells the engine beside what came meanwhile, and swaps.
    pub(super) fn finish_change(&mut self, now: Timestamp, (beside, had): (Engine, usize)) {
        let missed = self.batches.iter().skip(had).cloned();
        let missed = missed.map(|(samples, cases)| Batch { position: None, series: series(), samples, cases }).collect();
        let effects = self.engine.swap(now, beside, missed);
        self.keep(effects);
        self.definitions = Arc::clone(self.engine.definitions());
        self.wake(now);
    }

    /// Compares all recorded readings up to `end` with the plain ones; says the first difference.
    pub(super) fn check(&self, end: Timestamp) -> Result<usize, String> {
        self.check_from(|_| self.start, end)
    }

    /// The same for the instants after a moment that may be another one for each KPI.
    pub(super) fn check_from(&self, from: impl Fn(&KpiId) -> Timestamp, end: Timestamp) -> Result<usize, String> {
        let mut checked = 0;
        let mut told: HashMap<(&KpiId, Timestamp), BTreeMap<Scope, Reading>> = HashMap::new();
        for reading in self.readings.values() {
            told.entry((&reading.kpi, reading.time)).or_default().insert(reading.scope.clone(), reading.clone());
        }
        for kpi in &self.definitions.kpis {
            let every = i64::from(kpi.every_s);
            let mut instant = (from(&kpi.id).as_second().div_euclid(every) + 1) * every;
            while instant <= end.as_second() {
                let time = Timestamp::from_second(instant).unwrap();
                let want: BTreeMap<_, _> =
                    self.rows.readings(&self.definitions, kpi, time).into_iter().map(|reading| (reading.scope.clone(), reading)).collect();
                let have = told.remove(&(&kpi.id, time)).unwrap_or_default();
                for scope in want.keys().chain(have.keys()) {
                    match (want.get(scope), have.get(scope)) {
                        (Some(want), Some(have)) if same(want, have, self.rows.slack(&self.definitions, kpi, scope, time)) => checked += 1,
                        // A scope may have been known when its turn was, and its only case have moved elsewhere since.
                        (None, Some(have)) if have.quality == Quality::Missing => {}
                        (want, have) => return Err(format!("{} {scope} {time}\nwant {want:?}\nhave {have:?}", kpi.id)),
                    }
                }
                instant += every;
            }
        }
        Ok(checked)
    }
}
