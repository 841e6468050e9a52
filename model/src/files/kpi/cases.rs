//! A KPI from cases: `from = { cases = "dossier", measure = "open" }`.
//!
//! Must never accept a measure whose unit is of another kind, nor a key that has no meaning for the measure.

use super::{Context, is_count, window};
use crate::files::{calendar, csv, section::Section, source::labels, value::Value};
use crate::kpi::{Answer, CaseMeasure, CaseTerms, From, Window};
use crate::{LabelName, Unit};

const MEASURES: &[(&str, CaseMeasure)] = &[
    ("open", CaseMeasure::Open),
    ("overdue", CaseMeasure::Overdue),
    ("due_soon", CaseMeasure::DueSoon),
    ("opened", CaseMeasure::Opened),
    ("closed", CaseMeasure::Closed),
    ("reopened", CaseMeasure::Reopened),
    ("withdrawn", CaseMeasure::Withdrawn),
    ("on_time", CaseMeasure::OnTime),
    ("satisfied", CaseMeasure::Satisfied),
    ("median_age", CaseMeasure::MedianAge),
    ("p90_age", CaseMeasure::P90Age),
    ("median_duration", CaseMeasure::MedianDuration),
    ("p90_duration", CaseMeasure::P90Duration),
    ("duration", CaseMeasure::Duration),
];

/// What stands in `from`.
pub(super) fn read(section: &mut Section<'_>, unit: Option<Unit>, context: &Context<'_>) -> Option<From> {
    // An empty kind stands for all kinds.
    let kind = section.need("cases", |value| if value.raw()?.is_empty() { Some(String::new()) } else { csv::kind(value) });
    let measure = section.need("measure", |value| value.choice(MEASURES));
    let window = match measure {
        Some(measure) if measure.is_level() => section.may("window", |value| {
            value.problem("what is open is counted at a moment, not over a window", "remove `window`");
            None
        }),
        _ => section.need("window", window),
    };
    let terms = terms(section, measure, context);
    if let (Some(measure), Some(unit)) = (measure, unit) {
        check_unit(section, measure, &terms, unit);
    }
    Some(From::Cases { kind: kind?, measure: measure?, window: window.unwrap_or(Window::Sliding(0)), terms })
}

fn terms(section: &mut Section<'_>, measure: Option<CaseMeasure>, context: &Context<'_>) -> CaseTerms {
    let is = |wanted: fn(CaseMeasure) -> bool| measure.is_none_or(wanted);
    let only = section.may("only", labels).unwrap_or_default();
    let without = section.may("without", labels).unwrap_or_default();
    let weigh = section.may("weigh", |value| {
        meant(value, is(|measure| measure.quantile().is_none()), "of a median every case is one");
        value.id::<LabelName>()
    });
    let working = section.may("count", |value| {
        meant(value, is(CaseMeasure::is_time), "only ages and durations can be counted in working days");
        let working = value.choice(&[("working", true), ("elapsed", false)])?;
        working_calendar(value, working, context);
        Some(working)
    });
    let within = match measure {
        Some(CaseMeasure::DueSoon) => section.need("within", |value| within(value, context)),
        _ => section.may("within", |value| {
            meant(value, measure.is_none(), "only of `due_soon` it is said how much may be left");
            within(value, context)
        }),
    };
    let answer = match measure {
        Some(CaseMeasure::Satisfied) => section.need("answer", answer),
        _ => section.may("answer", |value| {
            meant(value, measure.is_none(), "only `satisfied` looks at answers");
            answer(value)
        }),
    };
    let minimum = section.may("minimum", |value| {
        meant(
            value,
            is(|measure| measure.is_share() || measure.quantile().is_some()),
            "only shares and medians need a least number of cases",
        );
        value.whole(1, 1_000_000).and_then(|minimum| u32::try_from(minimum).ok())
    });
    CaseTerms { only, without, weigh, working: working.unwrap_or(false), within, answer, minimum }
}

/// Notes a problem where a key has no meaning.
fn meant(value: &Value<'_>, is_meant: bool, why: &str) {
    if !is_meant {
        value.problem(format!("`{}` has no meaning here: {why}", value.key), format!("remove `{}`, or change `measure`", value.key));
    }
}

fn working_calendar(value: &Value<'_>, needed: bool, context: &Context<'_>) {
    if needed && !context.known.has_calendar {
        value.problem("working days need a working calendar, and the folder has no calendar.toml", "add one, or count elapsed time");
    }
}

fn within(value: &Value<'_>, context: &Context<'_>) -> Option<crate::Allowance> {
    let within = calendar::allowance(value)?;
    working_calendar(value, within.is_working(), context);
    Some(within)
}

/// `{ label = "satisfaction", satisfied = ["good", "very-good"] }`.
fn answer(value: &Value<'_>) -> Option<Answer> {
    let mut section = value.section("`answer`")?;
    let label = section.need("label", Value::id::<LabelName>);
    let satisfied = section.need("satisfied", |value| {
        let words = value.each(Value::text)?;
        if words.is_empty() {
            value.problem("no answer means that someone was satisfied", "name at least one");
        }
        Some(words)
    });
    section.finish();
    Some(Answer { label: label?, satisfied: satisfied? })
}

fn check_unit(section: &Section<'_>, measure: CaseMeasure, terms: &CaseTerms, unit: Unit) {
    let problem = |message: String, hint: &str| section.problem(message, hint);
    if measure.is_share() {
        if unit.code() != "%" {
            problem(format!("a share of cases can't be in {unit}"), "set the KPI's unit to %");
        }
    } else if measure.is_time() {
        if Unit::parse("h").is_none_or(|hour| hour.factor_to(unit).is_none()) {
            problem(format!("a length of time can't be in {unit}"), "set the KPI's unit to d, h or min");
        } else if terms.working && unit.code() != "d" {
            problem(format!("working time can't be in {unit}: a working day is no fixed number of hours"), "set the KPI's unit to d");
        }
    } else if !is_count(unit) {
        problem(format!("a number of cases can't be in {unit}"), "set the KPI's unit to cases, reports, accidents or 1");
    }
}
