//! The working calendar against a table made by hand, and against counting day by day.
//!
//! Must never use the calendar to find what is expected of it.

use super::*;
use crate::Text;
use jiff::Timestamp;
use proptest::prelude::*;

const MINUTE: i64 = 60 * SECOND;

/// Monday to Friday, 07:00–11:30 and 13:00–17:00, with the Tết of 2026, its New Year's swap, and the holidays of late April.
fn calendar(zone: &str) -> WorkingCalendar {
    let holiday = |id: &str, from, to| Holiday { id: id.into(), name: Text::default(), from, to };
    WorkingCalendar::new(CalendarParts {
        version: "1".into(),
        zone: zone.into(),
        weekdays: vec![Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday],
        hours: vec![Hours { open_s: 7 * 3600, close_s: 41_400 }, Hours { open_s: 13 * 3600, close_s: 17 * 3600 }],
        years: (2026, 2026),
        holidays: vec![
            holiday("new-year", date(2026, 1, 1), date(2026, 1, 1)),
            holiday("tet", date(2026, 2, 16), date(2026, 2, 20)),
            holiday("hung-kings", date(2026, 4, 26), date(2026, 4, 27)),
            holiday("victory", date(2026, 4, 30), date(2026, 4, 30)),
            holiday("labour", date(2026, 5, 1), date(2026, 5, 1)),
        ],
        swaps: vec![Swap { off: date(2026, 1, 2), on: date(2026, 1, 10) }],
        lunar_new_years: Vec::new(),
        allowances: Vec::new(),
    })
    .unwrap()
}

fn moment(text: &str) -> Timestamp {
    format!("{}:00+07:00", text.replace(' ', "T")).parse().unwrap()
}

#[test]
fn deadlines_are_those_of_a_table_made_by_hand() {
    let calendar = calendar("Asia/Ho_Chi_Minh");
    for (opened, allowance, due) in [
        // An ordinary week: Monday, 2 March 2026.
        ("2026-03-02 08:10", "0wd", "2026-03-02 17:00"),
        ("2026-03-02 08:10", "1wd", "2026-03-03 17:00"),
        ("2026-03-02 06:00", "1wd", "2026-03-03 17:00"),
        ("2026-03-02 17:00", "1wd", "2026-03-03 17:00"),
        ("2026-03-02 08:10", "5wd", "2026-03-09 17:00"),
        // Received after closing or on a Sunday: as on the next working day.
        ("2026-03-02 17:01", "1wd", "2026-03-04 17:00"),
        ("2026-03-06 22:00", "1wd", "2026-03-10 17:00"),
        ("2026-03-08 09:00", "1wd", "2026-03-10 17:00"),
        // Around Tết, 16 to 20 February: from Friday the 13th to Monday the 23rd.
        ("2026-02-13 09:00", "1wd", "2026-02-23 17:00"),
        ("2026-02-12 09:00", "3wd", "2026-02-24 17:00"),
        ("2026-02-13 17:30", "1wd", "2026-02-24 17:00"),
        ("2026-02-18 09:00", "2wd", "2026-02-25 17:00"),
        ("2026-02-06 15:00", "10wd", "2026-02-27 17:00"),
        // Around 30 April and 1 May, with Hùng Kings' day on a Sunday made up on Monday, the 27th.
        ("2026-04-24 10:00", "1wd", "2026-04-28 17:00"),
        ("2026-04-28 10:00", "2wd", "2026-05-04 17:00"),
        ("2026-04-29 16:59", "1wd", "2026-05-04 17:00"),
        ("2026-04-29 17:01", "1wd", "2026-05-05 17:00"),
        // Friday, 2 January, is worked on Saturday, the 10th, instead.
        ("2025-12-31 10:00", "1wd", "2026-01-05 17:00"),
        ("2026-01-09 10:00", "1wd", "2026-01-10 17:00"),
        ("2026-01-09 18:00", "1wd", "2026-01-12 17:00"),
        ("2026-01-10 10:00", "1wd", "2026-01-12 17:00"),
        ("2026-01-08 10:00", "3wd", "2026-01-12 17:00"),
        // Office hours: 8.5 in a day, noon and night left out.
        ("2026-03-02 08:00", "2wh", "2026-03-02 10:00"),
        ("2026-03-02 11:00", "1wh", "2026-03-02 13:30"),
        ("2026-03-02 07:00", "17wh", "2026-03-03 17:00"),
        ("2026-03-02 15:00", "2wh", "2026-03-02 17:00"),
        ("2026-03-02 15:30", "2wh", "2026-03-03 07:30"),
        ("2026-03-06 16:00", "4wh", "2026-03-09 10:00"),
        ("2026-03-07 03:00", "4wh", "2026-03-09 11:00"),
        ("2026-02-13 16:00", "2wh", "2026-02-23 08:00"),
        ("2026-03-02 12:00", "1wh", "2026-03-02 14:00"),
        // Days of the week: the last one a day off, so the next working day.
        ("2026-03-02 08:10", "3d", "2026-03-05 17:00"),
        ("2026-03-02 08:10", "5d", "2026-03-09 17:00"),
        ("2026-02-10 08:10", "7d", "2026-02-23 17:00"),
        ("2026-04-20 08:10", "10d", "2026-05-04 17:00"),
        ("2026-01-05 08:10", "5d", "2026-01-10 17:00"),
        // Hours of day and night: one that ends in the night, at noon or on a day off moves to the next opening.
        ("2026-03-02 08:10", "24h", "2026-03-03 08:10"),
        ("2026-03-02 20:00", "24h", "2026-03-04 07:00"),
        ("2026-03-02 09:00", "16h", "2026-03-03 07:00"),
        ("2026-03-02 12:00", "24h", "2026-03-03 13:00"),
        ("2026-03-05 14:00", "48h", "2026-03-09 07:00"),
        ("2026-02-15 23:00", "2h", "2026-02-23 07:00"),
        ("2026-03-02 17:00", "24h", "2026-03-03 17:00"),
    ] {
        let found = calendar.due(moment(opened), allowance.parse().unwrap());
        assert_eq!(found, moment(due), "{opened} + {allowance}");
    }
}

#[test]
fn what_is_left_is_counted_back_from_the_deadline() {
    let calendar = calendar("Asia/Ho_Chi_Minh");
    for (due, left, from) in [
        ("2026-03-05 17:00", "1wd", "2026-03-04 17:00"),
        ("2026-03-05 17:00", "3wd", "2026-03-02 17:00"),
        ("2026-03-09 17:00", "1wd", "2026-03-06 17:00"),
        ("2026-02-24 17:00", "2wd", "2026-02-13 17:00"),
        ("2026-03-05 10:00", "1wd", "2026-03-04 10:00"),
        ("2026-03-05 10:00", "4wh", "2026-03-04 16:00"),
        ("2026-03-05 10:00", "36h", "2026-03-03 22:00"),
        ("2026-03-05 10:00", "3d", "2026-03-02 10:00"),
        // A deadline in the night: nothing is left since the evening.
        ("2026-03-05 23:00", "0wd", "2026-03-05 17:00"),
    ] {
        assert_eq!(calendar.before(moment(due), left.parse().unwrap()), moment(from), "{left} before {due}");
    }
}

#[test]
fn without_a_calendar_only_time_itself_is_counted() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let opened: Timestamp = "2015-03-07T12:00:00-05:00".parse().unwrap();
    let after = |allowance: &str| deadline::due(opened, allowance.parse().unwrap(), &zone).map(|due| due.to_string());
    // The clocks are put forward in between.
    assert_eq!(after("1d").as_deref(), Some("2015-03-08T16:00:00Z"));
    assert_eq!(after("24h").as_deref(), Some("2015-03-08T17:00:00Z"));
    assert_eq!((after("1wd"), after("1wh")), (None, None));
}

#[test]
fn a_calendar_that_never_works_is_none() {
    let parts = calendar("UTC").parts;
    assert!(WorkingCalendar::new(CalendarParts { weekdays: Vec::new(), ..parts.clone() }).is_none());
    assert!(WorkingCalendar::new(CalendarParts { hours: Vec::new(), ..parts.clone() }).is_none());
    assert!(WorkingCalendar::new(CalendarParts { zone: "Mars/Olympus".into(), ..parts }).is_none());
}

#[test]
fn a_day_that_is_worked_for_another_is_worked_also_within_a_holiday() {
    let mut parts = calendar("Asia/Ho_Chi_Minh").parts;
    parts.holidays.push(Holiday { id: "fair".into(), name: Text::default(), from: date(2026, 1, 8), to: date(2026, 1, 11) });
    let calendar = WorkingCalendar::new(parts).unwrap();
    assert_eq!([8, 9, 10, 11, 12].map(|day| calendar.is_working_day(date(2026, 1, day))), [false, false, true, false, true]);
}

/// Whether offices are open in the minute that begins here, from the definition.
fn open_by_hand(shown: jiff::civil::DateTime) -> bool {
    let day = shown.date();
    let off = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 4, 26), date(2026, 4, 27), date(2026, 4, 30), date(2026, 5, 1)];
    let tet = date(2026, 2, 16) <= day && day <= date(2026, 2, 20);
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let works = day == date(2026, 1, 10) || !(weekend || tet || off.contains(&day));
    let minute = i64::from(shown.hour()) * 60 + i64::from(shown.minute());
    works && ((420..690).contains(&minute) || (780..1020).contains(&minute))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Moments of December 2025 to May 2026, in minutes.
    #[test]
    fn office_time_is_the_minutes_that_offices_are_open(from in 0i64..220_000, length in 0i64..20_000) {
        for zone in ["Asia/Ho_Chi_Minh", "America/New_York"] {
            let calendar = calendar(zone);
            let zone = TimeZone::get(zone).unwrap();
            let base: Timestamp = "2025-12-10T00:00:00Z".parse().unwrap();
            let at = |minute: i64| base + jiff::SignedDuration::from_mins(minute);
            let minutes = (from..from + length).filter(|minute| open_by_hand(zone.to_datetime(at(*minute)))).count();
            let found = calendar.office_time(at(from + length)) - calendar.office_time(at(from));
            prop_assert_eq!(found, i64::try_from(minutes).unwrap() * MINUTE);
            let (time, passed) = (calendar.office_time(at(from)), calendar.when_passed(calendar.office_time(at(from))));
            prop_assert_eq!(calendar.office_time(passed), time);
            prop_assert!(passed <= at(from));
            prop_assert!(calendar.office_time(passed - jiff::SignedDuration::from_micros(1)) < time);
        }
    }

    #[test]
    fn working_days_are_counted_as_one_would_on_fingers(day in 20_000i64..21_000, count in 0i64..300) {
        let calendar = calendar("Asia/Ho_Chi_Minh");
        let mut last = day;
        let mut left = count;
        while left > 0 || !calendar.works(last) {
            left -= i64::from(calendar.works(last));
            last += 1;
        }
        prop_assert_eq!(calendar.working_day(calendar.working_days_before(day) + count), last);
        prop_assert_eq!(day_number(date_of(day)), day);
    }
}
