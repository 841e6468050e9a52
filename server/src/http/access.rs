//! Who may do what: the principal of a request, and the table of every route.
//!
//! A route that the table doesn't name can't be reached: what is not allowed is forbidden.

use super::refusal::Refusal;
use actix_web::body::MessageBody;
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use taydo_model::{ErrorCode, Text};

/// What somebody may do. The order is from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Anybody: liveness, the page itself.
    Anybody,
    /// Looks at boards.
    Viewer,
    /// Sends data: devices, departments.
    Contributor,
    /// Works at the console: answers incidents, opens them, silences.
    Operator,
    /// Gives tasks to units, sets targets, hands out frozen figures.
    Leader,
    /// Connects sources, keeps the roster, reads the server's own figures.
    Engineer,
}

/// Who makes a request.
#[derive(Debug, Clone)]
pub struct Principal {
    /// What it may do.
    pub role: Role,
}

impl Principal {
    /// Whoever reaches the loopback address. The server binds no other one while it has no accounts.
    #[must_use]
    pub fn local() -> Self {
        Self { role: Role::Engineer }
    }

    /// What is kept beside what it has done.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.role {
            Role::Anybody => "anybody",
            Role::Viewer => "viewer",
            Role::Contributor => "contributor",
            Role::Operator => "operator",
            Role::Leader => "leader",
            Role::Engineer => "local",
        }
    }
}

/// Every route: its method, its pattern, and the least role that may use it.
pub static ACCESS: &[(&str, &str, Role)] = &[
    ("GET", "/healthz", Role::Anybody),
    ("GET", "/readyz", Role::Anybody),
    ("GET", "/metrics", Role::Engineer),
    ("GET", "/api/v1/live", Role::Viewer),
    ("GET", "/api/v1/openapi.json", Role::Viewer),
    ("GET", "/api/v1/city", Role::Viewer),
    ("GET", "/api/v1/boards/{id}", Role::Viewer),
    ("GET", "/api/v1/boards/{id}/headline", Role::Viewer),
    ("GET", "/api/v1/walls/{id}", Role::Viewer),
    ("GET", "/api/v1/stage", Role::Viewer),
    ("POST", "/api/v1/stage", Role::Operator),
    ("GET", "/api/v1/walls", Role::Viewer),
    ("POST", "/api/v1/walls/{id}/acts", Role::Operator),
    // A screen that isn't enrolled yet is nobody.
    ("POST", "/api/v1/screens/codes", Role::Anybody),
    ("POST", "/api/v1/screens/self", Role::Anybody),
    ("POST", "/api/v1/screens", Role::Operator),
    ("DELETE", "/api/v1/screens/{id}", Role::Operator),
    ("GET", "/api/v1/kpis/{id}/readings", Role::Viewer),
    ("GET", "/api/v1/kpis/{id}", Role::Viewer),
    ("GET", "/api/v1/kpis/{id}/revisions", Role::Viewer),
    ("GET", "/api/v1/kpis/{id}/compare", Role::Viewer),
    ("GET", "/api/v1/kpis/{id}/baseline", Role::Viewer),
    ("POST", "/api/v1/kpis/{id}/baseline", Role::Engineer),
    ("GET", "/api/v1/events", Role::Viewer),
    ("POST", "/api/v1/events", Role::Contributor),
    ("GET", "/api/v1/events/{id}", Role::Viewer),
    ("PUT", "/api/v1/events/{id}", Role::Contributor),
    ("GET", "/api/v1/gaps", Role::Viewer),
    ("GET", "/api/v1/recomputes", Role::Engineer),
    ("POST", "/api/v1/recomputes", Role::Engineer),
    ("GET", "/api/v1/recomputes/{id}", Role::Engineer),
    ("GET", "/api/v1/kpis/{id}/limits", Role::Viewer),
    ("POST", "/api/v1/kpis/{id}/limits", Role::Leader),
    ("GET", "/api/v1/kpis/{id}/ranking", Role::Viewer),
    ("GET", "/api/v1/kpis/{id}/why", Role::Viewer),
    ("GET", "/api/v1/kpis/{id}/cases", Role::Viewer),
    ("GET", "/api/v1/sources", Role::Viewer),
    ("GET", "/api/v1/observations", Role::Viewer),
    ("POST", "/api/v1/observations", Role::Contributor),
    ("GET", "/api/v1/cases", Role::Viewer),
    ("POST", "/api/v1/cases", Role::Contributor),
    ("POST", "/api/v1/imports", Role::Contributor),
    ("GET", "/api/v1/forms", Role::Contributor),
    ("GET", "/api/v1/forms/entries", Role::Contributor),
    ("POST", "/api/v1/forms/entries", Role::Contributor),
    ("POST", "/api/v1/forms/uploads", Role::Contributor),
    ("GET", "/api/v1/forms/template.csv", Role::Contributor),
    ("GET", "/api/v1/forms/template.xlsx", Role::Contributor),
    ("GET", "/api/v1/incidents", Role::Viewer),
    ("POST", "/api/v1/incidents", Role::Operator),
    ("GET", "/api/v1/incident-kinds", Role::Viewer),
    ("GET", "/api/v1/incidents/{id}", Role::Viewer),
    ("POST", "/api/v1/incidents/{id}/acts", Role::Operator),
    ("GET", "/api/v1/shift-logs", Role::Viewer),
    ("POST", "/api/v1/shift-logs", Role::Operator),
    ("GET", "/api/v1/shift-logs/{id}", Role::Viewer),
    ("POST", "/api/v1/shift-logs/{id}/entries", Role::Operator),
    ("POST", "/api/v1/shift-logs/{id}/signatures", Role::Operator),
    ("GET", "/api/v1/shift-logs/{id}/sheet", Role::Viewer),
    ("GET", "/shift-logs/sheet.css", Role::Viewer),
    ("GET", "/shift-logs/{id}/sheet", Role::Viewer),
    ("GET", "/api/v1/tasks", Role::Viewer),
    ("POST", "/api/v1/tasks", Role::Leader),
    ("GET", "/api/v1/tasks/{id}", Role::Viewer),
    ("POST", "/api/v1/tasks/{id}/acts", Role::Contributor),
    ("GET", "/api/v1/frozen", Role::Leader),
    ("POST", "/api/v1/frozen", Role::Leader),
    ("DELETE", "/api/v1/frozen/{id}", Role::Leader),
    // Whoever has the link, and everybody: each of these serves one thing alone.
    ("GET", "/frozen/{token}", Role::Anybody),
    ("GET", "/paper.css", Role::Anybody),
    ("GET", "/public", Role::Anybody),
    ("GET", "/public/data.csv", Role::Anybody),
    ("GET", "/public/data.json", Role::Anybody),
    ("GET", "/api/v1/alerts/figures", Role::Viewer),
    ("GET", "/api/v1/alerts/figures.csv", Role::Viewer),
    ("GET", "/api/v1/letter", Role::Engineer),
    ("PUT", "/api/v1/letter", Role::Engineer),
    ("GET", "/api/v1/letter/preview", Role::Viewer),
    ("GET", "/api/v1/people", Role::Viewer),
    ("GET", "/api/v1/on-call", Role::Viewer),
    ("GET", "/api/v1/rotas/{id}", Role::Viewer),
    ("GET", "/api/v1/persons/{id}/shifts", Role::Viewer),
    ("GET", "/api/v1/persons/{id}/shifts.ics", Role::Viewer),
    ("GET", "/api/v1/roster", Role::Engineer),
    ("PUT", "/api/v1/keeper", Role::Engineer),
    ("PUT", "/api/v1/persons/{id}", Role::Engineer),
    ("DELETE", "/api/v1/persons/{id}", Role::Engineer),
    ("POST", "/api/v1/persons/{id}/contacts", Role::Engineer),
    ("DELETE", "/api/v1/contacts/{id}", Role::Engineer),
    ("POST", "/api/v1/contacts/{id}/code", Role::Operator),
    ("POST", "/api/v1/contacts/{id}/verify", Role::Operator),
    ("POST", "/api/v1/contacts/{id}/enable", Role::Operator),
    ("PUT", "/api/v1/teams/{id}", Role::Engineer),
    ("DELETE", "/api/v1/teams/{id}", Role::Engineer),
    ("PUT", "/api/v1/policies/{id}", Role::Engineer),
    ("DELETE", "/api/v1/policies/{id}", Role::Engineer),
    ("PUT", "/api/v1/rotas/{id}", Role::Engineer),
    ("DELETE", "/api/v1/rotas/{id}", Role::Engineer),
    ("POST", "/api/v1/rotas/{id}/overrides", Role::Operator),
    ("DELETE", "/api/v1/overrides/{id}", Role::Operator),
    ("POST", "/api/v1/rotas/{id}/temporary", Role::Operator),
    ("DELETE", "/api/v1/temporary/{id}", Role::Operator),
    ("GET", "/api/v1/silences", Role::Viewer),
    ("POST", "/api/v1/silences", Role::Operator),
    ("DELETE", "/api/v1/silences/{id}", Role::Operator),
    ("GET", "/api/v1/heartbeats", Role::Viewer),
    ("PUT", "/api/v1/heartbeats/{name}", Role::Engineer),
    ("DELETE", "/api/v1/heartbeats/{name}", Role::Engineer),
    ("POST", "/api/v1/heartbeats/{name}", Role::Contributor),
    // Providers prove themselves by their own secrets.
    ("POST", "/api/v1/providers/{name}/reports", Role::Anybody),
    ("POST", "/api/v1/providers/{name}/replies", Role::Anybody),
    ("POST", "/api/v2/write", Role::Contributor),
    ("GET", "/{path:.*}", Role::Anybody),
    // Over the WebSocket.
    ("SUBSCRIBE", "board", Role::Viewer),
    ("ATTEND", "wall", Role::Viewer),
];

/// What the table says of a principal's wish; `None` when it has no such row.
pub(super) fn allows(principal: &Principal, verb: &str, route: &str) -> Option<bool> {
    ACCESS.iter().find(|(have, to, _)| *have == verb && *to == route).map(|(_, _, role)| principal.role >= *role)
}

/// Lets a request through when the table allows it, and refuses pages of other origins to change anything.
pub(super) async fn guard(request: ServiceRequest, next: Next<impl MessageBody>) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let principal = Principal::local();
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let pattern = request.match_pattern().unwrap_or_default();
    match allows(&principal, method.as_str(), &pattern) {
        Some(true) => {}
        Some(false) => {
            return Err(Refusal::both(
                ErrorCode::Forbidden,
                Text::new("bạn không được phép làm việc này", "this principal may not do this"),
            )
            .into());
        }
        None if ACCESS.iter().any(|(_, route, _)| *route == pattern) => {
            return Err(Refusal::new(ErrorCode::MethodNotAllowed, format!("this address does not answer to {method}")).into());
        }
        None => return Err(Refusal::not_found("such address").into()),
    }
    if *method != Method::GET {
        refuse_foreign_origin(&request)?;
    }
    request.extensions_mut().insert(principal);
    next.call(request).await
}

/// Pages of other sites can make a browser send requests here; a device sends no `Origin` and no `Sec-Fetch-Site`.
fn refuse_foreign_origin(request: &ServiceRequest) -> Result<(), Refusal> {
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let foreign_site = site.is_some_and(|site| site != "same-origin" && site != "none");
    let foreign_origin = request.headers().contains_key(header::ORIGIN) && !is_same_origin(request.head());
    if foreign_site || foreign_origin { Err(foreign()) } else { Ok(()) }
}

/// The refusal of a page that is not ours.
pub(super) fn foreign() -> Refusal {
    let said = Text::new("chỉ trang của máy chủ này mới được yêu cầu việc này", "only pages of this server may ask for this");
    Refusal::both(ErrorCode::ForeignOrigin, said)
}

/// Whether there is exactly one `Origin` and it is this server, as the client addresses it.
pub(super) fn is_same_origin(head: &RequestHead) -> bool {
    let mut origins = head.headers().get_all(header::ORIGIN);
    let (Some(origin), None) = (origins.next().and_then(|origin| origin.to_str().ok()), origins.next()) else { return false };
    let host = head.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) == Some(host))
}
