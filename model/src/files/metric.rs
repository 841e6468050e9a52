//! `metrics.toml`: what may be measured.
//!
//! Must never accept a metric whose sums could not be exact.

use super::{document::Document, section::definitions, value::Value};
use crate::{
    Metric, MetricId,
    observation::{Jump, MetricKind},
};

/// The keys of a metric's table.
pub(super) const KEYS: &[&str] = &["title", "unit", "resolution", "range", "jump", "frozen", "kind"];

/// Rules look back for twice as long, and so far must a restart read.
const LONGEST_RULE_S: u32 = 86_400;

/// The sound metrics of a file.
pub(super) fn read(document: &Document<'_>) -> Vec<Metric> {
    definitions(document, &document.table, KEYS).iter().filter_map(metric).collect()
}

fn metric(entry: &Value<'_>) -> Option<Metric> {
    let id = entry.key_id::<MetricId>();
    let mut section = entry.section(&format!("metric {}", entry.key))?;
    let title = section.need("title", Value::both_languages);
    let unit = section.need("unit", Value::unit);
    let range = section.may("range", range);
    let resolution = section.need("resolution", |value| resolution(value, range));
    let jump = section.may("jump", |value| jump(value, resolution));
    let frozen_s = section.may("frozen", |value| value.seconds(1, LONGEST_RULE_S));
    let kind = section.may("kind", |value| value.choice(&[("gauge", MetricKind::Gauge), ("counter", MetricKind::Counter)]));
    let sound = section.finish();
    let metric =
        Metric { id: id?, title: title?, unit: unit?, resolution: resolution?, range, jump, frozen_s, kind: kind.unwrap_or_default() };
    sound.then_some(metric)
}

pub(super) fn range(value: &Value<'_>) -> Option<(f64, f64)> {
    let (least, most) = value.pair(Value::number)?;
    if least >= most {
        value.problem(format!("the range begins at {least} and ends at {most}"), "write the smaller end first");
        return None;
    }
    Some((least, most))
}

/// `jump = { more_than = 30, within = "2m" }`.
fn jump(value: &Value<'_>, resolution: Option<f64>) -> Option<Jump> {
    let mut section = value.section("`jump`")?;
    let more_than = section.need("more_than", |value| value.number_in(resolution.unwrap_or(0.0), 1e15));
    let within_s = section.need("within", |value| value.seconds(1, LONGEST_RULE_S));
    section.finish();
    Some(Jump { more_than: more_than?, within_s: within_s? })
}

/// A resolution is 1, 0.1, 0.01 … or a whole number, so that values are exact multiples of it; and the range's ends
/// must be few enough steps away for a day's sum to stay within 53 bits.
pub(super) fn resolution(value: &Value<'_>, range: Option<(f64, f64)>) -> Option<f64> {
    let resolution = value.number_in(1e-9, 1e9)?;
    let per_unit = 1.0 / resolution;
    let is_decimal =
        resolution >= 1.0 && resolution.fract() == 0.0 || resolution < 1.0 && (per_unit - per_unit.round()).abs() < 1e-6 * per_unit;
    if !is_decimal {
        value.problem(format!("the resolution {resolution} does not divide 1"), "write 1, 0.1, 0.01 … or a whole number");
    }
    let steps = range.map_or(0.0, |(least, most)| least.abs().max(most.abs()) / resolution);
    if steps > 1e12 {
        value.problem(
            format!("the range is {steps:.0} steps of the resolution {resolution} wide"),
            "write a coarser resolution, or a narrower range",
        );
    }
    Some(resolution)
}
