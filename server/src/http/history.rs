//! Recorded readings: as they are known now, as they were shown then, and every revision of one.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, kpi, query};
use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use jiff::Timestamp;
use serde::Deserialize;
use taydo_model::api::{MAX_POINTS, ReadingsPage};
use taydo_model::history::RevisionsPage;
use taydo_model::{ErrorCode, Scope};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    #[serde(default)]
    scope: Scope,
    from: Timestamp,
    to: Timestamp,
    as_of: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Instant {
    #[serde(default)]
    scope: Scope,
    time: Timestamp,
}

pub(super) async fn readings(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<Json<ReadingsPage>, Refusal> {
    let Range { scope, from, to, as_of } = query(&request)?;
    let definitions = match as_of {
        // What is no longer defined was shown all the same.
        Some(then) => state.replays.sets().at(then, then).await.map_err(|error| unavailable(&error))?.0,
        None => state.definitions.get(),
    };
    let kpi = kpi::find(&definitions, &id, &scope)?;
    let instants = to.duration_since(from).as_secs() / i64::from(kpi.every_s.max(1)) + 1;
    if to < from {
        return Err(Refusal::new(ErrorCode::Invalid, "`from` is after `to`"));
    }
    if instants > i64::from(MAX_POINTS) {
        let message = format!(
            "the range holds {instants} readings of one every {} s, and an answer at most {MAX_POINTS}; ask for a shorter one",
            kpi.every_s
        );
        return Err(Refusal::new(ErrorCode::TooLarge, message));
    }
    let points = state.store.readings(&kpi.id, &scope, (from, to), as_of, MAX_POINTS).await.map_err(|error| unavailable(&error))?;
    Ok(Json(ReadingsPage { kpi: kpi.id.clone(), scope, from, to, as_of, points }))
}

pub(super) async fn revisions(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<Json<RevisionsPage>, Refusal> {
    let Instant { scope, time } = query(&request)?;
    let definitions = state.definitions.get();
    let kpi = kpi::find(&definitions, &id, &scope)?;
    let revisions = state.store.revisions(&kpi.id, &scope, time).await.map_err(|error| unavailable(&error))?;
    Ok(Json(RevisionsPage { kpi: kpi.id.clone(), scope, time, revisions }))
}
