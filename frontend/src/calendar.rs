//! Times of day and dates as the city writes them, in the city's zone.
//!
//! Must never know a zone's rules: the browser does (`Intl`), and is asked once for each quarter of an hour that is shown.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::Offset};
use std::{cell::RefCell, rc::Rc};

/// No zone changes its offset within one.
const QUARTER_S: i64 = 900;
/// No zone changes its offset twice within two.
const DAY_S: i32 = 86_400;
/// What is on the screen asks for some hundreds; beyond this the cache begins anew.
const MOST_QUARTERS: usize = 2048;

/// Asks for a zone's offset from UTC, in seconds, at a Unix time in seconds.
type Lookup = Rc<dyn Fn(i64) -> i32>;

/// The city's calendar.
#[derive(Clone)]
pub struct Calendar {
    lookup: Lookup,
    /// By quarter, in order.
    known: Rc<RefCell<Vec<(i64, i32)>>>,
}

impl std::fmt::Debug for Calendar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Calendar")
    }
}

impl Calendar {
    /// A calendar whose offsets `lookup` knows.
    #[must_use]
    pub fn new(lookup: impl Fn(i64) -> i32 + 'static) -> Self {
        Self { lookup: Rc::new(lookup), known: Rc::default() }
    }

    /// The zone's offset from UTC at `time`, in seconds.
    #[must_use]
    pub fn offset_s(&self, time: Timestamp) -> i32 {
        let quarter = time.as_second().div_euclid(QUARTER_S);
        let mut known = self.known.borrow_mut();
        if known.len() > MOST_QUARTERS {
            known.clear();
        }
        let at = known.partition_point(|(other, _)| *other < quarter);
        match known.get(at).filter(|(other, _)| *other == quarter) {
            Some((_, offset_s)) => *offset_s,
            None => {
                let offset_s = (self.lookup)(quarter.saturating_mul(QUARTER_S));
                known.insert(at, (quarter, offset_s));
                offset_s
            }
        }
    }

    /// The instant at which the clocks show `civil`: the first of two, and what the clocks are put to where they skip it.
    #[must_use]
    pub fn instant(&self, civil: DateTime) -> Option<Timestamp> {
        let as_utc = Offset::UTC.to_timestamp(civil).ok()?;
        let with = |offset_s: i32| as_utc.checked_sub(SignedDuration::from_secs(i64::from(offset_s))).ok();
        let (before, after) = (self.offset_s(with(DAY_S)?), self.offset_s(with(-DAY_S)?));
        let (first, second) = (with(before)?, with(after)?);
        Some(if self.civil(first) == civil || self.civil(second) != civil { first } else { second })
    }

    /// The date and the time of day that the clocks show.
    #[must_use]
    pub fn civil(&self, time: Timestamp) -> DateTime {
        Offset::from_seconds(self.offset_s(time)).unwrap_or(Offset::UTC).to_datetime(time)
    }

    /// `10:42:05`.
    #[must_use]
    pub fn second(&self, time: Timestamp) -> String {
        let t = self.civil(time);
        format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second())
    }

    /// `10:42`.
    #[must_use]
    pub fn minute(&self, time: Timestamp) -> String {
        let t = self.civil(time);
        format!("{:02}:{:02}", t.hour(), t.minute())
    }

    /// `22/11/2026`.
    #[must_use]
    pub fn date(&self, time: Timestamp) -> String {
        let t = self.civil(time);
        format!("{:02}/{:02}/{:04}", t.day(), t.month(), t.year())
    }

    /// `22/11`.
    #[must_use]
    pub fn day(&self, time: Timestamp) -> String {
        let t = self.civil(time);
        format!("{:02}/{:02}", t.day(), t.month())
    }

    /// A moment as short as `now` allows: `10:42` of the same day, else `21/11 10:42`, else `21/11/2025`.
    #[must_use]
    pub fn moment(&self, time: Timestamp, now: Timestamp) -> String {
        let (then, today) = (self.civil(time), self.civil(now));
        if then.date() == today.date() {
            self.minute(time)
        } else if then.year() == today.year() {
            format!("{} {}", self.day(time), self.minute(time))
        } else {
            self.date(time)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn times_are_the_citys_and_no_longer_than_needed() {
        let calendar = Calendar::new(|_| 7 * 3600);
        let time: Timestamp = "2026-11-22T17:05:09Z".parse().unwrap();
        assert_eq!(calendar.second(time), "00:05:09");
        assert_eq!(calendar.date(time), "23/11/2026");
        for (now, text) in
            [("2026-11-23T10:00:00Z", "00:05"), ("2026-11-23T17:00:00Z", "23/11 00:05"), ("2027-01-02T00:00:00Z", "23/11/2026")]
        {
            assert_eq!(calendar.moment(time, now.parse().unwrap()), text);
        }
    }

    #[test]
    fn a_wall_time_is_the_first_instant_that_shows_it_and_one_that_is_skipped_follows_the_gap() {
        // Clocks go from 02:00 to 03:00 at 01:00 UTC on 29 March, and from 03:00 to 02:00 at 01:00 UTC on 25 October.
        let summer = "2026-03-29T01:00:00Z".parse::<Timestamp>().unwrap()..="2026-10-25T00:59:59Z".parse().unwrap();
        let calendar = Calendar::new(move |second| if summer.contains(&Timestamp::from_second(second).unwrap()) { 7_200 } else { 3_600 });
        for (civil, instant) in [
            ("2026-03-29T01:30", "2026-03-29T00:30:00Z"),
            ("2026-03-29T02:30", "2026-03-29T01:30:00Z"),
            ("2026-03-29T03:30", "2026-03-29T01:30:00Z"),
            ("2026-10-25T01:30", "2026-10-24T23:30:00Z"),
            ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
            ("2026-10-25T03:00", "2026-10-25T02:00:00Z"),
        ] {
            assert_eq!(calendar.instant(civil.parse().unwrap()).unwrap().to_string(), instant, "{civil}");
        }
    }

    #[test]
    fn the_zone_is_asked_once_for_each_quarter_of_an_hour() {
        let asked = Rc::new(Cell::new(0));
        let counter = asked.clone();
        let calendar = Calendar::new(move |_| {
            counter.set(counter.get() + 1);
            0
        });
        for second in 0..1800 {
            let _ = calendar.second(Timestamp::from_second(second).unwrap());
        }
        assert_eq!(asked.get(), 2);
    }
}
