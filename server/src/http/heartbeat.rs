//! Heartbeats of outside systems: what is expected, and that they are there.
//!
//! It must never judge a silence: the steward does, when its time comes.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::roster::malformed;
use super::{State, body};
use crate::duty::heartbeat_key;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use taydo_model::heartbeat::{Heartbeat, HeartbeatRow};
use taydo_model::id::slug;
use taydo_model::{ErrorCode, Text};

pub(super) async fn list(state: Data<State>) -> Result<Json<Vec<HeartbeatRow>>, Refusal> {
    state.store.heartbeats().await.map(Json).map_err(|error| unavailable(&error))
}

pub(super) async fn put(request: HttpRequest, payload: Payload, name: Path<String>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let body = body::read(&request, payload, &state.clock).await?;
    let one: Heartbeat = serde_json::from_slice(&body).map_err(|error| malformed("heartbeat", &error))?;
    let misnamed = (slug(&name).as_deref() != Some(name.as_str())).then(|| {
        Text::new(
            &format!("{:?} không dùng làm tên được; hãy dùng chữ thường, số và gạch nối", *name),
            &format!("{:?} is no name; use small letters, digits and dashes", *name),
        )
    });
    if let Some(problem) = misnamed.or_else(|| one.problem()) {
        return Err(Refusal::both(ErrorCode::Invalid, problem));
    }
    state.store.save_heartbeat(&name, &one).await.map_err(|error| unavailable(&error))?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn delete(name: Path<String>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    if state.store.remove_heartbeat(&name).await.map_err(|error| unavailable(&error))? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Refusal::missing("nhịp", "heartbeat", name))
    }
}

pub(super) async fn beat(name: Path<String>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let now = state.clock.now();
    let told = state.store.heartbeat(&name, now).await.map_err(|error| unavailable(&error))?;
    let told = told.ok_or_else(|| Refusal::missing("nhịp", "heartbeat", &name))?;
    if told {
        let closed = state.store.close_by_key(&heartbeat_key(&name), &state.definitions.get(), now).await;
        closed.map_err(|error| unavailable(&error))?;
    }
    Ok(HttpResponse::NoContent().finish())
}
