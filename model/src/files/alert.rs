//! `alerts/*.toml`: when readings are worth telling people, whom, and what is to be done.
//!
//! Must never accept a condition that can't hold for the scopes that the rule is for. Teams are people's, and live in the
//! store: their names are not checked here.

mod circle;
mod condition;
mod inhibition;

use super::{document::Document, duration, hex, kpi::DIMENSIONS, name::Known, place, section::definitions, value::Value};
use crate::alert::Severity;
use crate::kpi::{Dimension, From};
use crate::rule::{NoData, PLACES, Rule, places};
use crate::{Definitions, Kpi, KpiId, RuleId, Scope, TeamId, Text};
pub(super) use circle::check as check_circles;
use condition::{Context, condition};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The keys of a rule's table.
pub(super) const KEYS: &[&str] = &[
    "title",
    "kpi",
    "by",
    "only",
    "when",
    "clear",
    "for",
    "keep_firing",
    "severity",
    "team",
    "summary",
    "runbook",
    "sop",
    "no_data",
    "min_coverage",
    "inhibits",
];

const DAY_S: u32 = 86_400;
pub(super) const SEVERITIES: &[(&str, Severity)] =
    &[("info", Severity::Info), ("medium", Severity::Medium), ("high", Severity::High), ("critical", Severity::Critical)];
const NO_DATA: &[(&str, NoData)] = &[("separate", NoData::Separate), ("alert", NoData::Alert), ("keep", NoData::Keep), ("ok", NoData::Ok)];

/// The sound rules of a file. The rest of the set has been read.
pub(super) fn read(document: &Document<'_>, known: &Known, set: &Definitions) -> Vec<Rule> {
    definitions(document, &document.table, KEYS).iter().filter_map(|entry| rule(entry, known, set)).collect()
}

fn rule(entry: &Value<'_>, known: &Known, set: &Definitions) -> Option<Rule> {
    let id = entry.key_id::<RuleId>();
    let mut section = entry.section(&format!("rule {}", entry.key))?;
    let title = section.need("title", Value::both_languages);
    let kpi_id = section.need("kpi", |value| value.reference::<KpiId>(&known.kpis));
    // A KPI with problems of its own is not in the list; what depends on it is checked when they are mended.
    let kpi = kpi_id.as_ref().and_then(|id| set.kpi(id));
    let by = section.may("by", |value| by(value, kpi)).flatten();
    let only = section.may("only", |value| value.each(|item| scope(item, by, known))).unwrap_or_default();
    let context = kpi.map(|kpi| Context { kpi, by, known, city: &set.city });
    let when = section.need("when", |value| condition(value, context.as_ref()));
    let clear = section.may("clear", |value| condition(value, context.as_ref()));
    let for_s = section.may("for", |value| span(value, kpi)).unwrap_or(0);
    let keep_firing_s = section.may("keep_firing", |value| span(value, kpi)).unwrap_or(0);
    let severity = section.need("severity", |value| value.choice(SEVERITIES));
    let team = section.need("team", Value::id::<TeamId>);
    let summary = section.need("summary", |value| summary(value, kpi.map(|kpi| (kpi, by))));
    let runbook = section.may("runbook", Value::text);
    let sop = section.may("sop", |value| value.each(Value::both_languages)).unwrap_or_default();
    let no_data = section.may("no_data", |value| value.choice(NO_DATA)).unwrap_or_default();
    let min_coverage = section.may("min_coverage", |value| min_coverage(value, kpi));
    let inhibits = section.may("inhibits", |value| value.each(|item| inhibition::read(item, known, set))).unwrap_or_default();
    let sound = section.finish();
    let mut rule = Rule {
        id: id?,
        version: String::new(),
        title: title?,
        kpi: kpi_id?,
        by,
        only,
        when: when?,
        clear,
        for_s,
        keep_firing_s,
        severity: severity?,
        team: team?,
        summary: summary?,
        runbook,
        sop,
        no_data,
        min_coverage,
        inhibits,
    };
    rule.version = version(&rule);
    (sound && kpi.is_some()).then_some(rule)
}

/// Hashes the rule as it was understood, thresholds included.
fn version(rule: &Rule) -> String {
    let content = serde_json::to_vec(rule).unwrap_or_default();
    hex(&Sha256::digest(&content)).chars().take(16).collect()
}

/// Which scopes: the city's unless it says otherwise.
fn by(value: &Value<'_>, kpi: Option<&Arc<Kpi>>) -> Option<Option<Dimension>> {
    let choices: Vec<(&str, Option<Dimension>)> =
        DIMENSIONS.iter().map(|(word, dimension)| (*word, Some(*dimension))).chain([("city", None)]).collect();
    let by = value.choice(&choices)?;
    if let (Some(kpi), Some(dimension)) = (kpi, by)
        && !kpi.by.contains(&dimension)
    {
        let word = value.raw().unwrap_or_default();
        value.problem(format!("{} is not computed by {word}", kpi.id), format!("add \"{word}\" to its `by`, or choose another"));
    }
    Some(by)
}

/// One of the scopes that the rule is for, or an area whose assets it is for.
fn scope(value: &Value<'_>, by: Option<Dimension>, known: &Known) -> Option<Scope> {
    let scope = match value.raw()?.parse::<Scope>() {
        Ok(scope) => scope,
        Err(why) => {
            value.problem(why, "for example \"area:31135\"");
            return None;
        }
    };
    let (names, id) = match &scope {
        Scope::City => {
            value.problem("the city is not a part of itself", "remove `only`, or name areas, departments or assets");
            return None;
        }
        Scope::Area(id) => (&known.areas, id.as_str()),
        Scope::Department(id) => (&known.departments, id.as_str()),
        Scope::Asset(id) => (&known.assets, id.as_str()),
    };
    if !names.allows(id) {
        value.problem(format!("there is no {} `{id}`", names.noun), names.hint(id));
        return None;
    }
    let is_part = scope.dimension() == by || (scope.dimension(), by) == (Some(Dimension::Area), Some(Dimension::Asset));
    if !is_part {
        value.problem(
            format!("the rule has no alert for {scope}, whatever `only` says"),
            format!("set `by` to \"{}\", or remove it here", names.noun),
        );
        return None;
    }
    Some(scope)
}

/// Zero, or long enough to have an evaluation in it.
fn span(value: &Value<'_>, kpi: Option<&Arc<Kpi>>) -> Option<u32> {
    let span_s = value.seconds(0, 31 * DAY_S)?;
    if let Some(kpi) = kpi
        && span_s > 0
        && span_s < kpi.every_s
    {
        let (span, every) = (duration::show(span_s), duration::show(kpi.every_s));
        value.problem(
            format!("`{}` is {span}, and {} is recorded every {every}", value.key, kpi.id),
            format!("write \"0s\", or {every} or more"),
        );
    }
    Some(span_s)
}

fn min_coverage(value: &Value<'_>, kpi: Option<&Arc<Kpi>>) -> Option<f64> {
    if let Some(kpi) = kpi
        && matches!(kpi.from, From::Cases { .. } | From::Form(_))
    {
        value.problem(format!("no series are expected of {}", kpi.id), "remove `min_coverage`");
    }
    value.number_in(0.0, 1.0)
}

/// Whether a place is a target or threshold that the KPI hasn't got for the scopes of the rule.
fn lacks_limit(kpi: &Kpi, by: Option<Dimension>, name: &str) -> bool {
    let limit = match name {
        "target" => kpi.target,
        "attention" => kpi.attention,
        "critical" => kpi.critical,
        _ => return false,
    };
    limit.is_none() || by.is_some_and(|by| !kpi.thresholds_for.contains(&by))
}

/// A text in both languages with places to be filled in.
fn summary(value: &Value<'_>, of: Option<(&Arc<Kpi>, Option<Dimension>)>) -> Option<Text> {
    let mut section = value.section("`summary`")?;
    let vi = section.need("vi", |value| with_places(value, of));
    let en = section.need("en", |value| with_places(value, of));
    section.finish();
    Some(Text { vi: vi?, en: en? })
}

fn with_places(value: &Value<'_>, of: Option<(&Arc<Kpi>, Option<Dimension>)>) -> Option<String> {
    let raw = value.raw()?;
    for (at, name) in places(raw) {
        if let Some((kpi, by)) = of
            && lacks_limit(kpi, by, name)
        {
            let at = value.at + place::in_source(value.document.text_from(value.at), at);
            let message = format!("{{{name}}} would always be a dash: {} has no `{name}` for the rule's scopes", kpi.id);
            value.document.problem(at, message, Some("write the number, or leave it out".to_owned()));
        }
        if !PLACES.contains(&name) {
            let at = value.at + place::in_source(value.document.text_from(value.at), at);
            let hint = match super::name::nearest(name, PLACES.iter().copied()) {
                Some(near) => format!("did you mean {{{near}}}?"),
                None => format!("write one of {}", PLACES.join(", ")),
            };
            value.document.problem(at, format!("a summary has nothing to fill in for {{{name}}}"), Some(hint));
        }
    }
    value.text()
}
