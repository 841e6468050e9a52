//! Who is woken by what, and what is kept.

use super::*;
use taydo_model::{BoardId, Quality};

fn key(kpi: &str, scope: &str) -> Key {
    Key { kpi: KpiId::new(kpi).unwrap(), scope: scope.parse().unwrap() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn reading(kpi: &str, scope: &str, second: i64, value: f64) -> Reading {
    let Key { kpi, scope } = key(kpi, scope);
    let time = at(second);
    Reading {
        kpi,
        scope,
        time,
        value: Some(value),
        numerator: None,
        denominator: None,
        samples: 1,
        coverage: None,
        quality: Quality::Good,
        flags: Default::default(),
        data_time: Some(time),
    }
}

fn topic(board: &str) -> Topic {
    Topic { board: BoardId::new(board).unwrap(), view: taydo_model::wire::View::All }
}

fn woken(panels: &[PanelId]) -> Woken {
    Woken(panels.iter().copied().collect())
}

#[test]
fn a_frame_wakes_only_the_panels_that_show_what_changed() {
    let mut store = Store::default();
    let city = store.subscribe(vec![Interest::Figure(key("speed", "city"))]);
    let other = store.subscribe(vec![Interest::Figure(key("load", "city"))]);
    let ranking = store.subscribe(vec![Interest::Ranked(KpiId::new("speed").unwrap(), Dimension::Area)]);
    let board = topic("b");
    let first = store.snapshot(&board, vec![reading("speed", "city", 1, 30.0), reading("load", "city", 1, 5.0)]);
    assert_eq!(first, woken(&[city, other]));
    assert_eq!(store.update(&board, vec![reading("speed", "city", 2, 31.0)], vec![]), woken(&[city]));
    assert_eq!(store.update(&board, vec![reading("speed", "city", 2, 31.0)], vec![]), woken(&[]), "nothing has changed");
    assert_eq!(store.update(&board, vec![reading("speed", "area:1", 2, 9.0)], vec![]), woken(&[ranking]));
    assert_eq!(store.update(&board, vec![reading("load", "area:1", 2, 9.0)], vec![]), woken(&[]));
    store.unsubscribe(city);
    assert_eq!(store.update(&board, vec![reading("speed", "city", 3, 32.0)], vec![]), woken(&[]));
}

#[test]
fn a_snapshot_replaces_its_topic_and_leaves_the_others() {
    let mut store = Store::default();
    let panel = store.subscribe(vec![Interest::Figure(key("speed", "city"))]);
    store.snapshot(&topic("a"), vec![reading("speed", "city", 1, 1.0), reading("speed", "area:1", 1, 1.0)]);
    store.snapshot(&topic("b"), vec![reading("speed", "area:1", 1, 1.0)]);
    assert_eq!(store.snapshot(&topic("a"), vec![]), woken(&[panel]));
    assert!(store.reading(&key("speed", "city")).is_none());
    assert!(store.reading(&key("speed", "area:1")).is_some(), "board b still shows it");
    store.keep_topics(&[topic("a")]);
    assert!(store.reading(&key("speed", "area:1")).is_none());
}

#[test]
fn a_course_is_fetched_once_then_follows_the_updates_within_its_span() {
    let mut store = Store::default();
    let panel = store.subscribe(vec![Interest::Course(key("speed", "city"), 600)]);
    let order = store.next_order(at(10_000), 0.0).unwrap();
    assert_eq!((order.from, order.to), (at(9_400), at(10_000)));
    assert_eq!(store.next_order(at(10_000), 0.0), None, "it is under way");
    // An update overtakes the answer, and a correction replaces its instant.
    store.update(&topic("a"), vec![], vec![reading("speed", "city", 10_020, 7.0)]);
    let points = [9_940, 9_960].map(|s| Point { time: at(s), value: Some(1.0), quality: Quality::Good }).to_vec();
    assert_eq!(store.fetched(&order, Some(points), 0.0), woken(&[panel]));
    store.update(&topic("a"), vec![], vec![reading("speed", "city", 9_960, 2.0)]);
    let course = store.course(&key("speed", "city")).unwrap();
    let found: Vec<_> = course.points().iter().map(|p| (p.time.as_second(), p.value)).collect();
    assert_eq!(found, [(9_940, Some(1.0)), (9_960, Some(2.0)), (10_020, Some(7.0))]);
    assert_eq!(course.at(at(9_970)).unwrap().time, at(9_960));
    assert_eq!(store.next_order(at(10_030), 0.0), None);
    store.prune(at(10_600));
    assert_eq!(store.course(&key("speed", "city")).unwrap().points().len(), 2, "one point stays before the span");
    store.snapshot(&topic("a"), vec![reading("speed", "city", 10_600, 7.0)]);
    assert!(store.next_order(at(10_600), 0.0).is_some(), "a snapshot may hide recorded readings that were missed");
    store.unsubscribe(panel);
    assert!(store.course(&key("speed", "city")).is_none());
}

#[test]
fn a_history_that_cannot_be_had_is_asked_for_again_later() {
    let mut store = Store::default();
    store.subscribe(vec![Interest::Course(key("speed", "city"), 600)]);
    let order = store.next_order(at(10_000), 0.0).unwrap();
    store.fetched(&order, None, 100.0);
    assert_eq!(store.next_order(at(10_001), 1_000.0), None);
    assert!(store.next_order(at(10_006), 5_100.0).is_some());
}
