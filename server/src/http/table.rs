//! Answers that are also tables: JSON or CSV, with what lets a browser keep them and ask whether they still hold.
//!
//! It must never say that an answer holds which differs by a byte.

use super::refusal::Refusal;
use crate::store::ReadError;
use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpRequest, HttpResponse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use taydo_model::ErrorCode;

/// What Excel takes a file's first bytes for: without them it reads UTF-8 as something else.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// How an answer is written, where the address says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// As an object.
    Json,
    /// As lines, RFC 4180, with decimal points.
    Csv,
}

impl Format {
    /// That of the address, else that of `Accept`, else JSON.
    pub(super) fn wanted(asked: Option<Self>, request: &HttpRequest) -> Self {
        let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let by_header = if accept.trim_start().to_ascii_lowercase().starts_with("text/csv") { Self::Csv } else { Self::Json };
        asked.unwrap_or(by_header)
    }
}

/// For how long an answer may be shown without asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// The range reaches into what is still recorded.
    Growing,
    /// The range is over; late data may still correct it.
    Closed,
    /// What was known at a past moment is the same for ever.
    Settled,
}

impl Freshness {
    fn header(self) -> &'static str {
        match self {
            Self::Growing => "private, max-age=2",
            Self::Closed => "private, max-age=300",
            Self::Settled => "private, max-age=86400, immutable",
        }
    }
}

/// A table: its head, and the cells of each line.
pub(super) struct Table<'a> {
    /// The file's name, without its ending.
    pub(super) name: &'a str,
    pub(super) head: &'a [&'a str],
    pub(super) lines: Vec<Vec<String>>,
}

/// A cell of text that came from outside. A spreadsheet would compute one that begins like a formula.
pub(super) fn text(value: &str) -> String {
    if value.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{value}") } else { value.to_owned() }
}

/// A cell that may be empty.
pub(super) fn maybe(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

impl Table<'_> {
    fn write(&self, with_mark: bool) -> Result<Vec<u8>, csv::Error> {
        let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        out.write_record(self.head)?;
        for line in &self.lines {
            out.write_record(line)?;
        }
        let lines = out.into_inner().map_err(csv::IntoInnerError::into_error)?;
        let mark = if with_mark { BYTE_ORDER_MARK.as_bytes() } else { &[] };
        Ok([mark, &lines].concat())
    }
}

/// The answer, or 304 where the asker has it already. `bom`: whether a CSV file begins with a byte order mark.
pub(super) fn answer(
    request: &HttpRequest,
    format: Format,
    bom: bool,
    freshness: Freshness,
    page: &impl Serialize,
    table: impl FnOnce() -> Table<'static>,
) -> Result<HttpResponse, Refusal> {
    let (body, kind, file) = match format {
        Format::Json => (serde_json::to_vec(page).map_err(|error| Refusal::internal(&error))?, "application/json", None),
        Format::Csv => {
            let table = table();
            let body = table.write(bom).map_err(|error| Refusal::internal(&error))?;
            (body, "text/csv; charset=utf-8; header=present", Some(format!("{}.csv", table.name)))
        }
    };
    let digest = Sha256::digest(&body);
    let etag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{etag}\"");
    let has_it = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let has_it = has_it.flat_map(|value| value.split(',')).any(|one| one.trim().trim_start_matches("W/") == etag);
    let mut response = if has_it { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, freshness.header()))
        .insert_header((header::VARY, "Accept"));
    if has_it {
        return Ok(response.finish());
    }
    response.insert_header((header::CONTENT_TYPE, kind));
    if let Some(file) = file {
        let disposition =
            ContentDisposition { disposition: DispositionType::Attachment, parameters: vec![DispositionParam::Filename(file)] };
        response.insert_header(disposition);
    }
    Ok(response.body(body))
}

/// What is told of a question that was not answered.
pub(super) fn unanswered(error: &ReadError) -> Refusal {
    match error {
        ReadError::Busy => Refusal::new(ErrorCode::Busy, error.to_string()).retry_after(3),
        ReadError::TooSlow => Refusal::new(ErrorCode::TooLarge, error.to_string()),
        ReadError::NotKept => Refusal::new(ErrorCode::NotFound, error.to_string()),
        ReadError::Store(error) => super::pages::unavailable(error),
    }
}
