//! Any rota, in ten zones, over five years: exactly what the watchman wrote down, to the instant.

use super::watchman::{Entry, ROUND, book};
use super::*;
use jiff::{SignedDuration, ToSpan};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use std::collections::BTreeSet;
use taydo_model::rota::{Change, Day, FixedShift, Hours, Override, OverrideId, TemporaryId, TemporarySchedule, Window};

/// Quarters of an hour in five years.
const QUARTERS: i64 = 5 * 366 * 96;
const PEOPLE: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
const DAYS: [Day; 7] = [Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday, Day::Saturday, Day::Sunday];

/// A rota, who of it can be reached, and the first year to look at.
#[derive(Debug, Clone)]
struct Case {
    parts: RotaParts,
    reachable: BTreeSet<PersonId>,
    year: i16,
    /// Where to look more closely, in quarters of an hour from the year's start.
    moments: Vec<i64>,
}

fn people() -> impl Strategy<Value = PersonId> {
    proptest::sample::select(&PEOPLE[..]).prop_map(person)
}

fn windows() -> impl Strategy<Value = Vec<Window>> {
    let time = |quarter: i64| jiff::civil::Time::midnight() + (quarter * 15).minutes();
    let hours = (0i64..96, 0i64..96).prop_map(move |(from, to)| Hours { from: time(from), to: time(to) });
    let weekdays = proptest::sample::subsequence(&DAYS[..], 0..=7);
    let window = (weekdays, option::weighted(0.8, hours)).prop_map(|(weekdays, hours)| Window { weekdays, hours });
    prop_oneof![2 => Just(vec![]), 1 => vec(window, 1..4)]
}

fn layers(year: i16) -> impl Strategy<Value = Layer> {
    let rotation = prop_oneof![
        (Just(Rotation::Hourly), 1u32..30),
        (Just(Rotation::Daily), 1u32..9),
        (Just(Rotation::Weekly), 1u32..4),
        (Just(Rotation::Monthly), 1u32..4),
    ];
    let start = -400 * 96..800 * 96i64;
    let slots = vec(vec(people(), 1..3), 1..6);
    (rotation, start, slots, windows(), option::weighted(0.2, 1..QUARTERS)).prop_map(
        move |((rotation, shift_length), start, slots, windows, until)| {
            let start = jiff::civil::date(year, 1, 1).at(0, 0, 0, 0) + (start * 15).minutes();
            let until = until.map(|until| start + (until * 15).minutes());
            Layer { name: "layer".into(), rotation, shift_length, start, until, slots, windows }
        },
    )
}

fn changes() -> impl Strategy<Value = (i64, i64, Change)> {
    let change = prop_oneof![
        (people(), people()).prop_map(|(person, by)| Change::Replace { person, by }),
        people().prop_map(|person| Change::Add { person }),
        people().prop_map(|person| Change::Remove { person }),
    ];
    (0..QUARTERS, 1i64..20_000, change)
}

fn instant(year: i16, quarter: i64) -> Timestamp {
    let start = jiff::civil::date(year, 1, 1).at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    start + SignedDuration::from_mins(15 * quarter)
}

/// Only those that don't get in each other's way.
fn overrides(year: i16, changes: Vec<(i64, i64, Change)>) -> Vec<Override> {
    let mut overrides: Vec<Override> = Vec::new();
    for (from, length, change) in changes {
        let id = OverrideId(overrides.len() as i64 + 1);
        let one = Override { id, from: instant(year, from), to: instant(year, from + length), change };
        let replaces_self = matches!(&one.change, Change::Replace { person, by } if person == by);
        if one.conflict(&overrides).is_none() && !replaces_self {
            overrides.push(one);
        }
    }
    overrides
}

fn schedule(year: i16, (from, length, shifts): (i64, i64, Vec<(i64, i64, PersonId)>)) -> TemporarySchedule {
    let shift = |(start, end, person): (i64, i64, PersonId)| FixedShift {
        from: instant(year, from + start.min(end) * length / 100),
        to: instant(year, from + start.max(end) * length / 100),
        person,
    };
    let mut shifts: Vec<FixedShift> = shifts.into_iter().map(shift).collect();
    shifts.retain(|shift| shift.from < shift.to);
    TemporarySchedule { id: TemporaryId(1), from: instant(year, from), to: instant(year, from + length), shifts }
}

fn cases(zone: &'static str) -> impl Strategy<Value = Case> {
    (2008i16..2032).prop_flat_map(move |year| {
        let fixed = vec((0i64..100, 0i64..100, people()), 0..4);
        let temporary = option::of((0..QUARTERS, 1i64..3_000, fixed));
        let reachable = proptest::sample::subsequence(&PEOPLE[..], 4..=7);
        (vec(layers(year), 0..4), vec(changes(), 0..7), temporary, reachable, vec(0..QUARTERS, 30)).prop_map(
            move |(layers, changes, temporary, reachable, moments)| {
                let mut parts = parts(zone, layers);
                parts.overrides = overrides(year, changes);
                parts.temporary = temporary.into_iter().map(|temporary| schedule(year, temporary)).collect();
                Case { parts, reachable: reachable.into_iter().map(person).collect(), year, moments }
            },
        )
    })
}

/// The longest entries of which this holds.
fn entries(book: &[Entry], holds: impl Fn(&BTreeSet<PersonId>) -> bool) -> Vec<(Timestamp, Timestamp)> {
    let mut entries: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (from, to, _) in book.iter().filter(|(_, _, persons)| holds(persons)) {
        match entries.last_mut() {
            Some((_, end)) if end == from => *end = *to,
            _ => entries.push((*from, *to)),
        }
    }
    entries
}

fn check(case: &Case) {
    let rota = Rota::new(case.parts.clone()).unwrap();
    let reachable = |person: &PersonId| case.reachable.contains(person);
    let on_call = OnCall::new(&rota, &reachable);
    let (from, to) = (instant(case.year, 0), instant(case.year, QUARTERS));
    let book = book(&rota, &case.reachable, from, to);

    let shifts = on_call.shifts(from, to);
    let written = book.iter().map(|(from, to, persons)| Shift { from: *from, to: *to, persons: persons.iter().cloned().collect() });
    for (shift, written) in shifts.iter().zip(written) {
        assert_eq!(*shift, written);
    }
    assert_eq!(shifts.len(), book.len());
    let gaps: Vec<_> = on_call.gaps(from, to).into_iter().map(|gap| (gap.from, gap.to)).collect();
    assert_eq!(gaps, entries(&book, BTreeSet::is_empty), "gaps");

    // Who is on call at an instant is who the shifts say, up to the last moment of each.
    let stride = (shifts.len() / 200).max(1);
    for shift in shifts.iter().step_by(stride) {
        assert_eq!(on_call.at(shift.from), shift.persons, "{}", shift.from);
        let last = shift.to - SignedDuration::from_nanos(1);
        assert_eq!(on_call.at(last), shift.persons, "{last}");
    }
    for moment in case.moments.iter().map(|quarter| instant(case.year, *quarter) + SignedDuration::from_secs(7)) {
        let shift = shift_at(&shifts, moment);
        assert_eq!(on_call.at(moment), shift.persons, "{moment}");
        let change = on_call.next_change(moment, to - ROUND);
        assert_eq!(change, Some(shift.to).filter(|change| *change <= to - ROUND), "after {moment}");
    }
    // Hours that come twice are seldom met by chance.
    for change in rota.zone().following(from + 12 * ROUND).map(|change| change.timestamp()).take_while(|change| *change < to - 12 * ROUND) {
        for moment in (-12..=12).map(|quarter| change + SignedDuration::from_mins(15 * quarter)) {
            assert_eq!(on_call.at(moment), shift_at(&shifts, moment).persons, "{moment}");
        }
    }
    whole_shifts_are_the_same_from_wherever_one_looks(case, &on_call, &book);
}

fn shift_at(shifts: &[Shift], moment: Timestamp) -> &Shift {
    &shifts[shifts.partition_point(|shift| shift.to <= moment)]
}

/// A person's own shifts, asked about from the middle of the years, have the ends that the book has.
fn whole_shifts_are_the_same_from_wherever_one_looks(case: &Case, on_call: &OnCall<'_>, book: &[Entry]) {
    let year = SignedDuration::from_hours(366 * 24);
    let (from, to) = (instant(case.year, 0) + year, instant(case.year, QUARTERS) - year);
    for id in &PEOPLE[..3] {
        let id = person(id);
        let mut own = entries(book, |persons| persons.contains(&id));
        own.retain(|(start, end)| from < *end && *start < to);
        // What reaches beyond the book is not known to it.
        let known = |(start, end): &(Timestamp, Timestamp)| from - year < *start && *end < to + year;
        let shifts: Vec<_> = on_call.shifts_of(&id, from, to).iter().map(|shift| (shift.from, shift.to)).collect();
        assert_eq!(shifts.len(), own.len(), "{id}");
        for (shift, own) in shifts.iter().zip(&own).filter(|(_, own)| known(own)) {
            assert_eq!(shift, own, "{id}");
        }
    }
}

#[test]
fn any_rota_is_what_the_watchman_wrote_down() {
    for zone in ZONES {
        let seed = RngSeed::Fixed(20_261_123);
        let config = ProptestConfig { cases: 12, failure_persistence: None, rng_seed: seed, ..ProptestConfig::default() };
        let run = TestRunner::new(config).run(&cases(zone), |case| {
            check(&case);
            Ok(())
        });
        run.unwrap();
    }
}
