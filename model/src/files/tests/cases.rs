//! KPIs from cases: what each measure needs, and what it is told that has no meaning for it.
//!
//! Must never count anything: that is the engine's.

use super::broken::{check_problems, town};
use super::*;
use crate::LabelName;
use crate::kpi::{CaseMeasure, CaseTerms, From};

const OPEN: &str = r#"from = { cases = "dossier", measure = "open" }"#;
const CALENDAR: (&str, &str, &str) =
    ("calendar.toml", "", "weekdays = [\"monday\"]\nhours = [[\"07:00\", \"17:00\"]]\nyears = [2026, 2026]\n");

/// The town with another `from` and unit for its KPI of cases, and a working calendar or none.
fn with(from: &str, unit: &str, has_calendar: bool) -> Vec<File> {
    let mut changes = vec![("kpis/traffic.toml", OPEN, from), ("kpis/traffic.toml", "unit = \"cases\"", unit)];
    changes.extend(has_calendar.then_some(CALENDAR));
    town(&changes)
}

fn terms(from: &str, unit: &str) -> (CaseMeasure, CaseTerms) {
    let files = with(&format!("from = {{ cases = \"dossier\", {from} }}"), &format!("unit = \"{unit}\""), true);
    check_problems(&files, &[]);
    let (set, _) = check(&files);
    match &set.kpi(&KpiId::new("services.open").unwrap()).unwrap().from {
        From::Cases { measure, terms, .. } => (*measure, terms.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_measure_is_read_with_its_terms() {
    use CaseMeasure::*;
    let plain = |from: &str, unit: &str| {
        let (measure, terms) = terms(from, unit);
        assert_eq!(terms, CaseTerms::default(), "{from}");
        measure
    };
    assert_eq!(plain("measure = \"overdue\"", "cases"), Overdue);
    assert_eq!(plain("measure = \"opened\", window = \"1d\"", "reports"), Opened);
    assert_eq!(plain("measure = \"reopened\", window = \"1d\"", "1"), Reopened);
    assert_eq!(plain("measure = \"withdrawn\", window = \"30d\"", "cases"), Withdrawn);
    assert_eq!(plain("measure = \"on_time\", window = \"30d\"", "%"), OnTime);
    assert_eq!(plain("measure = \"median_age\"", "d"), MedianAge);
    assert_eq!(plain("measure = \"p90_age\"", "h"), P90Age);
    assert_eq!(plain("measure = \"p90_duration\", window = \"30d\"", "min"), P90Duration);

    let (measure, soon) = terms("measure = \"due_soon\", within = \"3wd\"", "cases");
    assert_eq!((measure, soon.within), (DueSoon, "3wd".parse().ok()));
    let (_, business) = terms("measure = \"open\", only = { applicant = \"business\" }, without = { channel = \"post\" }", "cases");
    assert_eq!((business.only.get("applicant"), business.without.get("channel")), (Some("business"), Some("post")));
    let (measure, took) = terms("measure = \"median_duration\", window = \"30d\", count = \"working\", minimum = 20", "d");
    assert_eq!((measure, took.working, took.minimum), (MedianDuration, true, Some(20)));
    let (measure, lost) = terms("measure = \"duration\", window = \"30d\", weigh = \"customers\"", "min");
    assert_eq!((measure, lost.weigh.as_ref().map(LabelName::as_str)), (Duration, Some("customers")));
    let (measure, satisfied) =
        terms("measure = \"satisfied\", window = \"30d\", answer = { label = \"answer\", satisfied = [\"good\"] }, minimum = 30", "%");
    let answer = satisfied.answer.unwrap();
    assert_eq!((measure, answer.label.as_str(), answer.satisfied.as_slice()), (Satisfied, "answer", ["good".to_owned()].as_slice()));
}

#[test]
fn what_has_no_meaning_for_a_measure_is_named() {
    let mistake = |from: &str, unit: &str, has_calendar, expected: &str| {
        check_problems(
            &with(&format!("from = {{ cases = \"dossier\", {from} }}"), &format!("unit = \"{unit}\""), has_calendar),
            &[expected],
        );
    };
    let at = |column: usize, rest: &str| format!("kpis/traffic.toml:14:{column}: {rest}…");
    mistake("measure = \"median_age\", window = \"1d\"", "d", true, &at(62, "what is open is counted at a moment, not over a window | "));
    mistake("measure = \"closed\"", "cases", true, &at(1, "`from` has no `window` | "));
    mistake("measure = \"due_soon\"", "cases", true, &at(1, "`from` has no `within` | "));
    mistake("measure = \"open\", within = \"3d\"", "cases", true, &at(56, "`within` has no meaning here: only of `due_soon` "));
    mistake("measure = \"open\", minimum = 3", "cases", true, &at(57, "`minimum` has no meaning here: only shares "));
    mistake("measure = \"open\", count = \"working\"", "cases", true, &at(55, "`count` has no meaning here: only ages "));
    mistake(
        "measure = \"median_age\", weigh = \"customers\"",
        "d",
        true,
        &at(61, "`weigh` has no meaning here: of a median every case is one"),
    );
    mistake("measure = \"satisfied\", window = \"1d\"", "%", true, &at(1, "`from` has no `answer` | "));
    mistake("measure = \"median_age\", count = \"working\"", "d", false, &at(61, "working days need a working calendar, "));
    mistake("measure = \"due_soon\", within = \"3wd\"", "cases", false, &at(60, "working days need a working calendar, "));
    mistake("measure = \"median_age\"", "cases", true, &at(1, "a length of time can't be in cases | "));
    mistake("measure = \"median_age\", count = \"working\"", "h", true, &at(1, "working time can't be in h: "));
    mistake("measure = \"open\"", "h", true, &at(1, "a number of cases can't be in h | "));
    mistake(
        "measure = \"satisfied\", window = \"1d\", answer = { label = \"a\", satisfied = [] }",
        "%",
        true,
        &at(103, "no answer means "),
    );
}

#[test]
fn a_definition_in_working_days_is_another_when_the_calendar_is() {
    let version = |from: &str, hours: &str| {
        let mut files = with(&format!("from = {{ cases = \"dossier\", {from} }}"), "unit = \"d\"", true);
        let calendar = files.iter_mut().find(|file| file.name == "calendar.toml").unwrap();
        calendar.text = calendar.text.replace("17:00", hours);
        check(&files).0.kpi(&KpiId::new("services.open").unwrap()).unwrap().version.clone()
    };
    let elapsed = "measure = \"median_age\"";
    let working = "measure = \"median_age\", count = \"working\"";
    assert_eq!(version(elapsed, "17:00"), version(elapsed, "16:00"));
    assert_ne!(version(working, "17:00"), version(working, "16:00"));
}

#[test]
fn the_examples_of_the_page_on_cases_are_sound() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/counting-cases.md")).unwrap();
    let mut files: Vec<File> = shipped("dashboards/can-tho").into_iter().filter(|file| file.name == "city.toml").collect();
    for block in page.split("```toml\n# ").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        files.push(File { name: name.to_owned(), text: rest.split_once("```").unwrap().0.to_owned() });
    }
    check_problems(&files, &[]);
    let (set, _) = check(&files);
    assert_eq!((set.kpis.len(), set.calendar.is_some()), (5, true));
}
