//! In which language a refusal is said: that of `?lang=vi` or `?lang=en`, else the one that `Accept-Language` names first of
//! the two, else English.
//!
//! It must never change anything but the sentence: codes are for programs, and the same in all languages.

use super::refusal::Refusal;
use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use taydo_model::text::Language;

/// With what the wish for a language begins in an address.
pub(super) const ASKED: &str = "lang=";

/// Says refusals in the language that is wanted.
pub(super) async fn translate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = wanted(request.query_string(), accepted);
    let response = next.call(request).await?;
    let refusal = response.response().error().and_then(|error| error.as_error::<Refusal>());
    let said = refusal.filter(|_| language == Language::Vi).map(|refusal| refusal.response_in(language));
    Ok(match said {
        Some(said) => response.into_response(said).map_into_right_body(),
        None => response.map_into_left_body(),
    })
}

/// The language that an address asks for.
pub(super) fn asked(query: &str) -> Option<Language> {
    query.split('&').find_map(|pair| pair.strip_prefix(ASKED)).and_then(language)
}

fn wanted(query: &str, accepted: Option<&str>) -> Language {
    if let Some(language) = asked(query) {
        return language;
    }
    let mut named: Vec<(f32, Language)> = accepted.unwrap_or_default().split(',').filter_map(named).collect();
    // Of two that are wanted alike the first counts: the order is kept.
    named.sort_by(|a, b| b.0.total_cmp(&a.0));
    named.first().map_or(Language::En, |(_, language)| *language)
}

/// `vi-VN;q=0.9`: how much it is wanted, and which.
fn named(part: &str) -> Option<(f32, Language)> {
    let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
    let weight = weight.trim().parse::<f32>().ok().filter(|weight| *weight > 0.0)?;
    Some((weight, language(tag.trim().split('-').next()?)?))
}

fn language(tag: &str) -> Option<Language> {
    match tag.to_ascii_lowercase().as_str() {
        "vi" => Some(Language::Vi),
        "en" => Some(Language::En),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_said_in_the_language_that_is_wanted_most() {
        for (query, accepted, language) in [
            ("", None, Language::En),
            ("", Some("vi"), Language::Vi),
            ("", Some("vi-VN,vi;q=0.9,en;q=0.8"), Language::Vi),
            ("", Some("fr, en;q=0.5, vi;q=0.7"), Language::Vi),
            ("", Some("en-US,en;q=0.9,vi;q=0.8"), Language::En),
            ("", Some("vi;q=0, en;q=0.1"), Language::En),
            ("lang=vi", Some("en"), Language::Vi),
            ("from=2026&lang=en", Some("vi"), Language::En),
            ("lang=fr", Some("vi"), Language::Vi),
        ] {
            assert_eq!(wanted(query, accepted), language, "{query} {accepted:?}");
        }
    }
}
