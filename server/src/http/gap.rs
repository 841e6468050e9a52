//! The reports of the centre's own absences.

use super::State;
use super::pages::unavailable;
use super::refusal::Refusal;
use actix_web::web::{Data, Json};
use taydo_model::gap::GapsPage;

/// How many reports are told.
const SHOWN: u32 = 20;

pub(super) async fn gaps(state: Data<State>) -> Result<Json<GapsPage>, Refusal> {
    let gaps = state.store.gaps(false, SHOWN).await.map_err(|error| unavailable(&error))?;
    Ok(Json(GapsPage { gaps }))
}
