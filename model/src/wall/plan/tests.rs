//! Plans, act by act.

use super::*;
use crate::BoardId;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn scenes(lasts: &[u32]) -> Vec<Scene> {
    lasts.iter().map(|seconds| Scene { boards: vec![BoardId::new("b").unwrap()], seconds: *seconds }).collect()
}

fn on(plan: &Plan, scenes: &[Scene], second: i64) -> (usize, Option<i64>) {
    let (place, until) = plan.scene(scenes, at(second)).unwrap();
    (place, until.map(Timestamp::as_second))
}

#[test]
fn scenes_follow_the_servers_time() {
    let scenes = scenes(&[30, 60, 0]);
    let plan = Plan::first();
    for (second, expected) in [(0, (0, 30)), (29, (0, 30)), (30, (1, 90)), (89, (1, 90)), (90, (2, 91)), (91, (0, 121)), (-1, (2, 0))] {
        assert_eq!(on(&plan, &scenes, second), (expected.0, Some(expected.1)), "{second}");
    }
    assert_eq!(plan.shown(&[], at(0)), Shown::Nothing);
}

#[test]
fn next_and_previous_go_round_and_the_others_follow_in_turn() {
    let scenes = scenes(&[30, 60, 10]);
    let next = Plan::first().after(&WallAct::Next, &scenes, at(5));
    assert_eq!((next.number, next.from), (1, at(5)));
    for (second, expected) in [(5, (1, 65)), (64, (1, 65)), (65, (2, 75)), (75, (0, 105))] {
        assert_eq!(on(&next, &scenes, second), (expected.0, Some(expected.1)), "{second}");
    }
    let back = Plan::first().after(&WallAct::Previous, &scenes, at(5));
    assert_eq!(on(&back, &scenes, 5), (2, Some(15)));
    let shown = Plan::first().after(&WallAct::Show { scene: 2 }, &scenes, at(5));
    assert_eq!(on(&shown, &scenes, 5), (2, Some(15)));
}

#[test]
fn what_is_held_stays_and_goes_on_from_there() {
    let scenes = scenes(&[30, 60, 10]);
    let held = Plan::first().after(&WallAct::Hold, &scenes, at(40));
    assert_eq!(on(&held, &scenes, 100_000), (1, None));
    let next = held.after(&WallAct::Next, &scenes, at(50));
    assert_eq!(on(&next, &scenes, 100_000), (2, None), "what is held stays held");
    let rotating = next.after(&WallAct::Rotate, &scenes, at(1000));
    assert_eq!(on(&rotating, &scenes, 1000), (2, Some(1010)));
    assert_eq!(on(&held, &scenes[..1], 0), (0, None), "a scene that is gone");
}

fn takeover(until: Option<i64>) -> Takeover {
    let text = Text::new("x", "x");
    Takeover {
        incident: IncidentId(7),
        title: text.clone(),
        place: text.clone(),
        summary: text,
        severity: Severity::Critical,
        exercise: false,
        opened_at: at(0),
        figure: None,
        told: Vec::new(),
        acknowledged: None,
        until: until.map(at),
        by_hand: false,
    }
}

#[test]
fn a_takeover_lights_a_black_wall_but_never_one_that_visitors_see() {
    let scenes = scenes(&[30]);
    let mut plan = Plan::first().after(&WallAct::Blank, &scenes, at(0));
    assert_eq!(plan.shown(&scenes, at(1)), Shown::Blank);
    plan.takeover = Some(takeover(Some(100)));
    assert_eq!(plan.shown(&scenes, at(99)), Shown::Takeover);
    assert_eq!(plan.shown(&scenes, at(100)), Shown::Blank, "it ends by itself");
    let presented = plan.after(&WallAct::Present { minutes: 1 }, &scenes, at(10));
    assert_eq!(presented.shown(&scenes, at(69)), Shown::Scene { scene: 0, until: None });
    assert_eq!(presented.shown(&scenes, at(70)), Shown::Takeover, "the presentation ends by itself");
}

#[test]
fn what_was_released_is_remembered_up_to_a_bound() {
    let mut plan = Plan::first();
    for id in 0..300 {
        plan.takeover = Some(Takeover { incident: IncidentId(id), ..takeover(None) });
        plan = plan.after(&WallAct::Release, &[], at(id));
    }
    assert!(plan.takeover.is_none());
    assert_eq!((plan.released.len(), plan.released.first(), plan.released.last()), (200, Some(&IncidentId(100)), Some(&IncidentId(299))));
}
