//! Scales: round numbers for a value axis, round local times for a time axis.
//!
//! Must never hide a value: a range always holds what it was made from.

/// Steps of a time axis, in seconds, and how its ticks are written.
const TIME_STEPS_S: [i64; 16] =
    [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000];

/// A value axis.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueAxis {
    /// Its lower end.
    pub from: f64,
    /// Its upper end.
    pub to: f64,
    /// Where it has a line and a number.
    pub ticks: Vec<f64>,
    /// How many decimals the numbers need to differ.
    pub decimals: u8,
}

/// An axis that holds `low..=high` and has about `count` ticks at 1, 2 or 5 times a power of ten. It begins at zero
/// when the values come near it, for a small change must not look like a large one.
#[must_use]
pub fn value_axis(low: f64, high: f64, count: u32) -> ValueAxis {
    let (mut low, mut high) = if low <= high && low.is_finite() && high.is_finite() { (low, high) } else { (0.0, 1.0) };
    if low >= 0.0 && low < 0.4 * high {
        low = 0.0;
    }
    if (high - low).abs() < f64::EPSILON * high.abs().max(1.0) {
        let room = if high == 0.0 { 1.0 } else { high.abs() * 0.1 };
        (low, high) = (low - room, high + room);
    }
    let step = round_step((high - low) / f64::from(count.max(2)));
    let (first, last) = ((low / step).floor(), (high / step).ceil());
    #[allow(clippy::cast_possible_truncation)]
    let ticks: Vec<f64> = (0..=((last - first) as i32).min(64)).map(|n| (first + f64::from(n)) * step).collect();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as u8;
    ValueAxis { from: first * step, to: last * step, ticks, decimals }
}

fn round_step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|one| one * power >= rough * 0.999).unwrap_or(10.0);
    step * power
}

/// The ticks of a time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeTicks {
    /// Unix times, in seconds.
    pub at: Vec<i64>,
    /// Whether they are days, to be written as dates.
    pub are_days: bool,
}

/// At most `count` round local times in `from..=to` (Unix seconds), where local time is `offset_s` ahead of UTC.
#[must_use]
pub fn time_ticks(from: i64, to: i64, offset_s: i64, count: i64) -> TimeTicks {
    let step = TIME_STEPS_S.into_iter().find(|step| (to - from) / step < count.max(2)).unwrap_or(2_592_000);
    let first = (from + offset_s).div_euclid(step) * step - offset_s;
    let at = (0..=count.clamp(2, 64) + 1).map(|n| first + n * step).filter(|at| (from..=to).contains(at)).collect();
    TimeTicks { at, are_days: step >= 86_400 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_axis_has_round_numbers_and_holds_its_values() {
        for (low, high, from, to, ticks, decimals) in [
            (27.3, 41.8, 25.0, 45.0, 5, 0),
            (3.0, 9.7, 0.0, 10.0, 6, 0),
            (0.0, 0.0, -1.0, 1.0, 5, 1),
            (50.0, 50.0, 44.0, 56.0, 7, 0),
            (-4.0, 4.0, -4.0, 4.0, 5, 0),
            (0.91, 0.94, 0.91, 0.94, 4, 2),
            (f64::NAN, 1.0, 0.0, 1.0, 6, 1),
        ] {
            let axis = value_axis(low, high, 5);
            let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
            assert!(close(axis.from, from) && close(axis.to, to), "{low}..{high}: {axis:?}");
            assert_eq!((axis.ticks.len(), axis.decimals), (ticks, decimals), "{low}..{high}: {axis:?}");
        }
    }

    #[test]
    fn time_ticks_are_round_in_the_citys_time() {
        let hour = 3_600;
        // 06:20 to 12:20 UTC, seven hours ahead: 14:00, 16:00, 18:00.
        let ticks = time_ticks(6 * hour + 1_200, 12 * hour + 1_200, 7 * hour, 4);
        assert_eq!(ticks, TimeTicks { at: vec![7 * hour, 9 * hour, 11 * hour], are_days: false });
        // Two days: midnights in the city are 17:00 UTC.
        let ticks = time_ticks(0, 4 * 86_400, 7 * hour, 5);
        assert_eq!(ticks, TimeTicks { at: (0..4).map(|day| day * 86_400 + 17 * hour).collect(), are_days: true });
    }
}
