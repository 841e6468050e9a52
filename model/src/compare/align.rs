//! Which moment a reading is compared with, by the clocks and the calendar of the city.
//!
//! It must never look at a value: two moments are alike or not, whatever was measured.

use super::Against;
use crate::Kpi;
use crate::kpi::{Period, Window};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const DAY_S: u32 = 86_400;
/// Windows from here on hold every weekday four times, so a year's same date is as good as its same weekday.
const MONTH_S: u32 = 28 * DAY_S;
/// A level has no period; it is compared with this long before.
const LEVEL_S: u32 = 3600;
/// Life in the city follows the lunar new year from so many days before its first day …
const DAYS_BEFORE: i32 = 14;
/// … to so many days after.
const DAYS_AFTER: i32 = 15;

/// By what two moments are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alignment {
    /// The same point of a period, or so many whole windows apart.
    Period,
    /// The same time of day.
    Clock,
    /// The same time of the same weekday.
    Weekday,
    /// The same date.
    Date,
    /// The same time of as many days from the lunar new year.
    NewYear,
}

/// The moment that one is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aligned {
    /// A grid instant of the KPI.
    pub time: Timestamp,
    /// By what it is alike.
    pub by: Alignment,
    /// Whether one of the two lies around the lunar new year and the other does not.
    pub is_unlike: bool,
}

/// What the city's calendar says.
#[derive(Debug, Clone, Copy)]
pub struct Dates<'a> {
    /// The city's zone.
    pub zone: &'a TimeZone,
    /// The first days of lunar years, in any order; empty where the city does not keep them.
    pub new_years: &'a [Date],
}

/// The moment that a reading at `at`, a grid instant, is compared with. `None` beyond the calendar's ends.
#[must_use]
pub fn aligned(kpi: &Kpi, against: Against, at: Timestamp, dates: &Dates<'_>) -> Option<Aligned> {
    let (time, by) = match against {
        Against::Previous => (previous(kpi, at, dates.zone)?, Alignment::Period),
        Against::Yesterday => (back(at, 1.day(), dates.zone)?, Alignment::Clock),
        Against::LastWeek => (back(at, 7.days(), dates.zone)?, Alignment::Weekday),
        Against::LastYear => last_year(kpi, at, dates)?,
    };
    let time = kpi.last_instant(time)?;
    let is_unlike = matches!(by, Alignment::Weekday) && dates.offset(at).is_some() != dates.offset(time).is_some();
    Some(Aligned { time, by, is_unlike })
}

impl Dates<'_> {
    /// The first day of the lunar year that the moment lies around, and how many days after it the moment is. The moment
    /// is the one just before `at`: what is read at midnight tells of the day that has ended.
    fn offset(&self, at: Timestamp) -> Option<(Date, i32)> {
        let day = self.zone.to_datetime(at.checked_sub(SignedDuration::from_micros(1)).ok()?).date();
        let days = |first: Date| (day - first).get_days();
        let found = self.new_years.iter().copied().find(|first| (-DAYS_BEFORE..=DAYS_AFTER).contains(&days(*first)))?;
        Some((found, days(found)))
    }

    /// The first day of the lunar year before the one that begins on `first`.
    fn before(&self, first: Date) -> Option<Date> {
        self.new_years.iter().copied().filter(|other| (300..=400).contains(&(first - *other).get_days())).max()
    }
}

fn previous(kpi: &Kpi, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    match kpi.window() {
        // An hour is one by any clock, also where the clocks are changed.
        Window::Calendar(Period::Hour) => before(at, 3600),
        Window::Calendar(Period::Day) => back(at, 1.day(), zone),
        Window::Calendar(Period::Week) => back(at, 7.days(), zone),
        Window::Calendar(Period::Month) => back(at, 1.month(), zone),
        Window::Calendar(Period::Year) => back(at, 1.year(), zone),
        Window::Sliding(0) => before(at, LEVEL_S.max(kpi.every_s)),
        Window::Sliding(length_s) if length_s.is_multiple_of(DAY_S) => back(at, i64::from(length_s / DAY_S).days(), zone),
        Window::Sliding(length_s) => before(at, length_s.max(kpi.every_s)),
    }
}

fn last_year(kpi: &Kpi, at: Timestamp, dates: &Dates<'_>) -> Option<(Timestamp, Alignment)> {
    let length_s = kpi.window().longest_s().max(kpi.every_s);
    if length_s >= MONTH_S {
        return Some((back(at, 1.year(), dates.zone)?, Alignment::Date));
    }
    if let Some((first, _)) = dates.offset(at)
        && let Some(other) = dates.before(first)
    {
        return Some((back(at, i64::from((first - other).get_days()).days(), dates.zone)?, Alignment::NewYear));
    }
    Some((back(at, 364.days(), dates.zone)?, Alignment::Weekday))
}

/// So long before by the clocks of the zone; of a time that they skip the one that they jump to.
fn back(at: Timestamp, span: Span, zone: &TimeZone) -> Option<Timestamp> {
    let then = zone.to_datetime(at).checked_sub(span).ok()?;
    zone.to_ambiguous_timestamp(then).compatible().ok()
}

fn before(at: Timestamp, seconds: u32) -> Option<Timestamp> {
    at.checked_sub(SignedDuration::from_secs(seconds.into())).ok()
}
