//! Recomputing: the same engine over a range of the past.
//!
//! A scope that turns out not to have existed at an instant has no reading there; what the store has of it is the
//! shell's to retract. It says what to read and drives an engine over it, chunk by chunk. It must never read anything itself.

use crate::moment::{SECOND, micros, seconds, step_ceil, step_floor, timestamp};
use crate::{Batch, CaseVersion, ClosedPane, ClosedSpan, Engine, Input, Sample, Series, Touched};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;
use taydo_model::{Definitions, Kpi, MetricId, Reading, kpi};

/// What a recompute must read before it can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// First the closed panes, in order; then samples of one metric after `after`, up to and including `until`, in chunks
    /// in order of time; and all its series.
    Samples {
        /// The panes that are handed to [`Run::load_closed`], where the KPI has any.
        closed: Option<ClosedSpan>,
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

    /// What must be read, given up to where the live engine has closed the KPI's panes
    /// ([`Engine::closed_until`]; any moment for a KPI whose panes never are).
    #[must_use]
    pub fn needs(&self, closed_until: Timestamp) -> Needs {
        let mut engine = self.engine();
        let until = timestamp(self.to);
        match &self.kpi.from {
            kpi::From::Observations { metric, .. } => {
                let needed = engine.samples_needed_from(timestamp(self.from - SECOND));
                let mut after = needed.first().map_or(until, |(_, after)| *after);
                let mut closed = engine.closed_needed(&[]).pop().map(|needed| needed.span);
                if let Some(span) = closed.as_mut().filter(|span| self.sees_only_closed_panes(span)) {
                    let skipped = closed_until.min(span.edge_before(until)).duration_since(span.until).max(SignedDuration::ZERO);
                    span.until += skipped;
                    after += skipped;
                }
                let anchors = !engine.anchored().is_empty();
                Needs::Samples { closed, metric: metric.clone(), after, until, anchors }
            }
            kpi::From::Cases { kind, .. } => {
                Needs::Cases { kind: kind.clone(), after: engine.relevant_cases_from(timestamp(self.from)), until }
            }
        }
    }

    /// Whether the ends of all its readings' windows are ends of stretches.
    fn sees_only_closed_panes(&self, span: &ClosedSpan) -> bool {
        i128::from(self.kpi.every_s) * 1_000_000 % span.stretch.as_micros() == 0
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
        Run { next: self.from, plan: self, engine, closed: VecDeque::new() }
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
    closed: VecDeque<ClosedPane>,
}

impl Run {
    /// Takes closed panes, in order. All that end up to an instant are wanted before [`Run::advance`] comes to it.
    pub fn load_closed(&mut self, panes: Vec<ClosedPane>) {
        self.closed.extend(panes);
    }

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
            while let Some(pane) = self.closed.pop_front_if(|pane| micros(pane.until) <= self.next) {
                self.engine.restore_closed(&pane);
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
