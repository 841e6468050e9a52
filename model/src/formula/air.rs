//! VN_AQI, Vietnam's index of the air's quality: Decision 1459/QĐ-TCMT of 12 November 2019, section 2 and its table 2.
//!
//! It owns break points, NowCast, and which data an index needs. It must never know stations or clocks: hourly means
//! come by how many hours back they are.
//!
//! Where the decision leaves a choice:
//! - For a weight of one half it writes NowCast as `Σ (1/2)^i·ci`, without dividing by the weights. With all twelve hours
//!   that differs by 0.02 % from the general form; with gaps it would halve what is measured. The general form is used.
//! - "Rounded to a whole number" is to the nearest, halves up. (Its own example rounds 59.35 to 60, and 65.4 to 65.)
//! - From the last break point on the index is 500.
//! - It asks a day's figures of no minimum of hours. Here three quarters are needed: 18 of 24 hourly means, and 6 of
//!   the 8 of an eight-hour mean.
//! - A concentration below zero, as sensors give it in clean air, counts as zero.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A pollutant of the index, in the order of the decision's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Pollutant {
    O3,
    Co,
    So2,
    No2,
    Pm10,
    Pm25,
}

/// For how long an index speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// The hour that has ended.
    Hour,
    /// The 24 hours that have ended; at 00:00 they are the day.
    Day,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wanted {
    /// The index itself, a whole number from 0 to 500.
    Index,
    /// Which pollutant made it: its place in the decision's table, from 1 for O3 to 6 for PM2.5.
    Pollutant,
}

/// Hourly means of one pollutant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Concentration {
    /// Of what.
    pub pollutant: Pollutant,
    /// The operand that gives them.
    pub operand: u16,
    /// What they must be multiplied by to be in µg/m³.
    pub factor: f64,
}

/// An index as a part of a formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AirQuality {
    /// For how long it speaks.
    pub span: Span,
    /// What is wanted.
    pub wanted: Wanted,
    /// What it is made from; a pollutant that a station doesn't measure is simply missing.
    pub from: Vec<Concentration>,
}

/// The index's levels.
const LEVELS: [f64; 8] = [0.0, 50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 500.0];
/// Break points of ozone's eight-hour mean; above the last one it isn't used.
const O3_8H: [f64; 6] = [0.0, 100.0, 120.0, 170.0, 210.0, 400.0];

/// How many hours NowCast weighs.
pub const NOWCAST_HOURS: u8 = 12;
const DAY_HOURS: u8 = 24;
/// Of how many hourly means a day's figure is made at least.
const DAY_NEEDS: usize = 18;
const LONG_HOURS: u8 = 8;
/// Of how many hourly means an eight-hour mean is made at least.
const LONG_NEEDS: usize = 6;

impl Pollutant {
    /// All of them, in the order of the decision's table.
    pub const ALL: [Self; 6] = [Self::O3, Self::Co, Self::So2, Self::No2, Self::Pm10, Self::Pm25];

    /// The name in formulas.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::O3 => "o3",
            Self::Co => "co",
            Self::So2 => "so2",
            Self::No2 => "no2",
            Self::Pm10 => "pm10",
            Self::Pm25 => "pm25",
        }
    }

    /// Whether it is dust: without one of these there is no index.
    #[must_use]
    pub fn is_dust(self) -> bool {
        matches!(self, Self::Pm10 | Self::Pm25)
    }

    /// Where the levels begin, in µg/m³: of hourly means, and of the daily mean of dust.
    fn break_points(self) -> [f64; 8] {
        match self {
            Self::O3 => [0.0, 160.0, 200.0, 300.0, 400.0, 800.0, 1_000.0, 1_200.0],
            Self::Co => [0.0, 10_000.0, 30_000.0, 45_000.0, 60_000.0, 90_000.0, 120_000.0, 150_000.0],
            Self::So2 => [0.0, 125.0, 350.0, 550.0, 800.0, 1_600.0, 2_100.0, 2_630.0],
            Self::No2 => [0.0, 100.0, 200.0, 700.0, 1_200.0, 2_350.0, 3_100.0, 3_850.0],
            Self::Pm10 => [0.0, 50.0, 150.0, 250.0, 350.0, 420.0, 500.0, 600.0],
            Self::Pm25 => [0.0, 25.0, 50.0, 80.0, 150.0, 250.0, 350.0, 500.0],
        }
    }

    /// The pollutant's index at a concentration in µg/m³, not rounded.
    #[must_use]
    pub fn index(self, concentration: f64) -> f64 {
        interpolated(&self.break_points(), concentration)
    }

    /// Of the hour that has ended, given hourly means in µg/m³ by how many hours back they are.
    fn hourly(self, hour: &dyn Fn(u8) -> Option<f64>) -> Option<f64> {
        let concentration = if self.is_dust() { nowcast(hour)? } else { hour(0)? };
        Some(self.index(concentration))
    }

    /// Of the 24 hours that have ended.
    fn daily(self, hour: &dyn Fn(u8) -> Option<f64>) -> Option<f64> {
        let hours: Vec<f64> = (0..DAY_HOURS).filter_map(hour).collect();
        if hours.len() < DAY_NEEDS {
            return None;
        }
        if self.is_dust() {
            return Some(self.index(mean(&hours)?));
        }
        let of_one_hour = self.index(hours.into_iter().reduce(f64::max)?);
        let of_eight = (self == Self::O3).then(|| eight_hours(hour)).flatten();
        Some(of_eight.map_or(of_one_hour, |index| index.max(of_one_hour)))
    }
}

/// The index of ozone's largest eight-hour mean of a day; `None` where there is no such mean, or where it is above the
/// last break point, from which on only the hourly one counts. The first means of a day begin on the day before.
fn eight_hours(hour: &dyn Fn(u8) -> Option<f64>) -> Option<f64> {
    let ending = |back: u8| {
        let hours: Vec<f64> = (back..back + LONG_HOURS).filter_map(hour).collect();
        if hours.len() < LONG_NEEDS { None } else { mean(&hours) }
    };
    let largest = (0..DAY_HOURS).filter_map(ending).reduce(f64::max)?;
    O3_8H.last().is_some_and(|last| largest <= *last).then(|| interpolated(&O3_8H, largest))
}

/// Σ w^(i−1)·ci / Σ w^(i−1) over the hours of the last twelve that have a mean, with w = max(cmin/cmax, 1/2); `None`
/// unless two of the last three have one.
#[must_use]
pub fn nowcast(hour: &dyn Fn(u8) -> Option<f64>) -> Option<f64> {
    let hours: Vec<(u8, f64)> = (0..NOWCAST_HOURS).filter_map(|back| Some((back, hour(back)?.max(0.0)))).collect();
    if hours.iter().filter(|(back, _)| *back < 3).count() < 2 {
        return None;
    }
    let least = hours.iter().map(|(_, mean)| *mean).reduce(f64::min)?;
    let most = hours.iter().map(|(_, mean)| *mean).reduce(f64::max)?;
    let weight = if most > 0.0 { (least / most).max(0.5) } else { 1.0 };
    let weighed = |(back, mean): &(u8, f64)| {
        let weight = weight.powi(i32::from(*back));
        (weight * mean, weight)
    };
    let (sum, weights) = hours.iter().map(weighed).fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
    Some(sum / weights)
}

fn mean(values: &[f64]) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)]
    let count = values.len() as f64;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count)
}

/// Between the two levels whose break points the concentration lies between; 500 from the last one on.
fn interpolated(points: &[f64], concentration: f64) -> f64 {
    let concentration = concentration.max(0.0);
    let levels = points.iter().zip(LEVELS);
    let mut bands = levels.clone().zip(levels.clone().skip(1));
    let band = bands.find(|(_, (high, _))| concentration <= **high);
    band.map_or(500.0, |((low, from), (high, to))| (to - from) / (high - low) * (concentration - low) + from)
}

impl AirQuality {
    /// How many hours back it reads this operand.
    #[must_use]
    pub fn hours_back(&self, operand: u16) -> u8 {
        let back = |one: &Concentration| match (self.span, one.pollutant) {
            (Span::Hour, Pollutant::Pm10 | Pollutant::Pm25) => NOWCAST_HOURS - 1,
            (Span::Hour, _) => 0,
            (Span::Day, Pollutant::O3) => DAY_HOURS + LONG_HOURS - 2,
            (Span::Day, _) => DAY_HOURS - 1,
        };
        self.from.iter().filter(|one| one.operand == operand).map(back).max().unwrap_or(0)
    }

    /// Each pollutant's index, not rounded, as far as its data suffices; none without dust.
    #[must_use]
    pub fn indices(&self, operand: &dyn Fn(u16, u8) -> Option<f64>) -> Vec<(Pollutant, f64)> {
        let index = |one: &Concentration| {
            let hour = |back: u8| operand(one.operand, back).map(|mean| mean * one.factor);
            let index = match self.span {
                Span::Hour => one.pollutant.hourly(&hour),
                Span::Day => one.pollutant.daily(&hour),
            };
            Some((one.pollutant, index?))
        };
        let indices: Vec<(Pollutant, f64)> = self.from.iter().filter_map(index).collect();
        if indices.iter().any(|(pollutant, _)| pollutant.is_dust()) { indices } else { Vec::new() }
    }

    /// What is wanted; `None` when there is no index. Of several pollutants with the same index, the last of the table.
    pub(super) fn value(&self, operand: &dyn Fn(u16, u8) -> Option<f64>) -> Option<f64> {
        let by_index = |a: &(Pollutant, f64), b: &(Pollutant, f64)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
        let (pollutant, index) = self.indices(operand).into_iter().max_by(by_index)?;
        match self.wanted {
            Wanted::Index => Some(index.round()),
            Wanted::Pollutant => (1_u8..).zip(Pollutant::ALL).find(|(_, one)| *one == pollutant).map(|(place, _)| place.into()),
        }
    }
}

#[cfg(test)]
mod tests;
