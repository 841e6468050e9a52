//! Office time: the hours for which offices are open, laid end to end, so that a length of it is a difference.
//!
//! It must never decide a deadline.

use super::{Hours, SECOND, WorkingCalendar, date_of, day_number};
use jiff::Timestamp;
use jiff::civil::Date;

impl WorkingCalendar {
    /// The office time of one working day, in microseconds.
    #[must_use]
    pub fn office_day(&self) -> i64 {
        self.parts.hours.iter().copied().map(length).sum()
    }

    /// Office time from the first Monday of 1970 to the moment, in microseconds. Never falls as time passes, and stands
    /// still while no office is open. The hours of a day last as long as the clocks say, also where those are changed.
    #[must_use]
    pub fn office_time(&self, moment: Timestamp) -> i64 {
        let day = day_number(self.zone.to_datetime(moment).date());
        let today = match self.works(day) {
            true => self.parts.hours.iter().map(|hours| self.passed(date_of(day), *hours, moment)).sum(),
            false => 0,
        };
        self.working_days_before(day) * self.office_day() + today
    }

    /// The first moment by which so much office time has passed: at the end of a day's hours it is that evening and not
    /// the next morning.
    #[must_use]
    pub fn when_passed(&self, office_time: i64) -> Timestamp {
        let day_length = self.office_day().max(1);
        let number = (office_time - 1).div_euclid(day_length);
        let mut left = office_time - number * day_length;
        let date = date_of(self.working_day(number));
        for hours in &self.parts.hours {
            if left <= length(*hours) {
                return self.moment(date, hours.open_s).checked_add(jiff::SignedDuration::from_micros(left)).unwrap_or(Timestamp::MAX);
            }
            left -= length(*hours);
        }
        self.close_of(date)
    }

    /// When the offices close for the day.
    pub(super) fn close_of(&self, date: Date) -> Timestamp {
        self.moment(date, self.parts.hours.last().map_or(0, |hours| hours.close_s))
    }

    /// The moment itself if an office is open then or closes, else when the next one opens.
    pub(super) fn when_open(&self, moment: Timestamp) -> Timestamp {
        let mut date = self.zone.to_datetime(moment).date();
        loop {
            if self.is_working_day(date) {
                let next = self.parts.hours.iter().find(|hours| moment <= self.moment(date, hours.close_s));
                if let Some(hours) = next {
                    return moment.max(self.moment(date, hours.open_s));
                }
            }
            match date.tomorrow() {
                Ok(tomorrow) => date = tomorrow,
                Err(_) => return moment,
            }
        }
    }

    /// The moment itself while an office is open, else when the next one opens. When one closes it is no longer open.
    #[must_use]
    pub fn next_open(&self, moment: Timestamp) -> Timestamp {
        let Ok(after) = moment.checked_add(jiff::SignedDuration::from_micros(1)) else { return moment };
        let open = self.when_open(after);
        if open == after { moment } else { open }
    }

    /// How much of the hours of a day has passed by the moment.
    fn passed(&self, date: Date, hours: Hours, moment: Timestamp) -> i64 {
        let (open, close) = (self.moment(date, hours.open_s), self.moment(date, hours.close_s));
        if moment >= close {
            return length(hours);
        }
        (moment.as_microsecond() - open.as_microsecond()).clamp(0, length(hours))
    }

    /// When the clocks show so many seconds since midnight; 24 h is the next midnight. Where they show it twice, the
    /// first time, and where they skip it, when they are put forward.
    pub(super) fn moment(&self, date: Date, second: u32) -> Timestamp {
        let shown = date.at(0, 0, 0, 0).checked_add(jiff::SignedDuration::from_secs(second.into()));
        shown.ok().and_then(|shown| self.zone.to_ambiguous_timestamp(shown).compatible().ok()).unwrap_or(Timestamp::MAX)
    }
}

fn length(hours: Hours) -> i64 {
    i64::from(hours.close_s.saturating_sub(hours.open_s)) * SECOND
}
