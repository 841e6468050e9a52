//! What layers, windows, overrides, temporary schedules and lost contacts do to each other.

use super::*;
use taydo_model::rota::{Change, Day, FixedShift, Hours, Override, OverrideId, TemporaryId, TemporarySchedule, Window};

const ZONE: &str = "Asia/Ho_Chi_Minh";

fn replace(who: &str, by: &str) -> Change {
    Change::Replace { person: person(who), by: person(by) }
}

fn add(who: &str) -> Change {
    Change::Add { person: person(who) }
}

fn remove(who: &str) -> Change {
    Change::Remove { person: person(who) }
}

fn window(weekdays: &[Day], hours: Option<(i8, i8)>) -> Window {
    let time = |hour| jiff::civil::time(hour, 0, 0, 0);
    Window { weekdays: weekdays.to_vec(), hours: hours.map(|(from, to)| Hours { from: time(from), to: time(to) }) }
}

/// Monday 1 June 2026: `day` from 07:00 to 19:00 (00:00Z to 12:00Z), `night` else; above it `chief` on Mondays from 09:00 to 17:00.
fn week() -> RotaParts {
    let mut upper = layer(Rotation::Weekly, 1, "2026-06-01T00:00:00", "chief");
    upper.windows = vec![window(&[Day::Monday], Some((9, 17)))];
    parts(ZONE, vec![layer(Rotation::Hourly, 12, "2026-06-01T07:00:00", "day night"), upper])
}

/// The week with these changes, each from its first to its second instant.
fn changed(changes: Vec<(&str, &str, Change)>) -> Rota {
    let mut parts = week();
    for (number, (from, to, change)) in changes.into_iter().enumerate() {
        parts.overrides.push(Override { id: OverrideId(number as i64 + 1), from: at(from), to: at(to), change });
    }
    Rota::new(parts).unwrap()
}

/// The shifts from Monday 07:00 for 24 hours, as `00 day 02 chief …` by UTC hours.
fn monday(rota: &Rota) -> String {
    hours(&OnCall::planned(rota))
}

fn hours(on_call: &OnCall<'_>) -> String {
    let shifts = on_call.shifts(at("2026-06-01T00:00:00Z"), at("2026-06-02T00:00:00Z"));
    let words: Vec<String> = shifts.iter().map(|shift| format!("{} {}", &shift.from.to_string()[11..13], names(&shift.persons))).collect();
    words.join(" ")
}

const ALL_DAY: (&str, &str) = ("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z");

#[test]
fn the_last_layer_that_has_somebody_is_on_call() {
    assert_eq!(monday(&changed(vec![])), "00 day 02 chief 10 day 12 night");
    assert_eq!(who(&changed(vec![]), "2026-06-02T05:00:00Z"), "day", "a Tuesday");
}

#[test]
fn a_stand_in_is_on_call_only_in_the_turns_of_the_other() {
    let (from, to) = ALL_DAY;
    assert_eq!(monday(&changed(vec![(from, to, replace("day", "c"))])), "00 c 02 chief 10 c 12 night");
    assert_eq!(monday(&changed(vec![(from, to, replace("night", "c"))])), "00 day 02 chief 10 day 12 c");
    let part = replace("chief", "c");
    assert_eq!(
        monday(&changed(vec![("2026-06-01T04:00:00Z", "2026-06-01T06:00:00Z", part)])),
        "00 day 02 chief 04 c 06 chief 10 day 12 night"
    );
    // Who stands in while on call already is on call once.
    assert_eq!(monday(&changed(vec![(from, to, replace("chief", "day"))])), "00 day 12 night");
}

#[test]
fn whoever_is_added_is_on_call_with_the_others() {
    let (from, to) = ALL_DAY;
    assert_eq!(monday(&changed(vec![(from, to, add("c"))])), "00 c+day 02 c+chief 10 c+day 12 c+night");
}

#[test]
fn removing_somebody_off_shift_changes_nothing_and_on_shift_leaves_the_layer_before() {
    let (from, to) = ALL_DAY;
    assert_eq!(monday(&changed(vec![("2026-06-01T00:00:00Z", "2026-06-01T12:00:00Z", remove("night"))])), monday(&changed(vec![])));
    assert_eq!(monday(&changed(vec![(from, to, remove("stranger"))])), monday(&changed(vec![])));
    assert_eq!(monday(&changed(vec![(from, to, remove("chief"))])), "00 day 12 night");
    assert_eq!(monday(&changed(vec![(from, to, remove("day"))])), "00 - 02 chief 10 - 12 night");
}

#[test]
fn touching_overrides_follow_each_other_without_a_moment_between() {
    let noon = "2026-06-01T12:00:00Z";
    let rota = changed(vec![(ALL_DAY.0, noon, replace("day", "c")), (noon, ALL_DAY.1, replace("night", "c"))]);
    assert_eq!(monday(&rota), "00 c 02 chief 10 c");
}

#[test]
fn a_temporary_schedule_beats_everything_within_its_time_and_nothing_outside() {
    let mut parts = changed(vec![(ALL_DAY.0, ALL_DAY.1, add("c"))]).parts().clone();
    let shift = |from: &str, to: &str, who: &str| FixedShift { from: at(from), to: at(to), person: person(who) };
    parts.temporary = vec![TemporarySchedule {
        id: TemporaryId(1),
        from: at("2026-06-01T01:00:00Z"),
        to: at("2026-06-01T11:00:00Z"),
        shifts: vec![
            shift("2026-06-01T03:00:00Z", "2026-06-01T08:00:00Z", "x"),
            shift("2026-06-01T05:00:00Z", "2026-06-01T11:00:00Z", "y"),
        ],
    }];
    let rota = Rota::new(parts).unwrap();
    assert_eq!(monday(&rota), "00 c+day 01 - 03 x 05 x+y 08 y 11 c+day 12 c+night");
    let gaps = OnCall::planned(&rota).gaps(at(ALL_DAY.0), at(ALL_DAY.1));
    assert_eq!(gaps.iter().map(|gap| (gap.from, gap.to)).collect::<Vec<_>>(), [(at("2026-06-01T01:00:00Z"), at("2026-06-01T03:00:00Z"))]);
}

#[test]
fn a_person_who_cannot_be_reached_is_nobody() {
    let without = |rota: &Rota, lost: &'static str| hours(&OnCall::new(rota, &move |person| person.as_str() != lost));
    let plain = changed(vec![]);
    assert_eq!(without(&plain, "chief"), "00 day 12 night", "the layer before takes over");
    assert_eq!(without(&plain, "night"), "00 day 02 chief 10 day 12 -");
    let stand_in = changed(vec![(ALL_DAY.0, ALL_DAY.1, replace("night", "c"))]);
    assert_eq!(without(&stand_in, "night"), "00 day 02 chief 10 day 12 c", "the stand-in can be reached");
    assert_eq!(without(&stand_in, "c"), "00 day 02 chief 10 day 12 -");
    let added = changed(vec![(ALL_DAY.0, ALL_DAY.1, add("c"))]);
    assert_eq!(without(&added, "c"), monday(&plain));
}

#[test]
fn windows_cross_midnight_and_one_without_length_is_a_gap() {
    let on = |windows: Vec<Window>| {
        let mut only = layer(Rotation::Weekly, 1, "2026-06-01T00:00:00", "a");
        only.windows = windows;
        lines(&OnCall::planned(&rota(ZONE, vec![only])).shifts(at("2026-06-05T00:00:00Z"), at("2026-06-08T00:00:00Z")))
    };
    // Friday's night is over on Saturday at six in the morning.
    let friday = window(&[Day::Friday], Some((22, 6)));
    assert_eq!(on(vec![friday.clone()]), ["2026-06-05T00:00:00Z -", "2026-06-05T15:00:00Z a", "2026-06-05T23:00:00Z -"]);
    let weekend = window(&[Day::Saturday, Day::Sunday], None);
    assert_eq!(on(vec![friday, weekend]), ["2026-06-05T00:00:00Z -", "2026-06-05T15:00:00Z a", "2026-06-07T17:00:00Z -"]);
    assert_eq!(on(vec![window(&[], Some((8, 8)))]), ["2026-06-05T00:00:00Z -"]);
    assert_eq!(on(vec![window(&[], Some((8, 20))), window(&[], Some((20, 8)))]), ["2026-06-05T00:00:00Z a"]);
}

#[test]
fn a_layer_has_nobody_before_its_start_and_from_its_end_on() {
    let mut only = layer(Rotation::Daily, 1, "2026-06-01T07:00:00", "a b");
    only.until = Some("2026-06-02T19:00:00".parse().unwrap());
    let shifts = OnCall::planned(&rota(ZONE, vec![only])).shifts(at("2026-05-01T00:00:00Z"), at("2026-07-01T00:00:00Z"));
    let expected = ["2026-05-01T00:00:00Z -", "2026-06-01T00:00:00Z a", "2026-06-02T00:00:00Z b", "2026-06-02T12:00:00Z -"];
    assert_eq!(lines(&shifts), expected);
}

#[test]
fn a_gap_is_warned_of_from_24_hours_before_it_and_stays_the_same_gap() {
    let rota = changed(vec![("2026-06-03T00:00:00Z", "2026-06-03T12:00:00Z", remove("day"))]);
    let warnings = |now: &str| {
        let warnings = OnCall::planned(&rota).gap_warnings(at(now));
        warnings.into_iter().map(|gap| (gap.from, gap.to)).collect::<Vec<_>>()
    };
    let gap = [(Some(at("2026-06-03T00:00:00Z")), Some(at("2026-06-03T12:00:00Z")))];
    assert_eq!(warnings("2026-06-01T23:59:59Z"), []);
    assert_eq!(warnings("2026-06-02T00:00:00Z"), gap);
    assert_eq!(warnings("2026-06-03T06:00:00Z"), gap);
    assert_eq!(warnings("2026-06-03T12:00:00Z"), []);
    // Before the rota begins there has never been anybody, and where nobody can be reached there is no end in sight.
    assert_eq!(warnings("2026-01-01T00:00:00Z"), [(None, Some(at("2026-06-01T00:00:00Z")))]);
    let nobody = OnCall::new(&rota, &|_| false).gap_warnings(at("2026-07-01T00:00:00Z"));
    assert_eq!(nobody.iter().map(|gap| (gap.from, gap.to)).collect::<Vec<_>>(), [(None, None)]);
}

#[test]
fn the_next_change_is_one_of_people_and_not_of_turns() {
    let rota = rota(ZONE, vec![layer(Rotation::Daily, 1, "2026-06-01T07:00:00", "a a b")]);
    let next = |after: &str, until: &str| OnCall::planned(&rota).next_change(at(after), at(until)).map(|change| change.to_string());
    assert_eq!(next("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z").as_deref(), Some("2026-06-03T00:00:00Z"));
    assert_eq!(next("2026-06-01T00:00:00Z", "2026-06-03T00:00:00Z").as_deref(), Some("2026-06-03T00:00:00Z"));
    assert_eq!(next("2026-06-01T00:00:00Z", "2026-06-02T23:59:59Z"), None);
    assert_eq!(next("2026-06-03T00:00:00Z", "2026-07-01T00:00:00Z").as_deref(), Some("2026-06-04T00:00:00Z"));
}
