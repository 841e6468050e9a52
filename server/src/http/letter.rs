//! The morning letter: its order, and what it would say now.
//!
//! It must never send one: that is the clock's to ask for.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, body, query};
use crate::duty::{self, LetterDesk};
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use schemars::JsonSchema;
use serde::Deserialize;
use taydo_model::letter::LetterOrder;
use taydo_model::text::Language;
use taydo_model::{ErrorCode, Text};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    language: Language,
}

pub(super) async fn order(state: Data<State>) -> Result<Json<LetterOrder>, Refusal> {
    let stored = state.store.letter_order().await.map_err(|error| unavailable(&error))?;
    stored.map(|stored| Json(stored.order)).ok_or_else(|| {
        let said = Text::new("chưa ai đặt thư buổi sáng", "there is no order of a morning letter");
        Refusal::both(ErrorCode::NotFound, said)
    })
}

pub(super) async fn put_order(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let body = body::read(&request, payload, &state.clock).await?;
    let malformed = |error| Refusal::malformed("đặt thư buổi sáng", "order of a letter", &error);
    let order: LetterOrder = serde_json::from_slice(&body).map_err(malformed)?;
    let now = state.clock.now();
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    let unknown = order.recipients.iter().find(|person| !roster.persons.contains_key(*person));
    let mailless = order.recipients.iter().find(|person| duty::letter_contact(&roster, person).is_none());
    let problem = order.problem().or_else(|| unknown.map(|person| Refusal::unknown("người", "person", person))).or_else(|| {
        mailless.map(|person| Text {
            vi: format!("`{person}` chưa có địa chỉ e-mail đã xác minh; hãy thêm và xác minh trước"),
            en: format!("`{person}` has no verified e-mail address; add one and verify it first"),
        })
    });
    if let Some(problem) = problem {
        return Err(Refusal::both(ErrorCode::Invalid, problem));
    }
    state.store.save_letter_order(&order, now).await.map_err(|error| unavailable(&error))?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn preview(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let Wanted { language } = query(&request)?;
    let desk = LetterDesk { store: state.store.clone(), definitions: state.definitions.clone(), health: state.health.clone() };
    let letter = desk.preview(state.clock.now()).await.map_err(|error| unavailable(&error))?;
    Ok(HttpResponse::Ok().insert_header(ContentType::html()).body(letter.texts(language).html))
}
