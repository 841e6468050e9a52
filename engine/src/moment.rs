//! Moments as whole microseconds since the Unix epoch, which is what the store keeps, and steps of a grid.
//!
//! Everything that `jiff` can express fits with room for any 32-bit number of seconds, so sums of a moment and a few
//! such durations can't overflow. Nothing here may know what the moments are for.

use jiff::Timestamp;

/// One second.
pub(crate) const SECOND: i64 = 1_000_000;
/// One hour.
pub(crate) const HOUR: i64 = 3600 * SECOND;
/// Later than any moment, with room to add durations to it.
pub(crate) const NEVER: i64 = i64::MAX / 4;
/// Earlier than any moment, with room to subtract durations from it.
pub(crate) const ALWAYS: i64 = i64::MIN / 4;

pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// The moment as a timestamp; beyond what one can express, the nearest.
pub(crate) fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

pub(crate) fn seconds(seconds: u32) -> i64 {
    i64::from(seconds) * SECOND
}

/// The number of the last step at or before the moment.
pub(crate) fn step_floor(moment: i64, step: i64) -> i64 {
    moment.div_euclid(step)
}

/// The number of the first step at or after the moment.
pub(crate) fn step_ceil(moment: i64, step: i64) -> i64 {
    let floor = moment.div_euclid(step);
    if floor * step == moment { floor } else { floor + 1 }
}

/// The largest width that divides both.
pub(crate) fn common_width(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}
