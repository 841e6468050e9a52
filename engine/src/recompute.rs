//! Recomputing: the same engine over a range of the past.
//!
//! A scope that turns out not to have existed at an instant has no reading there; what the store has of it is the
//! shell's to retract. It says what to read and drives an engine over it, chunk by chunk. It must never read anything itself.

use crate::moment::{SECOND, micros, seconds, step_ceil, step_floor, timestamp};
use crate::{Batch, CaseVersion, Engine, Input, Sample, Series, Touched};
use jiff::Timestamp;
use std::sync::Arc;
use taydo_model::{Definitions, Kpi, MetricId, Reading, kpi};

/// What a recompute must read before it can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// Samples of one metric after `after`, up to and including `until`, in chunks in order of time, and all its series.
    Samples {
        /// The metric.
        metric: MetricId,
        /// Exclusive.
        after: Timestamp,
        /// Inclusive.
        until: Timestamp,
        /// Whether the newest samples of each series up to `after` are wanted too, before the others: see
        /// [`Engine::anchored`].
        anchors: bool,
    },
    /// Cases in their present state: those that are open, or were opened or closed after `after`; of these the ones opened
    /// after `until` may be left out.
    Cases {
        /// The kind; empty: all.
        kind: String,
        /// Exclusive.
        after: Timestamp,
        /// Inclusive.
        until: Timestamp,
    },
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

    /// What must be read.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let engine = self.engine();
        let until = timestamp(self.to);
        let samples = |metric: &MetricId| {
            let reach = i64::try_from(engine.horizon().as_micros()).unwrap_or(i64::MAX / 8);
            let anchors = !engine.anchored().is_empty();
            Needs::Samples { metric: metric.clone(), after: timestamp(self.from - reach), until, anchors }
        };
        match &self.kpi.from {
            kpi::From::Observations { metric, .. } => samples(metric),
            kpi::From::Form(form) => samples(&form.metric),
            kpi::From::Cases { kind, .. } => {
                Needs::Cases { kind: kind.clone(), after: engine.relevant_cases_from(timestamp(self.from)), until }
            }
        }
    }

    fn engine(&self) -> Engine {
        let before = timestamp(self.from - SECOND);
        Engine::for_kpis(Arc::clone(&self.definitions), std::slice::from_ref(&self.kpi.id), before)
    }

    /// Begins, with the metric's series (their labels enriched by the register).
    #[must_use]
    pub fn run(self, series: Vec<Series>) -> Run {
        let mut engine = self.engine();
        engine.restore(timestamp(self.from - SECOND), Batch { series, ..Batch::default() });
        Run { next: self.from, plan: self, engine }
    }
}

/// A recompute on its way.
#[derive(Debug)]
pub struct Run {
    plan: Plan,
    engine: Engine,
    /// The next instant to be computed.
    next: i64,
}

impl Run {
    /// Takes cases. All of them are wanted before the first call of [`Run::advance`].
    pub fn load_cases(&mut self, cases: Vec<CaseVersion>) {
        let now = timestamp(self.next - SECOND);
        self.engine.restore(now, Batch { cases, ..Batch::default() });
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
