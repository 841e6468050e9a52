//! A small city for tests: definitions from a line of text, and short names for everything.

use crate::{Sample, Series, SeriesId};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use taydo_model::kpi::{Across, Aggregate, Better, Dimension, From, Suspect, Window};
use taydo_model::{Asset, City, Definitions, Kpi, Labels, Metric, SampleState, Text, Unit};

/// The moment that all tests count from: a whole day of the grid.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_750_032_000).unwrap() + SignedDuration::from_secs(seconds)
}

pub(super) fn kpi(id: &str, unit: &str, from: From, every_s: u32, lateness_s: u32) -> Kpi {
    Kpi {
        id: id.parse().unwrap(),
        version: "1".into(),
        title: Text::default(),
        unit: Unit::parse(unit).unwrap(),
        decimals: 1,
        better: Better::Neither,
        standard: None,
        owner: None,
        from,
        by: vec![Dimension::Area, Dimension::Asset, Dimension::Department],
        every_s,
        delay_s: 5,
        lateness_s,
        coverage: Some(0.6),
        stale_s: 150,
        target: None,
        attention: None,
        critical: None,
        thresholds_for: Vec::new(),
    }
}

pub(super) fn observed(aggregate: Aggregate, window_s: u32, across: Option<Across>) -> From {
    From::Observations {
        metric: "speed".parse().unwrap(),
        aggregate,
        window: Window::Sliding(window_s),
        across,
        only: Labels::default(),
        suspect: Suspect::Flag,
        at_least: 0,
        factor: 0.5,
    }
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), (*value).to_owned())).collect()
}

/// Three registered sensors in two wards, the third in service from the 30th to the 60th minute only.
pub(super) fn definitions(mut kpis: Vec<Kpi>) -> Arc<Definitions> {
    let metric = Metric {
        id: "speed".parse().unwrap(),
        title: Text::default(),
        unit: Unit::parse("km/h").unwrap(),
        resolution: 0.1,
        range: None,
        jump: None,
        frozen_s: None,
        kind: Default::default(),
    };
    let asset = |id: &str, area: &str, service: Option<(i64, i64)>| {
        Arc::new(Asset {
            id: id.parse().unwrap(),
            name: String::new(),
            site: String::new(),
            area: area.parse().unwrap(),
            latitude: None,
            longitude: None,
            owner: "o".parse().unwrap(),
            metrics: vec!["speed".parse().unwrap()],
            interval_s: 60,
            camera: None,
            valid_from: service.map(|(from, _)| at(from)),
            valid_to: service.map(|(_, to)| at(to)),
        })
    };
    kpis.sort_by(|a, b| a.id.cmp(&b.id));
    Arc::new(Definitions {
        city: City { zone: "America/New_York".into(), ..City::default() },
        metrics: vec![Arc::new(metric)],
        assets: vec![asset("a1", "x", None), asset("a2", "x", None), asset("a3", "y", Some((1800, 3600)))],
        kpis: kpis.into_iter().map(Arc::new).collect(),
        ..Definitions::default()
    })
}

/// The registered sensors' series, one of an unknown sensor, and one of none.
pub(super) fn series() -> Vec<Series> {
    let series = |id, pairs: &[(&str, &str)]| Series { id: SeriesId(id), metric: "speed".parse().unwrap(), labels: labels(pairs) };
    vec![
        series(1, &[("asset", "a1"), ("area", "x")]),
        series(2, &[("asset", "a2"), ("area", "x")]),
        series(3, &[("asset", "a3"), ("area", "y")]),
        series(4, &[("asset", "b9"), ("area", "z"), ("department", "d")]),
        series(5, &[("lane", "2")]),
    ]
}

pub(super) fn sample(series: i32, time_s: i64, ticks: i64, revision: i32) -> Sample {
    Sample { series: SeriesId(series), time: at(time_s), ticks, revision, state: SampleState::Normal }
}
