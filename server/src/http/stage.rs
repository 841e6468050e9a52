//! The city's operating stage: how it stands, and its confirmation.
//!
//! It must never confirm one in nobody's name or without a reason.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::walls::known;
use super::{State, body};
use crate::stage::Declined;
use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use taydo_model::stage::{ConfirmStage, HIGHEST, MAX_REASON, StagePage};
use taydo_model::text::nfc;
use taydo_model::{ErrorCode, Text};

pub(super) async fn page(state: Data<State>) -> Result<Json<StagePage>, Refusal> {
    state.stage.page(state.clock.now()).await.map(Json).map_err(|error| unavailable(&error))
}

fn refused(vi: &str, en: &str) -> Refusal {
    Refusal::both(ErrorCode::Invalid, Text::new(vi, en))
}

pub(super) async fn confirm(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let body = body::read(&request, payload, &state.clock).await?;
    let mut what: ConfirmStage =
        serde_json::from_slice(&body).map_err(|error| Refusal::malformed("xác nhận cấp vận hành", "confirmation", &error))?;
    known(&state, &what.person).await?;
    if !(1..=HIGHEST).contains(&what.stage) {
        return Err(refused("cấp vận hành là 1 đến 5", "a stage is 1 to 5"));
    }
    what.reason = nfc(&what.reason);
    if what.reason.is_empty() || what.reason.chars().count() > MAX_REASON {
        return Err(refused("hãy ghi lý do, tối đa 500 ký tự", "write a reason of at most 500 characters"));
    }
    match state.stage.confirm(&what).await {
        Ok(()) => Ok(HttpResponse::NoContent().finish()),
        Err(Declined::NoStages) => Err(Refusal::both(
            ErrorCode::NotFound,
            Text::new("thành phố chưa đặt cấp vận hành; hãy viết `stage.toml`", "the city has no stages; write `stage.toml`"),
        )),
        Err(Declined::NotLeading(why)) => Err(Refusal::both(ErrorCode::Forbidden, why)),
        Err(Declined::Store(error)) => Err(unavailable(&error)),
    }
}
