//! The typed client of `/api/v1`: one function for each address that the pages use.
//!
//! Must never try again by itself; whoever asks knows whether that makes sense.

use crate::{
    browser,
    locale::{code, refusal, words},
    store::Key,
    tree::parse,
};
use gloo_net::http::{Request, RequestBuilder, Response};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use taydo_model::{
    BoardId, DepartmentId, ErrorBody, ErrorCode, KpiId, PersonId, RotaId, Scope, WallId,
    api::{BoardPage, CityPage, ReadingsPage, WallPage},
    console::{Act, OpenByHand, OpenedByHand},
    form::{Draft, FormsPage, Verdict},
    frozen::{FrozenId, FrozenMade},
    incident::IncidentId,
    passport::PassportPage,
    rota::{OverrideId, page::OverrideNote},
    text::Language,
    why::{CasesPage, WhyPage},
};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientError {
    /// The server refused, and said why.
    Refused(ErrorBody),
    /// There was no answer, or none that is understood.
    Unreachable(String),
}

impl ClientError {
    /// What people read.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match self {
            Self::Refused(body) if body.code == ErrorCode::NotFound => words(language).not_found.to_owned(),
            Self::Refused(body) => body.message.clone(),
            Self::Unreachable(cause) => format!("{} ({cause})", words(language).unreachable),
        }
    }

    /// What people read who wanted something done: the reason in their language, then the server's own sentence.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        match self {
            Self::Refused(body) => format!("{}: {}", refusal(body.code, language), body.message),
            Self::Unreachable(_) => self.text(language),
        }
    }

    /// Whether asking again can't help.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused(body) if body.code == ErrorCode::NotFound)
    }
}

/// The status of a figure or a file that was refused; its body is the same as when it is taken.
const NOT_TAKEN: u16 = 422;

/// In which language refusals are to be said: the page's, whatever the browser's own is.
fn spoken(request: RequestBuilder) -> RequestBuilder {
    request.header("accept-language", code(browser::language()))
}

fn unreachable(error: gloo_net::Error) -> ClientError {
    ClientError::Unreachable(error.to_string())
}

async fn get<T: DeserializeOwned>(path: String) -> Result<T, ClientError> {
    let text = text(path.clone()).await?;
    parse(&text).ok_or(ClientError::Unreachable(path))
}

/// The text at a path.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn text(path: String) -> Result<String, ClientError> {
    body(spoken(Request::get(&path)).send().await.map_err(unreachable)?).await
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, ClientError> {
    let url = answer.url();
    parse(&body(answer).await?).ok_or(ClientError::Unreachable(url))
}

async fn body(answer: Response) -> Result<String, ClientError> {
    let text = answer.text().await.map_err(unreachable)?;
    if answer.ok() || answer.status() == NOT_TAKEN {
        return Ok(text);
    }
    match parse::<ErrorBody>(&text) {
        Some(body) => Err(ClientError::Refused(body)),
        None => Err(ClientError::Unreachable(format!("HTTP {}", answer.status()))),
    }
}

/// The city, its boards and walls.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn city() -> Result<CityPage, ClientError> {
    get("/api/v1/city".to_owned()).await
}

/// A board, as it is or as it was.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn board(id: BoardId, at: Option<Timestamp>) -> Result<BoardPage, ClientError> {
    get(at.map_or_else(|| format!("/api/v1/boards/{id}"), |at| format!("/api/v1/boards/{id}?at={at}"))).await
}

/// A wall and its boards.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn wall(id: WallId) -> Result<WallPage, ClientError> {
    get(format!("/api/v1/walls/{id}")).await
}

/// A figure's recorded readings, as they are known now or as they were shown `as_of` a moment.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn readings(key: &Key, (from, to): (Timestamp, Timestamp), as_of: Option<Timestamp>) -> Result<ReadingsPage, ClientError> {
    // Ids and times have no characters that a query would have to escape.
    let as_of = as_of.map(|then| format!("&as_of={then}")).unwrap_or_default();
    get(format!("/api/v1/kpis/{}/readings?scope={}&from={from}&to={to}{as_of}", key.kpi, key.scope)).await
}

/// A KPI's passport for a scope.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn passport(kpi: &KpiId, scope: &Scope) -> Result<PassportPage, ClientError> {
    get(format!("/api/v1/kpis/{kpi}?scope={scope}")).await
}

/// Why a KPI changed between two moments.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn why(kpi: &KpiId, scope: &Scope, from: Timestamp, to: Timestamp) -> Result<WhyPage, ClientError> {
    get(format!("/api/v1/kpis/{kpi}/why?scope={scope}&from={from}&to={to}")).await
}

/// The cases that a level counts at a moment.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn counted_cases(kpi: &KpiId, scope: &Scope, at: Timestamp) -> Result<CasesPage, ClientError> {
    get(format!("/api/v1/kpis/{kpi}/cases?scope={scope}&at={at}&limit=100")).await
}

/// What departments have to enter.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn forms(department: Option<&DepartmentId>) -> Result<FormsPage, ClientError> {
    get(department.map_or_else(|| "/api/v1/forms".to_owned(), |id| format!("/api/v1/forms?department={id}"))).await
}

/// Sends a typed figure.
///
/// # Errors
/// When the server refuses the request or can't be reached; a figure that isn't taken is a verdict.
pub async fn enter(draft: &Draft) -> Result<Verdict, ClientError> {
    let text = post("/api/v1/forms/entries".to_owned(), json(draft)).await?;
    parse(&text).ok_or_else(|| ClientError::Unreachable("/api/v1/forms/entries".to_owned()))
}

/// A body of a request.
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Sends a body to a path, and returns what is answered.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn ask<T: DeserializeOwned>(path: String, json: String) -> Result<T, ClientError> {
    let text = post(path.clone(), json).await?;
    parse(&text).ok_or(ClientError::Unreachable(path))
}

/// Takes what is at a path away.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn remove(path: String) -> Result<(), ClientError> {
    body(spoken(Request::delete(&path)).send().await.map_err(unreachable)?).await.map(drop)
}

async fn post(path: String, json: String) -> Result<String, ClientError> {
    let request = spoken(Request::post(&path)).header("content-type", "application/json").body(json).map_err(unreachable)?;
    body(request.send().await.map_err(unreachable)?).await
}

/// Sends a body to a path.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn send(path: String, json: String) -> Result<(), ClientError> {
    post(path, json).await.map(drop)
}

/// Lets somebody do something about an incident.
///
/// # Errors
/// When something else came first, when the server refuses, or when it can't be reached.
pub async fn act(incident: IncidentId, act: &Act) -> Result<(), ClientError> {
    post(format!("/api/v1/incidents/{}/acts", incident.0), json(act)).await.map(drop)
}

/// Opens an incident by hand.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn open_incident(what: &OpenByHand) -> Result<OpenedByHand, ClientError> {
    let path = "/api/v1/incidents".to_owned();
    let text = post(path.clone(), json(what)).await?;
    parse(&text).ok_or(ClientError::Unreachable(path))
}

/// Changes a rota for once.
///
/// # Errors
/// When it overlaps with another of the same person, when the server refuses, or when it can't be reached.
pub async fn add_override(rota: &RotaId, one: &OverrideNote) -> Result<(), ClientError> {
    post(format!("/api/v1/rotas/{rota}/overrides"), json(one)).await.map(drop)
}

/// Takes a change of a rota back.
///
/// # Errors
/// When it is over, when the server refuses, or when it can't be reached.
pub async fn remove_override(id: OverrideId) -> Result<(), ClientError> {
    let request = spoken(Request::delete(&format!("/api/v1/overrides/{}", id.0)));
    body(request.send().await.map_err(unreachable)?).await.map(drop)
}

/// Freezes a page.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn freeze(body: String) -> Result<FrozenMade, ClientError> {
    let path = "/api/v1/frozen".to_owned();
    let text = post(path.clone(), body).await?;
    parse(&text).ok_or(ClientError::Unreachable(path))
}

/// Revokes a frozen page.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn revoke_frozen(id: FrozenId, by: &PersonId) -> Result<(), ClientError> {
    let request = spoken(Request::delete(&format!("/api/v1/frozen/{}?person={by}", id.0)));
    body(request.send().await.map_err(unreachable)?).await.map(drop)
}

/// How a file is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Sending {
    /// The department.
    pub department: DepartmentId,
    /// Who sends it.
    pub name: String,
    /// Only to be checked.
    pub dry_run: bool,
    /// Its good rows are taken, whatever the others are.
    pub good_rows: bool,
    /// The SHA-256 of the file whose jumps are meant.
    pub confirm: Option<String>,
}

/// Sends a file.
///
/// # Errors
/// When the server refuses the request or can't be reached; a file that isn't taken is a verdict.
pub async fn upload(file: &web_sys::File, how: &Sending) -> Result<Verdict, ClientError> {
    let escape = |text: &str| String::from(js_sys::encode_uri_component(text));
    let Sending { department, name, dry_run, good_rows, confirm } = how;
    let confirm = confirm.as_ref().map(|sha256| format!("&confirm={sha256}")).unwrap_or_default();
    let (name, title) = (escape(name), escape(&file.name()));
    let path =
        format!("/api/v1/forms/uploads?department={department}&name={name}&file={title}&dry_run={dry_run}&good_rows={good_rows}{confirm}");
    let request =
        spoken(Request::post(&path)).header("content-type", "application/octet-stream").body(file.clone()).map_err(unreachable)?;
    read(request.send().await.map_err(unreachable)?).await
}
