//! Deadlines: when the time that a case may take ends.
//!
//! The rules, with what they follow (Civil Code of Vietnam 2015, articles 147 and 148):
//!
//! - *Days, worked or not*: the day of receipt is not counted (147.2). The deadline is when offices close on the last
//!   day; if that is not a working day, on the next one that is (148.5). The Code ends a day at midnight (148.6); here
//!   it ends when the desk closes, because results are handed over there.
//! - *Receipt*: what comes after the offices have closed, or on a day off, is received on the next working day. This is
//!   the centre's own rule.
//! - *Office hours* run only while offices are open. What ends with the day's hours is due that evening.
//! - *Hours of day and night* run from the moment itself (147.1). A deadline in the night, at noon or on a day off moves
//!   to when offices open next. This, too, is the centre's own rule.
//!
//! It must never know what the case is about.

use super::{Allowance, Measured, SECOND, WorkingCalendar, date_of, day_number};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

impl WorkingCalendar {
    /// When what was opened at a moment is due.
    #[must_use]
    pub fn due(&self, opened: Timestamp, allowance: Allowance) -> Timestamp {
        let count = i64::from(allowance.count);
        match allowance.measured {
            Measured::WorkingDays => {
                let received = self.working_days_before(day_number(self.received(opened)));
                self.close_of(date_of(self.working_day(received + count)))
            }
            Measured::WorkingHours => self.when_passed(self.office_time(self.when_open(opened)) + count * 3600 * SECOND),
            Measured::Days => {
                let last = day_number(self.received(opened)) + count;
                // The working day before which as many lie as before this one is this one, or the next that is worked.
                self.close_of(date_of(self.working_day(self.working_days_before(last))))
            }
            Measured::Hours => self.when_open(opened.checked_add(SignedDuration::from_hours(count)).unwrap_or(Timestamp::MAX)),
        }
    }

    /// The first moment at which no more than this is left until the deadline: of office time for working days and
    /// hours, of time for the others.
    #[must_use]
    pub fn before(&self, due: Timestamp, left: Allowance) -> Timestamp {
        let office = match left.measured {
            Measured::WorkingDays => self.office_day(),
            Measured::WorkingHours => 3600 * SECOND,
            Measured::Days | Measured::Hours => return before(due, left),
        };
        self.when_passed(self.office_time(due) - i64::from(left.count) * office).min(due)
    }

    /// The working day on which something is received.
    fn received(&self, opened: Timestamp) -> Date {
        let date = self.zone.to_datetime(opened).date();
        let day = day_number(date);
        if self.is_working_day(date) && opened <= self.close_of(date) {
            return date;
        }
        date_of(self.working_day(self.working_days_before(day + 1)))
    }
}

/// The first moment at which no more than this is left until the deadline where there is no working calendar: days
/// have 24 hours, and working days and hours are taken for the others.
#[must_use]
pub fn before(due: Timestamp, left: Allowance) -> Timestamp {
    due.checked_sub(elapsed(left)).unwrap_or(Timestamp::MIN)
}

/// When something is due where there is no working calendar: after so many days by the zone's clocks, or after so many hours.
/// `None` where the allowance needs a working calendar.
#[must_use]
pub fn due(opened: Timestamp, allowance: Allowance, zone: &TimeZone) -> Option<Timestamp> {
    match allowance.measured {
        Measured::WorkingDays | Measured::WorkingHours => None,
        Measured::Hours => opened.checked_add(elapsed(allowance)).ok(),
        Measured::Days => {
            let later = zone.to_datetime(opened).checked_add(jiff::Span::new().try_days(allowance.count).ok()?).ok()?;
            zone.to_ambiguous_timestamp(later).compatible().ok()
        }
    }
}

fn elapsed(allowance: Allowance) -> SignedDuration {
    let hours = if matches!(allowance.measured, Measured::Days | Measured::WorkingDays) { 24 } else { 1 };
    SignedDuration::from_hours(hours * i64::from(allowance.count))
}
