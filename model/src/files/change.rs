//! Changes that a running server can't take: what stored numbers mean, and who the server is to its broker.
//!
//! Must never refuse what only needs new windows.

use super::{Role, document::Document, kpi, metric, section::Section, section::definitions};
use crate::{Definitions, Metric, MetricId};

/// Notes a problem where the files say of something in `running` what can't be changed while it runs.
pub(super) fn check(documents: &[Document<'_>], running: &Definitions) {
    for document in documents.iter().filter(|document| !document.broken) {
        match document.role {
            Some(Role::City) => city(document, running),
            Some(Role::Metrics) => metrics(document, running),
            Some(Role::Kpis) => entered(document, running),
            _ => {}
        }
    }
}

fn city(document: &Document<'_>, running: &Definitions) {
    let Some(id) = document.section().get("id") else { return };
    if id.quiet_text().is_some_and(|written| written != running.city.id) {
        id.problem(
            format!("the city's id is `{}` while the server runs", running.city.id),
            "restart the server to change it: the session with the broker is named by it",
        );
    }
}

/// Values are stored in their metric's unit as whole steps of its resolution, and what is under way between the ways in
/// and the engine counts such steps.
fn metrics(document: &Document<'_>, running: &Definitions) {
    for entry in definitions(document, &document.table, metric::KEYS) {
        let known = MetricId::new(&entry.key).ok().and_then(|id| running.metric(&id));
        let (Some(known), Some(mut section)) = (known, entry.quiet_section()) else { continue };
        unit(&mut section, known);
        resolution(&mut section, known);
    }
}

/// What departments enter is stored like a metric of the KPI's name.
fn entered(document: &Document<'_>, running: &Definitions) {
    for entry in definitions(document, &document.table, kpi::KEYS) {
        let known = MetricId::new(&entry.key).ok().and_then(|id| running.metric(&id));
        let (Some(known), Some(mut section)) = (known, entry.quiet_section()) else { continue };
        let from = section.get("from").and_then(|from| from.quiet_section());
        if let Some(mut from) = from.filter(|from| from.has("form")) {
            unit(&mut section, known);
            resolution(&mut from, known);
        }
    }
}

fn unit(section: &mut Section<'_>, known: &Metric) {
    if let Some(unit) = section.get("unit")
        && unit.quiet_text().is_some_and(|written| written != known.unit.code())
    {
        unit.problem(
            format!("{} is stored in {}, and stored values keep their unit", known.id, known.unit),
            "give what has the other unit an id of its own",
        );
    }
}

fn resolution(section: &mut Section<'_>, known: &Metric) {
    if let Some(resolution) = section.get("resolution")
        && resolution.quiet_number().is_some_and(|written| written.to_bits() != known.resolution.to_bits())
    {
        resolution.problem(
            format!("{} has the resolution {} while the server runs", known.id, known.resolution),
            "restart the server to change it, or give the finer figure an id of its own",
        );
    }
}
