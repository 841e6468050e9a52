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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every change of clocks of these zones in fifty years, looked at from hours before to hours after, to the nanosecond.
    #[test]
    fn the_two_functions_answer_each_other() {
        let mut looked = 0;
        for zone in ["Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "America/Sao_Paulo", "America/St_Johns", "Europe/Berlin"] {
            let zone = TimeZone::get(zone).unwrap();
            let from: Timestamp = "1985-01-01T00:00:00Z".parse().unwrap();
            for change in zone.following(from).take(100).map(|change| change.timestamp()) {
                let offsets = (-16..=16).flat_map(|quarter| [-1, 0, 1].map(|nanosecond| (quarter, nanosecond)));
                let moments = offsets
                    .map(|(quarter, nanosecond)| change + SignedDuration::from_mins(15 * quarter) + SignedDuration::from_nanos(nanosecond));
                let moments: Vec<Timestamp> = moments.collect();
                for time in moments.iter().map(|moment| zone.to_datetime(*moment)) {
                    let first = first_shown(&zone, time);
                    for at in &moments {
                        assert_eq!(first <= *at, time <= shown(&zone, *at), "{time} at {at} by {zone:?}");
                        looked += 1;
                    }
                }
            }
        }
        assert!(looked > 1_000_000, "{looked}");
    }

    #[test]
    fn what_has_been_shown_never_becomes_less() {
        let zone = TimeZone::get("America/St_Johns").unwrap();
        // At one minute past midnight the clocks were put back to the day before.
        let back: Timestamp = "2006-10-29T02:31:00Z".parse().unwrap();
        assert_eq!(zone.to_datetime(back).to_string(), "2006-10-28T23:01:00");
        assert_eq!(shown(&zone, back).to_string(), "2006-10-29T00:00:59.999999999");
        assert_eq!(shown(&zone, back + SignedDuration::from_hours(1)).to_string(), "2006-10-29T00:01:00");
        assert_eq!(first_shown(&zone, "2006-10-29T00:00:00".parse().unwrap()).to_string(), "2006-10-29T02:30:00Z");
    }
}
