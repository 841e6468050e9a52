//! The city's days: its zone, its public holidays, and the first days of its lunar years, as comparisons and baselines
//! want them.
//!
//! It must never know a holiday by itself: the city's files say which there are.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use taydo_model::Definitions;
use taydo_model::baseline::Season;
use taydo_model::compare::Dates;

/// A city's days.
#[derive(Debug, Clone)]
pub struct Days {
    zone: TimeZone,
    new_years: Vec<Date>,
    holidays: Vec<(Date, Date)>,
}

impl Days {
    /// The days of a city.
    #[must_use]
    pub fn of(definitions: &Definitions) -> Self {
        Self { zone: definitions.city.time_zone(), new_years: Vec::new(), holidays: Vec::new() }
    }

    /// The city's zone.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What comparisons go by.
    #[must_use]
    pub fn dates(&self) -> Dates<'_> {
        Dates { zone: &self.zone, new_years: &self.new_years }
    }

    /// Whether a day is a public holiday.
    #[must_use]
    pub fn is_holiday(&self, day: Date) -> bool {
        self.holidays.iter().any(|(first, last)| *first <= day && day <= *last)
    }

    /// Does something with what baselines go by.
    pub fn in_season<T>(&self, act: impl FnOnce(&Season<'_>) -> T) -> T {
        act(&Season { zone: &self.zone, is_holiday: &|day| self.is_holiday(day) })
    }
}
