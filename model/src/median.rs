//! Medians, and how far values lie from theirs: what the comparison's trend and the baseline rest on.
//!
//! It must never let a single wild value decide anything: half of the values may be wrong before a median is.

/// What the median absolute deviation of normally distributed values must be multiplied by to be their standard
/// deviation: 1 / Φ⁻¹(3/4).
pub const NORMAL: f64 = 1.482_602_218_505_602;

/// The median of finite values, which end up sorted; of an even number the mean of the middle two. `None` of none.
pub fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    values.get(middle.checked_sub(1)?).map(|lower| f64::midpoint(*lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0]), Some(3.0));
        assert_eq!(median(&mut [3.0, 1.0]), Some(2.0));
        assert_eq!(median(&mut [1e9, 1.0, 2.0]), Some(2.0));
    }
}
