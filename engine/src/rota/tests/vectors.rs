//! Hand-offs reckoned by hand from the zones' published rules.

use super::*;
use jiff::SignedDuration;
use jiff::tz::TimeZone;

/// The first instants and the people of all shifts that begin within the time.
fn check(rota: &Rota, from: &str, to: &str, expected: &[&str]) {
    let shifts = OnCall::planned(rota).shifts(at(from), at(to));
    assert_eq!(lines(&shifts), expected, "{}", rota.parts().zone);
}

#[test]
fn a_weekly_hand_off_keeps_its_wall_time_across_both_changes_of_clocks() {
    let rota = rota("Europe/Berlin", vec![layer(Rotation::Weekly, 1, "2026-03-16T09:00:00", "a b c")]);
    let spring = ["2026-03-16T08:00:00Z a", "2026-03-23T08:00:00Z b", "2026-03-30T07:00:00Z c", "2026-04-06T07:00:00Z a"];
    check(&rota, "2026-03-16T08:00:00Z", "2026-04-10T00:00:00Z", &spring);
    let autumn = ["2026-10-19T07:00:00Z b", "2026-10-26T08:00:00Z c", "2026-11-02T08:00:00Z a"];
    check(&rota, "2026-10-19T07:00:00Z", "2026-11-03T00:00:00Z", &autumn);
    assert_eq!(who(&rota, "2026-10-26T07:59:59Z"), "b");
    assert_eq!(who(&rota, "2026-10-26T08:00:00Z"), "c");
    assert_eq!(who(&rota, "2026-03-16T07:59:59.999999999Z"), "-");
    let hours: Vec<i64> = OnCall::planned(&rota)
        .shifts(at("2026-03-16T08:00:00Z"), at("2026-12-28T08:00:00Z"))
        .iter()
        .map(|shift| shift.to.duration_since(shift.from).as_hours())
        .collect();
    assert_eq!((hours.len(), hours[1], hours[31]), (41, 167, 169));
    assert_eq!(hours.iter().filter(|hours| **hours == 168).count(), 39);
}

#[test]
fn a_week_without_changes_of_clocks_has_168_hours() {
    let rota = rota("Asia/Ho_Chi_Minh", vec![layer(Rotation::Weekly, 1, "2026-03-16T08:00:00", "a b c")]);
    let shifts = OnCall::planned(&rota).shifts(at("2026-03-16T01:00:00Z"), at("2031-03-17T01:00:00Z"));
    assert_eq!(shifts.len(), 261);
    for (week, shift) in shifts.iter().enumerate() {
        assert_eq!(shift.from, at("2026-03-16T01:00:00Z") + SignedDuration::from_hours(168 * i64::try_from(week).unwrap()));
        assert_eq!(names(&shift.persons), ["a", "b", "c"][week % 3]);
    }
}

#[test]
fn hourly_rotations_follow_the_wall_clock() {
    let berlin = rota("Europe/Berlin", vec![layer(Rotation::Hourly, 2, "2026-03-01T00:00:00", "a b c d")]);
    let spring = ["2026-03-28T23:00:00Z a", "2026-03-29T01:00:00Z b", "2026-03-29T02:00:00Z c", "2026-03-29T04:00:00Z d"];
    check(&berlin, "2026-03-28T23:00:00Z", "2026-03-29T05:00:00Z", &spring);
    let autumn = ["2026-10-24T22:00:00Z a", "2026-10-25T00:00:00Z b", "2026-10-25T03:00:00Z c", "2026-10-25T05:00:00Z d"];
    check(&berlin, "2026-10-24T22:00:00Z", "2026-10-25T06:00:00Z", &autumn);
    let halves = rota("Europe/Berlin", vec![layer(Rotation::Hourly, 12, "2026-03-01T08:00:00", "day night")]);
    let night = ["2026-10-24T18:00:00Z night", "2026-10-25T07:00:00Z day", "2026-10-25T19:00:00Z night"];
    check(&halves, "2026-10-24T18:00:00Z", "2026-10-25T20:00:00Z", &night);
    let chicago = rota("America/Chicago", vec![layer(Rotation::Hourly, 3, "2017-01-01T00:00:00", "a b c d e f g h")]);
    check(&chicago, "2017-03-12T06:00:00Z", "2017-03-12T09:00:00Z", &["2017-03-12T06:00:00Z a", "2017-03-12T08:00:00Z b"]);
    check(&chicago, "2017-11-05T05:00:00Z", "2017-11-05T10:00:00Z", &["2017-11-05T05:00:00Z a", "2017-11-05T09:00:00Z b"]);
}

#[test]
fn clocks_that_change_by_half_an_hour_change_shifts_by_half_an_hour() {
    let even = rota("Australia/Lord_Howe", vec![layer(Rotation::Hourly, 2, "2026-01-01T00:00:00", "a b c d")]);
    let spring = ["2026-10-03T13:30:00Z a", "2026-10-03T15:30:00Z b", "2026-10-03T17:00:00Z c"];
    check(&even, "2026-10-03T13:30:00Z", "2026-10-03T18:00:00Z", &spring);
    let autumn = ["2026-04-04T13:00:00Z a", "2026-04-04T15:30:00Z b", "2026-04-04T17:30:00Z c"];
    check(&even, "2026-04-04T13:00:00Z", "2026-04-04T18:00:00Z", &autumn);
    // Half past one comes twice, and is the hand-off the first time.
    let odd = rota("Australia/Lord_Howe", vec![layer(Rotation::Hourly, 1, "2026-04-05T00:30:00", "a b c d")]);
    let autumn = ["2026-04-04T13:30:00Z a", "2026-04-04T14:30:00Z b", "2026-04-04T16:00:00Z c"];
    check(&odd, "2026-04-04T13:30:00Z", "2026-04-04T16:30:00Z", &autumn);
}

#[test]
fn an_hour_that_the_clocks_skip_has_no_shift_and_one_that_they_show_twice_has_one() {
    let chicago = rota("America/Chicago", vec![layer(Rotation::Hourly, 1, "2017-01-01T00:00:00", "h0 h1 h2 h3 h4 h5")]);
    let spring = ["2017-03-12T06:00:00Z h0", "2017-03-12T07:00:00Z h1", "2017-03-12T08:00:00Z h3", "2017-03-12T09:00:00Z h4"];
    check(&chicago, "2017-03-12T06:00:00Z", "2017-03-12T10:00:00Z", &spring);
    let autumn = ["2017-11-05T05:00:00Z h0", "2017-11-05T06:00:00Z h1", "2017-11-05T08:00:00Z h2", "2017-11-05T09:00:00Z h3"];
    check(&chicago, "2017-11-05T05:00:00Z", "2017-11-05T10:00:00Z", &autumn);
}

#[test]
fn a_hand_off_at_a_time_that_does_not_exist_is_at_the_first_instant_after() {
    // 02:30 does not exist on 29 March, and exists twice on 25 October.
    let daily = rota("Europe/Berlin", vec![layer(Rotation::Daily, 1, "2026-03-01T02:30:00", "a b")]);
    check(&daily, "2026-03-29T01:00:00Z", "2026-03-30T02:00:00Z", &["2026-03-29T01:00:00Z a", "2026-03-30T00:30:00Z b"]);
    assert_eq!(who(&daily, "2026-03-29T00:59:59Z"), "b");
    check(&daily, "2026-10-25T00:30:00Z", "2026-10-26T02:00:00Z", &["2026-10-25T00:30:00Z a", "2026-10-26T01:30:00Z b"]);
    // Samoa had no 30 December 2011: that day's hand-off is at the first instant of the 31st.
    let samoa = rota("Pacific/Apia", vec![layer(Rotation::Daily, 1, "2011-12-28T08:00:00", "d28 d29 d30 d31")]);
    let dates = ["2011-12-29T18:00:00Z d29", "2011-12-30T10:00:00Z d30", "2011-12-30T18:00:00Z d31"];
    check(&samoa, "2011-12-29T18:00:00Z", "2011-12-31T00:00:00Z", &dates);
}

#[test]
fn months_from_the_31st_hand_over_on_their_last_day() {
    let rota = rota("Asia/Ho_Chi_Minh", vec![layer(Rotation::Monthly, 1, "2026-01-31T07:00:00", "a b c")]);
    let year = ["2026-01-31T00:00:00Z a", "2026-02-28T00:00:00Z b", "2026-03-31T00:00:00Z c", "2026-04-30T00:00:00Z a"];
    check(&rota, "2026-01-31T00:00:00Z", "2026-05-01T00:00:00Z", &year);
    check(&rota, "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z", &["2028-02-29T00:00:00Z b"]);
    assert_eq!(who(&rota, "2028-02-28T23:59:59Z"), "a");
}

#[test]
fn a_travelling_leader_changes_only_the_clock_that_they_read() {
    let rota = rota("Asia/Ho_Chi_Minh", vec![layer(Rotation::Weekly, 1, "2026-03-16T08:00:00", "a b")]);
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    for (hand_off, seen) in [
        ("2026-03-23T01:00:00Z", "2026-03-23T02:00:00"),
        ("2026-03-30T01:00:00Z", "2026-03-30T03:00:00"),
        ("2026-10-19T01:00:00Z", "2026-10-19T03:00:00"),
        ("2026-10-26T01:00:00Z", "2026-10-26T02:00:00"),
    ] {
        let change = OnCall::planned(&rota).next_change(at(hand_off) - SignedDuration::from_hours(1), Timestamp::MAX);
        assert_eq!(change, Some(at(hand_off)));
        assert_eq!(berlin.to_datetime(at(hand_off)).to_string(), seen);
    }
}
