//! The city's calendar: which moment is so many days after another by the clocks on its walls.
//!
//! It must never look at today's date: it only counts from moments that it is given.

use crate::moment::{NEVER, micros, seconds, timestamp};
use jiff::ToSpan;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use taydo_model::City;

/// One day of 24 hours, in seconds.
const DAY_S: u32 = 24 * 3600;

/// The length of a sliding window over cases.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Length {
    /// So many microseconds.
    Fixed(i64),
    /// So many days by the clocks of a zone.
    Days(i64, TimeZone),
}

impl Length {
    /// A window of whole days is counted by the city's clocks. Where the zone is unknown they are UTC's.
    pub(crate) fn new(window_s: u32, city: &City) -> Self {
        if window_s == 0 || !window_s.is_multiple_of(DAY_S) {
            return Self::Fixed(seconds(window_s));
        }
        Self::Days(i64::from(window_s / DAY_S), TimeZone::get(&city.zone).unwrap_or(TimeZone::UTC))
    }

    /// The most that it can last. Clocks have been changed by up to a day, where a zone crossed the date line.
    pub(crate) fn longest(&self) -> i64 {
        match self {
            Self::Fixed(length) => *length,
            Self::Days(days, _) => (days + 1).saturating_mul(seconds(DAY_S)),
        }
    }

    /// When what began at a moment leaves the window.
    ///
    /// For days: when the clocks have passed for good what they showed at that moment, so many days later. A time that
    /// they skip is passed when they are put forward, and one that they show twice when they show it again; but the first
    /// moment of an hour that comes twice is passed at once, since from then on they show nothing earlier.
    pub(crate) fn end(&self, from: i64) -> i64 {
        match self {
            Self::Fixed(length) => from + length,
            Self::Days(days, zone) => days_after(from, *days, zone).unwrap_or(NEVER),
        }
    }
}

/// `None` beyond the end of the calendar.
fn days_after(from: i64, days: i64, zone: &TimeZone) -> Option<i64> {
    let shown = zone.to_datetime(timestamp(from)).checked_add(days.days()).ok()?;
    let passed = zone.to_ambiguous_timestamp(shown);
    let end = match passed.offset() {
        AmbiguousOffset::Gap { after, .. } => zone.following(after.to_timestamp(shown).ok()?).next()?.timestamp(),
        // What the clocks show at the very moment of being put back, they have never shown less of since the first time.
        AmbiguousOffset::Fold { .. } if !is_shown_twice(zone, shown.checked_sub(1.microseconds()).ok()?) => passed.earlier().ok()?,
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => passed.later().ok()?,
    };
    Some(micros(end))
}

fn is_shown_twice(zone: &TimeZone, shown: DateTime) -> bool {
    matches!(zone.to_ambiguous_timestamp(shown).offset(), AmbiguousOffset::Fold { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn city(zone: &str) -> City {
        City { zone: zone.into(), ..City::default() }
    }

    #[test]
    fn days_are_counted_by_the_citys_clocks() {
        let check = |zone, days: u32, from: &str, expected: &str| {
            let end = timestamp(Length::new(days * DAY_S, &city(zone)).end(micros(from.parse().unwrap())));
            assert_eq!(end, expected.parse().unwrap(), "{days} days after {from} in {zone}");
        };
        let new_york = "America/New_York";
        check("Asia/Ho_Chi_Minh", 30, "2026-03-01T08:15:00.5+07", "2026-03-31T08:15:00.5+07");
        check(new_york, 30, "2015-01-02T00:00:00-05", "2015-02-01T00:00:00-05");
        // Clocks were put forward at 02:00 on 8 March …
        check(new_york, 30, "2015-03-02T00:00:00-05", "2015-04-01T00:00:00-04");
        check(new_york, 1, "2015-03-07T01:59:59-05", "2015-03-08T01:59:59-05");
        check(new_york, 1, "2015-03-07T02:00:00-05", "2015-03-08T03:00:00-04");
        check(new_york, 1, "2015-03-07T02:30:00-05", "2015-03-08T03:00:00-04");
        check(new_york, 1, "2015-03-07T03:00:00-05", "2015-03-08T03:00:00-04");
        // … and back at 02:00 on 1 November.
        check(new_york, 30, "2015-10-15T00:00:00-04", "2015-11-14T00:00:00-05");
        check(new_york, 1, "2015-10-31T00:59:59-04", "2015-11-01T00:59:59-04");
        check(new_york, 1, "2015-10-31T01:00:00-04", "2015-11-01T01:00:00-04");
        check(new_york, 1, "2015-10-31T01:00:00.000001-04", "2015-11-01T01:00:00.000001-05");
        check(new_york, 1, "2015-10-31T01:30:00-04", "2015-11-01T01:30:00-05");
        check(new_york, 1, "2015-11-01T01:30:00-04", "2015-11-02T01:30:00-05");
        check(new_york, 1, "2015-11-01T01:30:00-05", "2015-11-02T01:30:00-05");
        // Samoa had no 30 December 2011.
        check("Pacific/Apia", 1, "2011-12-29T08:00:00-10", "2011-12-31T00:00:00+14");
        check("nowhere", 1, "2015-03-07T02:30:00Z", "2015-03-08T02:30:00Z");
    }

    #[test]
    fn other_windows_are_counted_in_seconds() {
        let length = Length::new(36 * 3600, &city("America/New_York"));
        let from = micros("2015-03-07T12:00:00-05".parse().unwrap());
        assert_eq!(timestamp(length.end(from)), "2015-03-09T01:00:00-04".parse().unwrap());
    }
}
