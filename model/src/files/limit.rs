//! `.limits.toml`: what leaders changed of targets and thresholds while the server ran, as the server adds it to a set.
//!
//! Must never refuse a set because a KPI is gone whose limit was changed: that is passed over.

use super::{document::Document, section::definitions, value::Value};
use crate::KpiId;
use crate::limit::Which;
use std::collections::BTreeMap;

/// The changed limits of each KPI.
pub(super) type Limits<'d> = BTreeMap<KpiId, Vec<(Which, Value<'d>)>>;

/// What the documents change.
pub(super) fn read<'d>(documents: impl Iterator<Item = &'d Document<'d>>) -> Limits<'d> {
    let keys = Which::ALL.map(Which::key);
    let mut limits = Limits::new();
    for entry in documents.flat_map(|document| definitions(document, &document.table, &keys)) {
        let Some(id) = entry.key_id::<KpiId>() else { continue };
        let Some(mut section) = entry.section(&format!("the limits of {id}")) else { continue };
        let of = Which::ALL.into_iter().filter_map(|which| Some((which, section.get(which.key())?))).collect();
        section.finish();
        limits.insert(id, of);
    }
    limits
}
