//! How a figure was at each hour of each weekday: the means of its recorded readings.
//!
//! Must never fill an hour of which nothing was recorded.

use crate::calendar::Calendar;
use jiff::Timestamp;
use taydo_model::api::Point;

/// Hours of a day.
pub const HOURS: usize = 24;
/// Days of a week, from Monday.
pub const DAYS: usize = 7;

/// A week of hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// Sum and count of each hour, Monday's first hour first.
    cells: Vec<(f64, u32)>,
}

impl Default for Hours {
    fn default() -> Self {
        Self { cells: vec![(0.0, 0); DAYS * HOURS] }
    }
}

impl Hours {
    /// Adds readings. A reading tells of the time before its instant, so the one at 08:00 belongs to the hour from seven on.
    pub fn add(&mut self, points: &[Point], calendar: &Calendar) {
        for point in points {
            let Some(value) = point.value else { continue };
            let before = Timestamp::from_millisecond(point.time.as_millisecond() - 1).unwrap_or(point.time);
            let civil = calendar.civil(before);
            let day = usize::try_from(civil.date().weekday().to_monday_zero_offset()).unwrap_or(0);
            let hour = usize::try_from(civil.hour()).unwrap_or(0);
            if let Some((sum, count)) = self.cells.get_mut(day * HOURS + hour) {
                *sum += value;
                *count += 1;
            }
        }
    }

    /// The mean of an hour of a day; `None` where nothing was recorded.
    #[must_use]
    pub fn mean(&self, day: usize, hour: usize) -> Option<f64> {
        let (sum, count) = self.cells.get(day * HOURS + hour).copied()?;
        (count > 0).then(|| sum / f64::from(count))
    }

    /// The smallest and the largest mean.
    #[must_use]
    pub fn ends(&self) -> Option<(f64, f64)> {
        let means = (0..DAYS).flat_map(|day| (0..HOURS).filter_map(move |hour| self.mean(day, hour)));
        let (low, high) = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mean| (low.min(mean), high.max(mean)));
        (low <= high).then_some((low, high))
    }
}

/// The stretches of time to be asked for one after the other, in Unix seconds, the newest first: no answer holds more than
/// `most` readings of one every `every_s` seconds.
#[must_use]
pub fn pieces(now_s: i64, days: u16, every_s: u32, most: u32) -> Vec<(i64, i64)> {
    let piece_s = (i64::from(every_s) * i64::from(most.saturating_sub(1))).max(3_600);
    let start = now_s - i64::from(days) * 86_400;
    let mut pieces = Vec::new();
    let mut end = now_s;
    while end > start {
        let from = (end - piece_s).max(start);
        pieces.push((from, end));
        end = from;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::Quality;

    fn point(time: &str, value: Option<f64>) -> Point {
        Point { time: time.parse().unwrap(), value, quality: Quality::Good }
    }

    #[test]
    fn a_reading_counts_for_the_hour_that_it_tells_of_in_the_citys_time() {
        let calendar = Calendar::new(|_| 7 * 3_600);
        let mut hours = Hours::default();
        // 2026-03-02 is a Monday; 01:00 UTC is eight o'clock in the city.
        hours.add(
            &[
                point("2026-03-02T01:00:00Z", Some(10.0)),
                point("2026-03-02T00:30:00Z", Some(20.0)),
                point("2026-03-02T01:01:00Z", Some(99.0)),
                point("2026-03-01T17:00:00Z", Some(5.0)),
                point("2026-03-02T03:00:00Z", None),
            ],
            &calendar,
        );
        assert_eq!((hours.mean(0, 7), hours.mean(0, 8), hours.mean(6, 23), hours.mean(0, 9)), (Some(15.0), Some(99.0), Some(5.0), None));
        assert_eq!(hours.ends(), Some((5.0, 99.0)));
        assert_eq!(Hours::default().ends(), None);
    }

    #[test]
    fn the_pieces_cover_the_days_and_none_is_too_long() {
        let pieces = pieces(1_000_000, 7, 60, 5_000);
        assert_eq!(pieces.first().map(|piece| piece.1), Some(1_000_000));
        assert_eq!(pieces.last().map(|piece| piece.0), Some(1_000_000 - 7 * 86_400));
        assert!(pieces.windows(2).all(|pair| pair[0].0 == pair[1].1));
        assert!(pieces.iter().all(|(from, to)| (to - from) / 60 < 5_000));
    }
}
