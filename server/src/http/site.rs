//! The front end's files, and the page that all its addresses are answered with.

use super::assets::{self, Asset};
use super::refusal::Refusal;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

/// The addresses before the id of what a page shows.
const PAGES_OF_ONE: [&str; 5] = ["/board/", "/incidents/", "/log/", "/on-call/", "/persons/"];

/// The addresses that the page itself draws.
fn is_page(path: &str) -> bool {
    ["/", "/sources", "/forms", "/console", "/log", "/on-call", "/design"].contains(&path)
        || path.strip_prefix("/kpi/").is_some_and(|rest| !rest.is_empty() && rest.matches('/').count() <= 1)
        || PAGES_OF_ONE.iter().any(|page| path.strip_prefix(page).is_some_and(is_id))
}

/// The addresses that the program of a wall's screens draws; without a wall's id, a screen's own.
fn is_wall(path: &str) -> bool {
    path == "/wall" || path.strip_prefix("/wall/").is_some_and(is_id)
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && !text.contains(['/', '.'])
}

pub(super) async fn serve(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let path = request.path();
    let asset = if is_wall(path) {
        // A server that was built without its pages has only the one that says so.
        assets::find("/wall.html").or_else(|| assets::find("/index.html"))
    } else if is_page(path) {
        assets::find("/index.html")
    } else {
        assets::find(path)
    };
    asset.map(|asset| answer(&request, asset)).ok_or_else(|| Refusal::not_found("such page"))
}

fn answer(request: &HttpRequest, asset: &'static Asset) -> HttpResponse {
    let cache = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let mut response = if known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == asset.etag)) {
        HttpResponse::NotModified().finish()
    } else {
        let (encoding, content) = encoded(request, asset);
        let mut response = HttpResponse::Ok();
        if let Some(encoding) = encoding {
            response.insert_header((header::CONTENT_ENCODING, encoding));
        }
        response.content_type(asset.content_type).body(content)
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::ETAG, HeaderValue::from_static(asset.etag));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// The smallest form that the client understands.
fn encoded(request: &HttpRequest, asset: &'static Asset) -> (Option<&'static str>, &'static [u8]) {
    let accepts = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |encoding: &str| {
        accepts.split(',').any(|one| one.split(';').next().is_some_and(|name| name.trim() == encoding) && !one.contains("q=0"))
    };
    match (asset.brotli, asset.gzip) {
        (Some(content), _) if takes("br") => (Some("br"), content),
        (_, Some(content)) if takes("gzip") => (Some("gzip"), content),
        _ => (None, asset.identity),
    }
}
