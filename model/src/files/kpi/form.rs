//! A KPI that a department enters: `from = { form = "month", due = "10d", resolution = 0.1, range = [0, 100], jump = 0.5 }`.
//!
//! Must never accept one that nobody is asked for.

use super::Context;
use crate::files::{metric, section::Section, value::Value};
use crate::form::{Cadence, Due, Form};
use crate::kpi::From;
use crate::{KpiId, MetricId};

/// So many days before the due date a department is reminded, unless the definition says otherwise.
const REMIND_DAYS: u16 = 3;
/// The step that figures are rounded to, unless the definition says otherwise.
const RESOLUTION: f64 = 0.01;

const CADENCES: &[(&str, Cadence)] =
    &[("day", Cadence::Day), ("week", Cadence::Week), ("month", Cadence::Month), ("quarter", Cadence::Quarter), ("year", Cadence::Year)];

/// What stands in `from`.
pub(super) fn read(section: &mut Section<'_>, id: Option<&KpiId>, context: &Context<'_>) -> Option<From> {
    let cadence = section.need("form", |value| value.choice(CADENCES));
    let due = section.need("due", due);
    let remind_days = section.may("remind", |value| value.seconds(0, 60 * super::DAY_S)).map(|seconds| seconds.div_ceil(super::DAY_S));
    let range = section.may("range", metric::range);
    let resolution = section.may("resolution", |value| metric::resolution(value, range)).unwrap_or(RESOLUTION);
    let jump = section.may("jump", |value| value.number_in(0.001, 1000.0));
    let metric = MetricId::new(id?.as_str()).ok()?;
    if context.metric(&metric).is_some() {
        section.problem(
            format!("metrics.toml has {metric} too, and an entered KPI makes a metric of its own name"),
            "rename the KPI, or remove the metric",
        );
    }
    let remind_days = remind_days.and_then(|days| u16::try_from(days).ok()).unwrap_or(REMIND_DAYS);
    Some(From::Form(Form { metric, cadence: cadence?, due: due?, remind_days, resolution, range, jump }))
}

fn due(value: &Value<'_>) -> Option<Due> {
    match value.raw()?.parse() {
        Ok(due) => Some(due),
        Err(problem) => {
            value.problem(format!("`due`: {problem}"), "write \"10d\", or \"10wd\" for working days");
            None
        }
    }
}
