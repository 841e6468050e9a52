//! Areas: what fires in many of them at once is told area by area.
//!
//! It must never leave an incident out: the order changes, and what is counted is counted once.

use super::group::Group;
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::AreaId;
use taydo_model::incident::IncidentId;
use taydo_model::page::{AreaCount, MAX_LISTED};

/// From so many areas on it is in many.
const MANY: usize = 3;

fn area<'g>(group: &'g Group, id: &IncidentId) -> Option<&'g str> {
    group.members.get(id)?.labels.get("area").map(String::as_str).filter(|area| !area.is_empty())
}

fn is_many(group: &Group, incidents: &[IncidentId]) -> bool {
    let mut areas = BTreeSet::new();
    incidents.iter().filter_map(|id| area(group, id)).any(|area| areas.insert(area) && areas.len() >= MANY)
}

/// How many of the incidents lie in each area, the most first, at most [`MAX_LISTED`] areas; empty where they lie in a few.
pub(super) fn count(group: &Group, incidents: &[IncidentId]) -> Vec<AreaCount> {
    if !is_many(group, incidents) {
        return Vec::new();
    }
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for area in incidents.iter().filter_map(|id| area(group, id)) {
        *counts.entry(area).or_default() += 1;
    }
    let mut counts: Vec<AreaCount> =
        counts.into_iter().filter_map(|(area, open)| Some(AreaCount { area: AreaId::new(area).ok()?, open })).collect();
    counts.sort_by(|a, b| (b.open, &a.area).cmp(&(a.open, &b.area)));
    counts.truncate(MAX_LISTED);
    counts
}

/// Puts the first of every area before the others, each in the order that they had, so that a list that is cut names every area.
pub(super) fn spread(group: &Group, incidents: &mut Vec<IncidentId>) {
    if !is_many(group, incidents) {
        return;
    }
    let mut areas = BTreeSet::new();
    // What lies in no area counts as one, so that the worst of all stays the first.
    let is_first = |id: &IncidentId| areas.insert(area(group, id).unwrap_or_default());
    let (mut first, others): (Vec<_>, Vec<_>) = incidents.iter().copied().partition(is_first);
    first.extend(others);
    *incidents = first;
}
