//! A shell for tests: it keeps rows and readings as the server would, wakes the engine when it asks, runs recomputes,
//! and can be killed between two steps.

use super::city::series;
use super::plain::{Rows, same};
use crate::recompute::{Needs, Plan};
use crate::{Batch, CaseVersion, Effects, Engine, Input, Position, Sample, Touched};
use jiff::Timestamp;
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
        self.recompute(&effects.recompute);
        effects
    }

    pub(super) fn recompute(&mut self, ranges: &[Touched]) {
        for touched in ranges {
            self.readings.retain(|(kpi, _, time), _| *kpi != touched.kpi || *time < touched.from || touched.to < *time);
            let Some(plan) = Plan::new(&self.definitions, touched) else { continue };
            let needs = plan.needs();
            let mut run = plan.run(series());
            let mut readings = Vec::new();
            match needs {
                Needs::Samples { after, until, .. } => {
                    let all: Vec<Sample> = self.rows.samples_after(after).into_iter().filter(|sample| sample.time <= until).collect();
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
                Needs::Cases { after, until, .. } => {
                    run.load_cases(self.cases_after(after));
                    readings.extend(run.advance(Vec::new(), until));
                }
            }
            assert!(run.is_done());
            self.readings.extend(readings.into_iter().map(|reading| ((reading.kpi.clone(), reading.scope.clone(), reading.time), reading)));
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
        let mut engine = Engine::new(Arc::clone(&self.definitions), self.start);
        for kpi in &self.definitions.kpis {
            if let Some(((_, _, last), _)) =
                self.readings.iter().filter(|((id, ..), _)| *id == kpi.id).max_by_key(|((_, _, time), _)| *time)
            {
                engine.resume_after(&kpi.id, (*last).max(self.start));
            }
        }
        let samples = self.rows.samples_after(now - engine.horizon());
        let cases = self.cases_after(engine.relevant_cases_from(now));
        engine.restore(now, Batch { position: None, series: series(), samples, cases });
        let untold = self.batches.get((self.told + 1) as usize..).unwrap_or_default();
        let times = untold.iter().flat_map(|(samples, _)| samples).map(|sample| sample.time);
        let keys: Vec<_> = untold.iter().flat_map(|(_, cases)| cases).map(|version| &version.key).collect();
        let versions: Vec<_> = self.versions.iter().filter(|version| keys.contains(&&version.key)).cloned().collect();
        let mut touched = engine.touched_by_cases(&versions);
        if let (Some(from), Some(to)) = (times.clone().min(), times.max()) {
            touched.extend(engine.touched(from, to, None));
        }
        self.engine = engine;
        self.recompute(&touched);
    }

    /// Begins to rebuild beside the engine what these definitions change. Returns it with the number of batches that
    /// the store had then.
    pub(super) fn begin_change(&self, now: Timestamp, definitions: &Arc<Definitions>) -> (Engine, usize) {
        let mut beside = self.engine.beside(Arc::clone(definitions), now);
        let samples = self.rows.samples_after(now - beside.horizon());
        let cases = self.cases_after(beside.relevant_cases_from(now));
        // In another order, so that nothing can rest on equal numbers in both engines.
        let series = series().into_iter().rev().collect();
        beside.restore(now, Batch { position: None, series, samples, cases });
        (beside, self.batches.len())
    }

    /// Tells the engine beside what came meanwhile, and swaps.
    pub(super) fn finish_change(&mut self, now: Timestamp, (mut beside, had): (Engine, usize)) {
        for (samples, cases) in self.batches.iter().skip(had).cloned() {
            beside.restore(now, Batch { position: None, series: series(), samples, cases });
        }
        let effects = self.engine.swap(now, beside);
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
                        (Some(want), Some(have)) if same(want, have) => checked += 1,
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
