//! The city's calendar: which moment is so many days after another by the clocks on its walls, and where its hours,
//! days, weeks, months and years begin.
//!
//! It must never look at today's date: it only counts from moments that it is given.

use crate::moment::{ALWAYS, HOUR, NEVER, SECOND, common_width, micros, seconds, step_floor, timestamp};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};
use taydo_model::City;
use taydo_model::kpi::Period;

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
        Self::Days(i64::from(window_s / DAY_S), zone(city))
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

/// The city's zone; UTC where its name is unknown.
pub(crate) fn zone(city: &City) -> TimeZone {
    TimeZone::get(&city.zone).unwrap_or(TimeZone::UTC)
}

/// From when on offsets are looked at for what divides them. Until then some were of odd minutes.
const MODERN: i64 = 315_532_800 * SECOND;
/// How many changes of clocks are looked at: more than a century's.
const CHANGES: usize = 300;

/// The longest stretch, at most an hour, at whose multiples since the Unix epoch all periods of a zone begin: an hour
/// where its offsets are of whole hours, half of one in India, a quarter in Nepal.
pub(crate) fn stretch(zone: &TimeZone) -> i64 {
    let from = timestamp(MODERN);
    let changes = zone.following(from).take(CHANGES).map(|change| change.offset());
    let offsets = changes.chain([zone.to_offset(from)]).map(|offset| i64::from(offset.seconds().abs()) * SECOND);
    offsets.fold(HOUR, common_width)
}

/// The calendar's periods of one length in a city's zone. They follow each other without gap or overlap: each begins
/// when the clocks first show that it has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Periods {
    period: Period,
    zone: TimeZone,
}

impl Periods {
    pub(crate) fn new(period: Period, city: &City) -> Self {
        Self { period, zone: zone(city) }
    }

    /// The start and the end of the period that contains what came just before the moment: start < moment ≤ end.
    pub(crate) fn around(&self, moment: i64) -> (i64, i64) {
        if self.period == Period::Hour {
            return self.hour_around(moment);
        }
        let before = moment - 1;
        let shown = self.zone.to_datetime(timestamp(before)).date();
        let mut first = self.first_date(shown);
        loop {
            let next = first.and_then(|first| self.next_date(first));
            let end = next.and_then(|next| self.begins(next)).unwrap_or(NEVER);
            if before < end {
                return (first.and_then(|first| self.begins(first)).unwrap_or(ALWAYS), end);
            }
            // Clocks that are put back across midnight show a day that is over once more.
            first = next;
        }
    }

    /// The start of the period that contains what came just before the moment: a reading at the moment covers what lies
    /// between, the start excluded.
    pub(crate) fn start(&self, moment: i64) -> i64 {
        self.around(moment).0
    }

    /// The last moment whose reading covers what happened at this one.
    pub(crate) fn end(&self, moment: i64) -> i64 {
        self.around(moment).1
    }

    /// By the clock's hours: where clocks are changed within one, it is two.
    fn hour_around(&self, moment: i64) -> (i64, i64) {
        let before = moment - 1;
        let offset = i64::from(self.zone.to_offset(timestamp(before)).seconds()) * SECOND;
        let start = step_floor(before + offset, HOUR) * HOUR - offset;
        let changed = self.zone.preceding(timestamp(moment)).next().map_or(ALWAYS, |change| micros(change.timestamp()));
        let changes = self.zone.following(timestamp(before)).next().map_or(NEVER, |change| micros(change.timestamp()));
        (start.max(changed), (start + HOUR).min(changes))
    }

    fn first_date(&self, date: Date) -> Option<Date> {
        match self.period {
            Period::Hour | Period::Day => Some(date),
            Period::Week => date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok(),
            Period::Month => Some(date.first_of_month()),
            Period::Year => Some(date.first_of_year()),
        }
    }

    fn next_date(&self, first: Date) -> Option<Date> {
        let length = match self.period {
            Period::Hour | Period::Day => 1.day(),
            Period::Week => 1.week(),
            Period::Month => 1.month(),
            Period::Year => 1.year(),
        };
        first.checked_add(length).ok()
    }

    /// The first moment at which the clocks show this date or a later one.
    fn begins(&self, date: Date) -> Option<i64> {
        let midnight = date.to_datetime(Time::midnight());
        let first = self.zone.to_ambiguous_timestamp(midnight);
        let begin: Timestamp = match first.offset() {
            AmbiguousOffset::Gap { after, .. } => self.zone.following(after.to_timestamp(midnight).ok()?).next()?.timestamp(),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => first.earlier().ok()?,
        };
        Some(micros(begin))
    }
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

    #[test]
    fn periods_begin_when_the_clocks_say_so() {
        use Period::{Day, Hour, Month, Week, Year};
        let check = |zone, period, moment: &str, expected: (&str, &str)| {
            let (start, end) = Periods::new(period, &city(zone)).around(micros(moment.parse().unwrap()));
            let expected = (expected.0.parse().unwrap(), expected.1.parse().unwrap());
            assert_eq!((timestamp(start), timestamp(end)), expected, "the {period:?} just before {moment} in {zone}");
        };
        let can_tho = "Asia/Ho_Chi_Minh";
        check(can_tho, Day, "2026-03-02T00:00:00+07", ("2026-03-01T00:00:00+07", "2026-03-02T00:00:00+07"));
        check(can_tho, Day, "2026-03-02T00:00:00.000001+07", ("2026-03-02T00:00:00+07", "2026-03-03T00:00:00+07"));
        check(can_tho, Hour, "2026-03-02T00:00:00+07", ("2026-03-01T23:00:00+07", "2026-03-02T00:00:00+07"));
        check(can_tho, Week, "2026-03-04T12:00:00+07", ("2026-03-02T00:00:00+07", "2026-03-09T00:00:00+07"));
        check(can_tho, Week, "2026-03-02T00:00:00+07", ("2026-02-23T00:00:00+07", "2026-03-02T00:00:00+07"));
        check(can_tho, Month, "2028-02-29T12:00:00+07", ("2028-02-01T00:00:00+07", "2028-03-01T00:00:00+07"));
        check(can_tho, Year, "2026-01-01T00:00:00+07", ("2025-01-01T00:00:00+07", "2026-01-01T00:00:00+07"));
        check(can_tho, Year, "2026-01-01T00:00:01+07", ("2026-01-01T00:00:00+07", "2027-01-01T00:00:00+07"));
        let new_york = "America/New_York";
        check(new_york, Day, "2015-03-08T12:00:00-04", ("2015-03-08T00:00:00-05", "2015-03-09T00:00:00-04"));
        check(new_york, Day, "2015-11-01T12:00:00-05", ("2015-11-01T00:00:00-04", "2015-11-02T00:00:00-05"));
        check(new_york, Hour, "2015-11-01T01:30:00-04", ("2015-11-01T01:00:00-04", "2015-11-01T02:00:00-04"));
        check(new_york, Hour, "2015-11-01T01:30:00-05", ("2015-11-01T01:00:00-05", "2015-11-01T02:00:00-05"));
        // Kathmandu is 5:45 ahead; on Lord Howe clocks are changed by half an hour, at 02:00.
        check("Asia/Kathmandu", Hour, "2026-03-02T10:20:00+05:45", ("2026-03-02T10:00:00+05:45", "2026-03-02T11:00:00+05:45"));
        check("Australia/Lord_Howe", Hour, "2026-04-05T01:40:00+10:30", ("2026-04-05T01:30:00+10:30", "2026-04-05T02:00:00+10:30"));
        check("Australia/Lord_Howe", Hour, "2026-10-04T02:40:00+11", ("2026-10-04T02:30:00+11", "2026-10-04T03:00:00+11"));
        // In Havana midnight is skipped in spring and shown twice in autumn.
        check("America/Havana", Day, "2015-03-08T12:00:00-04", ("2015-03-08T01:00:00-04", "2015-03-09T00:00:00-04"));
        check("America/Havana", Day, "2015-11-01T00:30:00-05", ("2015-11-01T00:00:00-04", "2015-11-02T00:00:00-05"));
        // In St. John's clocks were put back across midnight, so that an hour of the day that was over was shown again.
        check("America/St_Johns", Day, "2010-11-06T23:30:00-03:30", ("2010-11-07T00:00:00-02:30", "2010-11-08T00:00:00-03:30"));
        // Samoa had no 30 December 2011, and Kiritimati no 31 December 1994.
        check("Pacific/Apia", Day, "2011-12-31T00:00:00+14", ("2011-12-29T00:00:00-10", "2011-12-31T00:00:00+14"));
        check("Pacific/Kiritimati", Year, "1995-01-01T06:00:00+14", ("1995-01-01T00:00:00+14", "1996-01-01T00:00:00+14"));
    }

    #[test]
    fn periods_follow_each_other() {
        for (zone, from) in [
            ("America/New_York", "2024-02-20T03:17:00Z"),
            ("America/St_Johns", "2010-10-20T03:17:00Z"),
            ("Australia/Lord_Howe", "2026-03-20T03:17:00Z"),
            ("Pacific/Apia", "2011-12-01T03:17:00Z"),
        ] {
            for period in [Period::Hour, Period::Day, Period::Week, Period::Month, Period::Year] {
                let periods = Periods::new(period, &city(zone));
                let mut moment = micros(from.parse().unwrap());
                for _ in 0..800 {
                    let (start, end) = periods.around(moment);
                    assert!(start < moment && moment <= end, "{zone} {period:?} {}", timestamp(moment));
                    assert_eq!((start, end), periods.around(end), "{zone} {period:?} {}", timestamp(moment));
                    assert_eq!((start, end), periods.around(start + 1), "{zone} {period:?} {}", timestamp(moment));
                    assert_eq!(end, periods.start(end + 1), "{zone} {period:?} {}", timestamp(moment));
                    moment = end + 1;
                }
            }
        }
    }

    #[test]
    fn all_periods_of_a_zone_begin_at_multiples_of_a_stretch() {
        for (zone, minutes) in
            [("Asia/Ho_Chi_Minh", 60), ("America/New_York", 60), ("Asia/Kolkata", 30), ("Asia/Kathmandu", 15), ("Australia/Lord_Howe", 30)]
        {
            assert_eq!(stretch(&super::zone(&city(zone))), minutes * 60 * SECOND, "{zone}");
        }
    }
}
