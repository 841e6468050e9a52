//! A calendar's weeks: which days they have, and what of each shift lies in each day.
//!
//! Must never lose an instant: a day's pieces cover what the shifts cover of it.

use crate::calendar::Calendar;
use jiff::{Timestamp, civil::Date, tz::Offset};
use taydo_model::{PersonId, rota::Shift};

/// How many days are shown.
pub const DAYS: i64 = 28;

/// A day, by the city's clocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Its date.
    pub date: Date,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// What of a shift lies in a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece<'s> {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Who is on call; nobody in a gap.
    pub persons: &'s [PersonId],
}

/// The Monday of the week of an instant.
#[must_use]
pub fn monday(calendar: &Calendar, time: Timestamp) -> Date {
    let date = calendar.civil(time).date();
    later(date, -i64::from(date.weekday().to_monday_zero_offset()))
}

/// A date so many days later.
#[must_use]
pub fn later(date: Date, days: i64) -> Date {
    // By way of UTC, whose days are all of one length: the date's own arithmetic would weigh ten kilobytes.
    let moved =
        Offset::UTC.to_timestamp(date.at(12, 0, 0, 0)).ok().and_then(|noon| Timestamp::from_second(noon.as_second() + days * 86_400).ok());
    moved.map_or(date, |moved| Offset::UTC.to_datetime(moved).date())
}

/// The first instant of a date.
#[must_use]
pub fn midnight(calendar: &Calendar, date: Date) -> Option<Timestamp> {
    calendar.instant(date.at(0, 0, 0, 0))
}

/// The four weeks from a date on.
#[must_use]
pub fn days(calendar: &Calendar, first: Date) -> Vec<Day> {
    let day = |number| {
        let (date, next) = (later(first, number), later(first, number + 1));
        Some(Day { date, from: midnight(calendar, date)?, to: midnight(calendar, next)? })
    };
    (0..DAYS).filter_map(day).collect()
}

impl Day {
    /// What of the shifts lies in the day, in order.
    #[must_use]
    pub fn pieces<'s>(&self, shifts: &'s [Shift]) -> Vec<Piece<'s>> {
        let within = shifts.iter().filter(|shift| shift.from < self.to && shift.to > self.from);
        within.map(|shift| Piece { from: shift.from.max(self.from), to: shift.to.min(self.to), persons: &shift.persons }).collect()
    }

    /// How far an instant lies in the day, in thousandths of it.
    #[must_use]
    pub fn share(&self, at: Timestamp) -> i64 {
        let length = (self.to.as_second() - self.from.as_second()).max(1);
        ((at.as_second() - self.from.as_second()) * 1000 / length).clamp(0, 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_shift_lies_in_two_days_and_nothing_is_lost() {
        let calendar = Calendar::new(|_| 7 * 3600);
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let first = monday(&calendar, at("2026-03-04T20:00:00Z"));
        assert_eq!(first.to_string(), "2026-03-02");
        let days = days(&calendar, first);
        assert_eq!((days.len(), days[0].from, days[27].to), (28, at("2026-03-01T17:00:00Z"), at("2026-03-29T17:00:00Z")));
        let an = PersonId::new("an").unwrap();
        let shifts = [
            Shift { from: at("2026-03-01T11:00:00Z"), to: at("2026-03-02T11:00:00Z"), persons: vec![an.clone()] },
            Shift { from: at("2026-03-02T11:00:00Z"), to: at("2026-03-02T23:00:00Z"), persons: vec![] },
        ];
        let pieces = days[0].pieces(&shifts);
        let shares: Vec<_> = pieces.iter().map(|piece| (days[0].share(piece.from), days[0].share(piece.to), piece.persons.len())).collect();
        assert_eq!(shares, [(0, 750, 1), (750, 1000, 0)]);
        assert_eq!(days[1].pieces(&shifts).iter().map(|piece| days[1].share(piece.to)).collect::<Vec<_>>(), [250]);
        assert!(days[2].pieces(&shifts).is_empty());
    }
}
