//! Webhooks: a signed request to another system.
//!
//! The signature is `Taydo-Signature: v1=` and the HMAC-SHA256, in hexadecimal, of the value of `Taydo-Timestamp`
//! (Unix seconds), a full stop, and the body. It must never be sent where a person's address is private.

use super::channel::{Accepted, Channel, Outgoing, Progress, SendError};
use super::egress::Egress;
use super::gateway::{broken, read, seconds};
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, StatusCode};
use sha2::Sha256;
use std::fmt;
use std::fmt::Write as _;

/// The way to all webhooks; each contact's address is the URL.
pub(super) struct Webhook {
    pub(super) client: Client,
    pub(super) egress: Egress,
    pub(super) secret: Vec<u8>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}

/// The signature of a body at a moment, Unix seconds.
pub(super) fn signature(secret: &[u8], timestamp_s: i64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{timestamp_s}.{body}").as_bytes());
    mac.finalize().into_bytes().iter().fold("v1=".to_owned(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Webhook {
    async fn post(&self, message: &Outgoing, progress: &Progress) -> Result<Accepted, SendError> {
        let url = self.egress.check(&message.address).map_err(|why| SendError::Permanent { is_contact: true, why })?;
        let (timestamp_s, body) = (message.now.as_second(), &message.texts.json);
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("taydo-reference", &message.reference)
            .header("taydo-timestamp", timestamp_s)
            .header("taydo-signature", signature(&self.secret, timestamp_s, body))
            .body(body.clone());
        progress.may_be_taken();
        let response = request.send().await.map_err(|error| broken(&error))?;
        let (status, after) = (response.status(), seconds(response.headers().get(RETRY_AFTER)));
        // Read to its end, so that the connection can be used again; what it says doesn't matter.
        drop(read(response).await);
        let why = format!("the webhook answered {status}");
        match status {
            _ if status.is_success() => Ok(Accepted::default()),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(SendError::Permanent { is_contact: true, why }),
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
                Err(SendError::Permanent { is_contact: false, why })
            }
            StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => Err(SendError::Unknown { why }),
            // Webhooks share no provider: a failure of one says nothing about the others, so it is never the provider's.
            _ => Err(SendError::Retry { after: Some(after.unwrap_or(RETRY)), why }),
        }
    }
}

/// How long is waited before a webhook that failed is called again.
const RETRY: std::time::Duration = std::time::Duration::from_secs(10);

impl Channel for Webhook {
    fn send<'a>(&'a self, message: &'a Outgoing, progress: &'a Progress) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(self.post(message, progress))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_signature_is_the_hmac_of_time_and_body() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac key
        assert_eq!(super::signature(b"key", 1_700_000_000, "{}"), "v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
    }
}
