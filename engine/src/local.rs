//! A zone's wall clock as hand-offs see it: a clock that stands still while the real one goes back.
//!
//! It must never decide what happens at a time, only when the clocks have come to it.
//!
//! The two functions answer each other: `first_shown(zone, time) <= at` exactly when `time <= shown(zone, at)`. So whatever
//! is said in wall times can be asked of the reading at an instant, by civil arithmetic alone, and every answer changes
//! exactly at the instants that `first_shown` gives: a time that the clocks skip comes when they are put forward, one that
//! they show twice comes the first time only.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// The latest wall time that the zone's clocks have shown up to this instant.
pub(crate) fn shown(zone: &TimeZone, at: Timestamp) -> DateTime {
    let local = zone.to_datetime(at);
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Fold { before, after } if zone.to_offset(at) == after => before_put_back(zone, local, before).unwrap_or(local),
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } | AmbiguousOffset::Fold { .. } => local,
    }
}

/// What the clocks showed just before they were put back, for a wall time that they are showing again.
fn before_put_back(zone: &TimeZone, local: DateTime, before: Offset) -> Option<DateTime> {
    let first = before.to_timestamp(local).ok()?;
    let put_back = zone.following(first).next()?.timestamp();
    before.to_datetime(put_back).checked_sub(SignedDuration::from_nanos(1)).ok()
}

/// The first instant at which the zone's clocks have come to this wall time. Beyond what can be told, the last instant.
pub(crate) fn first_shown(zone: &TimeZone, time: DateTime) -> Timestamp {
    let instant = match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(time).ok(),
        // By the later offset the skipped time lies before the change, by no more than what is skipped.
        AmbiguousOffset::Gap { after, .. } => {
            after.to_timestamp(time).ok().and_then(|before| zone.following(before).next()).map(|change| change.timestamp())
        }
    };
    instant.unwrap_or(Timestamp::MAX)
}
