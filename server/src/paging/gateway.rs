//! Gateways: providers that are called over HTTP, as the configuration describes them.
//!
//! It owns what a provider's answer means. It must never log an address, a text, or a URL, which may hold a secret.

pub(super) mod template;

use super::channel::{Accepted, Fate, Outgoing, Progress, SendError};
use super::egress::Egress;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;
use template::{Template, Values};

/// The longest answer that is read, in bytes; no gateway has reason to say more.
const MOST_ANSWER: usize = 64 * 1024;
/// How long is waited where a provider asks for patience and doesn't say how much.
const PATIENCE: Duration = Duration::from_secs(5);

/// A value within an answer of JSON, and what it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    /// Where: a JSON pointer (RFC 6901).
    pub(super) at: String,
    /// One of these, as text.
    pub(super) values: Vec<String>,
}

impl Expected {
    fn holds(&self, answer: &Value) -> bool {
        answer.pointer(&self.at).is_some_and(|value| self.values.contains(&text_of(value)))
    }
}

/// One request, to be filled.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Template,
    pub(super) headers: Vec<(HeaderName, Template)>,
    pub(super) body: Option<Template>,
}

/// How it is asked what became of a message.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) call: Call,
    /// What says that it is known; any success where there is none.
    pub(super) known: Option<Expected>,
    /// What says that it couldn't be delivered.
    pub(super) failed: Option<Expected>,
    /// Where the answer names the message.
    pub(super) reference: Option<String>,
}

/// A provider that is called over HTTP.
pub(super) struct Gateway {
    pub(super) client: Client,
    pub(super) egress: Egress,
    pub(super) secret: String,
    pub(super) call: Call,
    /// Where the answer names the message.
    pub(super) reference: Option<String>,
    /// What an answer with a status of success must hold, for gateways that say 200 to everything.
    pub(super) accepted: Option<Expected>,
    /// What says that this message will never be taken.
    pub(super) permanent: Option<Expected>,
    /// The statuses that say so.
    pub(super) permanent_status: Vec<u16>,
    /// Where the answer says for how many seconds to wait, beside the header.
    pub(super) retry_after: Option<String>,
    pub(super) question: Option<Question>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

impl Gateway {
    /// Sends the message with this text.
    pub(super) async fn send(&self, message: &Outgoing, text: &str, progress: &Progress) -> Result<Accepted, SendError> {
        let values = Values {
            address: &message.address,
            text,
            subject: &message.texts.subject,
            reference: &message.reference,
            secret: &self.secret,
        };
        let request = call_request(&self.call, &values, &self.egress).map_err(SendError::failed)?;
        progress.may_be_taken();
        let response = self.client.execute(request).await.map_err(|error| broken(&error))?;
        self.judge(response).await
    }

    /// Asks what became of a message.
    pub(super) async fn ask(&self, reference: &str) -> Result<Fate, String> {
        let question = self.question.as_ref().ok_or("this provider can't be asked")?;
        let values = Values { reference, secret: &self.secret, ..Values::default() };
        let request = call_request(&question.call, &values, &self.egress)?;
        let response = self.client.execute(request).await.map_err(|error| error.without_url().to_string())?;
        let status = response.status();
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Ok(Fate::NeverSeen);
        }
        if !status.is_success() {
            return Err(format!("it answered {status}"));
        }
        let body = read(response).await.map_err(|error| error.without_url().to_string())?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if question.failed.as_ref().is_some_and(|failed| failed.holds(&answer)) {
            return Ok(Fate::Undelivered);
        }
        if question.known.as_ref().is_some_and(|known| !known.holds(&answer)) {
            return Ok(Fate::NeverSeen);
        }
        Ok(Fate::Taken(Accepted { provider_reference: pointed(question.reference.as_deref(), &answer) }))
    }

    async fn judge(&self, response: Response) -> Result<Accepted, SendError> {
        let status = response.status();
        let header = seconds(response.headers().get(RETRY_AFTER));
        let body = match read(response).await {
            Ok(body) => body,
            // The status has come: what it says counts, except that a success may hold a refusal that can't be read now.
            Err(_) if !status.is_success() => Vec::new(),
            Err(error) => return Err(SendError::Unknown { why: error.without_url().to_string() }),
        };
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if self.permanent.as_ref().is_some_and(|permanent| permanent.holds(&answer)) || self.permanent_status.contains(&status.as_u16()) {
            return Err(SendError::Permanent { is_contact: true, why: format!("the provider refused it with {status}") });
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            let named = self.retry_after.as_deref().and_then(|at| answer.pointer(at)).and_then(Value::as_f64);
            let named = named.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            let after = header.or(named).unwrap_or(PATIENCE);
            return Err(SendError::Retry { after: Some(after), why: format!("the provider answered {status}") });
        }
        if matches!(status, StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT) {
            return Err(SendError::Unknown { why: format!("the provider answered {status}") });
        }
        if !status.is_success() || self.accepted.as_ref().is_some_and(|accepted| !accepted.holds(&answer)) {
            return Err(SendError::failed(format!("the provider answered {status} without taking it")));
        }
        Ok(Accepted { provider_reference: pointed(self.reference.as_deref(), &answer) })
    }
}

/// A call, filled. Only what may be called is.
pub(super) fn call_request(call: &Call, values: &Values<'_>, egress: &Egress) -> Result<reqwest::Request, String> {
    let url = Url::parse(&call.url.fill(values)).map_err(|error| format!("its address is wrong: {error}"))?;
    egress.check_literal(&url)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &call.headers {
        let mut value = HeaderValue::from_str(&value.fill(values)).map_err(|_| format!("the header {name} can't be written"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    let mut request = reqwest::Request::new(call.method.clone(), url);
    *request.headers_mut() = headers;
    *request.body_mut() = call.body.as_ref().map(|body| body.fill(values).into());
    Ok(request)
}

/// What a call that has broken says of the message. Only where no connection came about it is sure that it was not taken.
pub(super) fn broken(error: &reqwest::Error) -> SendError {
    let cause = std::iter::successors(std::error::Error::source(error), |error| error.source()).last();
    let why = cause.map_or_else(|| "the call has broken".to_owned(), ToString::to_string);
    if error.is_connect() || error.is_builder() { SendError::failed(why) } else { SendError::Unknown { why } }
}

/// Reads an answer as far as it is wanted.
pub(super) async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend(chunk.iter().take(MOST_ANSWER.saturating_sub(body.len())));
        if body.len() >= MOST_ANSWER {
            break;
        }
    }
    Ok(body)
}

/// The seconds of a `Retry-After`; a date in it isn't understood, as no gateway we know of sends one.
pub(super) fn seconds(header: Option<&HeaderValue>) -> Option<Duration> {
    header?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn pointed(at: Option<&str>, answer: &Value) -> Option<String> {
    at.and_then(|at| answer.pointer(at)).map(text_of).filter(|text| !text.is_empty())
}

/// A value as text, without quotes.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Headers by name, for a call.
pub(super) fn headers(given: &HashMap<String, String>) -> Result<Vec<(HeaderName, Template)>, String> {
    given
        .iter()
        .map(|(name, value)| {
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no header"))?;
            Ok((header, Template::parse(value, template::Escape::Header)?))
        })
        .collect()
}
