//! The dead man's ping: a request to a watcher outside, which raises the alarm when none comes.
//!
//! It must never decide whether all is well: it is only sent while somebody else says so.

use super::egress::Egress;
use super::gateway::template::Values;
use super::gateway::{Call, call_request};
use reqwest::Client;
use std::time::Duration;

/// How long the watcher may take to answer.
pub(super) const LIMIT: Duration = Duration::from_secs(20);

/// The way to the watcher outside.
pub struct DeadMan {
    pub(super) client: Client,
    pub(super) egress: Egress,
    pub(super) call: Call,
    pub(super) secret: String,
}

impl std::fmt::Debug for DeadMan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeadMan").finish_non_exhaustive()
    }
}

impl DeadMan {
    /// Says that all is well.
    ///
    /// # Errors
    /// Why the watcher can't be told, without its address, which may hold a secret.
    pub async fn ping(&self) -> Result<(), String> {
        let values = Values { secret: &self.secret, ..Values::default() };
        let mut request = call_request(&self.call, &values, &self.egress)?;
        *request.timeout_mut() = Some(LIMIT);
        let response = self.client.execute(request).await.map_err(|error| error.without_url().to_string())?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
    }
}
