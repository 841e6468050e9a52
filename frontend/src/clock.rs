//! The server's time, reckoned from the times that its frames carry and a clock that only counts on.
//!
//! Must never show the browser's own idea of the time: wall computers and phones are minutes off.

use jiff::Timestamp;

/// The estimate follows what was heard within one to two of these, in milliseconds.
const BUCKET_MS: f64 = 300_000.0;
/// A server's clock that stands this much behind the estimate was set, and is believed at once, in milliseconds.
const SET_BACK_MS: f64 = 30_000.0;

/// The server's time as a difference from a clock that only counts on, such as the page's age in milliseconds.
///
/// A frame is always heard after it was made, so each difference that is heard is at most the true one: the largest
/// of the last minutes is the nearest.
#[derive(Debug, Clone, Copy)]
pub struct ServerClock {
    best_ms: f64,
    earlier_ms: f64,
    bucket_since: f64,
    heard: bool,
}

impl ServerClock {
    /// Begins with a guess, which counts until the first frame is heard.
    #[must_use]
    pub fn new(guess: Timestamp, monotonic_ms: f64) -> Self {
        let offset = milliseconds(guess) - monotonic_ms;
        Self { best_ms: offset, earlier_ms: offset, bucket_since: monotonic_ms, heard: false }
    }

    /// A message made at `server` time was heard.
    pub fn hear(&mut self, server: Timestamp, monotonic_ms: f64) {
        let offset = milliseconds(server) - monotonic_ms;
        if !self.heard || offset < self.best_ms.max(self.earlier_ms) - SET_BACK_MS {
            *self = Self { best_ms: offset, earlier_ms: offset, bucket_since: monotonic_ms, heard: true };
        } else if monotonic_ms - self.bucket_since > BUCKET_MS {
            self.earlier_ms = self.best_ms;
            self.best_ms = offset;
            self.bucket_since = monotonic_ms;
        } else {
            self.best_ms = self.best_ms.max(offset);
        }
    }

    /// The server's time.
    #[must_use]
    pub fn now(&self, monotonic_ms: f64) -> Timestamp {
        let ms = monotonic_ms + self.best_ms.max(self.earlier_ms);
        #[allow(clippy::cast_possible_truncation)]
        Timestamp::from_millisecond(ms as i64).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// How many whole seconds `then` lies before `now`.
#[must_use]
pub fn seconds_between(then: Timestamp, now: Timestamp) -> i64 {
    ((now.as_millisecond() - then.as_millisecond()) / 1000).max(0)
}

fn milliseconds(time: Timestamp) -> f64 {
    // Milliseconds of this millennium fit a double exactly.
    #[allow(clippy::cast_precision_loss)]
    let ms = time.as_millisecond() as f64;
    ms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn the_least_delayed_frame_counts_and_an_old_one_is_forgotten() {
        let mut clock = ServerClock::new(at(0), 0.0);
        clock.hear(at(1_000_000), 400.0);
        clock.hear(at(1_001_000), 1_050.0);
        assert_eq!(clock.now(1_050.0), at(1_001_000));
        clock.hear(at(1_002_000), 2_900.0);
        assert_eq!(clock.now(2_900.0), at(1_002_850), "a late frame must not set the clock back");
        // The page's clock runs fast by 1 s: after two buckets the estimate has followed.
        for minute in 1..=15 {
            clock.hear(at(1_002_000 + minute * 60_000), 3_900.0 + minute as f64 * 60_000.0);
        }
        assert_eq!(clock.now(903_900.0), at(1_902_000));
    }

    #[test]
    fn a_server_clock_that_is_moved_is_believed_at_once() {
        let mut clock = ServerClock::new(at(0), 0.0);
        clock.hear(at(1_000_000), 0.0);
        clock.hear(at(5_000_000), 10.0);
        assert_eq!(clock.now(10.0), at(5_000_000));
        clock.hear(at(2_000_000), 20.0);
        assert_eq!(clock.now(20.0), at(2_000_000));
    }
}
