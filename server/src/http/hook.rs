//! Providers' own requests: what became of messages, and what people answered to them.
//!
//! Anybody may call, and only the proof of the provider's secret lets anything happen. It must never tell a caller without it
//! which providers there are.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, body};
use crate::duty::take_reply;
use crate::paging::{Face, HookError, Posted};
use crate::store::outbox::ReceiptTaken;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use taydo_model::ErrorCode;

/// When a report comes so early that its message is still being sent, the provider is asked to come again.
const AGAIN_S: u32 = 5;

/// A request as paging reads it.
async fn posted<T>(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
    read: impl FnOnce(&Arc<Face>, &Posted<'_>) -> Result<T, HookError>,
) -> Result<T, Refusal> {
    let body = body::read(request, payload, &state.clock).await?;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let posted = Posted { header: &header, body: &body };
    let read = state.paging.as_ref().map_or(Err(HookError::Refused), |face| read(face, &posted));
    read.map_err(|error| {
        let code = match error {
            HookError::Refused => ErrorCode::Forbidden,
            HookError::Unreadable => ErrorCode::Malformed,
            HookError::Incomplete | HookError::Indifferent => ErrorCode::Invalid,
        };
        Refusal::new(code, error.to_string())
    })
}

pub(super) async fn report(
    request: HttpRequest,
    payload: Payload,
    provider: Path<String>,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let read = |face: &Arc<Face>, posted: &Posted<'_>| match face.report(&provider, posted) {
        Err(HookError::Indifferent) => Ok(None),
        report => report.map(Some),
    };
    let Some(report) = posted(&request, payload, &state, read).await? else { return Ok(HttpResponse::NoContent().finish()) };
    let taken = state.store.take_receipt(report.receipt(&provider), state.clock.now()).await.map_err(|error| unavailable(&error))?;
    match taken {
        ReceiptTaken::Raised | ReceiptTaken::Kept | ReceiptTaken::Repeated => Ok(HttpResponse::NoContent().finish()),
        // It may only not be written down yet, so a provider that asks again is right to.
        ReceiptTaken::Unmatched => Err(Refusal::not_found("such message").retry_after(AGAIN_S)),
        ReceiptTaken::TooEarly => {
            Err(Refusal::new(ErrorCode::Unavailable, "the message is being sent this moment; report again shortly").retry_after(AGAIN_S))
        }
    }
}

/// What a reply did.
#[derive(Serialize, JsonSchema)]
pub(super) struct ReplyTaken {
    /// In a word.
    did: &'static str,
}

pub(super) async fn reply(
    request: HttpRequest,
    payload: Payload,
    provider: Path<String>,
    state: Data<State>,
) -> Result<Json<ReplyTaken>, Refusal> {
    let answered = posted(&request, payload, &state, |face, posted| face.reply(&provider, posted)).await?;
    let did = take_reply(&state.store, &state.definitions, &provider, &answered, state.clock.now()).await;
    let did = did.map_err(|error| unavailable(&error))?;
    // A call's flow goes on by it: what is `unclear` is said again.
    Ok(Json(ReplyTaken { did: did.word() }))
}
