//! Recomputing: the same engine over a range of the past.
//!
//! A scope that turns out not to have existed at an instant has no reading there; what the store has of it is the
//! shell's to retract. It says what to read and drives an engine over it, chunk by chunk. It must never read anything itself.

use crate::moment::{SECOND, micros, seconds, step_ceil, step_floor, timestamp};
use crate::order::turns;
use crate::{Batch, CaseVersion, ClosedPane, ClosedSpan, Engine, Input, Sample, Series, Touched};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use taydo_model::{Definitions, Kpi, KpiId, MetricId, Reading};

/// What a recompute must read: all cases, then the closed panes and the samples as they are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// For KPIs that count cases, also as a part of a formula: cases in their present state, those that are open, or were
    /// opened or closed after this moment; of these the ones opened after `until` may be left out.
    pub cases_after: Option<Timestamp>,
    /// For KPIs that are computed from observations, also as a part of a formula.
    pub samples: Option<SamplesNeeded>,
    /// The last instant.
    pub until: Timestamp,
}

/// First the closed panes, in order; then samples of some metrics after `after`, up to and including [`Needs::until`], in
/// chunks in order of time; and all their series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamplesNeeded {
    /// The panes that are handed to [`Run::load_closed`], each KPI's in order.
    pub closed: Vec<ClosedSpan>,
    /// The metrics.
    pub metrics: Vec<MetricId>,
    /// Exclusive.
    pub after: Timestamp,
    /// Whether the newest samples of each series up to `after` are wanted too, before the others: see
    /// [`Engine::anchored`].
    pub anchors: bool,
}

/// Ranges together with those of the KPIs that are made from the touched ones, operands before what is made from them: what
/// to recompute by hand, where no engine has heard of the change. A KPI that no longer is defined stays where it is.
#[must_use]
pub fn with_dependents(definitions: &Arc<Definitions>, ranges: Vec<Touched>) -> Vec<Touched> {
    let mut all: BTreeMap<KpiId, (Timestamp, Timestamp)> = BTreeMap::new();
    let add = |all: &mut BTreeMap<KpiId, (Timestamp, Timestamp)>, kpi: &KpiId, (from, to)| {
        let range = all.entry(kpi.clone()).or_insert((from, to));
        *range = (range.0.min(from), range.1.max(to));
    };
    let (known, mut listed): (Vec<Touched>, Vec<Touched>) = ranges.into_iter().partition(|one| definitions.kpi(&one.kpi).is_some());
    known.iter().for_each(|touched| add(&mut all, &touched.kpi, (touched.from, touched.to)));
    for turn in turns(definitions, |_| true) {
        for operand in turn.kpi.operands() {
            if let Some((from, to)) = all.get(&operand.kpi).copied() {
                let until = to.checked_add(SignedDuration::from_hours(operand.hours_back.into())).unwrap_or(Timestamp::MAX);
                add(&mut all, &turn.kpi.id, (from, until));
            }
        }
        listed.extend(all.get(&turn.kpi.id).map(|(from, to)| Touched { kpi: turn.kpi.id.clone(), from: *from, to: *to }));
    }
    listed
}

/// How to mend one touched range.
#[derive(Debug)]
pub struct Plan {
    kpi: Arc<Kpi>,
    definitions: Arc<Definitions>,
    from: i64,
    to: i64,
}

impl Plan {
    /// The plan for a range; `None` when the KPI isn't defined any more, or no grid instant is in the range.
    #[must_use]
    pub fn new(definitions: &Arc<Definitions>, touched: &Touched) -> Option<Self> {
        let kpi = definitions.kpi(&touched.kpi)?;
        let every = seconds(kpi.every_s.max(1));
        let from = step_ceil(micros(touched.from), every) * every;
        let to = step_floor(micros(touched.to), every) * every;
        (from <= to).then(|| Self { kpi: Arc::clone(kpi), definitions: Arc::clone(definitions), from, to })
    }

    /// The KPI.
    #[must_use]
    pub fn kpi(&self) -> &Arc<Kpi> {
        &self.kpi
    }

    /// How many grid instants it covers.
    #[must_use]
    pub fn instants(&self) -> u64 {
        u64::try_from((self.to - self.from) / seconds(self.kpi.every_s.max(1)) + 1).unwrap_or(0)
    }

    /// What must be read, given up to where the live engine has closed the KPI's panes
    /// ([`Engine::closed_until`]; any moment for a KPI whose panes never are).
    #[must_use]
    pub fn needs(&self, closed_until: Timestamp) -> Needs {
        let mut engine = self.engine();
        let from = timestamp(self.from - SECOND);
        let cases_after = engine.counts_cases().then(|| engine.relevant_cases_from(timestamp(self.from)));
        let (metrics, after): (Vec<MetricId>, Vec<Timestamp>) = engine.samples_needed_from(from).into_iter().unzip();
        let samples = after.into_iter().min().map(|after| {
            let closed = engine.closed_needed(&[]).into_iter().map(|needed| needed.span).collect();
            let anchors = !engine.anchored().is_empty();
            self.skip_closed(closed_until, SamplesNeeded { closed, metrics, after, anchors })
        });
        Needs { cases_after, samples, until: timestamp(self.to) }
    }

    /// Reads panes in the place of samples as far as they are closed, for a KPI from observations whose windows all end
    /// where panes do. A formula's parts end where they will.
    fn skip_closed(&self, closed_until: Timestamp, mut needed: SamplesNeeded) -> SamplesNeeded {
        if let ([span], []) = (needed.closed.as_mut_slice(), self.kpi.operands()) {
            if self.sees_only_closed_panes(span) {
                let until = closed_until.min(span.edge_before(timestamp(self.to)));
                let skipped = until.duration_since(span.until).max(SignedDuration::ZERO);
                span.until += skipped;
                needed.after += skipped;
            }
        }
        needed
    }

    /// Whether the ends of all its readings' windows are ends of stretches.
    fn sees_only_closed_panes(&self, span: &ClosedSpan) -> bool {
        i128::from(self.kpi.every_s) * 1_000_000 % span.stretch.as_micros() == 0
    }

    fn engine(&self) -> Engine {
        let before = timestamp(self.from - SECOND);
        Engine::for_kpis(Arc::clone(&self.definitions), std::slice::from_ref(&self.kpi.id), before)
    }

    /// Begins, with the metrics' series (their labels enriched by the register).
    #[must_use]
    pub fn run(self, series: Vec<Series>) -> Run {
        let mut engine = self.engine();
        engine.restore(timestamp(self.from - SECOND), Batch { series, ..Batch::default() });
        Run { next: self.from, plan: self, engine, closed: BTreeMap::new() }
    }
}

/// A recompute on its way.
#[derive(Debug)]
pub struct Run {
    plan: Plan,
    engine: Engine,
    /// The next instant to be computed.
    next: i64,
    /// Panes whose time has not come.
    closed: BTreeMap<KpiId, VecDeque<ClosedPane>>,
}

impl Run {
    /// Takes closed panes, each KPI's in order. All that end up to an instant are wanted before [`Run::advance`] comes to it.
    pub fn load_closed(&mut self, panes: Vec<ClosedPane>) {
        for pane in panes {
            self.closed.entry(pane.kpi.clone()).or_default().push_back(pane);
        }
    }

    /// Takes cases. All of them are wanted before the first call of [`Run::advance`].
    pub fn load_cases(&mut self, cases: Vec<CaseVersion>) {
        let now = timestamp(self.next - SECOND);
        self.engine.restore(now, Batch { cases, ..Batch::default() });
    }

    /// Takes anchors. All of them are wanted before the first call of [`Run::advance`].
    pub fn load_samples(&mut self, samples: Vec<Sample>) {
        let now = timestamp(self.next - SECOND);
        self.engine.restore(now, Batch { samples, ..Batch::default() });
    }

    /// Takes a chunk of samples, in any order, and gives the readings of all instants up to and including `until`;
    /// no sample of that time may come later. Readings come in order of time.
    pub fn advance(&mut self, mut samples: Vec<Sample>, until: Timestamp) -> Vec<Reading> {
        samples.sort_unstable_by_key(|sample| (sample.time, sample.series));
        let every = seconds(self.plan.kpi.every_s.max(1));
        let delay = seconds(self.plan.kpi.delay_s);
        let last = micros(until).min(self.plan.to);
        let mut readings = Vec::new();
        let mut rest = samples.into_iter().peekable();
        while self.next <= last {
            let mut due = Vec::new();
            while let Some(sample) = rest.next_if(|sample| micros(sample.time) <= self.next) {
                due.push(sample);
            }
            for panes in self.closed.values_mut() {
                while let Some(pane) = panes.pop_front_if(|pane| micros(pane.until) <= self.next) {
                    self.engine.restore_closed(&pane);
                }
            }
            self.engine.restore(timestamp(self.next), Batch { samples: due, ..Batch::default() });
            let effects = self.engine.step(timestamp(self.next + delay), Input::Wake);
            readings.extend(effects.recorded.into_iter().map(|recorded| recorded.reading));
            self.next += every;
        }
        let now = timestamp(micros(until).min(self.next - SECOND));
        self.engine.restore(now, Batch { samples: rest.collect(), ..Batch::default() });
        readings
    }

    /// Whether every instant has been computed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.next > self.plan.to
    }
}
