//! Recomputes by hand: asking for one, and seeing how far it has got.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, body};
use crate::pipeline;
use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path, Payload};
use jiff::Timestamp;
use taydo_engine::Touched;
use taydo_engine::recompute::with_dependents;
use taydo_model::recompute::{RecomputeJob, RecomputeRequest, RecomputesPage};
use taydo_model::{ErrorCode, KpiId};

/// How many jobs are told.
const SHOWN: u32 = 50;
/// The most grid instants that one request may ask for: 20 years of a reading every minute.
const MAX_INSTANTS: u64 = 10_519_200;

pub(super) async fn ask(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<Json<RecomputeJob>, Refusal> {
    let body = body::read(&request, payload, &state.clock).await?;
    let mut wanted: RecomputeRequest =
        serde_json::from_slice(&body).map_err(|error| Refusal::new(ErrorCode::Malformed, format!("the body is no request: {error}")))?;
    let definitions = state.definitions.get();
    let invalid = |message: String| Err(Refusal::new(ErrorCode::Invalid, message));
    if let Some(unknown) = wanted.kpis.iter().find(|kpi| definitions.kpi(kpi).is_none()) {
        return Err(Refusal::not_found(format!("KPI {unknown}")));
    }
    // What is made from these changes with them.
    let touched = |kpi: &KpiId| Touched { kpi: kpi.clone(), from: wanted.from, to: wanted.to };
    let all = with_dependents(&definitions, wanted.kpis.iter().map(touched).collect());
    // What has not been yet is computed when its time comes.
    wanted.to = all.iter().map(|one| one.to).fold(wanted.to, Timestamp::max).min(state.clock.now());
    wanted.kpis = all.into_iter().map(|one| one.kpi).collect();
    let instants = pipeline::instants(&definitions, &wanted.kpis, wanted.from, wanted.to);
    if instants == 0 {
        return invalid(format!(
            "there is no reading of these KPIs between {} and {}; name at least one KPI and a longer range",
            wanted.from, wanted.to
        ));
    }
    if instants > MAX_INSTANTS {
        return invalid(format!(
            "the request is for {instants} readings of a scope, and one may ask for {MAX_INSTANTS}; ask for a shorter range"
        ));
    }
    let busy = || Refusal::new(ErrorCode::Busy, "too many recomputes have just been asked for; try again later").retry_after(5);
    let place = state.desk.place().ok_or_else(busy)?;
    let job = state.store.add_recompute(&wanted, instants, state.clock.now()).await.map_err(|error| unavailable(&error))?;
    place.take(job.clone());
    Ok(Json(job))
}

pub(super) async fn job(id: Path<i64>, state: Data<State>) -> Result<Json<RecomputeJob>, Refusal> {
    let found = state.store.recompute(*id).await.map_err(|error| unavailable(&error))?;
    found.map(|job| Json(state.desk.as_it_stands(job))).ok_or_else(|| Refusal::not_found(format!("recompute {id}")))
}

pub(super) async fn list(state: Data<State>) -> Result<Json<RecomputesPage>, Refusal> {
    let jobs = state.store.recomputes(SHOWN).await.map_err(|error| unavailable(&error))?;
    Ok(Json(RecomputesPage { jobs: jobs.into_iter().map(|job| state.desk.as_it_stands(job)).collect() }))
}
