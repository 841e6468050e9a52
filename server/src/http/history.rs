//! Recorded readings, for charts.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, query};
use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use jiff::Timestamp;
use serde::Deserialize;
use taydo_model::api::{MAX_POINTS, ReadingsPage};
use taydo_model::{ErrorCode, KpiId, Scope};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    #[serde(default)]
    scope: Scope,
    from: Timestamp,
    to: Timestamp,
}

pub(super) async fn readings(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<Json<ReadingsPage>, Refusal> {
    let Range { scope, from, to } = query(&request)?;
    let definitions = state.definitions.get();
    let found = KpiId::new(id.as_str()).ok().and_then(|id| definitions.kpi(&id));
    let kpi = found.ok_or_else(|| Refusal::not_found(format!("KPI {id}")))?;
    if !kpi.covers(&scope) {
        return Err(Refusal::new(ErrorCode::Invalid, format!("{} is not computed for {scope}", kpi.id)));
    }
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
    let points = state.store.readings(&kpi.id, &scope, from, to, MAX_POINTS).await.map_err(|error| unavailable(&error))?;
    Ok(Json(ReadingsPage { kpi: kpi.id.clone(), scope, from, to, points }))
}
