//! Baselines: the band in which a figure usually lies at an hour of the week.
//!
//! A band is three numbers for each of the week's 168 hours in the city's zone: the median, and from it three scaled median
//! absolute deviations down and up, each of its own side, so that lopsided figures have lopsided bands. It must never
//! guess: an hour of which fewer than three weeks are known has no band.

use crate::kpi::{Period, Window};
use crate::median::{NORMAL, median};
use crate::{Kpi, KpiId, Scope};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Hours of a week.
pub const SLOTS: usize = 168;
/// The most hours in one answer: a leap year's.
pub const MAX_HOURS: u32 = 366 * 24;
/// How many deviations the band reaches to each side. Of normally distributed values 99.7 % lie within.
const REACH: f64 = 3.0;
/// An hour of the week is known from so many weeks on.
const LEAST_WEEKS: usize = 3;
const HOUR_S: i64 = 3600;

/// Where a figure usually lies, in the KPI's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Below is unusual.
    pub low: f64,
    /// Half of the values lie below.
    pub middle: f64,
    /// Above is unusual.
    pub high: f64,
}

/// A band for each hour of the week that is known, Monday's first hour first.
#[derive(Debug, Clone, PartialEq)]
pub struct Slots(pub Vec<Option<Band>>);

/// A baseline as it was made. It never changes; a newer one has a higher version.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// Its number, from 1.
    pub version: i32,
    /// When it was made.
    pub made_at: Timestamp,
    /// The version of the KPI's definition that the readings were of.
    pub definition: String,
    /// The first moment of the readings that it was made from …
    pub from: Timestamp,
    /// … and the last.
    pub to: Timestamp,
    /// The bands.
    pub slots: Slots,
}

/// `GET /api/v1/kpis/{id}/baseline?scope&from&to[&version]`: the band over a stretch of time; `null` while there is none yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BaselinePage {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// The baseline's version: the same question with this version is answered the same for ever.
    pub version: i32,
    /// When it was made.
    pub made_at: Timestamp,
    /// The version of the KPI's definition that it was made of.
    pub definition: String,
    /// The first moment of the readings that it was made from …
    pub learned_from: Timestamp,
    /// … and the last.
    pub learned_to: Timestamp,
    /// The band, hour by hour; an hour that is not known is left out.
    pub points: Vec<BandPoint>,
}

/// The band of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BandPoint {
    /// When the hour begins.
    pub time: Timestamp,
    /// Below is unusual.
    pub low: f64,
    /// Half of the values lie below.
    pub middle: f64,
    /// Above is unusual.
    pub high: f64,
}

/// The same answer as a chart reads it, which has no use for the rest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BandNotes {
    /// The band, hour by hour.
    pub points: Vec<BandPoint>,
}

/// `POST /api/v1/kpis/{id}/baseline?scope`: what was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BaselineMade {
    /// Its version.
    pub version: i32,
    /// Readings that it was made from.
    pub readings: usize,
    /// Hours of the week that are known, of 168.
    pub hours: usize,
}

/// By which days the city lives: its zone, and its holidays, which are like Sundays.
#[derive(Clone, Copy)]
pub struct Season<'a> {
    /// The city's zone.
    pub zone: &'a TimeZone,
    /// Whether a day is a public holiday.
    pub is_holiday: &'a dyn Fn(Date) -> bool,
}

impl std::fmt::Debug for Season<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Season").field("zone", self.zone).finish_non_exhaustive()
    }
}

impl Season<'_> {
    /// The day and the hour that a reading tells of: those of the moment just before it.
    fn hour(&self, at: Timestamp) -> (Date, usize) {
        let shown = self.zone.to_datetime(at.saturating_sub(SignedDuration::from_micros(1)).unwrap_or(at));
        (shown.date(), usize::try_from(shown.hour()).unwrap_or(0))
    }

    /// The hour of the week; on a holiday Sunday's.
    fn slot(&self, date: Date, hour: usize) -> usize {
        let day = if (self.is_holiday)(date) { Weekday::Sunday } else { date.weekday() };
        usize::try_from(day.to_monday_zero_offset()).unwrap_or(0) * 24 + hour
    }
}

/// Whether a figure can have an hour of the week: what covers more than a week is the same at all of them.
#[must_use]
pub fn has_season(kpi: &Kpi) -> bool {
    const WEEK_S: u32 = 7 * 86_400;
    let is_short = match kpi.window() {
        Window::Sliding(length_s) => length_s < WEEK_S,
        Window::Calendar(period) => period <= Period::Week,
    };
    is_short && kpi.every_s < WEEK_S
}

impl Slots {
    /// The bands of a figure's readings, in any order. Holidays are left out: there are too few of a kind, and they would
    /// make an ordinary day's band wide. `half_step` is half of the last digit that is shown, which a band is never
    /// narrower than.
    #[must_use]
    pub fn learn(readings: impl IntoIterator<Item = (Timestamp, f64)>, season: &Season<'_>, half_step: f64) -> Self {
        let mut hours: Vec<(Vec<f64>, BTreeSet<Date>)> = vec![Default::default(); SLOTS];
        for (at, value) in readings {
            let (date, hour) = season.hour(at);
            if (season.is_holiday)(date) || !value.is_finite() {
                continue;
            }
            if let Some((values, days)) = hours.get_mut(season.slot(date, hour)) {
                values.push(value);
                days.insert(date);
            }
        }
        let least = hours.iter().flat_map(|(values, _)| values).copied().fold(f64::INFINITY, f64::min);
        let known = |(mut values, days): (Vec<f64>, BTreeSet<Date>)| {
            (days.len() >= LEAST_WEEKS).then(|| band(&mut values, half_step, least)).flatten()
        };
        Self(hours.into_iter().map(known).collect())
    }

    /// The band that a reading at a moment is to be seen in.
    #[must_use]
    pub fn at(&self, time: Timestamp, season: &Season<'_>) -> Option<Band> {
        let (date, hour) = season.hour(time);
        self.0.get(season.slot(date, hour)).copied().flatten()
    }

    /// How many hours of the week are known.
    #[must_use]
    pub fn known(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// The bands between two moments, hour by hour, beginning with the hour that `from` lies in.
    #[must_use]
    pub fn points(&self, from: Timestamp, to: Timestamp, season: &Season<'_>) -> Vec<BandPoint> {
        let mut points = Vec::new();
        // Offsets of zones are whole quarters of an hour: so are the beginnings of their hours.
        let offset = i64::from(season.zone.to_offset(from).seconds());
        let mut hour = (from.as_second() + offset).div_euclid(HOUR_S) * HOUR_S - offset;
        while hour < to.as_second() {
            let Ok(time) = Timestamp::from_second(hour) else { break };
            // A reading within the hour, not the one at its very beginning, which tells of the hour before.
            let within = time.saturating_add(SignedDuration::from_secs(1)).unwrap_or(time);
            points.extend(self.at(within, season).map(|Band { low, middle, high }| BandPoint { time, low, middle, high }));
            hour += HOUR_S;
        }
        points
    }
}

/// A figure that was never negative has no band below zero.
fn band(values: &mut [f64], half_step: f64, least: f64) -> Option<Band> {
    let middle = median(values)?;
    let reach = |is_own: &dyn Fn(f64) -> bool| {
        let mut off: Vec<f64> = values.iter().filter(|value| is_own(**value)).map(|value| (value - middle).abs()).collect();
        REACH * (NORMAL * median(&mut off).unwrap_or(0.0)).max(half_step)
    };
    let low = middle - reach(&|value| value <= middle);
    let high = middle + reach(&|value| value >= middle);
    Some(Band { low: if least >= 0.0 { low.max(0.0) } else { low }, middle, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Hourly readings of so many weeks from Monday, 2 March 2026: the hour of the day, and a wild one each Tuesday at 10.
    fn hourly(weeks: i64) -> Vec<(Timestamp, f64)> {
        let start = at("2026-03-02T00:00+07");
        let value =
            |hour: i64| if hour % 168 == 34 && hour / 168 == 1 { 1e6 } else { 100.0 + f64::from(i32::try_from(hour % 24).unwrap()) };
        (0..weeks * 168).map(|hour| (start + SignedDuration::from_hours(hour) + SignedDuration::from_mins(30), value(hour))).collect()
    }

    fn vietnam(is_holiday: &dyn Fn(Date) -> bool, check: impl Fn(&Season<'_>)) {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        check(&Season { zone: &zone, is_holiday });
    }

    #[test]
    fn a_band_is_the_usual_of_its_hour_and_not_the_wild() {
        vietnam(&|_| false, |season| {
            let slots = Slots::learn(hourly(8), season, 0.05);
            assert_eq!(slots.known(), SLOTS);
            let band = slots.at(at("2026-05-05T10:30+07"), season).unwrap();
            assert_eq!(band, Band { low: 110.0 - 0.15, middle: 110.0, high: 110.0 + 0.15 });
            assert_eq!(slots.at(at("2026-05-05T10:00+07"), season).unwrap().middle, 109.0, "10:00 tells of the hour before it");
        });
    }

    #[test]
    fn each_side_has_its_own_width_and_counts_are_never_below_zero() {
        vietnam(&|_| false, |season| {
            let start = at("2026-03-02T08:30+07");
            let values = [1.0, 2.0, 2.0, 2.0, 4.0, 6.0, 8.0];
            let readings = values.iter().zip(0..).map(|(value, week): (_, i64)| (start + SignedDuration::from_hours(168 * week), *value));
            let band = Slots::learn(readings, season, 0.5).at(start, season).unwrap();
            assert_eq!((band.low, band.middle), (0.5, 2.0), "no narrower than what is shown");
            assert!((band.high - (2.0 + 3.0 * NORMAL * 1.0)).abs() < 1e-9, "{band:?}");
        });
    }

    #[test]
    fn two_weeks_are_not_enough() {
        vietnam(&|_| false, |season| assert_eq!(Slots::learn(hourly(2), season, 0.05).known(), 0));
    }

    #[test]
    fn a_holiday_is_like_a_sunday_and_teaches_nothing() {
        let holiday: Date = "2026-03-10".parse().unwrap();
        let mut readings = hourly(4);
        // Sundays are lower, and the holiday is odd.
        for (time, value) in &mut readings {
            let day = time.to_zoned(TimeZone::get("Asia/Ho_Chi_Minh").unwrap()).date();
            *value = if day == holiday {
                9999.0
            } else if day.weekday() == Weekday::Sunday {
                20.0
            } else {
                100.0
            };
        }
        vietnam(&|date| date == holiday, |season| {
            let slots = Slots::learn(readings.clone(), season, 0.05);
            assert_eq!(slots.at(at("2026-03-10T08:30+07"), season).unwrap().middle, 20.0);
            assert_eq!(slots.at(at("2026-03-17T08:30+07"), season).unwrap().middle, 100.0);
            assert_eq!(slots.at(at("2026-03-17T08:30+07"), season).unwrap().high, 100.15, "three Tuesdays, without the odd one");
        });
    }

    #[test]
    fn points_begin_with_the_hour_and_leave_out_what_is_not_known() {
        vietnam(&|_| false, |season| {
            let monday = hourly(3).into_iter().filter(|(time, _)| season.hour(*time).0.weekday() == Weekday::Monday);
            let slots = Slots::learn(monday, season, 0.05);
            let points = slots.points(at("2026-04-06T22:20+07"), at("2026-04-07T02:00+07"), season);
            let times: Vec<_> = points.iter().map(|point| (point.time, point.middle)).collect();
            assert_eq!(times, [(at("2026-04-06T22:00+07"), 122.0), (at("2026-04-06T23:00+07"), 123.0)]);
        });
    }
}
