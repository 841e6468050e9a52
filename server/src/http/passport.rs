//! A KPI's passport.
//!
//! It gathers what the definitions, the feeds' health and the store know; it must never compute a figure.

use super::kpi::find;
use super::pages::unavailable;
use super::refusal::Refusal;
use super::why::named;
use super::{State, query};
use crate::store::StoreError;
use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use taydo_model::form::Form;
use taydo_model::kpi::From;
use taydo_model::passport::{Feed, PassportPage};
use taydo_model::why::Named;
use taydo_model::{Definitions, Kpi, Scope, SourceId};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct For {
    #[serde(default)]
    scope: Scope,
}

pub(super) async fn passport(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<Json<PassportPage>, Refusal> {
    let For { scope } = query(&request)?;
    let definitions = state.definitions.get();
    let kpi = find(&definitions, &id, &scope)?;
    gather(&state, &definitions, kpi, &scope).await.map(Json).map_err(|error| unavailable(&error))
}

async fn gather(state: &State, definitions: &Definitions, kpi: &Arc<Kpi>, scope: &Scope) -> Result<PassportPage, StoreError> {
    let now = state.clock.now();
    let (current, earlier): (Vec<_>, Vec<_>) =
        state.store.versions(&kpi.id).await?.into_iter().partition(|version| version.version == kpi.version);
    Ok(PassportPage {
        definitions: definitions.hash.clone(),
        kpi: Kpi::clone(kpi),
        computed: kpi.in_words(definitions),
        owner: kpi.owner.clone().map(|owner| named(definitions, &Scope::Department(owner))),
        scope: named(definitions, scope),
        reading: state.store.newest_reading(&kpi.id, scope).await?,
        version_since: current.first().map(|version| version.since),
        earlier,
        expected: expected(definitions, kpi, scope, now),
        feeds: feeds(state, definitions, kpi, now).await?,
    })
}

/// How many assets in service should report for the scope.
fn expected(definitions: &Definitions, kpi: &Kpi, scope: &Scope, now: Timestamp) -> Option<u32> {
    let From::Observations { metric, .. } = &kpi.from else { return None };
    let counts =
        definitions.assets.iter().filter(|asset| asset.metrics.contains(metric) && asset.is_valid(now)).filter(|asset| match scope {
            Scope::City => true,
            Scope::Area(area) => asset.area == *area,
            Scope::Asset(id) => asset.id == *id,
            Scope::Department(_) => false,
        });
    u32::try_from(counts.count()).ok().filter(|count| *count > 0)
}

/// The feeds of what the KPI rests on; of a formula, those of all KPIs that it is made from.
async fn feeds(state: &State, definitions: &Definitions, kpi: &Arc<Kpi>, now: Timestamp) -> Result<Vec<Feed>, StoreError> {
    let mut sources: BTreeSet<SourceId> = BTreeSet::new();
    for leaf in definitions.leaves(kpi) {
        sources.extend(match &leaf.from {
            From::Observations { metric, .. } | From::Form(Form { metric, .. }) => state.store.sources_of_metric(metric).await?,
            From::Cases { kind, .. } => state.store.sources_of_cases(kind).await?,
            From::Formula { .. } => Vec::new(),
        });
    }
    let (health, _) = state.health.snapshot(definitions, now);
    let of = health.into_iter().filter(|one| sources.contains(&one.id));
    Ok(of.map(|one| Feed { of: Named { id: one.id.to_string(), name: one.title }, state: one.state, last_seen: one.last_seen }).collect())
}
