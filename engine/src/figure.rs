//! A reading's content apart from when and for whom: the value, what it rests on, and how far it can be relied on.
//!
//! Quality is decided here and nowhere else in the engine.

use crate::moment::{seconds, timestamp};
use taydo_model::{Flags, Kpi, Quality, Reading, Scope};

/// A value with what it rests on; by default missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Figure {
    pub(crate) value: Option<f64>,
    /// What was divided and by what, for means and shares.
    pub(crate) parts: Option<(f64, f64)>,
    pub(crate) samples: u64,
    pub(crate) coverage: Option<f64>,
    /// The newest sample's event time.
    pub(crate) data_time: Option<i64>,
    pub(crate) quality: Quality,
    pub(crate) flags: Flags,
}

impl Figure {
    /// Decides the quality at the moment `at`, the worst reason first.
    pub(crate) fn judge(mut self, kpi: &Kpi, at: i64) -> Self {
        let stale = self.data_time.is_none_or(|time| time + seconds(kpi.stale_s) < at);
        let partial = matches!((self.coverage, kpi.coverage), (Some(have), Some(want)) if have < want);
        self.quality = match self.value {
            None => Quality::Missing,
            Some(_) if stale => Quality::Stale,
            Some(_) if partial => Quality::Partial,
            Some(_) => Quality::Good,
        };
        self
    }

    /// When it becomes stale, if it isn't and no data comes.
    pub(crate) fn stale_at(&self, kpi: &Kpi) -> Option<i64> {
        let fresh = matches!(self.quality, Quality::Good | Quality::Partial);
        self.data_time.filter(|_| fresh).map(|time| time + seconds(kpi.stale_s) + 1)
    }

    /// The reading for this scope and moment.
    pub(crate) fn into_reading(self, kpi: &Kpi, scope: &Scope, time: i64) -> Reading {
        Reading {
            kpi: kpi.id.clone(),
            scope: scope.clone(),
            time: timestamp(time),
            value: self.value,
            numerator: self.parts.map(|(numerator, _)| numerator),
            denominator: self.parts.map(|(_, denominator)| denominator),
            samples: self.samples,
            coverage: self.coverage,
            quality: self.quality,
            flags: self.flags,
            data_time: self.data_time.map(timestamp),
        }
    }
}
