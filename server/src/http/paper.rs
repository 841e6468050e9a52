//! Pages without a program: a head, a body and a style sheet, for paper and for those who only look.
//!
//! It must never put a text into a page that isn't escaped, nor anything that a strict policy would refuse.

mod course;

pub(super) use course::Course;

use super::answer::escape;
use actix_web::HttpResponse;
use actix_web::http::header;
use taydo_model::text::Language;
use taydo_model::{Quality, Status};

const STYLE: &str = include_str!("paper/paper.css");

/// A page.
pub(super) struct Paper<'p> {
    pub(super) title: &'p str,
    pub(super) language: Language,
    /// Under the title: of when it is, and what it is.
    pub(super) about: &'p str,
    /// HTML.
    pub(super) body: &'p str,
    /// At its end.
    pub(super) foot: &'p str,
}

impl Paper<'_> {
    pub(super) fn html(&self) -> String {
        format!(
            "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"robots\" content=\"noindex\"><title>{title}</title><link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/paper.css\">\
             <main><header><h1>{title}</h1><p class=\"about\">{}</p></header>{}<footer>{}</footer></main></html>",
            self.language.pick("vi", "en"),
            escape(self.about),
            self.body,
            escape(self.foot),
            title = escape(self.title),
        )
    }
}

pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(STYLE)
}

/// A status and a quality in words, where they are not what they should be: never a colour alone.
pub(super) fn marks(status: Status, quality: Quality, language: Language) -> String {
    let status = match status {
        Status::Normal => None,
        Status::Attention => Some(("attention", "●", language.pick("chú ý", "attention"))),
        Status::Critical => Some(("critical", "▲", language.pick("nghiêm trọng", "critical"))),
    };
    let quality = match quality {
        Quality::Good => None,
        Quality::Partial => Some(("doubt", "◐", language.pick("số liệu chưa đủ", "partial data"))),
        Quality::Stale => Some(("doubt", "○", language.pick("số liệu cũ", "old data"))),
        Quality::Missing => Some(("doubt", "○", language.pick("chưa có số liệu", "no data"))),
    };
    let mark = |(class, shape, word): (&str, &str, &str)| format!(" <span class=\"mark {class}\">{shape} {word}</span>");
    [status, quality].into_iter().flatten().map(mark).collect()
}
