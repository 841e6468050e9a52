//! The order in which KPIs are computed: operands before what is made from them.
//!
//! It must never recurse: definitions that go round in a circle are left out, however they came here.

use crate::grid::keeps;
use crate::moment::HOUR;
use std::collections::HashMap;
use std::sync::Arc;
use taydo_model::{Definitions, Kpi, KpiId};

/// A KPI in its turn.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) kpi: Arc<Kpi>,
    /// How far back it must keep what its readings rest on, for those that are made from it, in microseconds.
    pub(crate) kept: i64,
    /// Whether it is wanted itself, and not only for what is made from it.
    pub(crate) wanted: bool,
    /// Whether another is made from it.
    pub(crate) is_operand: bool,
}

/// The wanted KPIs and those that they are made from, operands first.
pub(crate) fn turns(definitions: &Definitions, wanted: impl Fn(&KpiId) -> bool) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut rest: Vec<&Arc<Kpi>> = with_operands(definitions, &wanted);
    loop {
        let before = rest.len();
        rest.retain(|kpi| {
            let ready = kpi.operands().iter().all(|operand| turns.iter().any(|turn| turn.kpi.id == operand.kpi));
            if ready {
                turns.push(Turn { kpi: Arc::clone(kpi), kept: keeps(kpi), wanted: wanted(&kpi.id), is_operand: false });
            }
            !ready
        });
        if rest.len() == before {
            break;
        }
    }
    keep(&mut turns);
    turns
}

fn with_operands<'d>(definitions: &'d Definitions, wanted: &impl Fn(&KpiId) -> bool) -> Vec<&'d Arc<Kpi>> {
    let mut all: Vec<&Arc<Kpi>> = definitions.kpis.iter().filter(|kpi| wanted(&kpi.id)).collect();
    let mut next = 0;
    while let Some(kpi) = all.get(next).copied() {
        for operand in kpi.operands().iter().filter_map(|operand| definitions.kpi(&operand.kpi)) {
            if !all.iter().any(|have| have.id == operand.id) {
                all.push(operand);
            }
        }
        next += 1;
    }
    all
}

/// An operand keeps what the corrections of those that are made from it reach back to.
fn keep(turns: &mut [Turn]) {
    let mut asked: HashMap<KpiId, i64> = HashMap::new();
    for turn in turns.iter_mut().rev() {
        if let Some(kept) = asked.get(&turn.kpi.id) {
            turn.is_operand = true;
            turn.kept = turn.kept.max(*kept);
        }
        for operand in turn.kpi.operands() {
            let kept = asked.entry(operand.kpi.clone()).or_default();
            *kept = (*kept).max(turn.kept + i64::from(operand.hours_back) * HOUR);
        }
    }
}
