//! What pages show of a rota, and to whom shift notices go.

use super::*;
use crate::rota::view;
use taydo_model::rota::{Change, Override, OverrideId};

/// Daily at 07:00 (00:00Z) from 1 June 2026: a, b, c; c is replaced by d for the whole of 3 June; nobody from 6 June on.
fn daily() -> Rota {
    let mut parts = parts("Asia/Ho_Chi_Minh", vec![layer(Rotation::Daily, 1, "2026-06-01T07:00:00", "a b c")]);
    parts.layers[0].until = Some("2026-06-06T07:00:00".parse().unwrap());
    parts.overrides = vec![Override {
        id: OverrideId(1),
        from: at("2026-06-03T00:00:00Z"),
        to: at("2026-06-04T00:00:00Z"),
        change: Change::Replace { person: person("c"), by: person("d") },
    }];
    Rota::new(parts).unwrap()
}

#[test]
fn now_says_who_is_on_since_when_until_when_and_who_comes() {
    let rota = daily();
    let now = |instant: &str| {
        let now = view::now(&OnCall::planned(&rota), at(instant));
        let time = |at: Option<Timestamp>| at.map_or("-".into(), |at| at.to_string());
        format!("{} {} {} {}", names(&now.persons), time(now.since), time(now.until), names(&now.next))
    };
    assert_eq!(now("2026-06-02T12:00:00Z"), "b 2026-06-02T00:00:00Z 2026-06-03T00:00:00Z d");
    assert_eq!(now("2026-06-05T12:00:00Z"), "b 2026-06-05T00:00:00Z 2026-06-06T00:00:00Z -");
    assert_eq!(now("2026-05-01T00:00:00Z"), "- - 2026-06-01T00:00:00Z a");
    assert_eq!(now("2026-07-01T00:00:00Z"), "- 2026-06-06T00:00:00Z - -");
    assert_eq!(view::now(&OnCall::planned(&rota), at("2026-06-05T12:00:00Z")).gaps.len(), 1);
}

#[test]
fn layers_show_the_plan_and_own_shifts_what_was_changed() {
    let rota = daily();
    let on_call = OnCall::planned(&rota);
    let layers = view::layers(&on_call, at("2026-06-02T00:00:00Z"), at("2026-06-04T00:00:00Z"));
    assert_eq!(layers.len(), 1);
    assert_eq!(lines(&layers[0]), ["2026-06-02T00:00:00Z b", "2026-06-03T00:00:00Z c"]);
    let own = |id: &str| {
        let shifts = view::shifts_of(&[on_call], &person(id), at("2026-06-01T12:00:00Z"), at("2026-07-01T00:00:00Z"));
        shifts.iter().map(|shift| format!("{} {}", shift.from, shift.changed)).collect::<Vec<_>>()
    };
    assert_eq!(own("a"), ["2026-06-01T00:00:00Z false", "2026-06-04T00:00:00Z false"]);
    assert_eq!(own("d"), ["2026-06-03T00:00:00Z true"]);
    assert_eq!(own("c"), [""; 0]);
}

#[test]
fn each_hand_over_is_told_once_however_time_is_cut() {
    let rota = daily();
    let on_call = OnCall::planned(&rota);
    let told = |after: &str, until: &str| {
        let hand_overs = on_call.hand_overs(at(after), at(until));
        hand_overs.iter().map(|one| format!("{} +{} -{}", one.at, names(&one.on), names(&one.off))).collect::<Vec<_>>()
    };
    let all = told("2026-05-31T00:00:00Z", "2026-07-01T00:00:00Z");
    let expected = [
        "2026-06-01T00:00:00Z +a --",
        "2026-06-02T00:00:00Z +b -a",
        "2026-06-03T00:00:00Z +d -b",
        "2026-06-04T00:00:00Z +a -d",
        "2026-06-05T00:00:00Z +b -a",
        "2026-06-06T00:00:00Z +- -b",
    ];
    assert_eq!(all, expected);
    // Cut at a hand-over, it belongs to the part that ends with it.
    let (before, after) = (told("2026-05-31T00:00:00Z", "2026-06-03T00:00:00Z"), told("2026-06-03T00:00:00Z", "2026-07-01T00:00:00Z"));
    assert_eq!([before, after].concat(), expected);
}
