//! The band that a figure usually lies in, and making a new one at once.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, kpi, query};
use crate::baseline;
use crate::days::Days;
use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use taydo_model::baseline::{BaselineMade, BaselinePage, MAX_HOURS, has_season};
use taydo_model::{ErrorCode, Scope};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    #[serde(default)]
    scope: Scope,
    from: Timestamp,
    to: Timestamp,
    version: Option<i32>,
    as_of: Option<Timestamp>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    #[serde(default)]
    scope: Scope,
}

pub(super) async fn band(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<Json<Option<BaselinePage>>, Refusal> {
    let Range { scope, from, to, version, as_of } = query(&request)?;
    let definitions = match as_of {
        Some(then) => state.replays.sets().at(then, then).await.map_err(|error| unavailable(&error))?.0,
        None => state.definitions.get(),
    };
    let kpi = kpi::find(&definitions, &id, &scope)?;
    if to < from {
        return Err(Refusal::new(ErrorCode::Invalid, "`from` is after `to`"));
    }
    if to.duration_since(from).as_hours() > i64::from(MAX_HOURS) {
        let message = format!("the range holds more than {MAX_HOURS} hours; ask for a shorter one");
        return Err(Refusal::new(ErrorCode::TooLarge, message));
    }
    let found = state.store.baseline(&kpi.id, &scope, version, as_of).await.map_err(|error| unavailable(&error))?;
    let Some(baseline) = found else {
        return match version {
            Some(version) => Err(Refusal::not_found(format!("version {version} of the baseline of {} for {scope}", kpi.id))),
            // A new figure has none until it has been recorded for weeks, which is nobody's mistake.
            None => Ok(Json(None)),
        };
    };
    let points = Days::of(&definitions).in_season(|season| baseline.slots.points(from, to, season));
    Ok(Json(Some(BaselinePage {
        kpi: baseline.kpi,
        scope: baseline.scope,
        version: baseline.version,
        made_at: baseline.made_at,
        definition: baseline.definition,
        learned_from: baseline.from,
        learned_to: baseline.to,
        points,
    })))
}

pub(super) async fn make(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<Json<BaselineMade>, Refusal> {
    let Of { scope } = query(&request)?;
    let definitions = state.definitions.get();
    let kpi = kpi::find(&definitions, &id, &scope)?;
    if !has_season(kpi) {
        let message = format!("{} has no weekly season: its window or its grid is longer than a week", kpi.id);
        return Err(Refusal::new(ErrorCode::Invalid, message));
    }
    let days = Days::of(&definitions);
    let made = baseline::make(&state.store, kpi, &scope, &days, state.clock.now()).await.map_err(|error| unavailable(&error))?;
    made.map(Json).ok_or_else(|| {
        let message = format!("{} has too few readings for {scope}: no hour of the week is known from three weeks", kpi.id);
        Refusal::new(ErrorCode::Invalid, message)
    })
}
