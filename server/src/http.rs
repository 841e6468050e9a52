//! The HTTP face: routes, their answers, and the headers that all answers carry.
//!
//! It parses, asks the parts behind it, and shapes answers. It decides nothing about data, and sends no cause of a
//! fault to anybody.

pub mod access;
pub mod answer;
mod assets;
mod baseline;
mod body;
mod compare;
mod event;
mod figures;
mod forms;
mod frozen;
mod gap;
mod headline;
mod health;
mod heartbeat;
mod history;
mod hook;
mod incidents;
mod intake;
mod kpi;
mod letter;
mod limits;
mod live;
mod on_call;
pub mod openapi;
mod pages;
mod paper;
mod passport;
mod public;
mod ranking;
mod recompute;
mod record;
pub mod refusal;
mod roster;
mod said;
mod shift_log;
mod site;
mod stage;
pub mod standby;
mod table;
mod tasks;
mod tongue;
mod walls;
mod why;

pub use health::Readiness;
pub use public::Published;

use crate::clock::Clock;
use crate::definitions::InForce;
use crate::door::Door;
use crate::duty::{Links, Overdue};
use crate::hub::Hub;
use crate::ingest::{Health, Intake};
use crate::paging::Face;
use crate::pipeline::RecomputeDesk;
use crate::replay::Replays;
use crate::store::Store;
use crate::telemetry::Metrics;
use actix_web::dev::Extensions;
pub use actix_web::dev::Server;
use actix_web::http::header;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpRequest, HttpServer};
use std::any::Any;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

/// Everything that answers are made from.
#[derive(Debug)]
pub struct State {
    /// The definition set in force.
    pub definitions: InForce,
    /// Names this build to browsers.
    pub build: String,
    /// Time.
    pub clock: Clock,
    /// What lasts.
    pub store: Store,
    /// The gate for data.
    pub intake: Intake,
    /// The departments' door.
    pub door: Door,
    /// The feeds' health.
    pub health: Arc<Health>,
    /// Live readings.
    pub hub: Hub,
    /// The past.
    pub replays: Replays,
    /// Where recomputes are asked for.
    pub desk: RecomputeDesk,
    /// What messages are answered by.
    pub links: Links,
    /// Paging, as far as others see it; none where nobody is paged.
    pub paging: Option<Arc<Face>>,
    /// What is overdue.
    pub overdue: Overdue,
    /// The city's operating stage.
    pub stage: crate::stage::Stage,
    /// The walls.
    pub walls: crate::walls::Walls,
    /// What is not ready, and why.
    pub readiness: Arc<Readiness>,
    /// The server's own figures.
    pub metrics: Arc<Metrics>,
    /// What everybody was shown last.
    pub published: Published,
    /// How it stands with the disk and the back-ups.
    pub keeping: crate::upkeep::Keeping,
}

/// The strict policy of every page: nothing inline, nothing from elsewhere; WebAssembly needs its own word.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; manifest-src 'self'; media-src 'self'; worker-src 'self'; connect-src 'self'; \
     base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'";

/// One state for all listeners.
#[must_use]
pub fn shared(state: State) -> Data<State> {
    Data::new(state)
}

/// Binds the listener to the routes. `workers` threads serve connections.
///
/// # Errors
/// When the listener can't be used.
pub fn server(listener: TcpListener, state: Data<State>, workers: usize) -> std::io::Result<Server> {
    let app = move || {
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(access::guard))
            .wrap(from_fn(tongue::translate))
            .wrap(
                DefaultHeaders::new()
                    .add((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
                    .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                    .add((header::REFERRER_POLICY, "no-referrer"))
                    .add(("cross-origin-opener-policy", "same-origin"))
                    .add(("cross-origin-resource-policy", "same-origin")),
            )
            .configure(routes)
    };
    let server = HttpServer::new(app)
        .workers(workers)
        .on_connect(Connection::remember)
        .tcp_nodelay(true)
        .backlog(4096)
        .max_connections(25_000)
        .client_request_timeout(Duration::from_secs(5))
        .shutdown_timeout(5)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// Every route; `access::ACCESS` says who may use it.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/healthz", web::get().to(health::alive))
        .route("/readyz", web::get().to(health::ready))
        .route("/metrics", web::get().to(health::metrics))
        .route("/api/v1/live", web::get().to(live::open))
        .route("/api/v1/openapi.json", web::get().to(openapi::serve))
        .route("/api/v1/city", web::get().to(pages::city))
        .route("/api/v1/boards/{id}", web::get().to(pages::board))
        .route("/api/v1/boards/{id}/headline", web::get().to(headline::headline))
        .route("/api/v1/walls/{id}", web::get().to(pages::wall))
        .route("/api/v1/stage", web::get().to(stage::page))
        .route("/api/v1/stage", web::post().to(stage::confirm))
        .route("/api/v1/walls", web::get().to(walls::list))
        .route("/api/v1/walls/{id}/acts", web::post().to(walls::act))
        .route("/api/v1/screens/codes", web::post().to(walls::issue_code))
        .route("/api/v1/screens/self", web::post().to(walls::place))
        .route("/api/v1/screens", web::post().to(walls::enrol))
        .route("/api/v1/screens/{id}", web::delete().to(walls::revoke))
        .route("/api/v1/kpis/{id}/readings", web::get().to(history::readings))
        .route("/api/v1/kpis/{id}", web::get().to(passport::passport))
        .route("/api/v1/kpis/{id}/revisions", web::get().to(history::revisions))
        .route("/api/v1/kpis/{id}/compare", web::get().to(compare::compare))
        .route("/api/v1/kpis/{id}/baseline", web::get().to(baseline::band))
        .route("/api/v1/kpis/{id}/baseline", web::post().to(baseline::make))
        .route("/api/v1/events", web::get().to(event::list))
        .route("/api/v1/events", web::post().to(event::add))
        .route("/api/v1/events/{id}", web::get().to(event::history))
        .route("/api/v1/events/{id}", web::put().to(event::change))
        .route("/api/v1/gaps", web::get().to(gap::gaps))
        .route("/api/v1/recomputes", web::get().to(recompute::list))
        .route("/api/v1/recomputes", web::post().to(recompute::ask))
        .route("/api/v1/recomputes/{id}", web::get().to(recompute::job))
        .route("/api/v1/kpis/{id}/limits", web::get().to(limits::limits))
        .route("/api/v1/kpis/{id}/limits", web::post().to(limits::change))
        .route("/api/v1/kpis/{id}/ranking", web::get().to(ranking::ranking))
        .route("/api/v1/kpis/{id}/why", web::get().to(why::why))
        .route("/api/v1/kpis/{id}/cases", web::get().to(why::cases))
        .route("/api/v1/sources", web::get().to(pages::sources))
        .route("/api/v1/observations", web::get().to(record::observations))
        .route("/api/v1/observations", web::post().to(intake::observations))
        .route("/api/v1/cases", web::get().to(record::cases))
        .route("/api/v1/cases", web::post().to(intake::cases))
        .route("/api/v1/imports", web::post().to(intake::import))
        .route("/api/v1/forms", web::get().to(forms::duties))
        .route("/api/v1/forms/entries", web::get().to(forms::entries))
        .route("/api/v1/forms/entries", web::post().to(forms::enter))
        .route("/api/v1/forms/uploads", web::post().to(forms::upload))
        .route("/api/v1/forms/template.csv", web::get().to(forms::template_csv))
        .route("/api/v1/forms/template.xlsx", web::get().to(forms::template_xlsx))
        .route("/api/v1/incidents", web::get().to(incidents::list))
        .route("/api/v1/incidents", web::post().to(incidents::open))
        .route("/api/v1/incident-kinds", web::get().to(incidents::kinds))
        .route("/api/v1/incidents/{id}", web::get().to(incidents::one))
        .route("/api/v1/incidents/{id}/acts", web::post().to(incidents::act))
        .route("/api/v1/shift-logs", web::get().to(shift_log::list))
        .route("/api/v1/shift-logs", web::post().to(shift_log::open))
        .route("/api/v1/shift-logs/{id}", web::get().to(shift_log::one))
        .route("/api/v1/shift-logs/{id}/entries", web::post().to(shift_log::write))
        .route("/api/v1/shift-logs/{id}/signatures", web::post().to(shift_log::sign))
        .route("/api/v1/shift-logs/{id}/sheet", web::get().to(shift_log::sheet))
        .route("/shift-logs/sheet.css", web::get().to(shift_log::style))
        .route("/shift-logs/{id}/sheet", web::get().to(shift_log::printed))
        .route("/api/v1/tasks", web::get().to(tasks::list))
        .route("/api/v1/tasks", web::post().to(tasks::give))
        .route("/api/v1/tasks/{id}", web::get().to(tasks::one))
        .route("/api/v1/tasks/{id}/acts", web::post().to(tasks::act))
        .route("/api/v1/frozen", web::get().to(frozen::list))
        .route("/api/v1/frozen", web::post().to(frozen::make))
        .route("/api/v1/frozen/{id}", web::delete().to(frozen::revoke))
        .route("/frozen/{token}", web::get().to(frozen::serve))
        .route("/paper.css", web::get().to(paper::style))
        .route("/public", web::get().to(public::html))
        .route("/public/data.csv", web::get().to(public::csv))
        .route("/public/data.json", web::get().to(public::json))
        .route("/api/v1/alerts/figures", web::get().to(figures::figures))
        .route("/api/v1/alerts/figures.csv", web::get().to(figures::csv))
        .route("/api/v1/letter", web::get().to(letter::order))
        .route("/api/v1/letter", web::put().to(letter::put_order))
        .route("/api/v1/letter/preview", web::get().to(letter::preview))
        .route("/api/v1/people", web::get().to(on_call::people_and_teams))
        .route("/api/v1/on-call", web::get().to(on_call::now))
        .route("/api/v1/rotas/{id}", web::get().to(on_call::calendar))
        .route("/api/v1/persons/{id}/shifts", web::get().to(on_call::shifts))
        .route("/api/v1/persons/{id}/shifts.ics", web::get().to(on_call::feed))
        .route("/api/v1/roster", web::get().to(roster::all))
        .route("/api/v1/keeper", web::put().to(roster::put_keeper))
        .route("/api/v1/persons/{id}", web::put().to(roster::put_person))
        .route("/api/v1/persons/{id}", web::delete().to(roster::delete_person))
        .route("/api/v1/persons/{id}/contacts", web::post().to(roster::add_contact))
        .route("/api/v1/contacts/{id}", web::delete().to(roster::delete_contact))
        .route("/api/v1/contacts/{id}/code", web::post().to(roster::send_code))
        .route("/api/v1/contacts/{id}/verify", web::post().to(roster::verify))
        .route("/api/v1/contacts/{id}/enable", web::post().to(roster::enable_contact))
        .route("/api/v1/teams/{id}", web::put().to(roster::put_team))
        .route("/api/v1/teams/{id}", web::delete().to(roster::delete_team))
        .route("/api/v1/policies/{id}", web::put().to(roster::put_policy))
        .route("/api/v1/policies/{id}", web::delete().to(roster::delete_policy))
        .route("/api/v1/rotas/{id}", web::put().to(roster::put_rota))
        .route("/api/v1/rotas/{id}", web::delete().to(roster::delete_rota))
        .route("/api/v1/rotas/{id}/overrides", web::post().to(roster::add_override))
        .route("/api/v1/overrides/{id}", web::delete().to(roster::delete_override))
        .route("/api/v1/rotas/{id}/temporary", web::post().to(roster::add_temporary))
        .route("/api/v1/temporary/{id}", web::delete().to(roster::delete_temporary))
        .route("/api/v1/silences", web::get().to(roster::silences))
        .route("/api/v1/silences", web::post().to(roster::add_silence))
        .route("/api/v1/silences/{id}", web::delete().to(roster::end_silence))
        .route("/api/v1/heartbeats", web::get().to(heartbeat::list))
        .route("/api/v1/heartbeats/{name}", web::put().to(heartbeat::put))
        .route("/api/v1/heartbeats/{name}", web::delete().to(heartbeat::delete))
        .route("/api/v1/heartbeats/{name}", web::post().to(heartbeat::beat))
        .route("/api/v1/providers/{name}/reports", web::post().to(hook::report))
        .route("/api/v1/providers/{name}/replies", web::post().to(hook::reply))
        .route("/api/v2/write", web::post().to(intake::lines))
        .route("/{path:.*}", web::get().to(site::serve));
}

/// A connection's socket, to end it when it doesn't read what it is sent.
#[derive(Debug)]
struct Connection(OwnedFd);

impl Connection {
    fn remember(io: &dyn Any, data: &mut Extensions) {
        let socket = io.downcast_ref::<actix_web::rt::net::TcpStream>().and_then(|socket| rustix::io::dup(socket).ok());
        if let Some(socket) = socket {
            data.insert(Connection(socket));
        }
    }

    fn second_handle(&self) -> Option<OwnedFd> {
        self.0.try_clone().ok()
    }
}

/// Names the embedded front end: its pages' tags.
#[must_use]
pub fn front_end() -> String {
    let tags = ["/index.html", "/wall.html"].into_iter().filter_map(assets::find).map(|page| page.etag.trim_matches('"'));
    tags.collect::<Vec<_>>().join("-")
}

/// The parameters of a query, or a refusal that says which one is wrong.
fn query<T: serde::de::DeserializeOwned>(request: &HttpRequest) -> Result<T, refusal::Refusal> {
    // The language of refusals may be asked for anywhere.
    let own: Vec<&str> = request.query_string().split('&').filter(|pair| !pair.starts_with(tongue::ASKED)).collect();
    let query = web::Query::<T>::from_query(&own.join("&"));
    query.map(web::Query::into_inner).map_err(|error| refusal::Refusal::new(taydo_model::ErrorCode::Invalid, format!("the query: {error}")))
}
