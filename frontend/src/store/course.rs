//! A figure's course: its recorded readings over the span that charts show.
//!
//! Must never grow beyond its span, nor draw a line where nothing was recorded: what is missing stays missing.

use jiff::Timestamp;
use taydo_model::api::Point;

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

/// Recorded readings in order of time, one for each instant.
#[derive(Debug, Default)]
pub struct Course {
    points: Vec<Point>,
    span_s: u32,
    history: History,
}

impl Course {
    /// The points, in order of time.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The newest point at or before `time`.
    #[must_use]
    pub fn at(&self, time: Timestamp) -> Option<Point> {
        let after = self.points.partition_point(|point| point.time <= time);
        after.checked_sub(1).and_then(|at| self.points.get(at)).copied()
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

    /// Drops all points; their history is to be fetched.
    pub(super) fn begin_anew(&mut self) {
        self.points.clear();
        self.history = History::Due;
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

    /// Takes what was fetched, in order of time. What came by updates after its newest point stays: it overtook the
    /// answer.
    pub(crate) fn fill(&mut self, mut points: Vec<Point>) {
        let newest = points.last().map(|point| point.time);
        let overtook = newest.map_or(0, |newest| self.points.partition_point(|point| point.time <= newest));
        points.extend(self.points.iter().skip(overtook));
        self.points = points;
        self.bound();
        self.history = if self.history == (History::UnderWay { again: true }) { History::Due } else { History::Here };
    }

    /// Takes one point, in place of the one of the same instant.
    pub(super) fn put(&mut self, point: Point) {
        let at = self.points.partition_point(|other| other.time < point.time);
        match self.points.get_mut(at).filter(|other| other.time == point.time) {
            Some(other) => *other = point,
            None => self.points.insert(at, point),
        }
        self.bound();
    }

    /// Keeps one point from before the span: the line to the chart's left edge begins there.
    pub(super) fn prune(&mut self, now: Timestamp) {
        let edge = now.as_second() - i64::from(self.span_s);
        let outside = self.points.partition_point(|point| point.time.as_second() < edge);
        self.points.drain(..outside.saturating_sub(1));
    }

    fn bound(&mut self) {
        let over = self.points.len().saturating_sub(MOST_POINTS);
        self.points.drain(..over);
    }
}
