//! Making closed panes again from samples: where none are stored, and where late data has touched them.
//!
//! It drives an engine over the samples of the stretches that are asked for. It must never read anything itself.

use crate::moment::{micros, timestamp};
use crate::{Batch, ClosedPane, ClosedSpan, Engine, Sample, Series};
use jiff::Timestamp;
use std::sync::Arc;
use taydo_model::Definitions;

/// A KPI's panes on their way.
#[derive(Debug)]
pub struct Refold {
    engine: Engine,
    until: i64,
}

impl Refold {
    /// Begins with the first stretch of a span, given the metric's series. The span's samples are wanted in order of time.
    #[must_use]
    pub fn new(definitions: &Arc<Definitions>, span: &ClosedSpan, series: Vec<Series>) -> Self {
        let mut engine = Engine::for_closing(Arc::clone(definitions), &span.kpi, span.after);
        engine.restore(span.after, Batch { series, ..Batch::default() });
        Self { engine, until: micros(span.until) }
    }

    /// The samples after this moment are wanted, up to the span's end.
    #[must_use]
    pub fn samples_after(&self) -> Timestamp {
        let needed = self.engine.samples_needed_from(Timestamp::MIN);
        needed.first().map_or(Timestamp::MIN, |(_, after)| *after)
    }

    /// Whether the [`ANCHORS`](crate::ANCHORS) newest samples of each series before that are wanted too.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        !self.engine.anchored().is_empty()
    }

    /// Takes the next samples. Gives the panes that they show to be complete.
    pub fn take(&mut self, samples: Vec<Sample>) -> Vec<ClosedPane> {
        let Some(newest) = samples.iter().map(|sample| sample.time).max() else { return Vec::new() };
        self.engine.restore(newest, Batch { samples, ..Batch::default() });
        // What comes next may be of the same moment.
        self.engine.close_up_to((micros(newest) - 1).min(self.until))
    }

    /// Gives the panes that are left.
    pub fn finish(mut self) -> Vec<ClosedPane> {
        self.engine.restore(timestamp(self.until), Batch::default());
        self.engine.close_up_to(self.until)
    }
}

/// The span's stretches of which no pane is stored, and those that are stale, as few spans in order: what must be read to
/// make them again.
#[must_use]
pub fn missing(span: &ClosedSpan, stored: &[Timestamp], stale: &[(Timestamp, Timestamp)]) -> Vec<ClosedSpan> {
    let begin = |until: Timestamp| until.checked_sub(span.stretch).unwrap_or(Timestamp::MIN);
    let is_stale = |until: Timestamp| stale.iter().any(|(after, last)| *after < until && begin(until) < *last);
    let mut missing: Vec<ClosedSpan> = Vec::new();
    for until in span.edges().filter(|until| stored.binary_search(until).is_err() || is_stale(*until)) {
        let after = begin(until);
        match missing.last_mut().filter(|last| last.until == after) {
            Some(last) => last.until = until,
            None => missing.push(ClosedSpan { after, until, ..span.clone() }),
        }
    }
    missing
}
