//! The bell: hears at once that pages were written, by whichever process.
//!
//! It must never be relied on: a poll finds what wasn't heard.

use super::BELL;
use crate::store::{Store, StoreError};
use futures_util::{StreamExt, stream};
use std::fmt;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_postgres::{AsyncMessage, Client, NoTls};

/// A connection that listens. Dropping it closes it.
pub struct Bell {
    rung: Arc<Notify>,
    driver: AbortHandle,
    ended: Arc<Notify>,
    // The connection ends when its client is dropped.
    _client: Client,
}

impl Bell {
    /// Waits until pages were written. However often they were since it was last asked, it answers once.
    ///
    /// # Errors
    /// `Unavailable` when the connection has ended; make another.
    pub async fn rung(&self) -> Result<(), StoreError> {
        tokio::select! {
            () = self.rung.notified() => Ok(()),
            () = self.ended.notified() => Err(StoreError::Unavailable("the connection that listens for pages has ended".into())),
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").finish_non_exhaustive()
    }
}

impl Store {
    /// Listens for pages that are written.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn bell(&self) -> Result<Bell, StoreError> {
        let mut config = self.config().clone();
        config.application_name("taydo bell");
        let (client, mut connection) = config.connect(NoTls).await?;
        let (rung, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (ring, end) = (Arc::clone(&rung), Arc::clone(&ended));
        let driver = tokio::spawn(async move {
            let mut messages = stream::poll_fn(|context| connection.poll_message(context));
            while let Some(Ok(message)) = messages.next().await {
                if matches!(message, AsyncMessage::Notification(_)) {
                    ring.notify_one();
                }
            }
            end.notify_one();
        });
        client.batch_execute(&format!("LISTEN {BELL}")).await?;
        Ok(Bell { rung, driver: driver.abort_handle(), ended, _client: client })
    }
}
