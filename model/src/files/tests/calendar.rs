//! Cần Thơ's working calendar: its holidays against the lunar calendar and the law, and what a broken one is told.
//!
//! Must never take a date of the file for granted: what is expected is computed here, or written down from an announcement.

use super::broken::{check_problems, town};
use super::*;
use jiff::civil::{Date, Weekday, date};
use std::f64::consts::PI;

/// The rules of the Vietnamese lunar calendar (Hồ Ngọc Đức, "Computing the Vietnamese lunar calendar"): months begin on the
/// day of the new moon at Hà Nội (UTC+7), and the eleventh has the winter solstice. New moons and the sun's longitude are
/// computed after Meeus, *Astronomical Algorithms*, chapters 25 and 49, the larger terms of each.
struct Moon;

impl Moon {
    /// The new moon number `k` since that of 6 January 2000, as a Julian day of universal time.
    fn new_moon(k: f64) -> f64 {
        let t = k / 1236.85;
        let degrees = |value: f64| value * PI / 180.0;
        let mean = 2_451_550.097_66 + 29.530_588_861 * k + 0.000_154_37 * t * t;
        let sun = degrees(2.5534 + 29.105_356_7 * k);
        let moon = degrees(201.5643 + 385.816_935_28 * k);
        let latitude = degrees(160.7108 + 390.670_502_84 * k);
        let node = degrees(124.7746 - 1.563_755_88 * k);
        let e = 1.0 - 0.002_516 * t;
        let terms = [
            (-0.4072, moon),
            (0.172_41 * e, sun),
            (0.016_08, 2.0 * moon),
            (0.010_39, 2.0 * latitude),
            (0.007_39 * e, moon - sun),
            (-0.005_14 * e, moon + sun),
            (0.002_08 * e * e, 2.0 * sun),
            (-0.001_11, moon - 2.0 * latitude),
            (-0.000_57, moon + 2.0 * latitude),
            (0.000_56 * e, 2.0 * moon + sun),
            (-0.000_42, 3.0 * moon),
            (0.000_42 * e, sun + 2.0 * latitude),
            (0.000_38 * e, sun - 2.0 * latitude),
            (-0.000_24 * e, 2.0 * moon - sun),
            (-0.000_17, node),
        ];
        // Dynamical time is ahead of universal time by some 70 s in these years.
        mean + terms.iter().map(|(size, angle)| size * angle.sin()).sum::<f64>() - 70.0 / 86_400.0
    }

    /// In which twelfth of the year the sun stands at midnight in Hà Nội: the winter solstice begins the tenth (9).
    fn sector(day: Date) -> i64 {
        let julian = Self::julian(day) - 7.0 / 24.0;
        let t = (julian - 2_451_545.0) / 36_525.0;
        let anomaly = (357.529_11 + 35_999.050_29 * t) * PI / 180.0;
        let center = (1.914_602 - 0.004_817 * t) * anomaly.sin() + (0.019_993 - 0.000_101 * t) * (2.0 * anomaly).sin();
        let node = (125.04 - 1934.136 * t) * PI / 180.0;
        let longitude = 280.466_46 + 36_000.769_83 * t + center + 0.000_289 * (3.0 * anomaly).sin() - 0.005_69 - 0.004_78 * node.sin();
        (longitude.rem_euclid(360.0) / 30.0).floor() as i64
    }

    /// The Julian day of midnight UTC.
    fn julian(day: Date) -> f64 {
        2_451_544.5 + f64::from((day - date(2000, 1, 1)).get_days())
    }

    /// The day in Hà Nội of new moon number `k`.
    fn month(k: i64) -> Date {
        let days = (Self::new_moon(k as f64) + 7.0 / 24.0 - 2_451_544.5).floor() as i64;
        date(2000, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap()
    }

    /// The number of the month that has the winter solstice of a year.
    fn eleventh(year: i16) -> i64 {
        let mut k = ((f64::from(year) + 0.97 - 2000.0) * 12.3685).floor() as i64 + 2;
        while Self::month(k) > date(year, 12, 31) || Self::sector(Self::month(k)) > 8 {
            k -= 1;
        }
        k
    }

    /// The first day of a lunar year's month, leap months left out.
    fn first_of(year: i16, month: i64) -> Date {
        let (begin, end) = (Self::eleventh(year - 1), Self::eleventh(year));
        let has_no_term = |k: &i64| Self::sector(Self::month(*k)) == Self::sector(Self::month(*k + 1));
        let leap = (end - begin == 13).then(|| (begin + 1..end).find(has_no_term)).flatten();
        let plain = begin + month + 1;
        Self::month(if leap.is_some_and(|leap| leap <= plain) { plain + 1 } else { plain })
    }
}

#[test]
fn the_lunar_calendar_of_the_test_gives_the_known_new_years() {
    for (year, month, day) in [(1985, 1, 21), (2007, 2, 17), (2023, 1, 22), (2024, 2, 10), (2025, 1, 29), (2026, 2, 17), (2030, 2, 2)] {
        assert_eq!(Moon::first_of(year, 1), date(year, month, day));
    }
    // 2023 and 2025 have a leap month, the second and the sixth.
    assert_eq!((Moon::first_of(2023, 3), Moon::first_of(2025, 7)), (date(2023, 4, 20), date(2025, 8, 23)));
}

#[test]
fn the_holidays_of_can_tho_are_those_of_the_lunar_calendar_and_the_law() {
    let set = sound("dashboards/can-tho");
    let calendar = set.calendar.unwrap();
    for year in 2025..=2030 {
        let of = |id: &str| {
            let found: Vec<_> =
                calendar.parts().holidays.iter().filter(|holiday| holiday.id == id && holiday.from.year() == year).collect();
            assert_eq!(found.len(), 1, "{id} {year}");
            (found[0].from, found[0].to)
        };
        let covers = |id: &str, day: Date| assert!((of(id).0..=of(id).1).contains(&day), "{id} {year} has no {day}");
        covers("new-year", date(year, 1, 1));
        let tet = Moon::first_of(year, 1);
        for day in [tet.yesterday().unwrap(), tet, tet.tomorrow().unwrap()] {
            covers("tet", day);
        }
        covers("hung-kings", Moon::first_of(year, 3).checked_add(jiff::Span::new().days(9)).unwrap());
        covers("reunification", date(year, 4, 30));
        covers("labour", date(year, 5, 1));
        covers("national", date(year, 9, 2));
        // Each day off is a working day less: what falls on a week-end is made up.
        let weekdays = |id: &str| {
            let (from, to) = of(id);
            let days = from.series(jiff::Span::new().days(1)).take_while(|day| *day <= to);
            days.filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)).count()
        };
        let counted = ["new-year", "tet", "hung-kings", "national"].map(weekdays);
        assert_eq!(counted, [1, 5, 1, 2], "{year}");
        assert_eq!(weekdays("reunification") + weekdays("labour"), 2, "{year}");
        if year >= 2026 {
            covers("culture", date(year, 11, 24));
            assert_eq!(weekdays("culture"), 1, "{year}");
        }
    }
    let off = |year, month, day| !calendar.is_working_day(date(year, month, day));
    assert!(off(2025, 5, 2) && !off(2025, 4, 26) && off(2026, 1, 2) && !off(2026, 1, 10) && off(2026, 8, 31) && !off(2026, 8, 22));
    assert_eq!(calendar.holiday(date(2026, 2, 17)).map(|holiday| holiday.id.as_str()), Some("tet"));
    assert!(calendar.knows(date(2030, 12, 31)) && !calendar.knows(date(2031, 1, 1)));
}

const SOUND: &str = r#"weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"]
hours = [["07:00", "11:30"], ["13:00", "17:00"]]
years = [2026, 2026]
swaps = [{ off = 2026-01-02, on = 2026-01-10 }]
holidays = [{ id = "tet", name = { vi = "Tết", en = "Tet" }, from = 2026-02-16, to = 2026-02-20 }]
[allowances.dossier]
label = "procedure"
of = { marriage = "5wd" }
"#;

fn mistake(old: &str, new: &str, expected: &str) {
    assert_eq!(SOUND.matches(old).count(), 1, "{old}");
    check_problems(&town(&[("calendar.toml", "", &SOUND.replace(old, new))]), &[expected]);
}

#[test]
fn mistakes_in_a_calendar_are_named_by_their_places() {
    check_problems(&town(&[("calendar.toml", "", SOUND)]), &[]);
    mistake("\"friday\"]", "\"friday\", \"funday\"]", "calendar.toml:1:69: `weekdays` can't be \"funday\" | did you mean \"sunday\"?");
    mistake("\"11:30\"", "\"06:30\"", "calendar.toml:2:10: the offices close before they open | …");
    mistake("\"13:00\"", "\"11:00\"", "calendar.toml:2:30: these hours begin before the ones before them end | …");
    mistake("\"17:00\"", "\"25:00\"", "calendar.toml:2:40: \"25:00\" is not a time of day | …");
    mistake("[2026, 2026]", "[2025, 2024]", "calendar.toml:3:9: the last year is before the first | …");
    mistake("2026-01-10", "2026-01-09", "calendar.toml:4:35: 2026-01-09 is usually worked anyway | …");
    mistake("2026-01-02", "2026-01-03", "calendar.toml:4:18: 2026-01-03 is no weekday that is usually worked | …");
    mistake("to = 2026-02-20", "to = 2026-02-12", "calendar.toml:5:13: the holiday ends on 2026-02-12, before it begins | …");
    mistake("to = 2026-02-20", "to = 2027-02-20", "calendar.toml:5:86: 2027-02-20 is not in the years that the calendar is for | …");
    mistake("from = 2026-02-16", "from = 2026-02-16T07:00:00", "calendar.toml:5:69: `from` must be a date | write it like 2026-02-16");
    mistake("\"5wd\"", "\"5 days\"", "calendar.toml:8:19: `marriage` is \"5 days\", which is not a length of time | …");
    mistake("label = \"procedure\"\n", "", "calendar.toml:6:13: allowances of dossier has no `label` | …");
}
