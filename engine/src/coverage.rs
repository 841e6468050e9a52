//! Coverage: which assets should report to a KPI, and which of them did.
//!
//! When an asset last reported is noted as samples come, so that a reading needn't look for it among them. Nothing here may
//! know which samples are reports.

use crate::moment::{ALWAYS, NEVER, micros, step_ceil};
use std::collections::HashMap;
use std::sync::Arc;
use taydo_model::{Asset, AssetId};

/// The assets that should report to one KPI, by number.
#[derive(Debug)]
pub(crate) struct Expected {
    /// The width of the panes at whose edges it is asked.
    width: i64,
    assets: Vec<Reporter>,
    /// Beside each, what every sample changes, and what every reading asks as well: apart, because there are many.
    reports: Vec<Reports>,
    terms: Vec<Terms>,
    index: HashMap<AssetId, u32>,
    /// Which of them a series reports for, by its number in the store: asked of closed panes alone.
    of: HashMap<i32, u32>,
    /// Those whose reports must be found again.
    lost: Vec<u32>,
}

/// An asset that should report, the scopes that expect it, and the series that it reports by.
#[derive(Debug)]
struct Reporter {
    places: Vec<u32>,
    /// Their numbers here and in the store.
    series: Vec<(u32, i32)>,
}

/// When an asset last reported, and the last report in panes before that one's. Both [`NEVER`] when they must be found again.
#[derive(Debug)]
struct Reports {
    newest: i64,
    before: i64,
}

/// When an asset is in service, and the end of the last closed stretch in which it reported.
#[derive(Debug)]
struct Terms {
    valid_from: i64,
    valid_to: i64,
    closed: i64,
}

impl Reports {
    fn note(&mut self, time: i64, width: i64) {
        let (pane, newest) = (step_ceil(time, width), step_ceil(self.newest, width));
        if pane > newest {
            self.before = self.newest;
        } else if pane < newest {
            self.before = self.before.max(time);
        }
        self.newest = self.newest.max(time);
    }

    /// Whether it reported between two edges of panes; `None` when it isn't known.
    fn reported(&self, after: i64, until: i64) -> Option<bool> {
        // The last before the edge decides, and an edge parts no pane.
        [self.newest, self.before].into_iter().find(|last| *last <= until).map(|last| last > after)
    }
}

impl Expected {
    pub(crate) fn new(width: i64) -> Self {
        Self {
            width,
            assets: Vec::new(),
            reports: Vec::new(),
            terms: Vec::new(),
            index: HashMap::new(),
            of: HashMap::new(),
            lost: Vec::new(),
        }
    }

    /// Notes the next asset. Gives its number.
    pub(crate) fn add(&mut self, asset: &Arc<Asset>) -> u32 {
        let number = crate::window::number(self.assets.len());
        self.index.insert(asset.id.clone(), number);
        self.assets.push(Reporter { places: Vec::new(), series: Vec::new() });
        let (valid_from, valid_to) = (asset.valid_from.map_or(ALWAYS, micros), asset.valid_to.map_or(NEVER, micros));
        self.reports.push(Reports { newest: ALWAYS, before: ALWAYS });
        self.terms.push(Terms { valid_from, valid_to, closed: ALWAYS });
        number
    }

    /// Links the asset that was noted last to a scope. Gives its number.
    pub(crate) fn add_place(&mut self, place: u32) -> Option<u32> {
        self.assets.last_mut()?.places.push(place);
        Some(crate::window::number(self.assets.len() - 1))
    }

    /// Links a series to the asset that it reports for, if that is expected. Gives its number and the scopes that expect it.
    pub(crate) fn add_series(&mut self, asset: &AssetId, series: (u32, i32)) -> Option<(u32, &[u32])> {
        let number = self.index.get(asset).copied()?;
        let asset = self.assets.get_mut(number as usize)?;
        asset.series.push(series);
        Some((number, &asset.places))
    }

    /// Refers to the series by other numbers.
    pub(crate) fn renumber(&mut self, numbers: &HashMap<u32, u32>) {
        for (series, _) in self.assets.iter_mut().flat_map(|asset| &mut asset.series) {
            *series = numbers.get(series).copied().unwrap_or(u32::MAX);
        }
    }

    /// Notes a report of an asset.
    pub(crate) fn note(&mut self, asset: u32, time: i64) {
        if let Some(reports) = self.reports.get_mut(asset as usize).filter(|reports| reports.newest != NEVER) {
            reports.note(time, self.width);
        }
    }

    /// Notes that a sample of an asset is no report any more.
    pub(crate) fn drop(&mut self, asset: u32, time: i64) {
        if let Some(reports) = self.reports.get_mut(asset as usize).filter(|reports| [reports.newest, reports.before].contains(&time)) {
            (reports.newest, reports.before) = (NEVER, NEVER);
            self.lost.push(asset);
        }
    }

    /// When an asset last reported, as far as it is known.
    pub(crate) fn newest(&self, asset: u32) -> Option<i64> {
        self.reports.get(asset as usize).map(|reports| reports.newest)
    }

    /// Finds again what was lost, given a way to find a series' last report up to a moment.
    pub(crate) fn find(&mut self, last_report: impl Fn(u32, i64) -> Option<i64>) {
        for number in std::mem::take(&mut self.lost) {
            let (Some(asset), Some(reports)) = (self.assets.get(number as usize), self.reports.get_mut(number as usize)) else { continue };
            let last = |until: i64| asset.series.iter().filter_map(|(series, _)| last_report(*series, until)).max().unwrap_or(ALWAYS);
            reports.newest = last(NEVER - 1);
            reports.before = last((step_ceil(reports.newest, self.width) - 1) * self.width);
        }
    }

    /// Prepares for closed panes, which name the series that reported.
    pub(crate) fn keep_series(&mut self, asset: u32, id: i32) {
        self.of.insert(id, asset);
    }

    /// Notes which series reported in a closed stretch, by their numbers in the store.
    pub(crate) fn note_closed(&mut self, until: i64, series: &[i32]) {
        for asset in series.iter().filter_map(|id| self.of.get(id)) {
            if let Some(terms) = self.terms.get_mut(*asset as usize) {
                terms.closed = terms.closed.max(until);
            }
        }
    }

    /// Of each asset that reported by any of its series, the first that did, by its number in the store.
    pub(crate) fn reporting(&self, reported: impl Fn(u32) -> bool) -> Vec<i32> {
        let first = |asset: &Reporter| asset.series.iter().find(|(series, _)| reported(*series)).map(|(_, id)| *id);
        self.assets.iter().filter_map(first).collect()
    }

    /// The share of these assets, as far as they are in service at the moment, that reported between two edges of panes;
    /// `None` where none is in service. Given whether a series did, for what lies too far back.
    pub(crate) fn share(&self, assets: &[u32], (after, until): (i64, i64), at: i64, reported: impl Fn(u32) -> bool) -> Option<f64> {
        let (mut expected, mut heard) = (0u32, 0u32);
        for number in assets {
            let Some((reports, terms)) = self.reports.get(*number as usize).zip(self.terms.get(*number as usize)) else { continue };
            if terms.valid_from > at || terms.valid_to <= at {
                continue;
            }
            expected += 1;
            let any = || self.assets.get(*number as usize).is_some_and(|asset| asset.series.iter().any(|(series, _)| reported(*series)));
            heard += u32::from(terms.closed > after || reports.reported(after, until).unwrap_or_else(any));
        }
        (expected > 0).then(|| f64::from(heard) / f64::from(expected))
    }
}
