//! The reports of the centre's own absences, with what they say to people.

use super::State;
use super::pages::unavailable;
use super::refusal::Refusal;
use super::why::named;
use actix_web::web::{Data, Json};
use taydo_model::gap::{GapReport, GapsPage, Names};
use taydo_model::{Scope, Text};

/// How many reports are told.
const SHOWN: u32 = 20;

pub(super) async fn gaps(state: Data<State>) -> Result<Json<GapsPage>, Refusal> {
    let gaps = state.store.gaps(false, SHOWN).await.map_err(|error| unavailable(&error))?;
    let definitions = state.definitions.get();
    let zone = definitions.city.time_zone();
    let scope_name = |scope: &Scope| match scope {
        Scope::City => Text::new("toàn thành phố", "whole city"),
        _ => named(&definitions, scope).name,
    };
    let names = Names {
        zone: &zone,
        kpi: &|id| definitions.kpi(id).map(AsRef::as_ref),
        scope: &scope_name,
        source: &|id| definitions.source(id).map_or_else(|| Text::new(id.as_str(), id.as_str()), |source| source.title.clone()),
    };
    let report = |gap: taydo_model::gap::Gap| GapReport { words: gap.in_words(&names), gap };
    Ok(Json(GapsPage { gaps: gaps.into_iter().map(report).collect() }))
}
