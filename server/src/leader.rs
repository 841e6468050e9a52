//! Leading: of several servers on one database one works, and the others stand by to take over.
//!
//! The lease decides, by its fence; here is only the waiting for it and the sign of life. It must never lead without a
//! fence, and never trust that nobody else does: what is written under a lost fence fails in the database.

use crate::clock::Clock;
use crate::http::refusal::chain;
use crate::store::{Fence, Store, StoreError};
use anyhow::Context as _;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::Duration;

/// The name of the lease.
const LEASE: &str = "engine";
/// How often the leader says that it lives, and the others look.
const EVERY: Duration = Duration::from_millis(500);
/// So many looks in a row at which the leader had said nothing mean that it is gone: three seconds.
const SILENT_LOOKS: u32 = 6;
/// The file in the data folder that names this server.
const NAME_FILE: &str = "server-name";

/// The server's own name, the same after every restart with the same data folder: it needs not wait for itself.
///
/// # Errors
/// When the data folder can't be read or written.
pub fn own_name(data: &Path) -> anyhow::Result<String> {
    let file = data.join(NAME_FILE);
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    if !known.trim().is_empty() {
        return Ok(known.trim().to_owned());
    }
    // Each hasher of the standard library begins with other random numbers.
    let random = || RandomState::new().hash_one(&file);
    let name = format!("{:016x}{:016x}", random(), random());
    std::fs::write(&file, &name).with_context(|| format!("can't write the server's name to {}", file.display()))?;
    Ok(name)
}

/// A wish to lead.
#[derive(Debug)]
pub struct Candidate {
    /// Where the lease is.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// See [`own_name`].
    pub name: String,
}

impl Candidate {
    /// Takes the lead, if nobody else has it or this server had it last.
    ///
    /// # Errors
    /// When the store can't be asked.
    pub async fn try_now(&self) -> Result<Option<Fence>, StoreError> {
        let seen = self.store.lease_beat(LEASE).await?;
        let is_free = seen.as_ref().is_none_or(|seen| seen.holder.as_ref().is_none_or(|holder| *holder == self.name));
        if !is_free {
            return Ok(None);
        }
        self.store.take_lease(LEASE, &self.name, seen.as_ref(), self.clock.now()).await
    }

    /// Waits until the leader is gone, and takes its place. In real time: nobody's clock can hurry another process.
    pub async fn until_leading(&self) -> Fence {
        let (mut last, mut silent) = (None, 0);
        loop {
            match self.look(&mut last, &mut silent).await {
                Ok(Some(fence)) => return fence,
                Ok(None) => {}
                Err(error) => {
                    // The leader can't say anything either.
                    silent = 0;
                    tracing::warn!(error = %chain(&error), "can't see whether the leader lives; trying again");
                }
            }
            self.clock.pause(EVERY).await;
        }
    }

    async fn look(&self, last: &mut Option<crate::store::LeaseBeat>, silent: &mut u32) -> Result<Option<Fence>, StoreError> {
        let seen = self.store.lease_beat(LEASE).await?;
        *silent = if seen == *last { *silent + 1 } else { 0 };
        last.clone_from(&seen);
        if *silent < SILENT_LOOKS && seen.is_some_and(|seen| seen.holder.is_some_and(|holder| holder != self.name)) {
            return Ok(None);
        }
        self.store.take_lease(LEASE, &self.name, last.as_ref(), self.clock.now()).await
    }
}

/// Says that the leader lives, until another has taken its place.
pub async fn beat(store: Store, clock: Clock, fence: Fence) -> StoreError {
    loop {
        match store.beat_lease(&fence).await {
            Ok(()) => {}
            Err(error @ StoreError::FenceLost(_)) => return error,
            Err(error) => tracing::warn!(error = %chain(&error), "can't say that this server leads; another one may take over"),
        }
        clock.pause(EVERY).await;
    }
}
