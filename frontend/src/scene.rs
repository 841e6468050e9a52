//! Which of a wall's scenes is on, by the server's time alone: all screens of a wall, and every wall that shows the
//! same scenes, change together, also after a restart.
//!
//! Must never keep a position of its own.

use jiff::Timestamp;
use taydo_model::wall::Scene;

/// A second is the least that a scene lasts.
fn lasts_s(scene: &Scene) -> i64 {
    i64::from(scene.seconds.max(1))
}

/// The index of the scene that is on at `now`, and for how many more seconds; `None` without scenes.
#[must_use]
pub fn scene_at(scenes: &[Scene], now: Timestamp) -> Option<(usize, i64)> {
    let round: i64 = scenes.iter().map(lasts_s).sum();
    let mut into = now.as_second().checked_rem_euclid(round)?;
    for (at, scene) in scenes.iter().enumerate() {
        if into < lasts_s(scene) {
            return Some((at, lasts_s(scene) - into));
        }
        into -= lasts_s(scene);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::BoardId;

    #[test]
    fn scenes_follow_the_servers_time() {
        let scenes: Vec<Scene> = [30, 60, 0].iter().map(|s| Scene { board: BoardId::new("b").unwrap(), seconds: *s }).collect();
        for (second, expected) in [(0, (0, 30)), (29, (0, 1)), (30, (1, 60)), (89, (1, 1)), (90, (2, 1)), (91, (0, 30)), (-1, (2, 1))] {
            assert_eq!(scene_at(&scenes, Timestamp::from_second(second).unwrap()), Some(expected), "{second}");
        }
        assert_eq!(scene_at(&[], Timestamp::UNIX_EPOCH), None);
    }
}
