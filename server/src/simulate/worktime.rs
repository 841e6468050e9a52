//! Working time: Monday to Friday, 07:00 to 11:30 and 13:00 to 17:00, laid end to end.

use super::local::LocalTime;

const MORNING_FROM_S: i64 = 7 * 3_600;
const MORNING_S: i64 = 16_200;
const AFTERNOON_FROM_S: i64 = 13 * 3_600;
const AFTERNOON_S: i64 = 14_400;
/// Seconds that an office is open on a working day.
pub(super) const OFFICE_DAY_S: i64 = MORNING_S + AFTERNOON_S;
/// 5 January 1970, a Monday, in days since the first of that month.
const FIRST_MONDAY: i64 = 4;

/// A moment of working time: seconds of office since the first Monday of 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WorkTime(i64);

impl WorkTime {
    /// So many office seconds into a day; a weekend's day stands for the Monday after it.
    pub(super) fn new(day: i64, office_s: i64) -> Self {
        let since = day - FIRST_MONDAY;
        let workday = since.div_euclid(7) * 5 + since.rem_euclid(7).min(5);
        Self(workday * OFFICE_DAY_S + office_s)
    }

    /// The first moment of office from `local` on.
    pub(super) fn at(local: LocalTime) -> Self {
        if local.is_weekend() {
            return Self::new(local.day, 0);
        }
        let morning = (local.second - MORNING_FROM_S).clamp(0, MORNING_S);
        let afternoon = (local.second - AFTERNOON_FROM_S).clamp(0, AFTERNOON_S);
        Self::new(local.day, morning + afternoon)
    }

    /// So much office time later.
    pub(super) fn after(self, office_s: i64) -> Self {
        Self(self.0 + office_s)
    }

    /// What the clock on the office's wall shows.
    pub(super) fn local(self) -> LocalTime {
        let office_s = self.0.rem_euclid(OFFICE_DAY_S);
        let second = if office_s < MORNING_S { MORNING_FROM_S + office_s } else { AFTERNOON_FROM_S + office_s - MORNING_S };
        LocalTime { day: self.day(0), second }
    }

    /// When the office closes, so many working days later.
    pub(super) fn end_of_day_after(self, workdays: i64) -> LocalTime {
        LocalTime { day: self.day(workdays), second: AFTERNOON_FROM_S + AFTERNOON_S }
    }

    fn day(self, workdays_later: i64) -> i64 {
        let workday = self.0.div_euclid(OFFICE_DAY_S) + workdays_later;
        FIRST_MONDAY + workday.div_euclid(5) * 7 + workday.rem_euclid(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_time_skips_nights_lunches_and_weekends() {
        // Friday, 13 March 2026, 16:00, and two hours of office later: Monday, 08:00.
        let friday = 20_525;
        assert_eq!(LocalTime { day: friday, second: 0 }.weekday(), 4);
        let late = WorkTime::new(friday, MORNING_S + 3 * 3_600);
        assert_eq!(late.local(), LocalTime { day: friday, second: 16 * 3_600 });
        assert_eq!(late.after(2 * 3_600).local(), LocalTime { day: friday + 3, second: 8 * 3_600 });
        assert_eq!(late.end_of_day_after(1), LocalTime { day: friday + 3, second: 17 * 3_600 });
        for (hour, wanted) in [(6, 7), (8, 8), (12, 13), (15, 15)] {
            let at = |hour: i64| LocalTime { day: friday, second: hour * 3_600 };
            assert_eq!(WorkTime::at(at(hour)).local(), at(wanted), "{hour}");
        }
        assert_eq!(WorkTime::at(LocalTime { day: friday, second: 20 * 3_600 }).local(), LocalTime { day: friday + 3, second: 7 * 3_600 });
        assert_eq!(WorkTime::new(friday + 1, 0).local(), LocalTime { day: friday + 3, second: 7 * 3_600 });
    }
}
