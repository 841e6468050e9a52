//! The definition sets of the past: which one was in force at an instant, read from its files once.
//!
//! It must never hold more than a few, nor put one in force.

use crate::definitions::InForce;
use crate::store::{Past, StoreError};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use taydo_model::Definitions;
use taydo_model::files::{self, File};

/// Sets that are kept once they were read; the one that was used longest ago gives way.
const KEPT: usize = 4;

/// The sets. A copy is the same.
#[derive(Debug, Clone)]
pub struct Sets {
    past: Past,
    in_force: InForce,
    kept: Arc<Mutex<VecDeque<Arc<Definitions>>>>,
}

impl Sets {
    /// Sets from the past; the one in force now is not read again.
    #[must_use]
    pub fn new(past: Past, in_force: InForce) -> Self {
        Self { past, in_force, kept: Arc::default() }
    }

    /// The set that was in force at an instant, the first one before there was any, and when others followed it up to
    /// `until`.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn at(&self, at: Timestamp, until: Timestamp) -> Result<(Arc<Definitions>, Vec<Timestamp>), StoreError> {
        let loads = self.past.definition_loads(until.max(at)).await?;
        let (before, after): (Vec<_>, Vec<_>) = loads.into_iter().partition(|(loaded, _)| *loaded <= at);
        let hash = before.last().or(after.first()).map(|(_, hash)| hash.clone());
        // The very first set is noted a moment after the centre has begun.
        let skipped = usize::from(before.is_empty());
        let later = after.into_iter().skip(skipped).map(|(loaded, _)| loaded).collect();
        let Some(hash) = hash else { return Ok((self.in_force.get(), later)) };
        Ok((self.read(&hash).await?, later))
    }

    async fn read(&self, hash: &str) -> Result<Arc<Definitions>, StoreError> {
        let now = self.in_force.get();
        if now.hash == hash {
            return Ok(now);
        }
        if let Some(known) = self.known(hash) {
            return Ok(known);
        }
        let texts = self.past.definition_files(hash).await?;
        let checked = tokio::task::spawn_blocking(move || {
            let files: Vec<File> = texts.into_iter().map(|(name, text)| File { name, text }).collect();
            files::check(&files)
        });
        let (set, problems) = checked.await.map_err(|error| StoreError::Internal(error.into()))?;
        if !problems.is_empty() {
            // An older program took it. What can be read of it is closer to what was shown than any other set.
            tracing::warn!(
                definitions = hash,
                problems = problems.len(),
                "a definition set of the past is no longer sound; using what can be read"
            );
        }
        let set = Arc::new(set);
        let mut kept = self.kept();
        kept.push_front(set.clone());
        kept.truncate(KEPT);
        Ok(set)
    }

    fn known(&self, hash: &str) -> Option<Arc<Definitions>> {
        let mut kept = self.kept();
        let at = kept.iter().position(|set| set.hash == hash)?;
        let set = kept.remove(at)?;
        kept.push_front(set.clone());
        Some(set)
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Definitions>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
