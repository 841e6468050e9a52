//! Refusals: what a request is answered that can't be served. The cause is logged, never sent.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use taydo_model::text::Language;
use taydo_model::{ErrorBody, ErrorCode, Text};

/// Why a request is not served.
#[derive(Debug)]
pub struct Refusal {
    code: ErrorCode,
    message: Text,
    retry_after_s: Option<u32>,
    request_id: String,
}

impl Refusal {
    /// A refusal with a sentence that says what is wrong, where, and what to do.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::both(code, Text { vi: message.clone(), en: message })
    }

    /// The same in both languages; see `tongue` for who gets which.
    #[must_use]
    pub fn both(code: ErrorCode, message: Text) -> Self {
        // Each hasher of the standard library begins with other random numbers.
        let request_id = format!("{:016x}", RandomState::new().hash_one(code));
        Self { code, message, retry_after_s: None, request_id }
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no {what}"))
    }

    /// Nobody and nothing of this name is known: what it is in both languages, and its name.
    #[must_use]
    pub fn unknown(vi: &str, en: &str, name: impl fmt::Display) -> Text {
        Text { vi: format!("không có {vi} `{name}`"), en: format!("there is no {en} `{name}`") }
    }

    /// There is no such thing: what it is in both languages, and its name.
    #[must_use]
    pub fn missing(vi: &str, en: &str, name: impl fmt::Display) -> Self {
        Self::both(ErrorCode::NotFound, Self::unknown(vi, en, name))
    }

    /// The body can't be read as what it should be: that in both languages, and the reader's own words.
    #[must_use]
    pub fn malformed(vi: &str, en: &str, error: &serde_json::Error) -> Self {
        Self::both(
            ErrorCode::Malformed,
            Text { vi: format!("nội dung không phải {vi}: {error}"), en: format!("the body is no {en}: {error}") },
        )
    }

    /// The sender should come again after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// A fault of the server's own. The cause goes to the log under the request's id.
    #[must_use]
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        let said = Text::new(
            "máy chủ không làm được việc này; nhật ký máy chủ ghi lý do theo mã yêu cầu",
            "the server could not do this; its log says why, under this request's id",
        );
        let refusal = Self::both(ErrorCode::Internal, said);
        tracing::error!(request_id = refusal.request_id, error = %chain(cause), "request failed");
        refusal
    }

    fn status(&self) -> StatusCode {
        match self.code {
            ErrorCode::Malformed
            | ErrorCode::Invalid
            | ErrorCode::UnknownMetric
            | ErrorCode::WrongUnit
            | ErrorCode::InvalidValue
            | ErrorCode::InvalidTime
            | ErrorCode::InvalidLabel
            | ErrorCode::TooManySeries => StatusCode::BAD_REQUEST,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Conflict => StatusCode::CONFLICT,
            ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::Forbidden | ErrorCode::ForeignOrigin => StatusCode::FORBIDDEN,
            ErrorCode::Busy | ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Timeout => StatusCode::REQUEST_TIMEOUT,
            ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// An error and its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message.en)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.response_in(Language::En)
    }
}

impl Refusal {
    /// What is answered, in a language.
    #[must_use]
    pub fn response_in(&self, language: Language) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if matches!(self.code, ErrorCode::TooLarge | ErrorCode::Timeout) {
            // What remains of the body is not read, so the connection can't be used again.
            response.force_close();
        }
        response.json(ErrorBody { code: self.code, message: self.message.get(language).to_owned(), request_id: self.request_id.clone() })
    }
}
