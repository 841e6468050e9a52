//! The one clock: what time it is, and every wait in the server.
//!
//! It owns the reading of real time, and with the feature `test-clock` a clock that a test moves. It must never
//! know what is waited for. Everything else in the server asks it, so that a test can move an hour in a moment.
//!
//! The test clock's protocol: the process connects as a client to the Unix socket that the test listens on, and the
//! test sends lines `now 2026-01-05T07:30:00Z`. The first is awaited at start, each later one moves time forward and
//! wakes those whose deadline has come, and each is answered with the line `ok`. A line that is not understood, or
//! that would move time backward, is answered with `refused: …` and changes nothing. When the test goes away, time stands still.

#![allow(clippy::disallowed_methods, reason = "this file is where the clock is read and where waiting is done")]

use jiff::{SignedDuration, Timestamp};
use std::{
    future::Future,
    time::{Duration, Instant},
};
#[cfg(feature = "test-clock")]
use std::{path::Path, sync::Arc};
#[cfg(feature = "test-clock")]
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    sync::watch,
};

/// Tells the time and waits. A copy is the same clock.
#[derive(Debug, Clone)]
pub struct Clock(Hands);

#[derive(Debug, Clone)]
enum Hands {
    Real,
    /// Moved by a test. The watch channel holds one value, the present, so nothing can queue up.
    #[cfg(feature = "test-clock")]
    Moved(Arc<watch::Sender<Timestamp>>),
}

/// A future was not ready in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not done in time")]
pub struct Elapsed;

/// The longest single sleep on the real clock. A system clock that is set while we sleep is noticed after so long.
const LONGEST_NAP: Duration = Duration::from_secs(30);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn real() -> Self {
        Self(Hands::Real)
    }

    /// A clock that the test listening on `path` moves; returns when it has said what time it is.
    ///
    /// # Errors
    /// When nobody listens, or the first line is not a time.
    #[cfg(feature = "test-clock")]
    pub async fn from_socket(path: &Path) -> std::io::Result<Self> {
        let (read, mut write) = UnixStream::connect(path).await?.into_split();
        let mut lines = BufReader::new(read).lines();
        let first = lines.next_line().await?.unwrap_or_default();
        let start = parse_line(&first).ok_or_else(|| std::io::Error::other(format!("{first:?} is not `now TIME`")))?;
        let hands = Arc::new(watch::Sender::new(start));
        write.write_all(b"ok\n").await?;
        let moved = Arc::clone(&hands);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match parse_line(&line) {
                    Some(to) if to >= *moved.borrow() => {
                        moved.send_replace(to);
                        "ok\n".to_owned()
                    }
                    Some(_) => "refused: time does not go backward\n".to_owned(),
                    None => format!("refused: {line:?} is not `now TIME`\n"),
                };
                if write.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self(Hands::Moved(hands)))
    }

    /// What time it is, in whole microseconds: what is stored is then the same time as what was decided by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Hands::Real => {
                let now = Timestamp::now();
                Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
            }
            #[cfg(feature = "test-clock")]
            Hands::Moved(hands) => *hands.borrow(),
        }
    }

    /// A point on the machine's steady clock: for measuring how long something took, never for deciding anything.
    #[must_use]
    pub fn instant(&self) -> Instant {
        Instant::now()
    }

    /// Waits so long.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Hands::Real => tokio::time::sleep(duration).await,
            #[cfg(feature = "test-clock")]
            Hands::Moved(_) => self.sleep_until(later(self.now(), duration)).await,
        }
    }

    /// Waits until then; not at all when that has passed.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        match &self.0 {
            Hands::Real => loop {
                let left = deadline.duration_since(Timestamp::now());
                let Ok(left) = Duration::try_from(left) else { return };
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(LONGEST_NAP)).await;
            },
            #[cfg(feature = "test-clock")]
            Hands::Moved(hands) => {
                // The sender lives as long as this clock, so waiting can't fail.
                let _ = hands.subscribe().wait_for(|now| *now >= deadline).await;
            }
        }
    }

    /// Waits for the future, but at most so long.
    ///
    /// # Errors
    /// [`Elapsed`] when it was not ready in time; the future is dropped.
    pub async fn timeout<F: Future>(&self, duration: Duration, future: F) -> Result<F::Output, Elapsed> {
        tokio::select! {
            biased;
            output = future => Ok(output),
            () = self.sleep(duration) => Err(Elapsed),
        }
    }

    /// Pauses in real time, whatever a test does: for polling and retrying what lives outside this process, such as a
    /// database that is starting. Moved time can't hurry that, and time that stands still must not stop it.
    pub async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The moment so long after `now`; the end of time where that is out of range.
#[must_use]
pub fn later(now: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration).ok().and_then(|span| now.checked_add(span).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(feature = "test-clock")]
fn parse_line(line: &str) -> Option<Timestamp> {
    line.trim().strip_prefix("now ")?.trim().parse().ok()
}

#[cfg(all(test, feature = "test-clock"))]
mod tests {
    use super::*;
    use tokio::net::UnixListener;

    #[tokio::test]
    async fn a_moved_clock_wakes_whoever_is_due_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        let listener = UnixListener::bind(&path).unwrap();
        let connecting = tokio::spawn(async move { Clock::from_socket(&path).await.unwrap() });
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut answers = BufReader::new(read).lines();
        let mut say = async |line: &str| {
            write.write_all(format!("{line}\n").as_bytes()).await.unwrap();
            answers.next_line().await.unwrap().unwrap()
        };
        assert_eq!(say("now 2026-01-05T07:30:00Z").await, "ok");
        let clock = connecting.await.unwrap();
        assert_eq!(clock.now().to_string(), "2026-01-05T07:30:00Z");

        let hour = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(3600)).await }
        });
        let limited = tokio::spawn({
            let clock = clock.clone();
            async move { clock.timeout(Duration::from_secs(60), std::future::pending::<()>()).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(say("now 2026-01-05T08:29:59Z").await, "ok");
        assert_eq!(limited.await.unwrap(), Err(Elapsed));
        assert!(!hour.is_finished());
        assert!(say("now 2026-01-05T08:00:00Z").await.starts_with("refused"));
        assert!(say("then").await.starts_with("refused"));
        assert_eq!(say("now 2026-01-05T08:30:00Z").await, "ok");
        hour.await.unwrap();
    }
}
