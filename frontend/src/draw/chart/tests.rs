//! Charts without a browser: what is joined, what is recorded, and one whole picture as SVG.

use super::*;
use crate::draw::recorder::{Command, Record, Recorder};
use plotters_svg::SVGBackend;
use std::{cell::RefCell, rc::Rc};

fn ground(size: (u32, u32)) -> Ground {
    let axis = scale::value_axis(10.0, 40.0, 4);
    Ground {
        size,
        font_px: 14.0,
        time: (0.0, 600.0),
        numbers: axis.ticks.iter().map(|tick| (*tick, format!("{tick:.0}"))).collect(),
        times: vec![(0.0, "10:00".into()), (300.0, "10:05".into()), (600.0, "10:10".into())],
        axis,
        target: Some(30.0),
        background: Rc::default(),
        palette: Palette {
            text: RGBColor(154, 163, 173),
            grid: RGBColor(44, 50, 58),
            target: RGBColor(180, 190, 200),
            lines: vec![RGBColor(230, 233, 239), RGBColor(127, 178, 217)],
        },
    }
}

/// One point a minute; a missing one at 300 s, a partial one at 420 s.
fn line() -> Line {
    let point = |minute: u32| {
        let value = (minute != 5).then_some(20.0 + f64::from(minute));
        let quality = match minute {
            5 => Quality::Missing,
            7 => Quality::Partial,
            _ => Quality::Good,
        };
        (f64::from(minute) * 60.0, value, quality)
    };
    Line { points: (0..=9).map(point).collect(), gap_s: 150.0 }
}

#[test]
fn what_is_missing_or_far_apart_is_a_gap() {
    let found: Vec<(bool, Vec<f64>)> = runs(line().points.into_iter(), 150.0)
        .into_iter()
        .map(|run| (run.is_good, run.points.iter().map(|p| p.0 / 60.0).collect()))
        .collect();
    let expected = [(true, vec![0.0, 1.0, 2.0, 3.0, 4.0]), (true, vec![6.0]), (false, vec![6.0, 7.0]), (true, vec![7.0, 8.0, 9.0])];
    assert_eq!(found, expected);
    let apart = [(0.0, Some(1.0), Quality::Good), (151.0, Some(1.0), Quality::Good)];
    assert_eq!(runs(apart.into_iter(), 150.0).len(), 2);
}

#[test]
fn a_line_is_cut_at_the_left_edge() {
    assert_eq!(clip(&[(0.0, 0.0), (10.0, 10.0), (20.0, 0.0)], 5.0), [(5.0, 5.0), (10.0, 10.0), (20.0, 0.0)]);
    assert_eq!(clip(&[(6.0, 1.0), (7.0, 2.0)], 5.0), [(6.0, 1.0), (7.0, 2.0)]);
    assert_eq!(clip(&[(0.0, 1.0), (1.0, 2.0)], 5.0), []);
}

#[test]
fn the_layers_are_recorded_apart_and_stay_inside() {
    let record = Rc::new(RefCell::new(Record::default()));
    let area = Recorder::new((600, 300), record.clone()).into_drawing_area();
    ground((600, 300)).paint(&area).unwrap();
    let texts = record.borrow().commands.iter().filter(|command| matches!(command, Command::Text { .. })).count();
    assert_eq!(texts, 5 + 3, "each number and each time once");
    record.borrow_mut().clear();
    ground((600, 300)).paint_lines(&area, &[line()]).unwrap();
    let record = record.borrow();
    let paths = record.commands.iter().filter(|command| matches!(command, Command::Path { .. })).count();
    let dots = record.commands.iter().filter(|command| matches!(command, Command::Circle { .. })).count();
    assert_eq!((paths, dots), (3, 2), "three joined runs, the lone point and the newest one as dots");
    assert!(record.points.iter().all(|(x, y)| (0..600).contains(x) && (0..300).contains(y)), "{:?}", record.points);
}

#[test]
fn the_band_is_one_shape_for_each_stretch_and_events_are_marked_with_their_text() {
    let record = Rc::new(RefCell::new(Record::default()));
    let area = Recorder::new((600, 300), record.clone()).into_drawing_area();
    let mut ground = ground((600, 300));
    let mark = |from, to, text: &str| Mark { from, to, text: text.into() };
    ground.background = Rc::new(Background {
        band: vec![(-60.0, 60.0, 15.0, 25.0), (60.0, 120.0, 16.0, 26.0), (300.0, 660.0, 20.0, 30.0), (660.0, 720.0, 1.0, 2.0)],
        marks: vec![
            mark(-600.0, -10.0, "over"),
            mark(-10.0, 120.0, "under way"),
            mark(200.0, f64::INFINITY, "x".repeat(40).as_str()),
            mark(700.0, 800.0, "to come"),
        ],
    });
    ground.paint(&area).unwrap();
    let record = record.borrow();
    let shapes = record.commands.iter().filter(|command| matches!(command, Command::Polygon { .. })).count();
    assert_eq!(shapes, 2, "two hours that follow each other are one");
    let texts: Vec<&str> = record
        .commands
        .iter()
        .filter_map(|command| if let Command::Text { text, .. } = command { Some(text.as_str()) } else { None })
        .collect();
    assert!(texts.contains(&"under way") && !texts.contains(&"over") && !texts.contains(&"to come"), "{texts:?}");
    assert!(texts.iter().any(|text| text.ends_with("x…")), "{texts:?}");
    assert!(record.points.iter().all(|(x, y)| (0..=600).contains(x) && (0..=300).contains(y)), "{:?}", record.points);
    assert_eq!(ground.background.usual(120.0), Some((16.0, 26.0)), "a reading on the hour tells of the hour before");
    assert_eq!(ground.background.usual(200.0), None);
}

#[test]
fn the_whole_chart_is_as_it_was_when_a_person_looked_at_it() {
    let mut picture = String::new();
    {
        let area = SVGBackend::with_string(&mut picture, (600, 300)).into_drawing_area();
        area.fill(&RGBColor(20, 23, 28)).unwrap();
        ground((600, 300)).paint(&area).unwrap();
        ground((600, 300)).paint_lines(&area, &[line()]).unwrap();
        area.present().unwrap();
    }
    let seen = include_str!("seen.svg");
    if picture != seen {
        let path = std::env::temp_dir().join("taydo-chart.svg");
        std::fs::write(&path, &picture).unwrap();
        panic!("the chart has changed; look at {}, and keep it as src/draw/chart/seen.svg if it is right", path.display());
    }
}
