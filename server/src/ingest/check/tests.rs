//! Tables of drafts and cases under a small city's definitions.

use super::*;
use jiff::civil::Weekday;
use std::borrow::Cow;
use taydo_model::calendar::{AllowanceTable, CalendarParts, Hours};
use taydo_model::{AreaId, AssetId, Case, CaseId, DepartmentId, SourceId, Text, WorkingCalendar, observation::MetricKind};

pub(crate) fn city() -> Definitions {
    let metric = |id: &str, unit: &str, range| {
        let (id, unit) = (MetricId::new(id).unwrap(), Unit::parse(unit).unwrap());
        Arc::new(Metric { id, title: Text::default(), unit, resolution: 0.1, range, jump: None, frozen_s: None, kind: MetricKind::Gauge })
    };
    let asset = Arc::new(Asset {
        id: AssetId::new("a1").unwrap(),
        name: "A1".into(),
        site: "QL91".into(),
        area: AreaId::new("31135").unwrap(),
        latitude: None,
        longitude: None,
        owner: DepartmentId::new("so-gt").unwrap(),
        metrics: vec![],
        interval_s: 60,
        camera: None,
        valid_from: "2026-01-01T00:00:00Z".parse().ok(),
        valid_to: None,
    });
    let metrics = vec![metric("energy.load", "kW", None), metric("traffic.speed", "km/h", Some((0.0, 200.0)))];
    Definitions { metrics, assets: vec![asset], ..Definitions::default() }
}

fn now() -> Timestamp {
    "2026-03-01T07:00:00Z".parse().unwrap()
}

fn find(metric: &str, pairs: &[(&str, &str)], unit: Given<'_>) -> Result<Target, Refusal> {
    let pairs: Vec<Pair<'_>> = pairs.iter().map(|&(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value))).collect();
    Target::find(&city(), metric, &pairs, unit)
}

#[test]
fn a_draft_is_refused_for_what_is_wrong_with_it() {
    let long = "x".repeat(257);
    let huge = "x".repeat(1 << 20);
    let many: Vec<(String, String)> = (0..17).map(|n| (format!("l{n}"), "v".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let table: Vec<(Result<Target, Refusal>, ErrorCode, &str)> = vec![
        (find("trafic.speed", &[], Given::Metrics), ErrorCode::UnknownMetric, "is \"traffic.speed\" meant?"),
        (find("No Id", &[], Given::Metrics), ErrorCode::UnknownMetric, "define it"),
        (find("traffic.speed", &[], Given::Code("kW")), ErrorCode::WrongUnit, "kW can't be made km/h"),
        (find("traffic.speed", &[], Given::Code("furlong")), ErrorCode::WrongUnit, "no unit \"furlong\""),
        (find("traffic.speed", &[("Lane", "1")], Given::Metrics), ErrorCode::InvalidLabel, "is not a label name"),
        (find("traffic.speed", &[("lane", &long)], Given::Metrics), ErrorCode::InvalidLabel, "has 257 bytes"),
        (find("traffic.speed", &[("lane", &huge)], Given::Metrics), ErrorCode::InvalidLabel, "has 1048576 bytes"),
        (find("traffic.speed", &[("lane", "a\0b")], Given::Metrics), ErrorCode::InvalidLabel, "control character"),
        (find("traffic.speed", &many, Given::Metrics), ErrorCode::InvalidLabel, "17 labels"),
    ];
    for (got, code, words) in table {
        let refusal = got.map(|target| target.labels).unwrap_err();
        assert!(refusal.code == code && refusal.message.contains(words), "{refusal:?}");
    }
}

#[test]
fn a_number_is_converted_and_rounded_and_an_impossible_one_kept() {
    let speed = |unit| find("traffic.speed", &[], unit).unwrap();
    assert_eq!(speed(Given::Metrics).ticks(31.54).unwrap(), 315);
    assert_eq!(speed(Given::Code("mph")).ticks(60.0).unwrap(), 966);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        assert_eq!(speed(Given::Metrics).ticks(value).unwrap_err().code, ErrorCode::InvalidValue, "{value}");
    }
    assert_eq!([-0.2, 200.0, 200.1].map(|value| speed(Given::Metrics).ticks(value).unwrap()), [-2, 2000, 2001]);
}

#[test]
fn a_time_is_kept_from_2000_on_and_up_to_five_minutes_ahead() {
    let at = |text: &str| time(text.parse().unwrap(), now()).map(|time| time.to_string());
    assert_eq!(at("2026-03-01T07:05:00Z").unwrap(), "2026-03-01T07:05:00Z");
    assert_eq!(at("2026-03-01T06:00:00.123456789Z").unwrap(), "2026-03-01T06:00:00.123456Z");
    assert_eq!(at("2026-03-01T07:05:00.001Z").unwrap_err().code, ErrorCode::InvalidTime);
    assert_eq!(at("1999-12-31T23:59:59Z").unwrap_err().code, ErrorCode::InvalidTime);
}

#[test]
fn the_register_gives_an_asset_in_service_its_area_and_unknown_ones_are_told() {
    let known =
        find("traffic.speed", &[("asset", "a1"), ("area", "99999"), ("road", "Tra\u{302}\u{300}n"), ("lane", "")], Given::Metrics).unwrap();
    assert_eq!((known.unknown.as_deref(), known.is_enriched(now())), (None, true));
    assert_eq!(format!("{:?}", known.labels(true)), r#"{"area": "31135", "asset": "a1", "road": "Trần"}"#);
    let before = "2025-12-31T23:59:59Z".parse().unwrap();
    assert!(!known.is_enriched(before));
    assert_eq!(known.labels(false).get("area"), Some("99999"));
    let unknown = find("traffic.speed", &[("asset", "A 7")], Given::Metrics).unwrap();
    assert_eq!((unknown.unknown.as_deref(), unknown.is_enriched(now())), (Some("A 7"), false));
    assert_eq!(unknown.labels(false).get("asset"), Some("A 7"));
}

#[test]
fn a_case_is_checked_and_its_hash_says_what_it_says() {
    let source = SourceId::new("s").unwrap();
    let plain = Definitions::default();
    let base = Case {
        department: DepartmentId::new("so-gt").ok(),
        due: "2026-04-01T00:00:00Z".parse().ok(),
        ..Case::new(CaseId::new("H1").unwrap(), "dossier", "2026-02-01T00:00:00.0000009Z".parse().unwrap())
    };
    let version = case(&plain, &source, base.clone(), now()).unwrap();
    assert_eq!((version.updated, version.case.opened.to_string().as_str()), (now(), "2026-02-01T00:00:00Z"));
    // Written down so that a change of the recipe, which would make every stored state look new, does not go unseen.
    assert_eq!(version.hash, content_hash(&version.case));
    assert_eq!(version.hash, HASH);
    let other = |change: &dyn Fn(&mut Case)| {
        let mut case = base.clone();
        change(&mut case);
        super::case(&plain, &source, case, now())
    };
    assert_eq!(other(&|case| case.updated = case.due.map(|_| FIRST_TIME)).unwrap().hash, version.hash);
    assert_ne!(other(&|case| case.closed = Some(now())).unwrap().hash, version.hash);
    assert_ne!(other(&|case| case.due = None).unwrap().hash, version.hash);
    for (change, code) in [
        (&(|case: &mut Case| case.closed = Some(FIRST_TIME)) as &dyn Fn(&mut Case), ErrorCode::InvalidTime),
        (&|case: &mut Case| case.opened = "2026-03-02T00:00:00Z".parse().unwrap(), ErrorCode::InvalidTime),
        (&|case: &mut Case| case.updated = "2027-01-01T00:00:00Z".parse().ok(), ErrorCode::InvalidTime),
        (&|case: &mut Case| case.kind.clear(), ErrorCode::Invalid),
        (&|case: &mut Case| case.labels.set(LabelName::new("x").unwrap(), "y".repeat(300)), ErrorCode::InvalidLabel),
    ] {
        let refusal = other(change).unwrap_err();
        assert_eq!((refusal.code, refusal.case.as_ref().map(CaseId::as_str)), (code, Some("H1")));
    }
}

/// Computed from the written recipe by another program.
const HASH: i64 = -454_876_388_893_400_012;
/// The same, of the case in [`a_withdrawn_case_is_closed_then_and_a_deadline_is_resolved_but_not_hashed`].
const HASH_OF_LIFE: i64 = -4_872_891_559_018_019_380;

/// The town's offices: Monday to Friday from 07:00 to 17:00, in Vietnam.
fn working(allowances: Vec<AllowanceTable>) -> Definitions {
    let parts = CalendarParts {
        version: "c1".into(),
        zone: "Asia/Ho_Chi_Minh".into(),
        weekdays: vec![Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday],
        hours: vec![Hours { open_s: 25_200, close_s: 61_200 }],
        years: (2026, 2026),
        holidays: Vec::new(),
        swaps: Vec::new(),
        lunar_new_years: Vec::new(),
        allowances,
    };
    Definitions { calendar: WorkingCalendar::new(parts).map(Arc::new), ..Definitions::default() }
}

/// A dossier of Monday, 2 February 2026, at 09:00.
fn dossier() -> Case {
    Case::new(CaseId::new("H1").unwrap(), "dossier", "2026-02-02T02:00:00Z".parse().unwrap())
}

#[test]
fn a_withdrawn_case_is_closed_then_and_a_deadline_is_resolved_but_not_hashed() {
    let source = SourceId::new("s").unwrap();
    let withdrawn: Option<Timestamp> = "2026-02-10T00:00:00Z".parse().ok();
    let base = Case {
        department: DepartmentId::new("so-gt").ok(),
        allowance: "5wd".parse().ok(),
        withdrawn,
        reopened: "2026-02-05T00:00:00Z".parse().ok(),
        closed: "2026-02-11T00:00:00Z".parse().ok(),
        ..Case::new(CaseId::new("H1").unwrap(), "dossier", "2026-02-01T00:00:00Z".parse().unwrap())
    };
    let version = case(&working(Vec::new()), &source, base.clone(), now()).unwrap();
    assert_eq!((version.case.closed, version.case.done()), (withdrawn, None));
    // A Sunday: received on Monday, so the fifth working day after that is the next Monday.
    assert_eq!(version.case.due.map(|due| due.to_string()).as_deref(), Some("2026-02-09T10:00:00Z"));
    assert_eq!(version.case.calendar.as_deref(), Some("c1"));
    assert_eq!((version.hash, content_hash(&version.case)), (HASH_OF_LIFE, HASH_OF_LIFE));
    let without = Case { closed: None, ..base.clone() };
    assert_eq!(case(&working(Vec::new()), &source, without, now()).unwrap().case.closed, withdrawn);
    for wrong in [
        Case { withdrawn: "2026-01-31T00:00:00Z".parse().ok(), reopened: None, ..base.clone() },
        Case { withdrawn: "2026-02-12T00:00:00Z".parse().ok(), ..base.clone() },
        Case { reopened: "2026-02-10T00:00:01Z".parse().ok(), ..base.clone() },
        Case { reopened: "2026-01-31T00:00:00Z".parse().ok(), ..base.clone() },
    ] {
        assert_eq!(case(&working(Vec::new()), &source, wrong, now()).unwrap_err().code, ErrorCode::InvalidTime);
    }
}

#[test]
fn a_deadline_is_the_given_one_else_by_the_allowance_else_by_the_table() {
    let source = SourceId::new("s").unwrap();
    let table = AllowanceTable {
        kind: "dossier".into(),
        label: LabelName::new("procedure").unwrap(),
        of: [("marriage".to_owned(), "2wd".parse().unwrap())].into(),
        otherwise: "10wd".parse().ok(),
    };
    let of = |label: &str| [(LabelName::new("procedure").unwrap(), label.to_owned())].into_iter().collect::<Labels>();
    let given: Option<Timestamp> = "2026-02-20T03:00:00Z".parse().ok();
    let due = |definitions: &Definitions, one: Case| {
        let case = case(definitions, &source, one, now()).unwrap().case;
        (case.due.map(|due| due.to_string()), case.calendar)
    };
    let by_calendar = |due: &str| (Some(format!("{due}T10:00:00Z")), Some("c1".to_owned()));
    let city = working(vec![table]);
    assert_eq!(due(&city, Case { due: given, labels: of("marriage"), ..dossier() }), (given.map(|due| due.to_string()), None));
    assert_eq!(due(&city, Case { allowance: "3wd".parse().ok(), labels: of("marriage"), ..dossier() }), by_calendar("2026-02-05"));
    assert_eq!(due(&city, Case { labels: of("marriage"), ..dossier() }), by_calendar("2026-02-04"));
    assert_eq!(due(&city, Case { labels: of("land"), ..dossier() }), by_calendar("2026-02-16"));
    assert_eq!(due(&city, Case { kind: "report".into(), ..dossier() }), (None, None));
    // Without a working calendar only time itself can be counted.
    let plain = Definitions::default();
    let (resolved, calendar) = due(&plain, Case { allowance: "36h".parse().ok(), ..dossier() });
    assert_eq!((resolved.as_deref(), calendar.as_deref()), (Some("2026-02-03T14:00:00Z"), Some("none")));
    let refusal = case(&plain, &source, Case { allowance: "5wd".parse().ok(), ..dossier() }, now()).unwrap_err();
    assert!(refusal.message.contains("no calendar.toml"), "{}", refusal.message);
}
