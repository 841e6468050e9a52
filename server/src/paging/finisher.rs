//! The finisher: writes ends of steps, as many as there are, in one transaction.
//!
//! It must never lose one while the process lives: it goes on until the database has it.

use super::desk::Desk;
use super::worker::Counters;
use crate::clock::Clock;
use crate::store::outbox::{Finish, What};
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::mpsc;

/// The most ends in one transaction.
const BATCH: usize = 50;
/// The pause after a failure of the database.
const PAUSE: Duration = Duration::from_millis(500);

/// Writes ends until nobody sends any more.
pub(super) async fn run<D: Desk>(store: Store, clock: Clock, desk: Arc<D>, counters: Arc<Counters>, mut ends: mpsc::Receiver<Finish>) {
    let mut batch = Vec::with_capacity(BATCH);
    while ends.recv_many(&mut batch, BATCH).await > 0 {
        write(&store, &clock, &batch, &counters).await;
        desk.outcomes_written();
        batch.clear();
    }
}

async fn write(store: &Store, clock: &Clock, batch: &[Finish], counters: &Counters) {
    loop {
        match store.finish_attempts(batch, clock.now()).await {
            Ok(held) => {
                counters.is_behind.store(false, Relaxed);
                let late = batch.iter().filter(|end| !held.contains(&end.message)).count();
                counters.late.fetch_add(late as u64, Relaxed);
                batch.iter().filter(|end| held.contains(&end.message)).for_each(|end| count(counters, end.what));
                return;
            }
            Err(StoreError::Conflict(_)) => {}
            // One end that the database refuses must not keep the others: each goes by itself then, and that one is left to
            // its lease, after which its message counts as in doubt.
            Err(StoreError::Internal(error)) => match batch {
                [end] => {
                    tracing::error!(
                        error = &*error as &dyn std::error::Error,
                        message = end.message,
                        "the end of a message can't be written"
                    );
                    return;
                }
                _ => return Box::pin(write_singly(store, clock, batch, counters)).await,
            },
            Err(error) => {
                counters.is_behind.store(true, Relaxed);
                tracing::warn!(error = &error as &dyn std::error::Error, "ends of messages can't be written now; trying again");
                clock.pause(PAUSE).await;
            }
        }
    }
}

async fn write_singly(store: &Store, clock: &Clock, batch: &[Finish], counters: &Counters) {
    for end in batch {
        write(store, clock, std::slice::from_ref(end), counters).await;
    }
}

fn count(counters: &Counters, what: What) {
    let counter = match what {
        What::Accepted => &counters.accepted,
        What::Retry | What::ProvidersDown => &counters.retried,
        What::Unknown => &counters.unknown,
        What::Failed | What::ContactRefused | What::Unconfirmed => &counters.failed,
        _ => return,
    };
    counter.fetch_add(1, Relaxed);
}
