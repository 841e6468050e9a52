//! Frozen pages: making one, listing and revoking them, and serving one to whoever has its link.
//!
//! What is served was written when it was made: it must never ask for a figure then, nor say whether a link that can't be
//! followed was ever one.

mod write;

use super::pages::unavailable;
use super::refusal::Refusal;
use super::tasks::known;
use super::{State, body, query};
use crate::store::frozen::NewFrozen;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Deserialize;
use taydo_model::frozen::{Freeze, FrozenId, FrozenMade, FrozenPages};
use taydo_model::{ErrorCode, PersonId, Text};

/// The most pages in one answer.
const MOST: u32 = 200;
/// The length of a link's secret, in hexadecimal digits.
const TOKEN_CHARS: usize = 64;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    /// Copies of this page alone.
    #[serde(default)]
    path: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct By {
    /// Who revokes it.
    person: PersonId,
}

pub(super) async fn make(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let body = body::read(&request, payload, &state.clock).await?;
    let wanted: Freeze =
        serde_json::from_slice(&body).map_err(|error| Refusal::malformed("yêu cầu chụp trang", "wish to freeze a page", &error))?;
    if let Some(problem) = wanted.problem() {
        return Err(Refusal::both(ErrorCode::Invalid, problem));
    }
    known(&state, &wanted.person).await?;
    let now = state.clock.now();
    let expires_at = now.saturating_add(SignedDuration::from_hours(24 * i64::from(wanted.days))).unwrap_or(now);
    let written = write::page(&state, &wanted.of, wanted.language, expires_at).await?;
    let new = NewFrozen { title: &written.title, path: &written.path, person: &wanted.person, expires_at, content: &written.html };
    let (id, token) = state.store.freeze(&new, now).await.map_err(|error| unavailable(&error))?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(FrozenMade { id, path: format!("/frozen/{token}"), expires_at }))
}

pub(super) async fn list(request: HttpRequest, state: Data<State>) -> Result<Json<FrozenPages>, Refusal> {
    let Of { path } = query(&request)?;
    let now = state.clock.now();
    let pages = state.store.frozen_pages(path.as_deref(), MOST).await.map_err(|error| unavailable(&error))?;
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    let names = pages.iter().filter_map(|page| Some((page.person.clone(), roster.persons.get(&page.person)?.name.clone()))).collect();
    Ok(Json(FrozenPages { time: now, pages, names }))
}

pub(super) async fn revoke(request: HttpRequest, id: Path<i64>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let By { person } = query(&request)?;
    known(&state, &person).await?;
    match state.store.revoke_frozen(FrozenId(*id), &person, state.clock.now()).await.map_err(|error| unavailable(&error))? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Refusal::missing("trang chụp", "frozen page", id)),
    }
}

pub(super) async fn serve(token: Path<String>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let gone = || {
        let said = Text::new(
            "không có trang này: liên kết đã hết hạn, đã bị thu hồi, hoặc bị thiếu",
            "there is no such page: the link has expired, was revoked, or is not whole",
        );
        Refusal::both(ErrorCode::NotFound, said)
    };
    if token.len() != TOKEN_CHARS || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(gone());
    }
    let content = state.store.frozen(&token, state.clock.now()).await.map_err(|error| unavailable(&error))?;
    let content = content.ok_or_else(gone)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-robots-tag", "noindex, nofollow"))
        .body(content))
}
