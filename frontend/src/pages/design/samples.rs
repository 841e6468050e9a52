//! Sample figures for the page of components: one KPI in every state.
//!
//! Must never be shown on any other page, nor be taken for the city's.

use crate::{ranking::Names, store::Key};
use jiff::Timestamp;
use std::rc::Rc;
use taydo_model::{
    AssetId, BoardId, Flags, Kpi, KpiId, Quality, Reading, Scope, Text, Unit,
    alert::Severity,
    api::{AssetName, BoardPage, CityPage, Point},
    board::{Board, Content, Panel},
    console::{IncidentNote, ViewNote},
    incident::{IncidentId, Standing},
    kpi::{Better, CaseMeasure, CaseTerms, Dimension, From, Window},
    map::{Shape, ShapeMap},
};

/// The states of a figure: the asset's id, its name, the value, its quality, how old the data is, in seconds.
const STATES: [(&str, &str, &str, Option<f64>, Quality, i64); 6] = [
    ("normal", "Bình thường", "Normal", Some(38.4), Quality::Good, 12),
    ("attention", "Chú ý", "Attention", Some(22.5), Quality::Good, 40),
    ("critical", "Nguy cấp", "Critical", Some(9.7), Quality::Good, 8),
    ("partial", "Một phần", "Partial", Some(31.2), Quality::Partial, 25),
    ("stale", "Số liệu cũ", "Stale", Some(35.0), Quality::Stale, 5_400),
    ("missing", "Không có số liệu", "Missing", None, Quality::Missing, 7_200),
];

/// The KPI of all samples.
pub(super) fn kpi() -> Option<Kpi> {
    Some(Kpi {
        id: KpiId::new("design.sample").ok()?,
        version: String::new(),
        title: both("Tốc độ trung bình trên đường", "Mean speed on the roads"),
        unit: Unit::parse("km/h")?,
        decimals: 1,
        better: Better::Higher,
        standard: None,
        owner: None,
        from: From::Cases { kind: String::new(), measure: CaseMeasure::Open, window: Window::Sliding(0), terms: CaseTerms::default() },
        by: vec![Dimension::Area, Dimension::Asset],
        every_s: 60,
        delay_s: 0,
        lateness_s: 0,
        coverage: None,
        stale_s: 900,
        target: Some(30.0),
        attention: Some(25.0),
        critical: Some(15.0),
        thresholds_for: vec![Dimension::Area, Dimension::Asset],
    })
}

/// A text in both languages. `Text::new` would bring the tables of Unicode's composed form with it, a hundred kilobytes.
fn both(vi: &str, en: &str) -> Text {
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

fn asset(id: &str) -> Option<Scope> {
    AssetId::new(id).ok().map(Scope::Asset)
}

fn earlier(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(now.as_second() - seconds).unwrap_or(now)
}

fn reading(kpi: &Kpi, scope: Scope, value: Option<f64>, quality: Quality, (now, age_s): (Timestamp, i64)) -> Reading {
    let data_time = Some(earlier(now, age_s));
    Reading {
        kpi: kpi.id.clone(),
        scope,
        time: now,
        value,
        numerator: None,
        denominator: None,
        samples: 10,
        coverage: None,
        quality,
        flags: Flags::default(),
        data_time,
    }
}

/// One reading for each state, one for the city, and one for each of its areas, of which some stand out.
pub(super) fn readings(kpi: &Kpi, city: &CityPage, now: Timestamp) -> Vec<Reading> {
    let mut all = vec![reading(kpi, Scope::City, Some(33.1), Quality::Good, (now, 5))];
    all.extend(
        STATES.iter().filter_map(|(id, _, _, value, quality, age_s)| Some(reading(kpi, asset(id)?, *value, *quality, (now, *age_s)))),
    );
    for (n, area) in city.city.areas.iter().enumerate() {
        let step = u32::try_from(n * 37 % 101).unwrap_or(0);
        let (value, quality) = match n % 17 {
            3 => (Some(11.0), Quality::Good),
            8 | 14 => (Some(21.0), Quality::Good),
            11 => (None, Quality::Missing),
            _ => (Some(26.0 + f64::from(step) / 5.0), Quality::Good),
        };
        all.push(reading(kpi, Scope::Area(area.id.clone()), value, quality, (now, 20)));
    }
    all
}

/// A day of a figure with a gap, for the city and for each state but the missing one.
pub(super) fn courses(kpi: &Kpi, now: Timestamp) -> Vec<(Key, Vec<Point>)> {
    let scopes = std::iter::once(Scope::City).chain(STATES.iter().filter(|state| state.3.is_some()).filter_map(|state| asset(state.0)));
    let course = |(n, scope): (usize, Scope)| {
        let points = (0..360_i32).rev().map(|step| {
            let phase = f64::from(step) / 40.0 + f64::from(u32::try_from(n).unwrap_or(0));
            let value = 30.0 + 7.0 * phase.sin() + 2.5 * (phase * 5.3).sin();
            let is_gap = (120..140).contains(&step);
            let quality = if is_gap { Quality::Missing } else { Quality::Good };
            Point { time: earlier(now, i64::from(step) * 60), value: (!is_gap).then_some(value), quality }
        });
        (Key { kpi: kpi.id.clone(), scope }, points.collect())
    };
    scopes.enumerate().map(course).collect()
}

/// The samples' names, with a map of two areas.
pub(super) fn names(city: Rc<CityPage>) -> Option<Names> {
    let shapes = city.city.areas.iter().zip(["M0 0l1100 0l150 500l-600 400l-650 -250z", "M1130 0l870 120l-80 700l-640 -330z"]);
    let shapes = shapes.map(|(area, path)| Shape { area: area.id.clone(), path: path.to_owned() }).collect();
    let map = ShapeMap { id: "sample".to_owned(), height: 920, attribution: String::new(), shapes };
    let named = |state: &(&str, &str, &str, Option<f64>, Quality, i64)| {
        Some(AssetName {
            id: AssetId::new(state.0).ok()?,
            name: state.1.to_owned(),
            site: String::new(),
            area: city.city.areas.first()?.id.clone(),
        })
    };
    let board = Board { id: BoardId::new("design").ok()?, title: Text::default(), columns: 12, rows: 1, panels: Vec::new() };
    let assets = STATES.iter().filter_map(named).collect();
    let page = BoardPage { definitions: String::new(), board, kpis: Vec::new(), assets, maps: vec![map] };
    Some(Names::new(city, Rc::new(page)))
}

fn panel(content: Content, title: Option<Text>) -> Panel {
    Panel { column: 1, row: 1, width: 3, height: 2, title, content }
}

/// A tile for each state.
pub(super) fn states(kpi: &Kpi) -> Vec<Panel> {
    let tile = |state: &(&str, &str, &str, Option<f64>, Quality, i64)| {
        Some(panel(Content::Value { kpi: kpi.id.clone(), scope: asset(state.0)?, compare: Vec::new() }, Some(both(state.1, state.2))))
    };
    STATES.iter().filter_map(tile).collect()
}

/// A panel of each other kind, of which this page needs no server.
pub(super) fn kinds(kpi: &Kpi) -> Vec<Panel> {
    let id = || kpi.id.clone();
    let several = STATES.iter().take(4).filter_map(|state| asset(state.0)).collect();
    let span_s = 21_600;
    let text =
        both("Số liệu mẫu để xem giao diện.\nDấu tiếng Việt: Ẵ Ễ Ộ Ữ ẳ ễ ộ ữ đ.", "Sample figures.\nVietnamese marks: Ẵ Ễ Ộ Ữ ẳ ễ ộ ữ đ.");
    [
        Content::Trend { kpi: id(), scopes: vec![Scope::City], span_s, band: false },
        Content::Trend { kpi: id(), scopes: several, span_s, band: false },
        Content::Trend { kpi: id(), scopes: asset("missing").into_iter().collect(), span_s, band: false },
        Content::Ranking { kpi: id(), by: Dimension::Asset, limit: 10 },
        Content::Bullet { kpis: vec![id()], scope: Scope::City },
        Content::Hexmap { kpi: id() },
        Content::Map { kpi: id(), map: "sample".to_owned() },
        Content::Table { kpis: vec![id(), id()], by: Dimension::Asset, limit: 10 },
        Content::Text { text },
        Content::Clock,
    ]
    .into_iter()
    .map(|content| panel(content, None))
    .collect()
}

/// An incident of each severity.
pub(super) fn incidents(now: Timestamp) -> Vec<ViewNote> {
    let all = [
        (Severity::Critical, Standing::Triggered, "Ngập sâu trên đường", "Deep water in the street"),
        (Severity::High, Standing::Acknowledged, "Mất điện diện rộng", "Wide power cut"),
        (Severity::Medium, Standing::Snoozed, "Ùn tắc kéo dài", "Long congestion"),
        (Severity::Info, Standing::Triggered, "Hồ sơ sắp quá hạn", "Files soon overdue"),
    ];
    let one = |(n, (severity, standing, vi, en)): (i64, (Severity, Standing, &str, &str))| {
        let incident = IncidentNote {
            id: IncidentId(n + 1),
            severity,
            team: taydo_model::TeamId::new("sample").ok()?,
            opened_at: earlier(now, 600 * (n + 1)),
            standing,
            assignee: None,
            resolved_at: None,
            data_old_since: (n == 1).then(|| earlier(now, 300)),
            merged_into: None,
        };
        let place = both("Phường Ninh Kiều", "Ninh Kieu ward");
        Some(ViewNote { incident, title: both(vi, en), place, summary: Text::default(), figure: None, exercise: n == 3 })
    };
    (0..).zip(all).filter_map(one).collect()
}
