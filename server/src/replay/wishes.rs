//! What a viewer wants of its replay: another speed, another place.
//!
//! One wish of each kind is held, the newest, so nothing can queue up. It must never wait.

use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What is wanted and has not been done yet.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) speed: Option<u8>,
    pub(super) at: Option<Timestamp>,
}

/// The wishes of one replay.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    newest: Mutex<Wish>,
    changed: Notify,
}

impl Wishes {
    pub(super) fn play(&self, speed: u8) {
        self.newest().speed = Some(speed);
        self.changed.notify_one();
    }

    pub(super) fn seek(&self, at: Timestamp) {
        self.newest().at = Some(at);
        self.changed.notify_one();
    }

    /// Waits until something is wanted, and takes it.
    pub(super) async fn next(&self) -> Wish {
        loop {
            let wish = std::mem::take(&mut *self.newest());
            if wish != Wish::default() {
                return wish;
            }
            self.changed.notified().await;
        }
    }

    fn newest(&self) -> MutexGuard<'_, Wish> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
