//! From folds to a KPI's value: the aggregate of each set of samples, and how several sets come together.
//!
//! The result must never depend on the order of the sets.

use crate::fold::{Content, Fold};
use crate::moment::HOUR;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use taydo_model::kpi::{Across, Aggregate, From};
use taydo_model::{Flags, Kpi, Labels, Metric};

/// What folds come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Combined {
    pub(crate) value: Option<f64>,
    /// What was divided by what, where there is one quotient.
    pub(crate) parts: Option<(f64, f64)>,
    pub(crate) samples: u64,
    pub(crate) flags: Flags,
}

/// How one KPI's folds come together.
#[derive(Debug)]
pub(crate) struct Combination {
    metric: Arc<Metric>,
    aggregate: Aggregate,
    across: Option<Across>,
    /// What a value in the metric's unit (by the hour, for a rate) is multiplied by to be in the KPI's.
    factor: f64,
    at_least: u64,
    /// For `distinct`: the label's values by number, and each series' value, by its number in the store.
    values: HashMap<String, u32>,
    value_of: HashMap<i32, u32>,
}

impl Combination {
    /// For a KPI from observations; `None` when it is not one.
    pub(crate) fn new(kpi: &Kpi, metric: &Arc<Metric>) -> Option<Self> {
        let From::Observations { aggregate, across, factor, at_least, .. } = &kpi.from else { return None };
        // Rates of several meters can't be told from their steps in one heap: each has its own time.
        let across = across.or((*aggregate == Aggregate::Rate).then_some(Across::Sum));
        Some(Self {
            metric: Arc::clone(metric),
            aggregate: aggregate.clone(),
            across,
            factor: *factor,
            at_least: u64::from(*at_least),
            values: HashMap::new(),
            value_of: HashMap::new(),
        })
    }

    pub(crate) fn metric(&self) -> &Arc<Metric> {
        &self.metric
    }

    /// Whether each series has a fold of its own.
    pub(crate) fn is_by_series(&self) -> bool {
        self.across.is_some()
    }

    /// Notes a series; whether it can count at all.
    pub(crate) fn admit(&mut self, series: i32, labels: &Labels) -> bool {
        let Aggregate::Distinct { label } = &self.aggregate else { return true };
        let Some(value) = labels.get(label.as_str()) else { return false };
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let number = *self.values.entry(value.to_owned()).or_insert(next);
        self.value_of.insert(series, number);
        true
    }

    /// What the folds come to: one for each series, or one of all samples.
    pub(crate) fn of(&self, folds: &[Fold]) -> Combined {
        let samples = folds.iter().map(|fold| fold.count).sum();
        let quotients: Vec<Quotient> = folds.iter().filter_map(|fold| self.quotient(fold)).collect();
        let mut flags = Flags::default();
        for (flag, holds) in [
            (Flags::SUSPECT, folds.iter().any(|fold| fold.suspect > 0)),
            (Flags::PROVISIONAL, folds.iter().any(|fold| fold.provisional > 0)),
            (Flags::TOO_FEW, !folds.is_empty() && samples < self.at_least),
        ] {
            flags = if holds { flags.union(flag) } else { flags };
        }
        let parts = match quotients.as_slice() {
            [Quotient { parts: Some((numerator, denominator)), .. }] => Some((numerator * self.factor, *denominator)),
            _ => None,
        };
        let value = self.across(quotients.iter().map(|quotient| quotient.value).collect());
        let value = value.filter(|_| !flags.contains(Flags::TOO_FEW)).map(|value| value * self.factor);
        Combined { value, parts, samples, flags }
    }

    /// Several sets' values as one. Doubles are added by rising size, so that the sum doesn't depend on the series' order.
    fn across(&self, mut values: Vec<f64>) -> Option<f64> {
        values.sort_unstable_by(f64::total_cmp);
        #[allow(clippy::cast_precision_loss)]
        let count = values.len() as f64;
        let (first, last) = (*values.first()?, *values.last()?);
        Some(match self.across {
            None | Some(Across::Sum) => values.into_iter().sum(),
            Some(Across::Max) => last,
            Some(Across::Min) => first,
            Some(Across::Mean) => values.into_iter().sum::<f64>() / count,
        })
    }

    /// One set's aggregate in the metric's unit; `None` when the samples don't say it.
    #[allow(clippy::cast_precision_loss)]
    fn quotient(&self, fold: &Fold) -> Option<Quotient> {
        let count = fold.count as f64;
        let ticks = |ticks: i64| Quotient::whole(scaled(&self.metric, i128::from(ticks), 1));
        let hours = |micros: i64| micros as f64 / HOUR as f64;
        let percentile = |share: f64, fold: &Fold| match &fold.content {
            Content::Sketch(sketch) => Some(Quotient::whole(sketch.percentile(share)? * step(&self.metric))),
            _ => None,
        };
        if fold.count == 0 && !matches!(fold.content, Content::Held { .. }) {
            return None;
        }
        match (&self.aggregate, &fold.content) {
            (Aggregate::Count, _) => Some(Quotient::whole(count)),
            (Aggregate::Sum, Content::Values { sum, .. }) => Some(Quotient::whole(scaled(&self.metric, *sum, 1))),
            (Aggregate::Mean, Content::Values { sum, .. }) => {
                let value = scaled(&self.metric, *sum, fold.count);
                Some(Quotient { value, parts: Some((scaled(&self.metric, *sum, 1), count)) })
            }
            (Aggregate::Min, Content::Values { min, .. }) => Some(ticks(*min)),
            (Aggregate::Max, Content::Values { max, .. }) => Some(ticks(*max)),
            (Aggregate::Last, Content::Values { last, .. }) => Some(ticks(*last)),
            (Aggregate::Median, _) => percentile(0.5, fold),
            (Aggregate::P90, _) => percentile(0.9, fold),
            (Aggregate::P95, _) => percentile(0.95, fold),
            (Aggregate::P99, _) => percentile(0.99, fold),
            (Aggregate::Increase, Content::Steps { sum, known: 1.., .. }) => Some(Quotient::whole(scaled(&self.metric, *sum, 1))),
            (Aggregate::Rate, Content::Steps { sum, length: length @ 1.., .. }) => {
                Some(Quotient::of(scaled(&self.metric, *sum, 1), hours(*length)))
            }
            (Aggregate::TimeWeightedMean { .. }, Content::Held { area, length: length @ 1.. }) => {
                let hours = hours(*length);
                let value = *area as f64 / *length as f64 * step(&self.metric);
                Some(Quotient { value, parts: Some((value * hours, hours)) })
            }
            (Aggregate::ShareAbove { .. } | Aggregate::ShareBelow { .. }, Content::Share { beyond }) => {
                Some(Quotient { value: *beyond as f64 / count, parts: Some((*beyond as f64, count)) })
            }
            (Aggregate::Distinct { .. }, Content::Distinct(series)) => {
                let values: BTreeSet<u32> = series.iter().filter_map(|(series, _)| self.value_of.get(series).copied()).collect();
                Some(Quotient::whole(values.len() as f64))
            }
            _ => None,
        }
    }
}

/// A value and, where it is one, the quotient that it is.
struct Quotient {
    value: f64,
    parts: Option<(f64, f64)>,
}

impl Quotient {
    fn whole(value: f64) -> Self {
        Self { value, parts: None }
    }

    fn of(numerator: f64, denominator: f64) -> Self {
        Self { value: numerator / denominator, parts: Some((numerator, denominator)) }
    }
}

/// So many resolution steps, divided by `count`, in the metric's unit. For decimal resolutions the result is the double
/// nearest to the quotient of whole numbers, as in `Metric::value`.
#[allow(clippy::cast_precision_loss)]
fn scaled(metric: &Metric, ticks: i128, count: u64) -> f64 {
    let per_unit = (1.0 / metric.resolution).round();
    let (ticks, count) = (ticks as f64, count as f64);
    if is_decimal(metric) { ticks / (per_unit * count) } else { ticks * metric.resolution / count }
}

/// One resolution step in the metric's unit.
fn step(metric: &Metric) -> f64 {
    if is_decimal(metric) { 1.0 / (1.0 / metric.resolution).round() } else { metric.resolution }
}

fn is_decimal(metric: &Metric) -> bool {
    let per_unit = (1.0 / metric.resolution).round();
    metric.resolution < 1.0 && (per_unit * metric.resolution - 1.0).abs() < 1e-12
}
