//! A KPI from observations: `from = { observations = "traffic.speed", aggregate = "mean", window = "5m" }`.
//!
//! Must never accept an aggregate whose unit doesn't follow from the metric's.

use super::{Context, is_count, window};
use crate::files::{section::Section, source::labels};
use crate::kpi::{Across, Aggregate, From};
use crate::{Metric, MetricId, Unit};

const AGGREGATES: &[(&str, Aggregate)] = &[
    ("count", Aggregate::Count),
    ("sum", Aggregate::Sum),
    ("mean", Aggregate::Mean),
    ("min", Aggregate::Min),
    ("max", Aggregate::Max),
    ("last", Aggregate::Last),
];

/// What stands in `from`.
pub(super) fn read(section: &mut Section<'_>, unit: Option<Unit>, context: &Context<'_>) -> Option<From> {
    let metric = section.need("observations", |value| value.reference::<MetricId>(&context.known.metrics));
    let aggregate = section.need("aggregate", |value| value.choice(AGGREGATES));
    let window = section.need("window", window);
    let across = section.may("across", |value| value.choice(&[("sum", Across::Sum)]));
    let only = section.may("only", labels).unwrap_or_default();
    let (metric, aggregate, window) = (metric?, aggregate?, window?);
    let factor = factor(section, aggregate, context.metric(&metric)?, unit?)?;
    Some(From::Observations { metric, aggregate, window, across, only, factor })
}

fn factor(section: &Section<'_>, aggregate: Aggregate, metric: &Metric, unit: Unit) -> Option<f64> {
    let factor = match aggregate {
        Aggregate::Count => is_count(unit).then_some(1.0),
        _ => metric.unit.factor_to(unit),
    };
    if factor.is_none() {
        let (message, hint) = match aggregate {
            Aggregate::Count => {
                (format!("a count can't be in {unit}"), "set the KPI's unit to 1, vehicles, reports or another unit that counts".to_owned())
            }
            _ => (
                format!("{} is in {}, which can't become {unit}", metric.id, metric.unit),
                format!("set the KPI's unit to {}, or to another that measures the same", metric.unit),
            ),
        };
        section.problem(message, hint);
    }
    factor
}
