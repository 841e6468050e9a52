//! What lies behind a chart's lines: the band that the figure usually lies in, and marks of events.
//!
//! Must never be as loud as a line: the band is a shade, a mark is thin.

use super::{Drawn, Ground, Plot, pixels};
use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

/// How much of the line's colour the band has.
const SHADE: f64 = 0.16;
/// The most characters of a mark's text; the whole of it is in the list beside the chart.
const MOST_CHARACTERS: usize = 28;

/// What lies behind the lines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Background {
    /// The band, piece by piece, in order of time: its first and last moment in Unix seconds, the lowest and the highest
    /// usual value.
    pub band: Vec<(f64, f64, f64, f64)>,
    /// The events.
    pub marks: Vec<Mark>,
}

/// An event on the time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// When it begins, in Unix seconds.
    pub from: f64,
    /// When it ends; infinite while nobody knows.
    pub to: f64,
    /// What it is.
    pub text: String,
}

impl Background {
    /// The usual values of what a reading at a moment tells of: the piece that ends at or after it.
    #[must_use]
    pub fn usual(&self, at: f64) -> Option<(f64, f64)> {
        self.band.iter().find(|(from, to, ..)| *from < at && at <= *to).map(|(_, _, low, high)| (*low, *high))
    }

    /// The values that the axis must hold, from a moment on.
    pub fn values(&self, since: f64, until: f64) -> impl Iterator<Item = f64> {
        self.band.iter().filter(move |(from, to, ..)| *to > since && *from < until).flat_map(|(_, _, low, high)| [*low, *high])
    }
}

impl Ground {
    pub(super) fn paint_background<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, plot: &Plot<'_, DB>) -> Drawn<DB> {
        self.paint_band(area, plot)?;
        self.background.marks.iter().try_for_each(|mark| self.paint_mark(area, plot, mark))
    }

    /// The pieces that follow each other are one shape, so that no seams are seen.
    fn paint_band<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, plot: &Plot<'_, DB>) -> Drawn<DB> {
        let Some(colour) = self.palette.lines.first() else { return Ok(()) };
        let (start, end) = self.time;
        let seen = self.background.band.iter().filter(|(from, to, ..)| *to > start && *from < end);
        let seen: Vec<_> = seen.map(|(from, to, low, high)| (from.max(start), to.min(end), *low, *high)).collect();
        for shape in seen.chunk_by(|a, b| a.1 == b.0) {
            let above = shape.iter().flat_map(|(from, to, _, high)| [(*from, *high), (*to, *high)]);
            let below = shape.iter().rev().flat_map(|(from, to, low, _)| [(*to, *low), (*from, *low)]);
            let corners: Vec<_> = above.chain(below).map(|corner| plot.backend_coord(&corner)).collect();
            area.draw(&Polygon::new(corners, colour.mix(SHADE).filled()))?;
        }
        Ok(())
    }

    /// A dashed line where the event begins, a bar along the top while it lasts, and its text.
    fn paint_mark<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, plot: &Plot<'_, DB>, mark: &Mark) -> Drawn<DB> {
        let (start, end) = self.time;
        if mark.to <= start || mark.from >= end {
            return Ok(());
        }
        let (left, top) = plot.backend_coord(&(mark.from.max(start), self.axis.to));
        let (right, bottom) = plot.backend_coord(&(mark.to.min(end), self.axis.from));
        let style = self.palette.text.stroke_width(self.hair());
        area.draw(&PathElement::new([(left, top), (right, top)], self.palette.text.stroke_width(self.hair() * 3)))?;
        let dash = i32::try_from(pixels(self.font_px * 0.35)).unwrap_or(4).max(2);
        let mut y = top;
        while mark.from >= start && y < bottom {
            area.draw(&PathElement::new([(left, y), (left, (y + dash).min(bottom))], style))?;
            y += dash * 2;
        }
        let font = ("Noto Sans", self.font_px * 0.85).into_font();
        // A text that begins near the right edge is written before its line.
        let is_late = f64::from(self.size.0) - f64::from(left) < self.font_px * 12.0;
        let (side, gap) = if is_late { (HPos::Right, -dash) } else { (HPos::Left, dash) };
        let text = TextStyle::from(font).color(&self.palette.text).pos(Pos::new(side, VPos::Top));
        area.draw(&Text::new(shortened(&mark.text), (left + gap, top + dash), text))
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MOST_CHARACTERS {
        return text.to_owned();
    }
    text.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect()
}
