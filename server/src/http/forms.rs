//! The departments' door over HTTP: what is due, entries, uploads and templates.
//!
//! It reads the query and the body, and hands them to the door. It judges nothing.

use super::access::Principal;
use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, body, query};
use crate::door::{self, DoorError, Sender, Upload};
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Json, Payload, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use taydo_model::form::{Draft, Duty, EntriesPage, FormsPage, RowState, Stated, Verdict};
use taydo_model::{Definitions, DepartmentId, ErrorCode, KpiId, Scope, Text};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    department: Option<DepartmentId>,
}

/// `GET /api/v1/forms?department=`.
pub(super) async fn duties(request: HttpRequest, state: Data<State>) -> Result<Json<FormsPage>, Refusal> {
    let Of { department } = query(&request)?;
    Ok(Json(state.door.page(&state.definitions.get(), department.as_ref()).await.map_err(|error| refusal(&error))?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Figure {
    kpi: KpiId,
    #[serde(default)]
    scope: Scope,
}

/// `GET /api/v1/forms/entries?kpi=&scope=`.
pub(super) async fn entries(request: HttpRequest, state: Data<State>) -> Result<Json<EntriesPage>, Refusal> {
    let Figure { kpi, scope } = query(&request)?;
    Ok(Json(state.door.entries(&kpi, &scope).await.map_err(|error| refusal(&error))?))
}

/// `POST /api/v1/forms/entries`.
pub(super) async fn enter(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
    principal: ReqData<Principal>,
) -> Result<HttpResponse, Refusal> {
    let body = body::read(&request, payload, &state.clock).await?;
    let draft: Draft = serde_json::from_slice(&body).map_err(|error| Refusal::malformed("số liệu nhập", "entry", &error))?;
    let verdict = state.door.enter(&state.definitions.get(), "page", principal.word(), &draft).await.map_err(|error| refusal(&error))?;
    Ok(answer(&verdict))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    department: DepartmentId,
    name: String,
    file: String,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    good_rows: bool,
    confirm: Option<String>,
    #[serde(default)]
    stated: Stated,
    #[serde(default)]
    reason: String,
}

/// `POST /api/v1/forms/uploads?department=&name=&file=`, the file as the body.
pub(super) async fn upload(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
    principal: ReqData<Principal>,
) -> Result<HttpResponse, Refusal> {
    let Sent { department, name, file, dry_run, good_rows, confirm, stated, reason } = query(&request)?;
    let content = body::read(&request, payload, &state.clock).await?;
    let sender = Sender { way: "upload", principal: principal.word(), department: &department, name: &name };
    let upload = Upload { file, content, dry_run, good_rows, confirm, stated, reason };
    let verdict = state.door.upload(&state.definitions.get(), sender, upload).await.map_err(|error| refusal(&error))?;
    Ok(answer(&verdict))
}

/// 200 where all is well or was only tried, 422 where something was refused; the body is the same.
fn answer(verdict: &Verdict) -> HttpResponse {
    let refused = !verdict.problems.is_empty() || verdict.rows.iter().any(|row| matches!(row.state, RowState::Confirm | RowState::Wrong));
    let kept = verdict.receipt.is_some() && verdict.taken + verdict.unchanged > 0 && verdict.problems.is_empty();
    let took_good_rows = kept && verdict.taken > 0;
    let status = if verdict.dry_run || !refused || took_good_rows { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    HttpResponse::build(status).json(verdict)
}

/// `GET /api/v1/forms/template.csv?department=`.
pub(super) async fn template_csv(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let (_, file, duties) = asked(&request, &state).await?;
    let content = door::template_csv(&duties, date(&state.definitions.get()));
    Ok(attachment("text/csv; charset=utf-8", &format!("{file}.csv"), content))
}

/// `GET /api/v1/forms/template.xlsx?department=`.
pub(super) async fn template_xlsx(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let (title, file, duties) = asked(&request, &state).await?;
    let content = door::template_xlsx(&title, &duties, date(&state.definitions.get())).map_err(|error| Refusal::internal(&error))?;
    Ok(attachment("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &format!("{file}.xlsx"), content))
}

/// What a department is asked for, its name, and its template's.
async fn asked(request: &HttpRequest, state: &State) -> Result<(String, String, Vec<Duty>), Refusal> {
    let Of { department } = query(request)?;
    let id = department.ok_or_else(|| {
        Refusal::both(ErrorCode::Invalid, Text::new("hãy ghi đơn vị: ?department=ID", "the query: name the department: ?department=ID"))
    })?;
    let page = state.door.page(&state.definitions.get(), Some(&id)).await.map_err(|error| refusal(&error))?;
    let title = page.departments.iter().find(|one| one.id == id).map_or_else(|| id.to_string(), |one| one.title.vi.clone());
    Ok((title, format!("so-lieu-{id}"), page.duties))
}

/// The last day of a due date, as the city writes it.
fn date(definitions: &Definitions) -> impl Fn(Timestamp) -> String {
    let zone = TimeZone::get(&definitions.city.zone).unwrap_or(TimeZone::UTC);
    move |due| {
        let day = zone.to_datetime(due.saturating_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(due));
        format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
    }
}

/// A file to be kept; its name is an id, so that no header needs escapes.
fn attachment(content_type: &'static str, name: &str, content: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(content)
}

fn refusal(error: &DoorError) -> Refusal {
    match error {
        DoorError::UnknownDepartment(name) => {
            let vi = format!("không có đơn vị {name:?} phải nhập số liệu; xem /api/v1/forms");
            Refusal::both(ErrorCode::NotFound, Text { vi, en: error.to_string() })
        }
        DoorError::Overtaken => {
            let vi = "người khác vừa nhập một trong các số này; hãy xem lại rồi gửi lại".to_owned();
            Refusal::both(ErrorCode::Busy, Text { vi, en: error.to_string() }).retry_after(1)
        }
        DoorError::Store(error) => unavailable(error),
    }
}
