//! Events: saying them, changing what is said, and listing them.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, body, query};
use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path, Payload};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use taydo_model::event::{Event, EventsPage, MAX_EVENTS, Saying};
use taydo_model::{ErrorCode, Text};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    from: Timestamp,
    to: Timestamp,
    /// Also those that were withdrawn.
    #[serde(default)]
    withdrawn: bool,
    as_of: Option<Timestamp>,
}

pub(super) async fn list(request: HttpRequest, state: Data<State>) -> Result<Json<EventsPage>, Refusal> {
    let Range { from, to, withdrawn, as_of } = query(&request)?;
    if to < from {
        return Err(Refusal::both(ErrorCode::Invalid, Text::new("`from` ở sau `to`", "`from` is after `to`")));
    }
    let events = state.store.events((from, to), as_of, withdrawn, MAX_EVENTS).await.map_err(|error| unavailable(&error))?;
    Ok(Json(EventsPage { events }))
}

pub(super) async fn history(id: Path<i64>, state: Data<State>) -> Result<Json<EventsPage>, Refusal> {
    let events = state.store.event_history(*id).await.map_err(|error| unavailable(&error))?;
    if events.is_empty() { Err(Refusal::missing("sự kiện", "event", id)) } else { Ok(Json(EventsPage { events })) }
}

pub(super) async fn add(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<Json<Event>, Refusal> {
    say(request, payload, state, None).await
}

pub(super) async fn change(request: HttpRequest, payload: Payload, id: Path<i64>, state: Data<State>) -> Result<Json<Event>, Refusal> {
    say(request, payload, state, Some(*id)).await
}

async fn say(request: HttpRequest, payload: Payload, state: Data<State>, id: Option<i64>) -> Result<Json<Event>, Refusal> {
    let body = body::read(&request, payload, &state.clock).await?;
    let saying: Saying = serde_json::from_slice(&body).map_err(|error| Refusal::malformed("sự kiện", "event", &error))?;
    let definitions = state.definitions.get();
    if let Some(problem) = saying.problem(&definitions.city) {
        return Err(Refusal::both(ErrorCode::Invalid, problem));
    }
    let said = state.store.say_event(id, &saying, state.clock.now()).await.map_err(|error| unavailable(&error))?;
    said.map(Json).ok_or_else(|| Refusal::missing("sự kiện", "event", id.unwrap_or_default()))
}
