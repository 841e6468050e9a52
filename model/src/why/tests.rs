//! Contributions add up, flows balance, and the sentence says what the page says.

use super::*;
use crate::kpi::{Better, CaseMeasure, CaseTerms, Window};
use crate::{Labels, Unit};

fn kpi(from: From, unit: &str) -> Kpi {
    Kpi {
        id: "services.overdue".parse().unwrap(),
        version: "1".into(),
        title: Text::new("Hồ sơ quá hạn", "Overdue dossiers"),
        unit: Unit::parse(unit).unwrap(),
        decimals: if unit == "%" { 1 } else { 0 },
        better: Better::Lower,
        standard: None,
        owner: None,
        from,
        by: Vec::new(),
        every_s: 3600,
        delay_s: 5,
        lateness_s: 900,
        coverage: None,
        stale_s: 7200,
        target: None,
        attention: None,
        critical: None,
        thresholds_for: Vec::new(),
    }
}

fn cases(measure: CaseMeasure, unit: &str) -> Kpi {
    kpi(From::Cases { kind: "dossier".into(), measure, window: Window::Sliding(0), terms: CaseTerms::default() }, unit)
}

fn share(part: f64, whole: f64) -> Standing {
    Standing { value: Some(part / whole * 100.0), numerator: Some(part), denominator: Some(whole), quality: Quality::Good }
}

fn level(value: f64) -> Standing {
    Standing { value: Some(value), quality: Quality::Good, ..Standing::default() }
}

fn named(id: &str) -> Named {
    Named { id: id.into(), name: Text::new(&format!("Sở {id}"), &format!("Department {id}")) }
}

#[test]
fn contributions_to_a_share_add_up_to_its_change() {
    let kpi = cases(CaseMeasure::OnTime, "%");
    let parts = vec![(named("A"), share(90.0, 100.0), share(60.0, 100.0)), (named("B"), share(40.0, 50.0), share(180.0, 200.0))];
    let (before, after) = (share(130.0, 150.0), share(240.0, 300.0));
    let split = split(&kpi, "department", &before, &after, parts).unwrap();
    let sum: f64 = split.parts.iter().map(|part| part.contribution).sum();
    assert!((sum - (80.0 - 130.0 / 1.5)).abs() < 1e-9 && split.rest.abs() < 1e-9, "{split:?}");
    assert_eq!(split.parts[0].of.id, "A");
    // A lost 30 of its hundred, a tenth of the three hundred that there are now.
    assert!((split.parts[0].contribution + 10.0).abs() < 1e-9, "{split:?}");
}

#[test]
fn what_no_part_accounts_for_is_the_rest() {
    let kpi = cases(CaseMeasure::Open, "cases");
    let parts = vec![(named("A"), level(4.0), level(9.0)), (named("B"), Standing::default(), level(2.0))];
    let split = split(&kpi, "department", &level(10.0), &level(20.0), parts).unwrap();
    assert_eq!((split.parts[0].contribution, split.parts[1].contribution, split.rest), (5.0, 2.0, 3.0));
}

#[test]
fn an_extreme_is_not_divided() {
    let from = From::Observations {
        metric: "m".parse().unwrap(),
        aggregate: Aggregate::Max,
        window: Window::Sliding(60),
        across: None,
        only: Labels::default(),
        suspect: Default::default(),
        at_least: 0,
        factor: 1.0,
    };
    assert_eq!(split(&kpi(from, "1"), "area", &level(1.0), &level(2.0), vec![(named("A"), level(1.0), level(2.0))]), None);
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_772_400_000 + hour * 3600).unwrap()
}

fn case(department: &str, opened: i64, due: i64, closed: Option<i64>) -> Case {
    Case {
        department: Some(department.parse().unwrap()),
        due: Some(at(due)),
        closed: closed.map(at),
        labels: [(PROCEDURE.parse().unwrap(), "permit".to_owned())].into_iter().collect(),
        ..Case::new(CaseId::new("1").unwrap(), "dossier", at(opened))
    }
}

fn page(cases: &[Case], shown: f64) -> (Flows, usize, usize) {
    let count = |time| cases.iter().filter(|case| case.is_overdue(time)).count();
    let (before, after) = (count(at(0)), count(at(24)));
    let mut flows = flows(cases.iter(), Case::is_overdue, (at(0), at(24)), |_, id| Text::new(id, id));
    flows.shown = shown;
    flows.corrected = before as f64 - shown;
    (flows, before, after)
}

#[test]
fn flows_balance_whatever_a_case_does() {
    let every: Vec<Case> = [-9, -1, 3, 20, 30]
        .into_iter()
        .flat_map(|due| [None, Some(-5), Some(0), Some(1), Some(10), Some(24), Some(40)].map(|closed| case("a", -20, due, closed)))
        .collect();
    let (flows, before, after) = page(&every, 7.0);
    assert_eq!(flows.shown + flows.corrected + flows.total.net(), after as f64, "{flows:?} from {before} to {after}");
    assert!(flows.total.entered > 0 && flows.total.closed > 0);
    assert_eq!(flows.by_department[0].flow, flows.total);
    assert_eq!(flows.by_procedure[0].flow, flows.total);
}

#[test]
fn the_sentence_says_what_changed_by_whom_and_whose_data_is_late() {
    let all = [case("b", -20, 1, None), case("b", -20, 2, None), case("a", -20, -3, Some(5)), case("b", -9, 3, Some(9))];
    let (flows, before, after) = page(&all, 2.0);
    let kpi = cases(CaseMeasure::Overdue, "cases");
    let (before, after) = (level(before as f64), level(after as f64));
    let parts = vec![(named("a"), level(1.0), level(0.0)), (named("b"), level(0.0), level(2.0))];
    let splits = vec![split(&kpi, "department", &before, &after, parts).unwrap()];
    let page = WhyPage {
        kpi: kpi.id.clone(),
        scope: Scope::City,
        from: at(0),
        to: at(24),
        change: Some(1.0),
        before,
        after,
        splits,
        flows: Some(flows),
        late: vec![named("y")],
        sentence: Text::default(),
    };
    let words = page.in_words(&kpi);
    assert_eq!(
        words.vi,
        "Hồ sơ quá hạn tăng 1 hồ sơ, từ 1 lên 2; mới quá hạn 3, đã giải quyết 2, hiệu chỉnh −1; nhiều nhất do Sở b (+2), thủ tục permit (+1); \
         dữ liệu của Sở y đến chậm."
    );
    assert_eq!(
        words.en,
        "Overdue dossiers rose by 1 files, from 1 to 2; 3 newly overdue, 2 done, corrected by −1; mostly Department b (+2), procedure permit (+1); \
         data of Department y is late."
    );
}
