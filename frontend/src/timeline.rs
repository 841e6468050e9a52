//! What a wall shows now and in a moment: a plan is announced before it holds, and until then the old one does.
//!
//! Must never show a plan before its instant, nor an older one after a newer.

use jiff::Timestamp;
use std::rc::Rc;
use taydo_model::wall::page::WallState;

/// The states that were announced, the oldest first; at most a few.
#[derive(Debug, Default)]
pub struct Timeline(Vec<Rc<WallState>>);

impl Timeline {
    /// Takes what was announced at `now`.
    pub fn hear(&mut self, state: WallState, now: Timestamp) {
        // The server's word replaces what it said of the same plan and of any later one: it may have been set back.
        self.0.retain(|old| old.plan.number < state.plan.number);
        self.0.push(Rc::new(state));
        let on = self.0.iter().rposition(|state| state.plan.from <= now).unwrap_or(0);
        self.0.drain(..on);
    }

    /// What holds at `now`; before the first plan's instant that one all the same, for there is no other.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Option<&Rc<WallState>> {
        self.0.iter().rev().find(|state| state.plan.from <= now).or(self.0.first())
    }

    /// What holds next.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Option<&Rc<WallState>> {
        self.0.iter().skip(1).find(|state| state.plan.from > now)
    }

    /// The newest news, which needs no common instant: what is critical.
    #[must_use]
    pub fn newest(&self) -> Option<&Rc<WallState>> {
        self.0.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::{WallId, wall::plan::Plan};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn state(number: i64, from: i64) -> WallState {
        WallState {
            wall: WallId::new("main").unwrap(),
            plan: Plan { number, from: at(from), ..Plan::first() },
            critical: Vec::new(),
            more: 0,
            stage: None,
        }
    }

    fn on(timeline: &Timeline, second: i64) -> Option<i64> {
        timeline.at(at(second)).map(|state| state.plan.number)
    }

    #[test]
    fn a_plan_holds_from_its_instant_on() {
        let mut timeline = Timeline::default();
        assert_eq!(on(&timeline, 0), None);
        timeline.hear(state(1, 10), at(9));
        assert_eq!(on(&timeline, 9), Some(1), "there is no other");
        timeline.hear(state(2, 20), at(19));
        assert_eq!((on(&timeline, 19), on(&timeline, 20)), (Some(1), Some(2)));
        assert_eq!(timeline.next(at(19)).map(|state| state.plan.number), Some(2));
        assert_eq!(timeline.next(at(20)), None);
        // The same plan with other news.
        timeline.hear(WallState { more: 3, ..state(2, 20) }, at(19));
        assert_eq!((on(&timeline, 19), timeline.newest().map(|state| state.more)), (Some(1), Some(3)));
        timeline.hear(state(3, 30), at(31));
        assert_eq!((on(&timeline, 29), timeline.0.len()), (Some(3), 1), "what is over is forgotten");
    }
}
