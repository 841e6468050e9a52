//! The working calendar: which days are worked, when offices are open on them, and how long each sort of case may take.
//!
//! It knows the days that it was given and no rule by which governments choose them. It must never ask what day it is.

mod allowance;
pub mod deadline;
mod office;
#[cfg(test)]
mod tests;

pub use allowance::{Allowance, AllowanceTable, Measured};

use crate::Text;
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;
/// Working days are counted from this Monday.
const FIRST_MONDAY: Date = date(1970, 1, 5);

/// Days on which a usual working day is not worked, such as Tết.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// What the same holiday of another year is called as well, such as `tet`.
    pub id: String,
    /// What people call it.
    pub name: Text,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

/// A usual working day that is not worked, and the day that is worked instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// The day off.
    pub off: Date,
    /// The day worked for it, such as a Saturday.
    pub on: Date,
}

/// A time for which offices are open on every working day, in seconds since midnight by the clocks on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// When they open.
    pub open_s: u32,
    /// When they close.
    pub close_s: u32,
}

/// What a working calendar is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarParts {
    /// What names this content; stored with every deadline that it resolves.
    pub version: String,
    /// The IANA name of the zone.
    pub zone: String,
    /// The weekdays that are usually worked.
    pub weekdays: Vec<Weekday>,
    /// When offices are open, in order and without overlap.
    pub hours: Vec<Hours>,
    /// The first and the last year whose holidays it knows. In other years it knows only weekdays.
    pub years: (i16, i16),
    /// Days off.
    pub holidays: Vec<Holiday>,
    /// Days worked for others.
    pub swaps: Vec<Swap>,
    /// How long cases may take that come without a deadline.
    pub allowances: Vec<AllowanceTable>,
}

/// A working calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkingCalendar {
    parts: CalendarParts,
    zone: TimeZone,
    /// By weekday from Monday: whether it is usually worked.
    usual: [bool; 7],
    /// The days that are not as usual, in order, with how many working days all of them up to and including this one add.
    exceptions: Vec<Exception>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    day: i64,
    works: bool,
    /// Working days that the exceptions up to this one add to the usual ones; negative where they take away.
    added: i64,
}

impl WorkingCalendar {
    /// The calendar made of these parts; `None` when the zone is unknown, or no time is ever worked.
    #[must_use]
    pub fn new(parts: CalendarParts) -> Option<Self> {
        let zone = TimeZone::get(&parts.zone).ok()?;
        let mut usual = [false; 7];
        for weekday in &parts.weekdays {
            *usual.get_mut(usize::try_from(weekday.to_monday_zero_offset()).ok()?)? = true;
        }
        let works = usual.contains(&true) && parts.hours.iter().any(|hours| hours.open_s < hours.close_s);
        let mut calendar = Self { parts, zone, usual, exceptions: Vec::new() };
        calendar.exceptions = calendar.find_exceptions();
        works.then_some(calendar)
    }

    /// What it is made of.
    #[must_use]
    pub fn parts(&self) -> &CalendarParts {
        &self.parts
    }

    /// What names its content.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.parts.version
    }

    /// Whether the day is worked.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> bool {
        self.works(day_number(date))
    }

    /// The holiday that the day belongs to, whether or not it would be worked without it.
    #[must_use]
    pub fn holiday(&self, date: Date) -> Option<&Holiday> {
        self.parts.holidays.iter().find(|holiday| holiday.from <= date && date <= holiday.to)
    }

    /// Whether the year's holidays are known.
    #[must_use]
    pub fn knows(&self, date: Date) -> bool {
        (self.parts.years.0..=self.parts.years.1).contains(&date.year())
    }

    /// The days that the parts make other than usual: a day that is worked for another is worked, whatever else it is.
    fn find_exceptions(&self) -> Vec<Exception> {
        let mut days: Vec<(i64, bool)> = Vec::new();
        for holiday in &self.parts.holidays {
            days.extend((day_number(holiday.from)..=day_number(holiday.to)).map(|day| (day, false)));
        }
        days.extend(self.parts.swaps.iter().flat_map(|swap| [(day_number(swap.off), false), (day_number(swap.on), true)]));
        // Worked comes first, and `dedup_by_key` keeps the first.
        days.sort_by_key(|(day, works)| (*day, !works));
        days.dedup_by_key(|(day, _)| *day);
        days.retain(|(day, works)| self.usually_works(*day) != *works);
        let mut added = 0;
        let exception = |(day, works): (i64, bool)| {
            added += if works { 1 } else { -1 };
            Exception { day, works, added }
        };
        days.into_iter().map(exception).collect()
    }

    fn usually_works(&self, day: i64) -> bool {
        usize::try_from(day.rem_euclid(7)).is_ok_and(|weekday| self.usual.get(weekday).is_some_and(|works| *works))
    }

    fn works(&self, day: i64) -> bool {
        match self.exceptions.binary_search_by_key(&day, |exception| exception.day) {
            Ok(at) => self.exceptions.get(at).is_some_and(|exception| exception.works),
            Err(_) => self.usually_works(day),
        }
    }

    /// How many working days lie before the day, counted from the first Monday of 1970; negative before that.
    fn working_days_before(&self, day: i64) -> i64 {
        let count = |days: &[bool]| days.iter().map(|works| i64::from(*works)).sum::<i64>();
        let begun = usize::try_from(day.rem_euclid(7)).map_or(0, |days| count(self.usual.get(..days).unwrap_or_default()));
        let added = self.added_before(day) - self.added_before(0);
        day.div_euclid(7) * count(&self.usual) + begun + added
    }

    fn added_before(&self, day: i64) -> i64 {
        let before = self.exceptions.partition_point(|exception| exception.day < day);
        before.checked_sub(1).and_then(|last| self.exceptions.get(last)).map_or(0, |exception| exception.added)
    }

    /// The working day before which so many lie.
    fn working_day(&self, number: i64) -> i64 {
        let per_week = self.usual.iter().map(|works| i64::from(*works)).sum::<i64>().max(1);
        let usual = number.div_euclid(per_week) * 7;
        // No exception can move a day by more than a week for each exception.
        let reach = 7 * (i64::try_from(self.exceptions.len()).unwrap_or(0) + 2);
        let (mut low, mut high) = (usual - reach, usual + reach);
        // The last day before which at most `number` lie: it is worked, or the count would not rise after it.
        while low < high {
            let middle = low + (high - low + 1) / 2;
            if self.working_days_before(middle) <= number {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }
}

/// Days since the first Monday of 1970.
fn day_number(date: Date) -> i64 {
    // Differences of civil dates in days always fit.
    (date - FIRST_MONDAY).get_days().into()
}

/// The day with this number; beyond the calendar's ends, its end.
fn date_of(day: i64) -> Date {
    let end = if day < 0 { Date::MIN } else { Date::MAX };
    i32::try_from(day).ok().and_then(|days| FIRST_MONDAY.checked_add(jiff::Span::new().try_days(days).ok()?).ok()).unwrap_or(end)
}
