//! The city's local time as the models need it: a day's number and the seconds since its midnight.
//!
//! Nothing here reads a clock.

use jiff::{Timestamp, tz::TimeZone};

/// Seconds of a day.
pub(super) const DAY_S: i64 = 86_400;

/// A moment as the city's clocks show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LocalTime {
    /// Days since 1 January 1970.
    pub(super) day: i64,
    /// Seconds since midnight, 0 to 86,399.
    pub(super) second: i64,
}

impl LocalTime {
    pub(super) fn at(time: Timestamp, zone: &TimeZone) -> Self {
        Self::from_seconds(time.as_second() + i64::from(zone.to_offset(time).seconds()))
    }

    /// From seconds since 1 January 1970, 00:00 local time.
    pub(super) fn from_seconds(seconds: i64) -> Self {
        Self { day: seconds.div_euclid(DAY_S), second: seconds.rem_euclid(DAY_S) }
    }

    /// Seconds since 1 January 1970, 00:00 local time.
    pub(super) fn seconds(self) -> i64 {
        self.day * DAY_S + self.second
    }

    /// The moment. In the hours around a change of the clocks it may be off by that change; Việt Nam has none.
    pub(super) fn timestamp(self, zone: &TimeZone) -> Timestamp {
        let moment = |seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        let offset = zone.to_offset(moment(self.seconds()));
        moment(self.seconds() - i64::from(offset.seconds()))
    }

    /// Hours since midnight, with their fraction.
    pub(super) fn hour(self) -> f64 {
        self.second as f64 / 3_600.0
    }

    /// 0 is Monday.
    pub(super) fn weekday(self) -> i64 {
        // 1 January 1970 was a Thursday.
        (self.day + 3).rem_euclid(7)
    }

    /// Saturday or Sunday.
    pub(super) fn is_weekend(self) -> bool {
        self.weekday() >= 5
    }
}

/// How near an hour is to the middle of something that comes up and goes down: 1 there, falling off over `width_h`.
pub(super) fn bump(hour: f64, middle_h: f64, width_h: f64) -> f64 {
    (-((hour - middle_h) / width_h).powi(2)).exp()
}

/// How far something has come up that does so around `middle_h`: from 0 to 1 over about four times `width_h`.
pub(super) fn rise(hour: f64, middle_h: f64, width_h: f64) -> f64 {
    1.0 / (1.0 + (-(hour - middle_h) / width_h).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_the_citys() {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let time: Timestamp = "2026-03-13T23:30:00Z".parse().unwrap();
        let local = LocalTime::at(time, &zone);
        assert_eq!((local.weekday(), local.hour()), (5, 6.5));
        assert!(local.is_weekend());
        assert_eq!(local.timestamp(&zone), time);
        assert_eq!(LocalTime::from_seconds(local.seconds()), local);
    }
}
