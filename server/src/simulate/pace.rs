//! The simulated city's clock: real time, or a past that is played faster until it has caught up.
//!
//! The simulator stands outside of the server, as devices do, so it has a clock of its own. This is its only file that
//! may read the time or wait.

#![allow(clippy::disallowed_methods, reason = "devices have clocks of their own; the server's Clock is the server's")]

use jiff::Timestamp;
use std::time::{Duration, Instant};

/// Where the simulated time stands.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    from: Timestamp,
    started: Instant,
    speed: f64,
    until: Option<Timestamp>,
    /// A past that is played faster than real time goes on in real time when it has caught up.
    catches_up: bool,
}

impl Pace {
    /// Simulated time begins at `from` (absent: now), runs `speed` times as fast as real time, and ends at `until`.
    pub(super) fn new(from: Option<Timestamp>, speed: f64, until: Option<Timestamp>) -> Self {
        let real = Timestamp::now();
        let from = from.unwrap_or(real);
        Self { from, started: Instant::now(), speed, until, catches_up: from <= real }
    }

    /// When simulated time began.
    pub(super) fn start(&self) -> Timestamp {
        self.from
    }

    /// The simulated time.
    pub(super) fn now(&self) -> Timestamp {
        let gone_ms = self.started.elapsed().as_secs_f64() * self.speed * 1_000.0;
        let played = Timestamp::from_millisecond(self.from.as_millisecond().saturating_add(gone_ms as i64)).unwrap_or(Timestamp::MAX);
        let latest = if self.catches_up { Timestamp::now() } else { Timestamp::MAX };
        played.min(latest).min(self.until.unwrap_or(Timestamp::MAX))
    }

    /// Whether all that was to be played has been, up to `place`.
    pub(super) fn is_over(&self, place: Timestamp) -> bool {
        self.until.is_some_and(|until| place >= until)
    }
}

/// Waits for so much real time.
pub(super) async fn wait(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Gives a future so much real time; `None` when that has passed.
pub(super) async fn within<T>(duration: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(duration, future).await.ok()
}

/// The real time, for deadlines of the run itself.
pub(super) fn real_now() -> Timestamp {
    Timestamp::now()
}
