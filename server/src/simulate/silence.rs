//! When devices are silent, as real ones are now and then: one by itself, or a gateway with its whole road.
//!
//! Everything follows from the seed, the device, its site and the time.

use super::local::{DAY_S, LocalTime};
use super::random::Seed;

/// When one device is silent.
#[derive(Debug, Clone)]
pub(super) struct Silence {
    own: Seed,
    gateway: Seed,
}

/// How often and how long something fails.
struct Habit {
    /// The share of days on which an outage begins.
    chance: f64,
    /// The shortest, seconds.
    shortest_s: f64,
    /// The longest, seconds; less than a day.
    longest_s: f64,
}

const DEVICE: Habit = Habit { chance: 0.05, shortest_s: 300.0, longest_s: 21_600.0 };
const GATEWAY: Habit = Habit { chance: 0.02, shortest_s: 600.0, longest_s: 5_400.0 };

impl Silence {
    pub(super) fn new(seed: Seed, asset: &str, site: &str) -> Self {
        Self { own: seed.of("outage").of(asset), gateway: seed.of("gateway").of(site) }
    }

    /// Whether nothing comes from the device at `local`.
    pub(super) fn is_silent(&self, local: LocalTime) -> bool {
        is_out(self.own, &DEVICE, local) || is_out(self.gateway, &GATEWAY, local)
    }
}

fn is_out(seed: Seed, habit: &Habit, local: LocalTime) -> bool {
    // An outage that began yesterday may last into today.
    [local.day - 1, local.day].into_iter().any(|day| {
        let draw = seed.day(day);
        if draw.unit() >= habit.chance {
            return false;
        }
        let start = draw.with(1).between(0.0, DAY_S as f64);
        // Short outages are as common in their minutes as long ones in their hours.
        let length = habit.shortest_s * (habit.longest_s / habit.shortest_s).powf(draw.with(2).unit());
        let since = ((local.day - day) * DAY_S + local.second) as f64 - start;
        (0.0..length).contains(&since)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_silent_for_minutes_to_hours_and_a_gateway_takes_its_road() {
        let device = |n: u32| Silence::new(Seed::new(1), &format!("s{n}"), &format!("r{}", n / 6));
        let devices: Vec<Silence> = (0..120).map(device).collect();
        let (mut silent, mut total, mut whole_road) = (0, 0, false);
        for minute in 0..30 * 1_440 {
            let local = LocalTime::from_seconds(20_000 * DAY_S + minute * 60);
            for road in devices.chunks(6) {
                let out = road.iter().filter(|device| device.is_silent(local)).count();
                silent += out;
                total += road.len();
                whole_road |= out == road.len();
            }
        }
        let share = f64::from(u32::try_from(silent).unwrap()) / f64::from(u32::try_from(total).unwrap());
        assert!((0.001..0.02).contains(&share), "{share}");
        assert!(whole_road);
    }
}
