//! A KPI from observations: `from = { observations = "traffic.speed", aggregate = "mean", window = "5m" }`.
//!
//! Must never accept an aggregate whose unit doesn't follow from the metric's.

use super::{Context, DAY_S, is_count, window};
use crate::files::{section::Section, source::labels, value::Value};
use crate::kpi::{Across, Aggregate, From, Suspect};
use crate::observation::MetricKind;
use crate::{LabelName, Metric, MetricId, Unit};

/// How an aggregate is called.
#[derive(Clone, Copy, PartialEq)]
enum Word {
    Count,
    Sum,
    Mean,
    Min,
    Max,
    Last,
    Rate,
    Increase,
    Median,
    P90,
    P95,
    P99,
    TimeWeightedMean,
    Distinct,
    ShareAbove,
    ShareBelow,
}

const AGGREGATES: &[(&str, Word)] = &[
    ("count", Word::Count),
    ("sum", Word::Sum),
    ("mean", Word::Mean),
    ("min", Word::Min),
    ("max", Word::Max),
    ("last", Word::Last),
    ("rate", Word::Rate),
    ("increase", Word::Increase),
    ("median", Word::Median),
    ("p90", Word::P90),
    ("p95", Word::P95),
    ("p99", Word::P99),
    ("time_weighted_mean", Word::TimeWeightedMean),
    ("distinct", Word::Distinct),
    ("share_above", Word::ShareAbove),
    ("share_below", Word::ShareBelow),
];
const ACROSS: &[(&str, Across)] = &[("sum", Across::Sum), ("max", Across::Max), ("min", Across::Min), ("mean", Across::Mean)];
const SUSPECT: &[(&str, Suspect)] = &[("flag", Suspect::Flag), ("exclude", Suspect::Exclude)];

/// What stands in `from`.
pub(super) fn read(section: &mut Section<'_>, unit: Option<Unit>, context: &Context<'_>) -> Option<From> {
    let metric = section.need("observations", |value| value.reference::<MetricId>(&context.known.metrics));
    let known = metric.as_ref().and_then(|id| context.metric(id));
    let aggregate = section.need("aggregate", |value| value.choice(AGGREGATES)).and_then(|word| aggregate(word, section, known?));
    let window = section.need("window", window);
    let across = section.may("across", |value| across(value, aggregate.as_ref()));
    let only = section.may("only", labels).unwrap_or_default();
    let suspect = section.may("suspect", |value| value.choice(SUSPECT)).unwrap_or_default();
    let at_least = section.may("at_least", |value| value.whole(1, 1_000_000)).and_then(|least| u32::try_from(least).ok());
    let (aggregate, window) = (aggregate?, window?);
    let factor = factor(section, &aggregate, known?, unit?)?;
    Some(From::Observations { metric: metric?, aggregate, window, across, only, suspect, at_least: at_least.unwrap_or(0), factor })
}

/// The aggregate with what else it needs, which stands beside it.
fn aggregate(word: Word, section: &mut Section<'_>, metric: &Metric) -> Option<Aggregate> {
    let aggregate = match word {
        Word::Count => Aggregate::Count,
        Word::Sum => Aggregate::Sum,
        Word::Mean => Aggregate::Mean,
        Word::Min => Aggregate::Min,
        Word::Max => Aggregate::Max,
        Word::Last => Aggregate::Last,
        Word::Rate => Aggregate::Rate,
        Word::Increase => Aggregate::Increase,
        Word::Median => Aggregate::Median,
        Word::P90 => Aggregate::P90,
        Word::P95 => Aggregate::P95,
        Word::P99 => Aggregate::P99,
        Word::TimeWeightedMean => Aggregate::TimeWeightedMean { hold_s: section.may("hold", |value| value.seconds(1, 7 * DAY_S)) },
        Word::Distinct => Aggregate::Distinct { label: section.need("distinct", Value::id::<LabelName>)? },
        Word::ShareAbove => Aggregate::ShareAbove { limit: section.need("limit", |value| limit(value, metric))? },
        Word::ShareBelow => Aggregate::ShareBelow { limit: section.need("limit", |value| limit(value, metric))? },
    };
    let grows = matches!(aggregate, Aggregate::Rate | Aggregate::Increase);
    if grows && metric.kind != MetricKind::Counter {
        section.problem(
            format!("{} is no counter, so it has no increase and no rate", metric.id),
            "set `kind = \"counter\"` where the metric is defined, or write another aggregate",
        );
    }
    Some(aggregate)
}

/// A limit in the metric's unit.
fn limit(value: &Value<'_>, metric: &Metric) -> Option<f64> {
    let limit = value.number()?;
    let reachable = metric.range.is_none_or(|(least, most)| (least..=most).contains(&limit)) && metric.ticks(limit).is_some();
    if !reachable {
        value.problem(format!("{} never comes to {limit} {}", metric.id, metric.unit), "write a limit within the metric's `range`");
        return None;
    }
    Some(limit)
}

fn across(value: &Value<'_>, aggregate: Option<&Aggregate>) -> Option<Across> {
    let across = value.choice(ACROSS)?;
    match aggregate {
        Some(Aggregate::Distinct { .. }) => {
            value.problem("different values can't be counted series by series", "remove `across`");
        }
        Some(Aggregate::ShareAbove { .. } | Aggregate::ShareBelow { .. }) if across == Across::Sum => {
            value.problem("shares can't be added", "remove `across`, or write max, min or mean");
        }
        _ => {}
    }
    Some(across)
}

fn factor(section: &Section<'_>, aggregate: &Aggregate, metric: &Metric, unit: Unit) -> Option<f64> {
    let (factor, problem) = match aggregate {
        Aggregate::Count | Aggregate::Distinct { .. } => (
            is_count(unit).then_some(1.0),
            (format!("a count can't be in {unit}"), "set the KPI's unit to 1, vehicles, reports or another unit that counts".to_owned()),
        ),
        Aggregate::ShareAbove { .. } | Aggregate::ShareBelow { .. } => (
            Unit::parse("ratio").and_then(|ratio| ratio.factor_to(unit)),
            (format!("a share can't be in {unit}"), "set the KPI's unit to %".to_owned()),
        ),
        Aggregate::Rate => (
            factor_by_hour(metric.unit, unit),
            (
                format!("{} is in {}, which by time doesn't become {unit}", metric.id, metric.unit),
                "kWh by time is kW, vehicles by time are veh/h, km by time is km/h; where no unit fits, write `increase`".to_owned(),
            ),
        ),
        _ => (
            metric.unit.factor_to(unit),
            (
                format!("{} is in {}, which can't become {unit}", metric.id, metric.unit),
                format!("set the KPI's unit to {}, or to another that measures the same", metric.unit),
            ),
        ),
    };
    if factor.is_none() {
        section.problem(problem.0, problem.1);
    }
    factor
}

/// What so much of one unit by the hour must be multiplied by to be in the other.
fn factor_by_hour(counted: Unit, unit: Unit) -> Option<f64> {
    let hour = Unit::parse("h")?;
    unit.factor_from(&counted.dimensions().per(&hour.dimensions())?, counted.scale() / hour.scale())
}
