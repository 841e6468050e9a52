//! The played instant of a replay, between the frames that tell it, and what its bar shows.
//!
//! Must never run past the end of the stretch, or on while the replay stands still.

use jiff::Timestamp;
use taydo_model::{console::IncidentsNotes, wire::Playing};

/// What the newest frame told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Played {
    /// The played instant when it was heard …
    pub time: Timestamp,
    /// … by the page's age, in milliseconds.
    pub ms: f64,
    /// How the replay stands.
    pub playing: Playing,
}

impl Played {
    /// The played instant at an age of the page, in milliseconds.
    #[must_use]
    pub fn at(&self, ms: f64) -> Timestamp {
        #[allow(clippy::cast_possible_truncation)]
        let passed = ((ms - self.ms).max(0.0) * f64::from(self.playing.speed)) as i64;
        let on = Timestamp::from_millisecond(self.time.as_millisecond().saturating_add(passed)).unwrap_or(self.playing.to);
        on.min(self.playing.to).max(self.time)
    }
}

/// A moment of a stretch at which an incident was opened or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// When.
    pub at: Timestamp,
    /// Whether it was opened.
    pub is_opening: bool,
}

/// The turns of a stretch, in no order.
#[must_use]
pub fn turns(notes: &IncidentsNotes, from: Timestamp, to: Timestamp) -> Vec<Turn> {
    let mut turns = Vec::new();
    for view in &notes.incidents {
        turns.push(Turn { at: view.incident.opened_at, is_opening: true });
        turns.extend(view.incident.resolved_at.map(|at| Turn { at, is_opening: false }));
    }
    turns.retain(|turn| from <= turn.at && turn.at <= to);
    turns
}

/// The next turn after `at`, or the last one before it.
#[must_use]
pub fn step(turns: &[Turn], at: Timestamp, is_forward: bool) -> Option<Timestamp> {
    let turns = turns.iter().map(|turn| turn.at);
    if is_forward { turns.filter(|turn| *turn > at).min() } else { turns.filter(|turn| *turn < at).max() }
}

/// How far an instant lies in a stretch, in thousandths of it.
#[must_use]
pub fn share(from: Timestamp, to: Timestamp, at: Timestamp) -> i64 {
    let (from, to, at) = (from.as_second(), to.as_second(), at.as_second());
    ((at - from) * 1000 / (to - from).max(1)).clamp(0, 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_played_instant_runs_at_its_speed_and_stops_at_the_end() {
        let played = |speed| Played { time: at(100), ms: 5_000.0, playing: Playing { from: at(0), to: at(200), speed } };
        for (speed, ms, expected) in [(60, 6_000.0, 160), (60, 9_000.0, 200), (0, 9_000.0, 100), (1, 4_000.0, 100)] {
            assert_eq!(played(speed).at(ms), at(expected), "×{speed} at {ms}");
        }
    }

    #[test]
    fn steps_go_to_the_turns_on_either_side() {
        let turns: Vec<Turn> = [30, 10, 20].map(|second| Turn { at: at(second), is_opening: true }).into();
        for (from, is_forward, to) in
            [(5, true, Some(10)), (20, true, Some(30)), (30, true, None), (20, false, Some(10)), (10, false, None)]
        {
            assert_eq!(step(&turns, at(from), is_forward), to.map(at), "{from} {is_forward}");
        }
        assert_eq!((share(at(0), at(200), at(50)), share(at(0), at(0), at(50))), (250, 1000));
    }
}
