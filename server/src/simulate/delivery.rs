//! Posts to the server's HTTP ways in until it has taken them: a server that is away is waited for, however long.
//!
//! What the server refuses for good is never sent again, and always said.

use super::pace::{wait, within};
use super::report::Report;
use anyhow::Context;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use std::{io::Write, sync::Arc, time::Duration};
use taydo_model::fault::{BatchAnswer, ErrorBody};
use tokio_util::sync::CancellationToken;

/// The first and the longest wait between two tries.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A server that has not answered for so long is asked again; both requests being taken does no harm.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A body and how it is written.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    content_type: &'static str,
    gzip: bool,
    body: Bytes,
}

impl Parcel {
    /// Line protocol, compressed.
    ///
    /// # Errors
    /// When compression fails, which memory alone can cause.
    pub(super) fn lines(text: &str) -> anyhow::Result<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes())?;
        Ok(Self { content_type: "text/plain; charset=utf-8", gzip: true, body: encoder.finish()?.into() })
    }

    /// JSON, as it is.
    ///
    /// # Errors
    /// When the value can't be written as JSON.
    pub(super) fn json(value: &impl serde::Serialize) -> anyhow::Result<Self> {
        Ok(Self { content_type: "application/json", gzip: false, body: serde_json::to_vec(value)?.into() })
    }
}

/// The way to one server.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    client: reqwest::Client,
    server: String,
    pub(super) report: Arc<Report>,
    pub(super) stop: CancellationToken,
}

/// What became of one try.
enum Try {
    Taken(BatchAnswer),
    Refused(String),
    Away(String),
}

impl Delivery {
    /// To the server at this address, such as `http://127.0.0.1:4390`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub(super) fn new(server: &str, report: Arc<Report>, stop: CancellationToken) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy().build().context("can't make an HTTP client")?;
        Ok(Self { client, server: server.trim_end_matches('/').to_owned(), report, stop })
    }

    /// Posts until it is taken or refused for good. `false` when the run was stopped before that.
    pub(super) async fn post(&self, path: &str, parcel: &Parcel) -> bool {
        let mut pause = FIRST_WAIT;
        let mut is_away = false;
        loop {
            let outcome = tokio::select! {
                outcome = self.try_post(path, parcel) => outcome,
                () = self.stop.cancelled() => return false,
            };
            match outcome {
                Try::Taken(answer) => {
                    if is_away {
                        self.report.say(&format!("{} is back", self.server));
                    }
                    if let Some(first) = answer.errors.first() {
                        self.report.say(&format!("{path}: {} items refused, the first: {}", answer.rejected, first.message));
                    }
                    return true;
                }
                Try::Refused(why) => {
                    self.report.say(&format!("{path} is refused and left out: {why}"));
                    return true;
                }
                Try::Away(why) => {
                    if !is_away {
                        self.report.say(&format!("{} does not take data now ({why}); trying again until it does", self.server));
                        is_away = true;
                    }
                    if within(pause, self.stop.cancelled()).await.is_some() {
                        return false;
                    }
                    pause = (pause * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    async fn try_post(&self, path: &str, parcel: &Parcel) -> Try {
        let mut request = self.client.post(format!("{}{path}", self.server)).header("Content-Type", parcel.content_type);
        if parcel.gzip {
            request = request.header("Content-Encoding", "gzip");
        }
        let response = match request.body(parcel.body.clone()).send().await {
            Ok(response) => response,
            Err(error) => return Try::Away(format!("{:#}", anyhow::Error::from(error))),
        };
        let status = response.status();
        let body = response.bytes().await.unwrap_or_default();
        if status.is_success() {
            // An answer without a body, as line protocol's 204, means that all was taken.
            return Try::Taken(serde_json::from_slice(&body).unwrap_or_default());
        }
        let message =
            serde_json::from_slice::<ErrorBody>(&body).map_or_else(|_| String::from_utf8_lossy(&body).into(), |body| body.message);
        let why = format!("{status}: {message}");
        let passes = status.is_server_error() || matches!(status.as_u16(), 408 | 429);
        if passes { Try::Away(why) } else { Try::Refused(why) }
    }

    /// Reads a JSON answer; asks once.
    ///
    /// # Errors
    /// When there is no answer, or not one of this shape.
    pub(super) async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let response = self.client.get(format!("{}{path}", self.server)).send().await?.error_for_status()?;
        Ok(response.json().await?)
    }

    /// Waits for so much real time. `false` when the run is stopped before it has passed.
    pub(super) async fn rest(&self, duration: Duration) -> bool {
        tokio::select! {
            () = wait(duration) => true,
            () = self.stop.cancelled() => false,
        }
    }
}
