//! `incidents.toml`: the kinds of incidents that people open by hand, each with its check-list.
//!
//! Must never check a team's name: teams are people's, and live in the store.

use super::{alert::SEVERITIES, document::Document, value::Value};
use crate::incident::kind::Kind;
use crate::{KindId, TeamId};

/// The sound kinds of a file.
pub(super) fn read(document: &Document<'_>) -> Vec<Kind> {
    document.section().entries().filter_map(|entry| kind(&entry)).collect()
}

fn kind(entry: &Value<'_>) -> Option<Kind> {
    let id = entry.key_id::<KindId>();
    let mut section = entry.section(&format!("kind {}", entry.key))?;
    let title = section.need("title", Value::both_languages);
    let severity = section.need("severity", |value| value.choice(SEVERITIES));
    let team = section.need("team", Value::id::<TeamId>);
    let sop = section.may("sop", |value| value.each(Value::both_languages)).unwrap_or_default();
    let runbook = section.may("runbook", Value::text);
    section.finish().then_some(())?;
    Some(Kind { id: id?, title: title?, severity: severity?, team: team?, sop, runbook })
}
