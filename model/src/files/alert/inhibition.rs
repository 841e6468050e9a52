//! `inhibits` of a rule: what it mutes while it fires.
//!
//! Must never accept one that mutes nothing.

use crate::files::{name::Known, value::Value};
use crate::rule::{Inhibition, Label};
use crate::{Definitions, RuleId};

const LABELS: &[(&str, Label)] =
    &[("area", Label::Area), ("department", Label::Department), ("asset", Label::Asset), ("team", Label::Team)];

/// `{ rules = ["traffic-slow"], equal = ["area"] }`
pub(super) fn read(item: &Value<'_>, known: &Known, set: &Definitions) -> Option<Inhibition> {
    let mut section = item.section("`inhibits`")?;
    let rules = section.may("rules", |value| value.each(|item| item.reference::<RuleId>(&known.rules)));
    let domains = section.may("domains", |value| value.each(|item| domain(item, known, set)));
    let no_data = section.may("no_data", Value::boolean).unwrap_or(false);
    let equal = section.may("equal", |value| value.each(|item| item.choice(LABELS))).unwrap_or_default();
    if !section.has("rules") && !section.has("domains") {
        section.problem("this mutes nothing", "name `rules`, or `domains` such as \"traffic\"");
    }
    section.finish();
    Some(Inhibition { rules: rules.unwrap_or_default(), domains: domains.unwrap_or_default(), no_data, equal })
}

/// The first part of some KPI's id.
fn domain(item: &Value<'_>, known: &Known, set: &Definitions) -> Option<String> {
    let domain = item.text()?;
    let is_used = set.kpis.iter().any(|kpi| kpi.id.as_str().split('.').next() == Some(&domain));
    // Where some KPIs have problems of their own, what they belong to is seen when those are mended.
    if !is_used && known.kpis.are(set.kpis.len()) {
        item.problem(format!("no KPI belongs to the domain `{domain}`"), "write what stands before the first dot of a KPI's id");
    }
    Some(domain)
}
