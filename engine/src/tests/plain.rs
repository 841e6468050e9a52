//! Readings straight from the definitions, over all rows, with no thought for speed.

mod cases;
mod derived;
mod observed;

use super::city::series;
use crate::{CaseVersion, Sample, SeriesId};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use taydo_model::kpi::{Dimension, From};
use taydo_model::{CaseKey, Definitions, Flags, Kpi, Labels, Quality, Reading, SampleState, Scope};

/// What the store would hold: of each key the row that counts.
#[derive(Debug, Default, Clone)]
pub(super) struct Rows {
    pub(super) samples: BTreeMap<(Timestamp, SeriesId), (i32, i64, SampleState)>,
    pub(super) cases: HashMap<CaseKey, CaseVersion>,
}

impl Rows {
    /// Whether the sample was new or changed something.
    pub(super) fn put(&mut self, sample: &Sample) -> bool {
        let row = (sample.revision, sample.ticks, sample.state);
        let have = self.samples.entry((sample.time, sample.series)).or_insert((i32::MIN, 0, SampleState::Normal));
        let better = row > *have;
        *have = row.max(*have);
        better
    }

    pub(super) fn put_case(&mut self, version: &CaseVersion) -> bool {
        let order = |version: &CaseVersion| (version.updated, version.hash);
        let better = self.cases.get(&version.key).is_none_or(|have| order(have) < order(version));
        if better {
            self.cases.insert(version.key.clone(), version.clone());
        }
        better
    }

    pub(super) fn samples_after(&self, after: Timestamp) -> Vec<Sample> {
        let rows = self.samples.iter().filter(|((time, _), _)| *time > after);
        rows.map(|((time, series), (revision, ticks, state))| Sample {
            series: *series,
            time: *time,
            ticks: *ticks,
            revision: *revision,
            state: *state,
        })
        .collect()
    }

    /// The samples up to this moment that growth is counted from, as the store would find them.
    pub(super) fn anchors(&self, definitions: &Definitions, until: Timestamp) -> Vec<Sample> {
        let metric = &definitions.metrics[0];
        let possible = |ticks: i64| metric.range.is_none_or(|(least, most)| (least..=most).contains(&metric.value(ticks)));
        let earliest = until - SignedDuration::from_micros(crate::LONGEST_STEP);
        let usable = |sample: &&Sample| {
            let void = matches!(sample.state, SampleState::Calibrating | SampleState::Fault);
            earliest < sample.time && sample.time <= until && !void && possible(sample.ticks)
        };
        let all = self.samples_after(Timestamp::MIN);
        let of = |series: SeriesId| all.iter().filter(usable).filter(move |sample| sample.series == series).rev().take(crate::ANCHORS);
        series().iter().flat_map(|series| of(series.id)).copied().collect()
    }

    /// The reading of every scope that exists at the instant.
    pub(super) fn readings(&self, definitions: &Definitions, kpi: &Kpi, at: Timestamp) -> Vec<Reading> {
        let mut scopes = BTreeSet::from([Scope::City]);
        match &kpi.from {
            From::Observations { .. } | From::Form(_) => {
                scopes.extend(series().iter().flat_map(|series| series_scopes(kpi, &series.labels)));
                scopes.extend(definitions.assets.iter().map(|asset| Scope::Area(asset.area.clone())));
                scopes.extend(definitions.assets.iter().map(|asset| Scope::Asset(asset.id.clone())));
                let judged = self.judged(definitions, kpi, at);
                let covered = scopes.into_iter().filter(|scope| kpi.covers(scope));
                covered.filter_map(|scope| Some(observed::reading(&judged, definitions, kpi, &scope, at)?.0)).collect()
            }
            From::Cases { .. } => {
                scopes.extend(self.cases.values().flat_map(|version| cases::scopes(&version.case)));
                scopes.into_iter().filter_map(|scope| self.counted(definitions, kpi, &scope, at)).collect()
            }
            From::Formula { .. } => derived::readings(self, definitions, kpi, at),
        }
    }
}

fn blank(kpi: &Kpi, scope: &Scope, at: Timestamp, value: Option<f64>, samples: u64, newest: Option<Timestamp>) -> Reading {
    let stale = newest.is_none_or(|time| at.duration_since(time) > SignedDuration::from_secs(kpi.stale_s.into()));
    let quality = match value {
        None => Quality::Missing,
        Some(_) if stale => Quality::Stale,
        Some(_) => Quality::Good,
    };
    Reading {
        kpi: kpi.id.clone(),
        scope: scope.clone(),
        time: at,
        value,
        numerator: None,
        denominator: None,
        samples,
        coverage: None,
        quality,
        flags: Flags::default(),
        data_time: newest,
    }
}

fn series_scopes(kpi: &Kpi, labels: &Labels) -> Vec<Scope> {
    let mut scopes = vec![Scope::City];
    for (name, dimension) in [("area", Dimension::Area), ("asset", Dimension::Asset), ("department", Dimension::Department)] {
        if let Some(id) = labels.get(name).filter(|_| kpi.by.contains(&dimension)) {
            scopes.push(format!("{name}:{id}").parse().unwrap());
        }
    }
    scopes
}

/// Whether two readings say the same, the last bits of a quotient and so much slack apart.
pub(super) fn same(a: &Reading, b: &Reading, slack: f64) -> bool {
    let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0) + slack,
        (a, b) => a.is_none() && b.is_none(),
    };
    let rest = |reading: &Reading| Reading { value: None, numerator: None, denominator: None, coverage: None, ..reading.clone() };
    near(a.value, b.value)
        && near(a.numerator, b.numerator)
        && near(a.denominator, b.denominator)
        && near(a.coverage, b.coverage)
        && rest(a) == rest(b)
}
