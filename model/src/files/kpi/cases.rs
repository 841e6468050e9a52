//! A KPI from cases: `from = { cases = "dossier", measure = "open" }`.
//!
//! Must never accept a measure whose unit is of another kind.

use super::{is_count, window};
use crate::Unit;
use crate::files::{csv, section::Section};
use crate::kpi::{CaseMeasure, From, Window};

const MEASURES: &[(&str, CaseMeasure)] = &[
    ("open", CaseMeasure::Open),
    ("overdue", CaseMeasure::Overdue),
    ("opened", CaseMeasure::Opened),
    ("closed", CaseMeasure::Closed),
    ("on_time", CaseMeasure::OnTime),
];

/// What stands in `from`.
pub(super) fn read(section: &mut Section<'_>, unit: Option<Unit>) -> Option<From> {
    // An empty kind stands for all kinds.
    let kind = section.need("cases", |value| if value.raw()?.is_empty() { Some(String::new()) } else { csv::kind(value) });
    let measure = section.need("measure", |value| value.choice(MEASURES));
    let window = match measure {
        Some(CaseMeasure::Open | CaseMeasure::Overdue) => section.may("window", |value| {
            value.problem("open and overdue cases are counted at a moment, not over a window", "remove `window`");
            None
        }),
        _ => section.need("window", window),
    };
    if let (Some(measure), Some(unit)) = (measure, unit) {
        match measure {
            CaseMeasure::OnTime if unit.code() != "%" => {
                section.problem(format!("a share of cases can't be in {unit}"), "set the KPI's unit to %")
            }
            CaseMeasure::OnTime => {}
            _ if !is_count(unit) => {
                section.problem(format!("a number of cases can't be in {unit}"), "set the KPI's unit to cases, reports, accidents or 1")
            }
            _ => {}
        }
    }
    Some(From::Cases { kind: kind?, measure: measure?, window: window.unwrap_or(Window::Sliding(0)) })
}
