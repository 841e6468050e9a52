//! Black box: figures and incidents in, sentences out.

use super::*;
use crate::compare::speed;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn kpi(id: &str, target: Option<f64>) -> Kpi {
    let title = Text::new(&format!("Số {id}"), &format!("Figure {id}"));
    Kpi {
        id: KpiId::new(format!("town.{id}")).unwrap(),
        title,
        target,
        attention: Some(25.0),
        critical: Some(15.0),
        stale_s: 300,
        ..speed()
    }
}

fn reading(kpi: &Kpi, value: Option<f64>, quality: Quality, data_time: i64) -> Reading {
    Reading {
        kpi: kpi.id.clone(),
        scope: Scope::City,
        time: at(10_000),
        value,
        numerator: None,
        denominator: None,
        samples: 20,
        coverage: None,
        quality,
        flags: crate::Flags::default(),
        data_time: Some(at(data_time)),
    }
}

/// Each figure as `id value[!quality][@age in seconds]`; `-` is no reading at all.
fn told(script: &str, late_sources: usize) -> HeadlinePage {
    let mut figures: Vec<(Kpi, Option<Reading>)> = Vec::new();
    for line in script.split(',').map(str::trim).filter(|line| !line.is_empty()) {
        let (id, rest) = line.split_once(' ').unwrap();
        let (rest, age) = rest.split_once('@').map_or((rest, 0), |(rest, age)| (rest, age.parse().unwrap()));
        let (value, quality) = match rest.split_once('!') {
            Some((value, "partial")) => (value, Quality::Partial),
            Some((value, _)) => (value, Quality::Missing),
            None => (rest, Quality::Good),
        };
        let kpi = kpi(id, Some(30.0));
        let found = (value != "-").then(|| reading(&kpi, value.parse().ok(), quality, 10_000 - age));
        figures.push((kpi, found));
    }
    let place = Text::default();
    let shown: Vec<Shown<'_>> =
        figures.iter().map(|(kpi, reading)| Shown { kpi, scope: &Scope::City, place: &place, reading: reading.as_ref() }).collect();
    headline(&shown, &[], late_sources, at(10_000))
}

#[test]
fn the_sentence_says_what_needs_attention_and_what_is_not_known() {
    for (script, late, outlook, vi, en) in [
        ("a 40, b 31", 0, Outlook::Calm, "Mọi chỉ số trong ngưỡng", "Every figure is within its limits"),
        ("a 40", 3, Outlook::Unsure, "Mọi chỉ số trong ngưỡng; 3 nguồn trễ", "Every figure is within its limits; 3 late sources"),
        (
            "a 40, b -",
            0,
            Outlook::Unsure,
            "1 trên 2 chỉ số trong ngưỡng; 1 chỉ số thiếu hoặc trễ số liệu",
            "1 of 2 figures are within their limits; 1 figure old or missing",
        ),
        ("a 40@301", 0, Outlook::Unknown, "Chưa biết tình hình: không chỉ số nào có số liệu mới", "Not known: no figure has fresh data"),
        ("a 20, b 10, c 31", 0, Outlook::Attention, "2 việc cần chú ý: Số a, Số b", "2 things need attention: Figure a, Figure b"),
        (
            "a 20, b 10@900",
            1,
            Outlook::Attention,
            "1 việc cần chú ý: Số a; 1 chỉ số thiếu hoặc trễ số liệu; 1 nguồn trễ",
            "1 thing needs attention: Figure a; 1 figure old or missing; 1 late source",
        ),
        (
            "a 1, b 2, c 3, d 4, e 5",
            0,
            Outlook::Attention,
            "5 việc cần chú ý: Số a, Số b, Số c và 2 việc khác",
            "5 things need attention: Figure a, Figure b, Figure c and 2 more",
        ),
        (
            "a 27, b 40!partial",
            0,
            Outlook::Unsure,
            "Mọi chỉ số trong ngưỡng; 1 chỉ số tính trên số liệu chưa đủ; 1 chỉ số chưa đạt chỉ tiêu",
            "Every figure is within its limits; 1 figure from partial data; 1 figure off target",
        ),
        ("a 5!missing", 0, Outlook::Unknown, "Chưa biết tình hình: không chỉ số nào có số liệu mới", "Not known: no figure has fresh data"),
        ("", 0, Outlook::Calm, "Không có việc nào cần chú ý", "Nothing needs attention"),
    ] {
        let page = told(script, late);
        assert_eq!((page.outlook, page.sentence.vi.as_str(), page.sentence.en.as_str()), (outlook, vi, en), "{script}");
    }
}

#[test]
fn old_figures_never_make_a_calm_sentence() {
    for age in [301, 900, 86_400] {
        let page = told(&format!("a 40, b 40@{age}"), 0);
        assert_eq!(page.outlook, Outlook::Unsure);
        assert!(!page.sentence.vi.contains("Mọi"), "{}", page.sentence.vi);
        assert_eq!(page.exceptions.len(), 1);
    }
}

#[test]
fn exceptions_come_in_the_boards_order_within_their_kind() {
    let page = told("a 27, b 20, c -, d 10", 0);
    let ids: Vec<&str> = page.exceptions.iter().map(|one| one.kpi.as_ref().unwrap().as_str()).collect();
    assert_eq!(ids, ["town.b", "town.d", "town.c", "town.a"]);
    assert_eq!(page.exceptions[0].words.vi, "20,0\u{a0}km/h, ngưỡng chú ý 25,0\u{a0}km/h");
    assert_eq!(page.exceptions[3].words.en, "27.0\u{a0}km/h, target 30.0\u{a0}km/h");
}
