//! How long what is kept: the city's `[retention]`.
//!
//! It must never allow less than what windows, baselines and letters look back on.

use jiff::{SignedDuration, Timestamp};

const DAY_S: u32 = 86_400;

/// How long what is kept, in seconds. Cases, incidents, the shift log and the audit are kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Observations as they came.
    pub observations_s: u32,
    /// Their minutes.
    pub minutes_s: u32,
    /// Their hours.
    pub hours_s: u32,
    /// Recorded readings.
    pub readings_s: u32,
    /// What was refused.
    pub rejects_s: u32,
    /// How each message was carried, once that is over.
    pub outbox_s: u32,
}

/// One of the keys, with what it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where nothing is said, in seconds.
    pub usual_s: u32,
    /// The least, in seconds.
    pub least_s: u32,
}

impl Span {
    const fn days(usual: u32, least: u32) -> Self {
        Self { usual_s: usual * DAY_S, least_s: least * DAY_S }
    }
}

impl Retention {
    /// The longest that can be said, in seconds: ten years.
    pub const MOST_S: u32 = 3_653 * DAY_S;
    /// A restart, and a KPI that is new, look back on seven days of observations.
    pub const OBSERVATIONS: Span = Span::days(1_096, 8);
    /// A page of a month draws minutes.
    pub const MINUTES: Span = Span::days(1_096, 31);
    /// A page of a year, beside the one before it, draws hours.
    pub const HOURS: Span = Span::days(3_653, 400);
    /// What is usual is learned from eight weeks of readings, and the monthly letter tells of the month before.
    pub const READINGS: Span = Span::days(3_653, 92);
    /// Whoever mends a mapping has a day to see what it was.
    pub const REJECTS: Span = Span::days(7, 1);
    /// The monthly figures of the duty count messages.
    pub const OUTBOX: Span = Span::days(90, 62);

    /// Until when what is kept so long goes.
    #[must_use]
    pub fn before(kept_s: u32, now: Timestamp) -> Timestamp {
        now.checked_sub(SignedDuration::from_secs(i64::from(kept_s))).unwrap_or(Timestamp::MIN)
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            observations_s: Self::OBSERVATIONS.usual_s,
            minutes_s: Self::MINUTES.usual_s,
            hours_s: Self::HOURS.usual_s,
            readings_s: Self::READINGS.usual_s,
            rejects_s: Self::REJECTS.usual_s,
            outbox_s: Self::OUTBOX.usual_s,
        }
    }
}
