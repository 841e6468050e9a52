//! What is due, and when.

use super::*;
use crate::door::judge::tests::{city, current, ledger};
use jiff::civil::Weekday;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What is asked of a KPI for the city at a moment, as `term state due`.
fn asked(kpi: &str, figures: &[(&str, &str, f64, Stated)], now: &str) -> Vec<String> {
    let definitions = city();
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let duties = all(&definitions, &ledger(figures), &zone, at(now));
    let own = duties.iter().filter(|duty| duty.kpi.as_str() == kpi && duty.scope == Scope::City);
    own.map(|duty| format!("{} {:?} {}", duty.term, duty.state, duty.due)).collect()
}

const OFFICIAL: Stated = Stated::Official;

#[test]
fn a_figure_is_open_then_soon_then_late() {
    // Ten days after the month: the eleventh begins at 17:00 UTC.
    for (now, state) in [
        ("2026-10-31T17:00:00Z", "Open"),
        ("2026-11-07T16:59:59Z", "Open"),
        ("2026-11-07T17:00:00Z", "Soon"),
        ("2026-11-10T16:59:59Z", "Soon"),
        ("2026-11-10T17:00:00Z", "Late"),
    ] {
        assert_eq!(asked("money.spent", &[], now), [format!("2026-10 {state} 2026-11-10T17:00:00Z")], "{now}");
    }
}

#[test]
fn a_figure_that_is_there_makes_room_for_the_next() {
    let done = [("money.spent", "2026-10", 60.0, OFFICIAL)];
    assert_eq!(
        asked("money.spent", &done, "2026-11-05T00:00:00Z"),
        ["2026-10 Done 2026-11-10T17:00:00Z", "2026-11 Running 2026-12-10T17:00:00Z"]
    );
}

#[test]
fn months_that_were_left_out_are_asked_for_and_those_before_the_first_are_not() {
    let figures = [("money.spent", "2026-07", 40.0, OFFICIAL)];
    let late = ["2026-08 Late 2026-09-10T17:00:00Z", "2026-09 Late 2026-10-10T17:00:00Z", "2026-10 Late 2026-11-10T17:00:00Z"];
    assert_eq!(asked("money.spent", &figures, "2026-11-20T00:00:00Z"), late);
    assert_eq!(asked("money.spent", &[], "2026-11-20T00:00:00Z"), late[2..]);
}

#[test]
fn a_provisional_figure_is_not_late_and_not_done() {
    let figures = [("money.spent", "2026-09", 50.0, OFFICIAL), ("money.spent", "2026-10", 60.0, Stated::Provisional)];
    assert_eq!(asked("money.spent", &figures, "2026-11-20T00:00:00Z"), ["2026-10 Provisional 2026-11-10T17:00:00Z"]);
}

#[test]
fn working_days_leave_out_week_ends() {
    let definitions = city();
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let calendar = Calendar { zone: &zone, city: &definitions.city, worked: None };
    let due = |term: &str, due: &str| zone.to_datetime(calendar.due(term.parse().unwrap(), due.parse().unwrap())).date().to_string();
    // 31 October 2026 is a Saturday.
    assert_eq!(due("2026-10", "1wd"), "2026-11-03");
    assert_eq!(due("2026-10", "5wd"), "2026-11-07");
    assert_eq!(due("2026-10", "6wd"), "2026-11-10");
    assert_eq!(due("2026-10", "1d"), "2026-11-02");
}

#[test]
fn working_days_leave_out_the_days_off_of_the_city() {
    let definitions = city();
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let date = |text: &str| text.parse().unwrap();
    let worked = taydo_model::WorkingCalendar::new(taydo_model::calendar::CalendarParts {
        version: String::new(),
        zone: "Asia/Ho_Chi_Minh".to_owned(),
        weekdays: vec![Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday],
        hours: vec![taydo_model::calendar::Hours { open_s: 7 * 3600, close_s: 17 * 3600 }],
        years: (2026, 2026),
        holidays: vec![taydo_model::calendar::Holiday {
            id: "tet".into(),
            name: taydo_model::Text::new("Tết", "Tết"),
            from: date("2026-02-16"),
            to: date("2026-02-20"),
        }],
        swaps: vec![taydo_model::calendar::Swap { off: date("2026-02-03"), on: date("2026-02-07") }],
        lunar_new_years: vec![],
        allowances: vec![],
    })
    .unwrap();
    let calendar = Calendar { zone: &zone, city: &definitions.city, worked: Some(&worked) };
    let due = |days: &str| zone.to_datetime(calendar.due("2026-01".parse().unwrap(), days.parse().unwrap())).date().to_string();
    // January ends on a Saturday. Monday 2 February is worked, Tuesday is not, Saturday the 7th is instead.
    assert_eq!(due("2wd"), "2026-02-05");
    assert_eq!(due("5wd"), "2026-02-08");
    // The week of Tết has no working day: the 11th is Monday the 23rd.
    assert_eq!(due("10wd"), "2026-02-14");
    assert_eq!(due("11wd"), "2026-02-24");
}

#[test]
fn last_years_figure_stands_beside() {
    let definitions = city();
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let figures = [("money.spent", "2025-10", 55.0, OFFICIAL), ("money.spent", "2026-09", 58.0, OFFICIAL)];
    let duties = all(&definitions, &ledger(&figures), &zone, at("2026-11-05T00:00:00Z"));
    let duty = duties.iter().find(|duty| duty.kpi.as_str() == "money.spent").unwrap();
    assert_eq!(duty.previous, Some(current("2026-09", 58.0, OFFICIAL)));
    assert_eq!(duty.year_before, Some(current("2025-10", 55.0, OFFICIAL)));
    let departments = departments(&definitions, &duties);
    assert_eq!(departments.iter().map(|one| (one.id.as_str(), one.figures)).collect::<Vec<_>>(), [("finance", 5), ("roads", 1)]);
}
