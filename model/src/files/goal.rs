//! `goals.toml`: the points of the city's plan, and the KPIs that measure each.
//!
//! Must never accept a point that nothing measures, or one measured by what nobody answers for.

use super::{document::Document, name::Known, value::Value};
use crate::{
    GoalId, Kpi, KpiId,
    goal::{Goal, Part},
};
use std::{collections::BTreeSet, sync::Arc};

/// The parts of the plan as far as they are sound, in the file's order.
pub(super) fn read(document: &Document<'_>, known: &Known, kpis: &[Arc<Kpi>]) -> Vec<Part> {
    let mut seen = BTreeSet::new();
    let mut root = document.section();
    let parts = root.need("parts", |value| value.each(|part| self::part(part, known, kpis, &mut seen)));
    root.finish();
    parts.unwrap_or_default()
}

fn part(item: &Value<'_>, known: &Known, kpis: &[Arc<Kpi>], seen: &mut BTreeSet<GoalId>) -> Option<Part> {
    let mut section = item.section("the part")?;
    let title = section.need("title", Value::both_languages);
    let goals = section.need("goals", |value| value.each(|goal| self::goal(goal, known, kpis, seen)));
    section.finish();
    Some(Part { title: title?, goals: goals? })
}

fn goal(item: &Value<'_>, known: &Known, kpis: &[Arc<Kpi>], seen: &mut BTreeSet<GoalId>) -> Option<Goal> {
    let mut section = item.section("the goal")?;
    let id = section.need("id", |value| {
        let id = value.id::<GoalId>()?;
        if !seen.insert(id.clone()) {
            value.problem(format!("the goal `{id}` is defined twice"), "rename one, or remove it");
        }
        Some(id)
    });
    if let Some(id) = &id {
        section.what = format!("goal {id}");
    }
    let title = section.need("title", Value::both_languages);
    let measures = section.need("kpis", |value| measures(value, known, kpis));
    section.finish();
    Some(Goal { id: id?, title: title?, kpis: measures? })
}

fn measures(value: &Value<'_>, known: &Known, kpis: &[Arc<Kpi>]) -> Option<Vec<KpiId>> {
    let mut measures: Vec<KpiId> = Vec::new();
    let items = value.items()?;
    if items.is_empty() {
        value.problem("nothing measures this goal", "name at least one KPI");
    }
    for item in items {
        let Some(id) = item.reference::<KpiId>(&known.kpis) else { continue };
        if measures.contains(&id) {
            item.problem(format!("{id} stands here twice"), "remove one of them");
        }
        // A KPI with problems of its own is not in the list, and is checked when they are mended.
        if kpis.iter().any(|kpi| kpi.id == id && kpi.owner.is_none()) {
            item.problem(format!("{id} measures a goal, and nobody answers for it"), format!("give {id} an `owner`"));
        }
        measures.push(id);
    }
    Some(measures)
}
