//! A window's span: where a reading's window begins, until when a sample is in one, and how time is cut into panes for it.
//!
//! All panes of a KPI are of one width, that divides its grid and at whose multiples its windows begin. Panes of a long
//! window are closed, a stretch at a time, when no correction can come any more. It must never look at data.

use crate::calendar::{Periods, stretch, zone};
use crate::moment::{HOUR, common_width, seconds, step_floor};
use taydo_model::kpi::{Period, Window};
use taydo_model::{City, Kpi};

/// For how long a scope's newest sample is remembered after it left the window, and with it the scope.
pub(crate) const MEMORY: i64 = HOUR;
/// The samples of a window up to this long are kept one by one; those of a longer one only until corrections are over,
/// where its panes allow it.
const SHORT: i64 = 2 * HOUR;

/// Where windows begin.
#[derive(Debug, Clone, PartialEq)]
enum Span {
    Sliding(i64),
    Calendar(Periods),
}

/// How the windows of a KPI are cut.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cut {
    span: Span,
    /// A pane's width.
    pub(crate) width: i64,
    /// The width of a closed pane, for windows that always begin at the edge of one.
    pub(crate) stretch: Option<i64>,
}

/// Panes after `after`, up to and including `until`, both edges of panes, as one moment sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) after: i64,
    pub(crate) until: i64,
    pub(crate) at: i64,
    /// Samples after this are remembered.
    pub(crate) remembered: i64,
}

impl Cut {
    /// How a KPI's window is cut, given the seconds of its grid.
    pub(crate) fn new(window: Window, kpi: &Kpi, city: &City) -> Self {
        let every = seconds(kpi.every_s.max(1));
        let stretch = stretch(&zone(city));
        let is_even = |length: i64| length % stretch == 0 && every % stretch == 0;
        match window {
            Window::Sliding(length_s) => {
                let length = seconds(length_s.max(1));
                let closes = length > SHORT && is_even(length);
                let width = if closes { stretch } else { common_width(length, every) };
                Self { span: Span::Sliding(length), width, stretch: closes.then_some(stretch) }
            }
            Window::Calendar(period) => Self {
                span: Span::Calendar(Periods::new(period, city)),
                width: common_width(stretch, every),
                stretch: (period != Period::Hour).then_some(stretch),
            },
        }
    }

    /// Whether windows slide, and don't begin with a period of the calendar.
    pub(crate) fn slides(&self) -> bool {
        matches!(self.span, Span::Sliding(_))
    }

    /// Whether every window that sees the one pane sees the other too, given their ends.
    pub(crate) fn are_never_parted(&self, until: i64, later: i64) -> bool {
        match &self.span {
            Span::Sliding(_) => false,
            Span::Calendar(periods) => later <= periods.end(until),
        }
    }

    /// Where the window of a reading at the moment begins, exclusive.
    pub(crate) fn start(&self, at: i64) -> i64 {
        match &self.span {
            Span::Sliding(length) => at - length,
            Span::Calendar(periods) => periods.start(at),
        }
    }

    /// The last moment whose window contains a sample of this time.
    pub(crate) fn end(&self, time: i64) -> i64 {
        match &self.span {
            Span::Sliding(length) => time + length - 1,
            Span::Calendar(periods) => periods.end(time),
        }
    }

    /// The last moment at which a sample of this time is remembered.
    pub(crate) fn memory_end(&self, time: i64) -> i64 {
        self.end(time) + MEMORY
    }

    /// Up to here readings at or after the moment don't look at samples.
    pub(crate) fn needed_from(&self, at: i64) -> i64 {
        self.floor(self.start(at))
    }

    /// Up to here readings at or after the moment remember nothing.
    pub(crate) fn remembered_from(&self, at: i64) -> i64 {
        self.start(at - MEMORY)
    }

    /// The last pane's edge at or before the moment.
    fn floor(&self, moment: i64) -> i64 {
        step_floor(moment, self.width) * self.width
    }

    /// What a recorded reading sees: the window that ends at the grid instant.
    pub(crate) fn recorded(&self, at: i64) -> View {
        let until = self.floor(at);
        View { after: self.floor(self.start(until)), until, at, remembered: self.remembered_from(at) }
    }

    /// What a live reading sees: the window that ended at the last pane's edge, and what came since.
    pub(crate) fn live(&self, now: i64) -> View {
        let edge = self.floor(now);
        let begins = match &self.span {
            Span::Sliding(length) => edge - length,
            Span::Calendar(periods) => periods.start(now),
        };
        View { after: self.floor(begins), until: edge + self.width, at: now, remembered: self.remembered_from(now) }
    }

    /// When the live window moves on.
    pub(crate) fn next_move(&self, now: i64) -> i64 {
        match &self.span {
            Span::Sliding(_) => self.floor(now) + self.width,
            Span::Calendar(periods) => periods.end(now) + 1,
        }
    }
}
