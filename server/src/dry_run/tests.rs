//! A short dry run of Cần Thơ with one incident of each kind.
//!
//! The long one is a command: `taydo rules backtest --simulate`.

use super::{Outcome, Plan, run};
use crate::config::folder;
use crate::simulate::{Happening, Kind};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use std::sync::Arc;
use taydo_engine::backtest::Assumptions;

#[test]
fn an_incident_of_each_kind_is_caught_and_the_same_seed_gives_the_same() {
    let definitions = Arc::new(folder::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboards/can-tho")).unwrap());
    let from: Timestamp = "2026-06-02T00:00:00+07:00".parse().unwrap();
    let until = from + SignedDuration::from_hours(26);
    // A power cut, a jam and smoke at once would explain each other: each has hours of its own.
    let places =
        ["outage:31135:90", "flood:31135:90", "accident:31135:60", "air:31135:120", "congestion:31135:60", "silence:road-sensors:60"];
    let happening = |(hour, text): (i64, &str)| Happening { request: text.parse().unwrap(), from: from + SignedDuration::from_hours(hour) };
    let happenings: Vec<Happening> = [1, 4, 8, 11, 15, 20].into_iter().zip(places).map(happening).collect();
    // What the desks' usual is takes long to learn, and is asked for by none of these rules.
    let mut chosen = (*definitions).clone();
    chosen.rules.retain(|rule| rule.id.as_str() != "reports-surge");
    let plan = Plan { seed: 1, from, until, happenings, assumptions: Assumptions::default() };
    let ran = run(&Arc::new(chosen), &plan, &mut |_| {}).unwrap();
    assert_eq!(ran.caught.len(), Kind::all().len());
    for one in &ran.caught {
        let Outcome::Caught { after_s, .. } = &one.outcome else { panic!("{one:?}\n{:#?}", ran.report.episodes) };
        // Cases are counted by the hour, as is the air; everything else within twenty minutes.
        let slow = ["accident", "air"].iter().any(|kind| one.happening.starts_with(kind));
        assert!(*after_s <= if slow { 7_500 } else { 1_200 }, "{one:?}");
    }
    assert!(ran.report.load.mean < 1.0 && ran.report.load.most <= 10, "{:?}", ran.report.load);
}
