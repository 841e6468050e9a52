//! A figure's course: its recorded readings over the span that charts show.
//!
//! Must never grow beyond its span, nor draw a line where nothing was recorded: what is missing stays missing.

use jiff::{Timestamp, ToSpan};
use std::collections::BTreeMap;
use taydo_model::{Quality, api::Point};

/// The most points that a course keeps, whatever its span; the oldest give way.
const MOST_POINTS: usize = 20_000;

/// Whether a course's history is here.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum History {
    /// It is to be fetched.
    #[default]
    Due,
    /// It is being fetched; `again` where a snapshot came meanwhile.
    UnderWay { again: bool },
    /// It is here.
    Here,
    /// It could not be fetched, and is tried again at this time, in milliseconds.
    Failed(f64),
}

/// Recorded readings in order of time.
#[derive(Debug, Default)]
pub struct Course {
    points: BTreeMap<Timestamp, (Option<f64>, Quality)>,
    span_s: u32,
    history: History,
}

impl Course {
    /// The points, in order of time.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = Point> {
        self.points.iter().map(|(time, (value, quality))| Point { time: *time, value: *value, quality: *quality })
    }

    /// The newest point at or before `time`.
    #[must_use]
    pub fn at(&self, time: Timestamp) -> Option<Point> {
        let (time, (value, quality)) = self.points.range(..=time).next_back()?;
        Some(Point { time: *time, value: *value, quality: *quality })
    }

    /// Whether the history could not be fetched at the last attempt.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self.history, History::Failed(_))
    }

    /// Whether the history is here.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.history == History::Here
    }

    pub(super) fn span_s(&self) -> u32 {
        self.span_s
    }

    pub(super) fn want(&mut self, span_s: u32) {
        if span_s > self.span_s {
            self.span_s = span_s;
            self.fetch_anew();
        }
    }

    pub(super) fn fetch_anew(&mut self) {
        self.history = match self.history {
            History::UnderWay { .. } => History::UnderWay { again: true },
            _ => History::Due,
        };
    }

    pub(super) fn is_due(&self, now_ms: f64) -> bool {
        match self.history {
            History::Due => true,
            History::Failed(again) => again <= now_ms,
            History::UnderWay { .. } | History::Here => false,
        }
    }

    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.history, History::UnderWay { .. })
    }

    pub(super) fn under_way(&mut self) {
        self.history = History::UnderWay { again: false };
    }

    pub(super) fn failed(&mut self, again_ms: f64) {
        self.history = History::Failed(again_ms);
    }

    /// What was fetched joins what came by updates meanwhile; an update is newer than the answer that it overtook.
    pub(crate) fn fill(&mut self, points: Vec<Point>) {
        let newest = points.last().map(|point| point.time);
        let mut filled: BTreeMap<_, _> = points.into_iter().map(|point| (point.time, (point.value, point.quality))).collect();
        filled.extend(
            self.points.iter().filter(|(time, _)| newest.is_none_or(|newest| **time > newest)).map(|(time, point)| (*time, *point)),
        );
        self.points = filled;
        self.bound();
        self.history = if self.history == (History::UnderWay { again: true }) { History::Due } else { History::Here };
    }

    pub(super) fn put(&mut self, point: &Point) {
        self.points.insert(point.time, (point.value, point.quality));
        self.bound();
    }

    /// Keeps one point from before the span: the line to the chart's left edge begins there.
    pub(super) fn prune(&mut self, now: Timestamp) {
        let Ok(edge) = now.saturating_sub(i64::from(self.span_s).seconds()) else { return };
        while self.points.keys().nth(1).is_some_and(|second| *second < edge) {
            self.points.pop_first();
        }
    }

    fn bound(&mut self) {
        while self.points.len() > MOST_POINTS {
            self.points.pop_first();
        }
    }
}
