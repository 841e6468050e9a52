//! `stage.toml`: the city's operating stages, and what figures must come to for each.
//!
//! Must never accept a stage that nothing leads to, nor a figure that the city as a whole doesn't have.

use super::{document::Document, name::Known, section::Section, value::Value};
use crate::{
    KpiId,
    stage::{Condition, HIGHEST, Level, Limit, Stages},
};

const DAY_S: u32 = 86_400;
/// How long a higher stage must hold before it is proposed, and how long the figures must have been below, where the file
/// doesn't say.
const USUAL_HOLD_S: u32 = 300;
const USUAL_RELEASE_S: u32 = 1_800;

/// The stages as far as they are sound.
pub(super) fn read(document: &Document<'_>, known: &Known) -> Option<Stages> {
    let mut root = document.section();
    let hold_s = root.may("hold", |value| value.seconds(0, DAY_S)).unwrap_or(USUAL_HOLD_S);
    let release_s = root.may("release", |value| value.seconds(0, DAY_S)).unwrap_or(USUAL_RELEASE_S);
    let levels = root.need("stages", |value| levels(value, known));
    root.finish();
    Some(Stages { hold_s, release_s, levels: levels? })
}

fn levels(value: &Value<'_>, known: &Known) -> Option<Vec<Level>> {
    let levels = value.each(|item| level(item, known))?;
    if !levels.iter().map(|level| level.stage).eq(1..=HIGHEST) {
        value.problem(format!("a city has {HIGHEST} stages"), "write one [[stages]] for each, the lowest first");
        return None;
    }
    Some(levels)
}

fn level(item: &Value<'_>, known: &Known) -> Option<Level> {
    let mut section = item.section("the stage")?;
    let stage = section.need("stage", |value| value.whole(1, u64::from(HIGHEST))).and_then(|stage| u8::try_from(stage).ok());
    let title = section.need("title", Value::both_languages);
    let when = section.may("when", |value| value.each(|item| condition(item, known))).unwrap_or_default();
    let needs = section.may("needs", |value| value.whole(1, 100)).and_then(|needs| usize::try_from(needs).ok()).unwrap_or(1);
    let stage = stage?;
    if (stage == 1) != when.is_empty() {
        section.problem(
            if stage == 1 { "stage 1 needs no conditions".to_owned() } else { format!("nothing leads to stage {stage}") },
            if stage == 1 { "leave `when` out" } else { "write when = [{ kpi = \"…\", at_least = 10 }]" },
        );
        return None;
    }
    if stage > 1 && needs > when.len() {
        section.problem(format!("{needs} of {} conditions can't be met", when.len()), "lower `needs`, or add conditions");
        return None;
    }
    section.finish();
    Some(Level { stage, title: title?, needs: if stage == 1 { 0 } else { needs }, when })
}

fn condition(item: &Value<'_>, known: &Known) -> Option<Condition> {
    let mut section = item.section("the condition")?;
    let kpi = section.need("kpi", |value| value.reference::<KpiId>(&known.kpis));
    let limit = limit(&mut section);
    section.finish();
    Some(Condition { kpi: kpi?, limit: limit? })
}

fn limit(section: &mut Section<'_>) -> Option<Limit> {
    let at_least = section.may("at_least", Value::number);
    let at_most = section.may("at_most", Value::number);
    match (at_least, at_most) {
        (Some(limit), None) => Some(Limit::AtLeast(limit)),
        (None, Some(limit)) => Some(Limit::AtMost(limit)),
        _ => {
            section.problem("a condition has one limit", "write either at_least or at_most");
            None
        }
    }
}
