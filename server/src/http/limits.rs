//! A KPI's target and thresholds: what is in force, who changed what and why, and changing one.
//!
//! It must never take a change by which the definition set would no longer be sound.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::tasks::known;
use super::{State, body, kpi};
use crate::definitions::limits_file;
use crate::store::StoreError;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use std::collections::BTreeMap;
use taydo_model::files::{File, check_change};
use taydo_model::limit::{ChangeLimit, LIMITS_FILE, LimitsPage, Which};
use taydo_model::text::nfc;
use taydo_model::{Definitions, ErrorCode, Kpi, Scope, Text};

/// The most changes in one answer.
const MOST: u32 = 100;

pub(super) async fn limits(id: Path<String>, state: Data<State>) -> Result<Json<LimitsPage>, Refusal> {
    let definitions = state.definitions.get();
    let kpi = kpi::find(&definitions, &id, &Scope::City)?;
    page(&state, kpi).await.map(Json).map_err(|error| unavailable(&error))
}

async fn page(state: &State, kpi: &Kpi) -> Result<LimitsPage, StoreError> {
    let changes = state.store.limit_changes(&kpi.id, MOST).await?;
    let roster = state.store.roster(state.clock.now()).await?;
    let all = [(Which::Target, kpi.target), (Which::Attention, kpi.attention), (Which::Critical, kpi.critical)];
    let in_force: BTreeMap<Which, f64> = all.into_iter().filter_map(|(which, value)| Some((which, value?))).collect();
    let newest = |which: Which| changes.iter().find(|change| change.which == which).and_then(|change| change.value);
    Ok(LimitsPage {
        kpi: kpi.id.clone(),
        is_pending: Which::ALL.into_iter().any(|which| newest(which).is_some_and(|value| in_force.get(&which) != Some(&value))),
        in_force,
        names: changes.iter().filter_map(|one| Some((one.person.clone(), roster.persons.get(&one.person)?.name.clone()))).collect(),
        changes,
    })
}

pub(super) async fn change(request: HttpRequest, payload: Payload, id: Path<String>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let body = body::read(&request, payload, &state.clock).await?;
    let change: ChangeLimit =
        serde_json::from_slice(&body).map_err(|error| Refusal::malformed("thay đổi ngưỡng", "change of a limit", &error))?;
    let change = ChangeLimit { reason: nfc(&change.reason), ..change };
    if let Some(problem) = change.problem() {
        return Err(Refusal::both(ErrorCode::Invalid, problem));
    }
    known(&state, &change.person).await?;
    let definitions = state.definitions.get();
    let kpi = kpi::find(&definitions, &id, &Scope::City)?;
    try_on(&state, &definitions, kpi, &change).await?;
    state.store.change_limit(&kpi.id, &change, state.clock.now()).await.map_err(|error| unavailable(&error))?;
    let page = page(&state, kpi).await.map_err(|error| unavailable(&error))?;
    Ok(HttpResponse::build(StatusCode::ACCEPTED).json(page))
}

/// Checks the set in force with the change in it.
async fn try_on(state: &State, definitions: &Definitions, kpi: &Kpi, change: &ChangeLimit) -> Result<(), Refusal> {
    let mut files = state.replays.past().definition_files(&definitions.hash).await.map_err(|error| unavailable(&error))?;
    let mut limits = state.store.changed_limits().await.map_err(|error| unavailable(&error))?;
    let of = limits.entry(kpi.id.to_string()).or_default();
    match change.value {
        Some(value) => _ = of.insert(change.which, value),
        None => _ = of.remove(&change.which),
    }
    files.remove(LIMITS_FILE);
    let files: Vec<File> = files.into_iter().map(|(name, text)| File { name, text }).chain(limits_file(&limits)).collect();
    let (_, problems) = check_change(&files, definitions);
    match problems.first() {
        None => Ok(()),
        Some(problem) => {
            let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
            // What a definition's check says is for engineers, and in one language.
            let en = format!("{}{hint}", problem.message);
            Err(Refusal::both(ErrorCode::Invalid, Text { vi: format!("không đặt được ngưỡng này ({en})"), en }))
        }
    }
}
