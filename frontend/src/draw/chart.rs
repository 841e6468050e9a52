//! A trend chart in two layers: the ground (grid, numbers, times, target) and the lines. The ground changes only when
//! its `Ground` does; the lines are painted on their own layer whenever a value is new.
//!
//! Must never join what is not connected: a missing value, or a time without records, is a gap.

mod background;

pub use background::{Background, Mark};

use super::scale::{self, ValueAxis};
use plotters::{
    coord::{Shift, types::RangedCoordf64},
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use std::rc::Rc;
use taydo_model::Quality;

/// A point of a line: Unix seconds, the value, its quality.
pub type LinePoint = (f64, Option<f64>, Quality);
/// What a backend may fail with.
type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;
type Plot<'a, DB> = ChartContext<'a, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// One figure's course, ready to be painted.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// In order of time.
    pub points: Vec<LinePoint>,
    /// Points farther apart than this are not joined, in seconds.
    pub gap_s: f64,
}

/// A chart's colours.
#[derive(Debug, Clone, PartialEq)]
pub struct Palette {
    /// Numbers and times.
    pub text: RGBColor,
    /// Grid lines.
    pub grid: RGBColor,
    /// The target's line.
    pub target: RGBColor,
    /// The lines, in the order of their figures; more figures than these begin anew.
    pub lines: Vec<RGBColor>,
}

/// All that the ground depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Ground {
    /// Device pixels.
    pub size: (u32, u32),
    /// The height of numbers and times, in device pixels.
    pub font_px: f64,
    /// The first and the last moment, in Unix seconds.
    pub time: (f64, f64),
    /// The value axis.
    pub axis: ValueAxis,
    /// Each tick's number.
    pub numbers: Vec<(f64, String)>,
    /// Each tick's time.
    pub times: Vec<(f64, String)>,
    /// What the figure should be.
    pub target: Option<f64>,
    /// What lies behind the lines.
    pub background: Rc<Background>,
    /// The colours.
    pub palette: Palette,
}

/// The width of `text` in Noto Sans at `font_px`: digits are 0.572 em wide, and nothing that is written here is wider.
fn text_width(text: &str, font_px: f64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let count = text.chars().count() as f64;
    count * font_px * 0.58
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn pixels(length: f64) -> u32 {
    length.round().clamp(0.0, 65_535.0) as u32
}

impl Ground {
    fn left_px(&self) -> u32 {
        let widest = self.numbers.iter().map(|(_, text)| text_width(text, self.font_px)).fold(0.0, f64::max);
        pixels(widest + self.font_px * 0.6)
    }

    /// Half a time's width: the last one is written whole.
    fn right_px(&self) -> u32 {
        pixels(self.font_px * 1.6)
    }

    fn bottom_px(&self) -> u32 {
        pixels(self.font_px * 1.7)
    }

    /// The plot's width, in device pixels: the time axis moves when a pixel's worth of time has passed.
    #[must_use]
    pub fn plot_width_px(&self) -> u32 {
        self.size.0.saturating_sub(self.left_px() + self.right_px()).max(1)
    }

    fn plot<'a, DB: DrawingBackend + 'a>(
        &self,
        area: &'a DrawingArea<DB, Shift>,
    ) -> Result<Plot<'a, DB>, DrawingAreaErrorKind<DB::ErrorType>> {
        ChartBuilder::on(area)
            .margin_top(pixels(self.font_px * 0.7))
            .margin_right(self.right_px())
            .x_label_area_size(self.bottom_px())
            .y_label_area_size(self.left_px())
            .build_cartesian_2d(self.time.0..self.time.1, self.axis.from..self.axis.to)
    }

    /// The width of a hairline, in device pixels.
    fn hair(&self) -> u32 {
        pixels(self.font_px / 14.0).max(1)
    }

    /// Paints the ground.
    ///
    /// # Errors
    /// Only the backend's own.
    pub fn paint<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn<DB> {
        let plot = self.plot(area)?;
        self.paint_background(area, &plot)?;
        let grid = self.palette.grid.stroke_width(self.hair());
        let font = ("Noto Sans", self.font_px).into_font();
        let number = TextStyle::from(font.clone()).color(&self.palette.text).pos(Pos::new(HPos::Right, VPos::Center));
        let (left, right) = (plot.backend_coord(&(self.time.0, self.axis.from)), plot.backend_coord(&(self.time.1, self.axis.from)));
        let gap = i32::try_from(pixels(self.font_px * 0.4)).unwrap_or(0);
        for (value, text) in &self.numbers {
            let (_, y) = plot.backend_coord(&(self.time.0, *value));
            area.draw(&PathElement::new([(left.0, y), (right.0, y)], grid))?;
            area.draw(&Text::new(text.as_str(), (left.0 - gap, y), number.clone()))?;
        }
        let time = TextStyle::from(font).color(&self.palette.text).pos(Pos::new(HPos::Center, VPos::Top));
        for (at, text) in &self.times {
            let (x, y) = plot.backend_coord(&(*at, self.axis.from));
            area.draw(&PathElement::new([(x, y), (x, y + gap)], grid))?;
            area.draw(&Text::new(text.as_str(), (x, y + gap), time.clone()))?;
        }
        self.paint_target(area, &plot, (left.0, right.0))
    }

    fn paint_target<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, plot: &Plot<'_, DB>, (left, right): (i32, i32)) -> Drawn<DB> {
        let Some(target) = self.target.filter(|target| (self.axis.from..=self.axis.to).contains(target)) else { return Ok(()) };
        let (_, y) = plot.backend_coord(&(self.time.0, target));
        let style = self.palette.target.stroke_width(self.hair() + 1);
        let dash = i32::try_from(pixels(self.font_px * 0.5)).unwrap_or(6).max(2);
        let mut x = left;
        while x < right {
            area.draw(&PathElement::new([(x, y), ((x + dash).min(right), y)], style))?;
            x += dash * 2;
        }
        Ok(())
    }

    /// Paints the lines over this ground. Values that can be relied on are drawn through, the others thin; a point
    /// without neighbours is a dot, and so is the newest of each line.
    ///
    /// # Errors
    /// Only the backend's own.
    pub fn paint_lines<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, lines: &[Line]) -> Drawn<DB> {
        let plot = self.plot(area)?;
        let wide = if lines.len() > 3 { self.hair() } else { self.hair() * 2 };
        let dot = wide + self.hair();
        for (line, colour) in lines.iter().zip(self.palette.lines.iter().cycle()) {
            let within = line.points.iter().copied().filter(|(at, ..)| *at <= self.time.1);
            let joined = runs(within, line.gap_s);
            let newest = joined.last().and_then(|run| run.points.last().copied());
            for run in joined {
                let points = clip(&run.points, self.time.0);
                if let [only] = points.as_slice() {
                    area.draw(&Circle::new(plot.backend_coord(only), dot, colour.filled()))?;
                    continue;
                }
                let style = if run.is_good { colour.stroke_width(wide) } else { colour.mix(0.6).stroke_width(self.hair()) };
                area.draw(&PathElement::new(points.iter().map(|point| plot.backend_coord(point)).collect::<Vec<_>>(), style))?;
            }
            if let Some(newest) = newest.filter(|(at, _)| *at >= self.time.0) {
                area.draw(&Circle::new(plot.backend_coord(&newest), dot + self.hair(), colour.filled()))?;
            }
        }
        Ok(())
    }
}

/// Points that are joined, all of a kind.
#[derive(Debug, PartialEq)]
struct Run {
    is_good: bool,
    points: Vec<(f64, f64)>,
}

/// Cuts a line where it is missing, where records are too far apart, and where its quality changes; there the point is
/// in both runs, so that the line goes on.
fn runs(points: impl Iterator<Item = LinePoint>, gap_s: f64) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut before: Option<(f64, f64)> = None;
    for (at, value, quality) in points {
        let Some(value) = value.filter(|value| value.is_finite() && quality != Quality::Missing) else {
            before = None;
            continue;
        };
        let is_good = quality == Quality::Good;
        let joined = before.filter(|(then, _)| at - then <= gap_s);
        match (joined, runs.last_mut()) {
            (Some(_), Some(run)) if run.is_good == is_good => run.points.push((at, value)),
            (Some(end), _) => runs.push(Run { is_good, points: vec![end, (at, value)] }),
            (None, _) => runs.push(Run { is_good, points: vec![(at, value)] }),
        }
        before = Some((at, value));
    }
    runs
}

/// What of a run lies at or after `from`; a segment that crosses it is cut there.
fn clip(points: &[(f64, f64)], from: f64) -> Vec<(f64, f64)> {
    let outside = points.iter().take_while(|(at, _)| *at < from).count();
    let crossing = match (outside.checked_sub(1).and_then(|last| points.get(last)), points.get(outside)) {
        (Some(a), Some(b)) => Some((from, a.1 + (b.1 - a.1) * (from - a.0) / (b.0 - a.0))),
        _ => None,
    };
    crossing.into_iter().chain(points.iter().skip(outside).copied()).collect()
}

/// The value axis that holds the lines' values from `from` on, and others that are to be seen, such as the target.
#[must_use]
pub fn axis(lines: &[Line], from: f64, others: impl IntoIterator<Item = f64>, count: u32) -> ValueAxis {
    let values = lines.iter().flat_map(|line| &line.points).filter(|(at, ..)| *at >= from).filter_map(|(_, value, _)| *value);
    let (low, high) = values.chain(others).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    scale::value_axis(low, high, count)
}

#[cfg(test)]
mod tests;
