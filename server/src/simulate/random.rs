//! Repeatable chance: numbers that depend on a seed and on what they are for, and on nothing else.
//!
//! Nothing here keeps state: asking twice gives the same number, in any order, so that history and live data of one
//! seed are one and the same. It must never be used where someone could gain by guessing.

/// A seed, narrowed step by step to what a number is for: `seed.of("ql91-03").with(day).unit()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seed(u64);

/// The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Seed {
    pub(super) fn new(number: u64) -> Self {
        Self(mix(number.wrapping_add(0x9e37_79b9_7f4a_7c15)))
    }

    /// The seed for the thing of this name.
    pub(super) fn of(self, name: &str) -> Self {
        name.bytes().fold(self, |seed, byte| seed.with(u64::from(byte)))
    }

    /// The seed for the thing of this number.
    pub(super) fn with(self, number: u64) -> Self {
        Self(mix(self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number).wrapping_add(1)))
    }

    /// The seed for this day.
    pub(super) fn day(self, day: i64) -> Self {
        self.with(day.cast_unsigned())
    }

    /// Uniform in [0, 1).
    pub(super) fn unit(self) -> f64 {
        // The upper 53 bits are as many as a double can hold exactly.
        (mix(self.0) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub(super) fn between(self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..count; 0 when there is nothing to choose from.
    pub(super) fn below(self, count: usize) -> usize {
        (self.unit() * count as f64) as usize
    }

    /// Standard normal, by Box and Muller.
    pub(super) fn normal(self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.with(1).unit()).cos()
    }

    /// Poisson with this mean, by Knuth's product; means here are well below 100.
    pub(super) fn poisson(self, mean: f64) -> u32 {
        let limit = (-mean).exp();
        let mut product = 1.0;
        let mut count = 0;
        while count < 1_000 {
            product *= self.with(u64::from(count)).unit();
            if product <= limit {
                break;
            }
            count += 1;
        }
        count
    }

    /// A smooth line through random points `period_s` apart, in [−1, 1].
    pub(super) fn wave(self, second: i64, period_s: i64) -> f64 {
        let knot = second.div_euclid(period_s);
        let along = second.rem_euclid(period_s) as f64 / period_s as f64;
        let eased = along * along * (3.0 - 2.0 * along);
        let (a, b) = (self.day(knot).unit(), self.day(knot + 1).unit());
        2.0 * (a + (b - a) * eased) - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_repeatable_and_spread() {
        let seed = Seed::new(7);
        assert_eq!(seed.of("a").with(3), seed.of("a").with(3));
        assert_ne!(seed.of("ab"), seed.of("ba"));
        let many = |draw: fn(Seed) -> f64| (0..20_000).map(|n| draw(seed.with(n))).sum::<f64>() / 20_000.0;
        assert!((many(Seed::unit) - 0.5).abs() < 0.01);
        assert!(many(Seed::normal).abs() < 0.03);
        assert!((many(|s| s.normal().powi(2)) - 1.0).abs() < 0.05);
        assert!((many(|s| f64::from(s.poisson(30.0))) - 30.0).abs() < 0.2);
    }

    #[test]
    fn a_wave_does_not_jump() {
        let seed = Seed::new(1);
        for second in 0..5_000 {
            let step = (seed.wave(second + 1, 600) - seed.wave(second, 600)).abs();
            assert!(step < 0.01, "{second}: {step}");
        }
    }
}
