//! Why a figure changed between two of its grid instants: contributions that add up to the change, and for backlogs
//! what came in and what went out.
//!
//! The arithmetic is here, so that a report, a message and a screen say the same. It must never guess: what can't be
//! divided is not, and what no part accounts for is the rest.

mod sentence;

use crate::kpi::{Across, Aggregate, From};
use crate::{AreaId, Case, CaseId, DepartmentId, Kpi, KpiId, Quality, Scope, SourceId, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most parts of a split that an answer names; the others are added up.
pub const MAX_PARTS: usize = 50;

/// `GET /api/v1/kpis/{id}/why?scope&from&to`: what changed between two recorded readings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhyPage {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// The first grid instant.
    pub from: Timestamp,
    /// The last.
    pub to: Timestamp,
    /// The reading then …
    pub before: Standing,
    /// … and now.
    pub after: Standing,
    /// After less before, in the KPI's unit; absent when one of them has no value.
    pub change: Option<f64>,
    /// The change divided, each way to divide it once.
    pub splits: Vec<Split>,
    /// What came in and went out, for the levels of cases.
    pub flows: Option<Flows>,
    /// Whose data was late at the end: their part of the change may still be to come.
    pub late: Vec<Named>,
    /// All of it in one sentence.
    pub sentence: Text,
}

/// A recorded reading, as far as an explanation needs it; by default missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CasesStanding")]
pub struct Standing {
    /// The value in the KPI's unit.
    pub value: Option<f64>,
    /// What was divided …
    pub numerator: Option<f64>,
    /// … and by what.
    pub denominator: Option<f64>,
    /// How much it can be relied on.
    pub quality: Quality,
}

/// Something with the name that people call it by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Named {
    /// Its id, as scopes and labels write it.
    pub id: String,
    /// Its name.
    pub name: Text,
}

/// A change divided one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Split {
    /// `area`, `department`, `asset`, or a label of cases such as `procedure`.
    pub by: String,
    /// The largest contributions first.
    pub parts: Vec<Part>,
    /// What no part accounts for, in the KPI's unit: parts without a name, and those beyond [`MAX_PARTS`]. Parts and rest add
    /// up to the change.
    pub rest: f64,
}

/// What one part contributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "WhyPart")]
pub struct Part {
    /// Which.
    #[serde(flatten)]
    pub of: Named,
    /// Its own value before.
    pub before: Option<f64>,
    /// Its own value after.
    pub after: Option<f64>,
    /// How much of the whole's change is due to it, in the KPI's unit.
    pub contribution: f64,
}

/// How a level of cases went from one moment to another: `shown + corrected + entered + reopened − closed − withdrawn`
/// is the level at the end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Flows {
    /// What was first told of the moment before; corrections came since.
    pub shown: f64,
    /// What is told of that moment now, less what was shown and what was opened again since.
    pub corrected: f64,
    /// All of it.
    #[serde(flatten)]
    pub total: Flow,
    /// By department, the largest change first.
    pub by_department: Vec<FlowPart>,
    /// By procedure, the largest change first.
    pub by_procedure: Vec<FlowPart>,
}

/// How many cases came in and went out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// Began to count: opened, fell overdue.
    pub entered: u64,
    /// Began to count because they were opened again.
    pub reopened: u64,
    /// Ceased to count because they were done.
    pub closed: u64,
    /// Ceased to count because they were withdrawn.
    pub withdrawn: u64,
}

/// The flow of one part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FlowPart {
    /// Which.
    #[serde(flatten)]
    pub of: Named,
    /// Its flow.
    #[serde(flatten)]
    pub flow: Flow,
}

/// `GET /api/v1/kpis/{id}/cases?scope&at`: the cases that a level counts at a moment, the longest overdue first. No label
/// but the procedure is in it, whatever a source sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CasesPage {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// The moment.
    pub at: Timestamp,
    /// How many there are.
    pub total: u64,
    /// At most as many as were asked for.
    pub cases: Vec<CaseLine>,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseLine {
    /// The source that told of it.
    pub source: SourceId,
    /// The source's name for it.
    pub id: CaseId,
    /// Who handles it.
    pub department: Option<DepartmentId>,
    /// Where it belongs.
    pub area: Option<AreaId>,
    /// What it is about.
    pub procedure: Option<String>,
    /// When it began.
    pub opened: Timestamp,
    /// When it should be done.
    pub due: Option<Timestamp>,
}

impl Flow {
    /// How much the level grew by it.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn net(&self) -> f64 {
        (self.entered + self.reopened) as f64 - (self.closed + self.withdrawn) as f64
    }

    fn add(&mut self, other: Self) {
        self.entered += other.entered;
        self.reopened += other.reopened;
        self.closed += other.closed;
        self.withdrawn += other.withdrawn;
    }
}

/// How the parts of a KPI's value make up the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Division {
    /// The parts' values add up to it.
    Sum,
    /// The parts' numerators and denominators do.
    Ratio,
    /// Neither: an extreme, a percentile.
    None,
}

fn division(kpi: &Kpi, before: &Standing, after: &Standing) -> Division {
    // What a formula divides need not add up over the parts: a mean does not.
    let is_formula = matches!(kpi.from, From::Formula { .. });
    if !is_formula && [before, after].iter().all(|one| one.denominator.is_some_and(|whole| whole != 0.0) && one.numerator.is_some()) {
        return Division::Ratio;
    }
    let adds = match &kpi.from {
        From::Observations { across: Some(across), .. } => *across == Across::Sum,
        From::Observations { aggregate, .. } => {
            matches!(aggregate, Aggregate::Count | Aggregate::Sum | Aggregate::Increase | Aggregate::Rate)
        }
        From::Cases { measure, .. } => {
            // What is left are levels, flows and sums; shares have parts of their own.
            !measure.is_share() && measure.quantile().is_none()
        }
        From::Formula { .. } => false,
        // A department's own total need not be the sum of what its wards entered.
        From::Form(_) => false,
    };
    if adds { Division::Sum } else { Division::None }
}

/// The readings of the parts, before and after; one that has none is missing there.
pub type Parts = Vec<(Named, Standing, Standing)>;

/// Divides the change of a KPI among parts that don't overlap. `None` when it can't be divided.
///
/// A ratio N/D that goes from r₀ to r₁ changes by Σ ((n₁ − r₀·d₁) − (n₀ − r₀·d₀)) / D₁ over its parts: what each part
/// adds beyond its share at the old ratio. Source: the algebra itself, since Σ(n₀ − r₀·d₀) = 0.
#[must_use]
pub fn split(kpi: &Kpi, by: &str, before: &Standing, after: &Standing, parts: Parts) -> Option<Split> {
    let change = after.value? - before.value?;
    let contribution = |was: &Standing, is: &Standing| match division(kpi, before, after) {
        Division::None => None,
        Division::Sum => Some(is.value.unwrap_or(0.0) - was.value.unwrap_or(0.0)),
        Division::Ratio => {
            let (whole_n, whole_d) = (before.numerator?, before.denominator?);
            let ratio = whole_n / whole_d;
            let beyond = |one: &Standing| one.numerator.unwrap_or(0.0) - ratio * one.denominator.unwrap_or(0.0);
            Some(scale(before, after) * (beyond(is) - beyond(was)) / after.denominator?)
        }
    };
    let mut found: Vec<Part> = Vec::new();
    for (of, was, is) in parts {
        let contribution = contribution(&was, &is)?;
        found.push(Part { of, before: was.value, after: is.value, contribution });
    }
    found.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()).then_with(|| a.of.id.cmp(&b.of.id)));
    found.truncate(MAX_PARTS);
    let accounted: f64 = found.iter().map(|part| part.contribution).sum();
    Some(Split { by: by.to_owned(), parts: found, rest: change - accounted })
}

/// What a quotient is multiplied by to be the value: 100 for percentages.
fn scale(before: &Standing, after: &Standing) -> f64 {
    let of = |one: &Standing| Some(one.value? * one.denominator? / one.numerator.filter(|part| *part != 0.0)?);
    of(after).or_else(|| of(before)).unwrap_or(1.0)
}

/// The flows between two moments of a level that counts a case while `counts` says so, given every case that counted at
/// some moment between them, in its present state.
#[must_use]
pub fn flows<'a>(
    cases: impl Iterator<Item = &'a Case>,
    counts: impl Fn(&Case, Timestamp) -> bool,
    (from, to): (Timestamp, Timestamp),
    name: impl Fn(&str, &str) -> Text,
) -> Flows {
    let mut flows = Flows::default();
    let (mut departments, mut procedures) = (BTreeMap::new(), BTreeMap::new());
    for case in cases {
        let flow = flow(case, &counts, from, to);
        if flow == Flow::default() {
            continue;
        }
        flows.total.add(flow);
        if let Some(department) = &case.department {
            departments.entry(department.to_string()).or_insert_with(Flow::default).add(flow);
        }
        if let Some(procedure) = case.labels.get(PROCEDURE) {
            procedures.entry(procedure.to_owned()).or_insert_with(Flow::default).add(flow);
        }
    }
    let listed = |by: &str, parts: BTreeMap<String, Flow>| {
        let mut parts: Vec<FlowPart> =
            parts.into_iter().map(|(id, flow)| FlowPart { of: Named { name: name(by, &id), id }, flow }).collect();
        parts.sort_by(|a, b| b.flow.net().abs().total_cmp(&a.flow.net().abs()).then_with(|| a.of.id.cmp(&b.of.id)));
        parts.truncate(MAX_PARTS);
        parts
    };
    flows.by_department = listed("department", departments);
    flows.by_procedure = listed(PROCEDURE, procedures);
    flows
}

/// The label of a case that says what it is about.
pub const PROCEDURE: &str = "procedure";

/// What a case did between two moments.
fn flow(case: &Case, counts: &impl Fn(&Case, Timestamp) -> bool, from: Timestamp, to: Timestamp) -> Flow {
    let (was, is) = (counts(case, from), counts(case, to));
    // It may have begun to count and ceased again in between: then it counted just before its end.
    let end = case.closed.filter(|end| from < *end && *end <= to);
    let last = end.and_then(|end| Timestamp::from_microsecond(end.as_microsecond() - 1).ok());
    let passed = !was && !is && last.is_some_and(|last| last > from && counts(case, last));
    let came = (!was && is) || passed;
    let went = (was && !is) || passed;
    // A case that was opened again counts throughout, now that this is known. It didn't when the moment before was told,
    // so this is how it came in.
    let reopened = was && case.reopened.is_some_and(|again| from < again && again <= to);
    Flow {
        entered: u64::from(came),
        reopened: u64::from(reopened),
        closed: u64::from(went && case.withdrawn.is_none()),
        withdrawn: u64::from(went && case.withdrawn.is_some()),
    }
}

#[cfg(test)]
mod tests;
