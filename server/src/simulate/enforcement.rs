//! The model of a police post: what its cameras and patrols count in an hour.
//!
//! Everything follows from the seed, the post and the time. Nothing here knows how its numbers travel.

use super::local::{LocalTime, bump};
use super::random::Seed;
use super::traffic::profile;

/// The counts of one hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counts {
    /// Vehicles that the cameras looked at.
    pub(super) checked: f64,
    /// Those that broke a rule.
    pub(super) violations: f64,
    /// Motorcycle riders that were counted.
    pub(super) riders: f64,
    /// Those with a helmet.
    pub(super) helmets: f64,
    /// Drivers that were breath-tested.
    pub(super) tests: f64,
    /// Those who had been drinking.
    pub(super) drunk: f64,
}

/// A post.
#[derive(Debug, Clone)]
pub(super) struct Post {
    seed: Seed,
    busy: f64,
    unruly: f64,
}

impl Post {
    pub(super) fn new(seed: Seed, asset: &str) -> Self {
        let seed = seed.of("post").of(asset);
        Self { busy: seed.of("busy").between(500.0, 1_400.0), unruly: seed.of("unruly").between(0.006, 0.014), seed }
    }

    /// What was counted in the hour that ends at `local`; every count of a part is at most that of its whole.
    pub(super) fn at(&self, local: LocalTime) -> Counts {
        let seed = self.seed.of("hour").day(local.seconds());
        let share = |name: &str, of: f64, share: f64| {
            let spread = (of * share * (1.0 - share)).sqrt();
            (of * share + spread * seed.of(name).normal()).round().clamp(0.0, of)
        };
        let checked = (self.busy * profile(local) * seed.of("checked").between(0.85, 1.15)).round();
        let riders = (checked * 0.3).round();
        // Patrols test in the evening, and more of them before days off.
        let evening = bump(local.hour(), 21.0, 2.2) * if local.weekday() >= 4 { 1.6 } else { 1.0 };
        let tests = (60.0 * evening + 6.0 * profile(local)).round();
        Counts {
            checked,
            violations: share("violations", checked, self.unruly),
            riders,
            helmets: share("helmets", riders, 0.965),
            tests,
            drunk: share("drunk", tests, 0.012 + 0.012 * evening.min(1.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_plausible_and_parts_of_their_wholes() {
        let mut sum = [0.0; 6];
        for n in 0..6 {
            let post = Post::new(Seed::new(1), &format!("p{n}"));
            for hour in 0..28 * 24 {
                let c = post.at(LocalTime::from_seconds(20_521 * 86_400 + hour * 3_600));
                assert!(c.violations <= c.checked && c.helmets <= c.riders && c.drunk <= c.tests && c.drunk >= 0.0, "{c:?}");
                for (sum, count) in sum.iter_mut().zip([c.checked, c.violations, c.riders, c.helmets, c.tests, c.drunk]) {
                    *sum += count;
                }
            }
        }
        let [checked, violations, riders, helmets, tests, drunk] = sum;
        assert!((50.0..160.0).contains(&(violations / checked * 10_000.0)), "{}", violations / checked);
        assert!((0.95..0.98).contains(&(helmets / riders)) && (0.01..0.04).contains(&(drunk / tests)));
    }
}
