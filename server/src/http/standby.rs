//! What a server answers that stands by: that it lives, and that another one leads.
//!
//! It must never take anything in: what it took nobody would compute.

use super::health::Ready;
use super::refusal::Refusal;
use actix_web::dev::Server;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use std::net::TcpListener;
use taydo_model::ErrorCode;

/// After so many seconds it may be worth to ask again.
const RETRY_AFTER_S: u32 = 5;

/// Answers on a port until it is stopped.
///
/// # Errors
/// When the port can't be used.
pub fn server(listener: TcpListener) -> std::io::Result<Server> {
    Ok(HttpServer::new(|| App::new().configure(routes)).workers(1).disable_signals().listen(listener)?.run())
}

fn routes(app: &mut ServiceConfig) {
    app.route("/healthz", web::get().to(super::health::alive)).route("/readyz", web::get().to(ready)).default_service(web::to(refuse));
}

async fn ready() -> HttpResponse {
    Ready::standing_by().answer()
}

async fn refuse() -> Result<HttpResponse, Refusal> {
    let message = "this server stands by while another one leads; ask that one";
    Err(Refusal::new(ErrorCode::Unavailable, message).retry_after(RETRY_AFTER_S))
}
