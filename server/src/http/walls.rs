//! Walls and their screens: how they are, what people do with them, and how a screen is enrolled.
//!
//! It must never answer anybody with a token but the screen that is given it.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::roster::malformed;
use super::{State, body, query};
use crate::walls::Declined;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use taydo_model::oncall::request::Made;
use taydo_model::wall::page::{EnrolScreen, ScreenCode, ScreenId, ScreenPlace, ScreenToken, WallsPage};
use taydo_model::wall::plan::WallOrder;
use taydo_model::{ErrorCode, PersonId, Text, WallId};

async fn read<T: DeserializeOwned>(request: &HttpRequest, payload: Payload, state: &State, what: &str) -> Result<T, Refusal> {
    let body = body::read(request, payload, &state.clock).await?;
    serde_json::from_slice(&body).map_err(|error| malformed(what, &error))
}

/// Nobody acts in the name of somebody who isn't there.
pub(super) async fn known(state: &State, person: &PersonId) -> Result<(), Refusal> {
    let roster = state.store.roster(state.clock.now()).await.map_err(|error| unavailable(&error))?;
    let said = || {
        Text::new(
            &format!("không có ai là {person}; hãy chọn một người trong danh sách"),
            &format!("nobody is {person}; choose somebody from the roster"),
        )
    };
    if roster.persons.contains_key(person) { Ok(()) } else { Err(Refusal::both(ErrorCode::Invalid, said())) }
}

/// The code of what isn't done, for the WebSocket too.
pub(super) fn code(declined: &Declined) -> ErrorCode {
    match declined {
        Declined::NoWall | Declined::NoScreen => ErrorCode::NotFound,
        Declined::NoScene(_) | Declined::NoDisplay | Declined::NoIncident(_) | Declined::NoCode => ErrorCode::Invalid,
        Declined::NotEnrolled => ErrorCode::Forbidden,
        Declined::Closed | Declined::TooMany => ErrorCode::Busy,
        Declined::Store(_) => ErrorCode::Unavailable,
    }
}

fn refused(declined: &Declined) -> Refusal {
    match declined {
        Declined::Store(error) => unavailable(error),
        other => Refusal::both(code(other), Text { vi: in_vietnamese(other), en: other.to_string() }),
    }
}

fn in_vietnamese(declined: &Declined) -> String {
    match declined {
        Declined::NoWall => "không có tường màn hình này; GET /api/v1/walls liệt kê các tường".to_owned(),
        Declined::NoScene(count) => format!("tường này có {count} cảnh, đếm từ 0"),
        Declined::NoDisplay => "tường này không có màn hình tên đó; walls.toml đặt tên các màn hình".to_owned(),
        Declined::NoIncident(id) => format!("sự cố {} không còn mở; hãy chọn sự cố đang mở", id.0),
        Declined::NoScreen => "không có màn hình này".to_owned(),
        Declined::NotEnrolled => "mã bí mật này không phải của màn hình nào trên tường; hãy ghép màn hình bằng mã số".to_owned(),
        Declined::NoCode => "lúc này không màn hình nào hiện mã này; hãy đọc lại trên màn hình, mã đổi sau năm phút".to_owned(),
        Declined::Closed => "đã nhập sai mã quá nhiều lần; hãy đợi mười phút".to_owned(),
        Declined::TooMany => "quá nhiều trang đang xem tường; hãy đóng bớt".to_owned(),
        Declined::Store(_) => "lúc này không tới được cơ sở dữ liệu; hãy thử lại sau".to_owned(),
    }
}

pub(super) async fn list(state: Data<State>) -> Result<Json<WallsPage>, Refusal> {
    let time = state.clock.now();
    let walls = state.walls.status(time).await.map_err(|error| unavailable(&error))?;
    Ok(Json(WallsPage { time, walls }))
}

pub(super) async fn act(request: HttpRequest, payload: Payload, id: Path<String>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let order: WallOrder = read(&request, payload, &state, "act").await?;
    known(&state, &order.person).await?;
    let wall = WallId::new(id.as_str()).map_err(|_| Refusal::missing("tường màn hình", "wall", id))?;
    state.walls.act(&wall, &order.person, &order.act).await.map_err(|declined| refused(&declined))?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn issue_code(state: Data<State>) -> Result<Json<ScreenCode>, Refusal> {
    state.walls.issue_code().await.map(Json).map_err(|error| unavailable(&error))
}

pub(super) async fn place(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<Json<ScreenPlace>, Refusal> {
    let what: ScreenToken = read(&request, payload, &state, "token").await?;
    state.walls.place(&what.token).map(Json).map_err(|declined| refused(&declined))
}

pub(super) async fn enrol(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let what: EnrolScreen = read(&request, payload, &state, "enrolment").await?;
    known(&state, &what.person).await?;
    let id = state.walls.enrol(&what).await.map_err(|declined| refused(&declined))?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(Made { id: id.0 }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct By {
    /// Who.
    person: PersonId,
}

pub(super) async fn revoke(request: HttpRequest, id: Path<i64>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let By { person } = query(&request)?;
    known(&state, &person).await?;
    state.walls.revoke(ScreenId(*id), &person).await.map_err(|declined| refused(&declined))?;
    Ok(HttpResponse::NoContent().finish())
}
