//! The chart in an e-mail: a KPI half an hour around an event, with its limits, as PNG.
//!
//! A value that is missing is a gap in the line, never zero. It must never need a font or a program of the machine: the labels
//! are digits and units in a font within the binary.

mod label;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use label::{Anchor, Canvas};
use plotters::prelude::*;
use plotters::style::RGBColor;
use std::ops::Range;
use taydo_model::alert::Severity;
use taydo_model::text::Language;

/// The picture's size in pixels: twice what mail programs show, for sharp screens.
const WIDTH: u32 = 1_120;
const HEIGHT: u32 = 540;
/// How much time is shown on either side of the event.
pub const HALF_WIDTH: SignedDuration = SignedDuration::from_mins(30);
/// What is left free after the last value, in seconds.
const AIR_S: f64 = 150.0;
/// Between two labels of the time axis, in minutes.
const TICK_MIN: i64 = 10;
/// About so many labels on the value axis.
const VALUE_TICKS: f64 = 6.0;

const INK: RGBColor = RGBColor(0x1b, 0x1f, 0x24);
const QUIET: RGBColor = RGBColor(0x57, 0x60, 0x6a);
const GRID: RGBColor = RGBColor(0xd8, 0xde, 0xe4);
const CURVE: RGBColor = RGBColor(0x0b, 0x4f, 0x8a);

/// What is drawn.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Recorded readings in the order of their times; `None` where the value is missing.
    pub points: Vec<(Timestamp, Option<f64>)>,
    /// The values beyond which it is bad.
    pub limits: Vec<(f64, Severity)>,
    /// When it happened.
    pub event: Timestamp,
    /// Until when anything can be known.
    pub until: Timestamp,
    /// The unit of the values.
    pub unit: String,
    /// The zone of the labels.
    pub zone: TimeZone,
    /// The language of the labels: how a decimal point is written.
    pub language: Language,
}

/// Why there is no chart; the message goes without it.
#[derive(Debug, thiserror::Error)]
#[error("the chart can't be drawn: {0}")]
pub struct ChartError(String);

impl ChartError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl Chart {
    /// Draws it as PNG.
    ///
    /// # Errors
    /// When there is no value to draw, or a library refuses.
    pub fn png(&self) -> Result<Vec<u8>, ChartError> {
        let values = self.value_range().ok_or_else(|| ChartError("there is no value around the event".to_owned()))?;
        let mut canvas = Canvas::new(WIDTH, HEIGHT).map_err(ChartError::of)?;
        let labels = self.draw(canvas.pixels(), &values).map_err(ChartError::of)?;
        for label in labels {
            canvas.write(&label.text, label.at, label.anchor, label.colour);
        }
        canvas.png().map_err(ChartError::of)
    }

    /// The times shown, in seconds from the event: no more of the future than a little air.
    fn times(&self) -> Range<f64> {
        let half_s = HALF_WIDTH.as_secs() as f64;
        let since_s = self.until.duration_since(self.event).as_secs_f64() + AIR_S;
        -half_s..since_s.clamp(2.0 * AIR_S, half_s)
    }

    /// The values shown, with some air above and below.
    fn value_range(&self) -> Option<Range<f64>> {
        let shown = self.shown().filter_map(|(_, value)| value);
        let (low, high) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if !low.is_finite() || !high.is_finite() {
            return None;
        }
        let limits = self.limits.iter().map(|(limit, _)| *limit).filter(|limit| limit.is_finite());
        let (low, high) = limits.fold((low, high), |(low, high), limit| (low.min(limit), high.max(limit)));
        let air = if high > low { (high - low) * 0.08 } else { high.abs().max(1.0) * 0.1 };
        Some(low - air..high + air)
    }

    fn shown(&self) -> impl Iterator<Item = (f64, Option<f64>)> {
        let seconds = self.points.iter().map(|(time, value)| (time.duration_since(self.event).as_secs_f64(), *value));
        seconds
            .filter(|(seconds, _)| self.times().contains(seconds))
            .map(|(seconds, value)| (seconds, value.filter(|value| value.is_finite())))
    }

    /// Draws the lines, and says which labels belong where.
    fn draw(&self, pixels: &mut [u8], values: &Range<f64>) -> Result<Vec<Label>, Box<dyn std::error::Error + 'static>> {
        let fail = |error: &dyn std::fmt::Display| -> Box<dyn std::error::Error> { error.to_string().into() };
        let root = BitMapBackend::with_buffer(pixels, (WIDTH, HEIGHT)).into_drawing_area();
        root.fill(&WHITE).map_err(|error| fail(&error))?;
        let mut builder = ChartBuilder::on(&root);
        builder.margin_left(130).margin_right(56).margin_top(72).margin_bottom(72);
        let mut chart = builder.build_cartesian_2d(self.times(), values.clone()).map_err(|error| fail(&error))?;
        let (value_ticks, time_ticks) = (value_ticks(values), self.time_ticks());
        let mut line =
            |from: (f64, f64), to: (f64, f64), style: ShapeStyle| chart.draw_series(LineSeries::new([from, to], style)).map(drop);
        for (value, _) in &value_ticks {
            line((self.times().start, *value), (self.times().end, *value), GRID.stroke_width(1)).map_err(|error| fail(&error))?;
        }
        for (limit, severity) in &self.limits {
            line((self.times().start, *limit), (self.times().end, *limit), colour(*severity).stroke_width(3))
                .map_err(|error| fail(&error))?;
        }
        line((0.0, values.start), (0.0, values.end), INK.stroke_width(3)).map_err(|error| fail(&error))?;
        for piece in self.pieces() {
            if let [only] = piece.as_slice() {
                chart.draw_series([Circle::new(*only, 5, CURVE.filled())]).map_err(|error| fail(&error))?;
            }
            chart.draw_series(LineSeries::new(piece, CURVE.stroke_width(5))).map_err(|error| fail(&error))?;
        }
        let at = |x: f64, y: f64| chart.backend_coord(&(x, y));
        let mut labels = vec![Label::new(&self.unit, (16, 36), Anchor::Left, QUIET)];
        for (value, text) in value_ticks {
            let (x, y) = at(self.times().start, value);
            labels.push(Label::new(self.language.pick(&text.replace('.', ","), &text), (x - 12, y), Anchor::Right, QUIET));
        }
        for (limit, severity) in &self.limits {
            // The colour alone doesn't tell which limit it is.
            let (x, y) = at(self.times().start, *limit);
            let text = limit.to_string();
            labels.push(Label::new(self.language.pick(&text.replace('.', ","), &text), (x + 12, y - 24), Anchor::Left, colour(*severity)));
        }
        for (seconds, text) in time_ticks {
            let (x, y) = at(seconds, values.start);
            labels.push(Label::new(&text, (x, y + 36), Anchor::Middle, QUIET));
        }
        let event = self.event.to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string();
        labels.push(Label::new(&event, (at(0.0, values.end).0, 36), Anchor::Middle, INK));
        root.present().map_err(|error| fail(&error))?;
        Ok(labels)
    }

    /// The line in pieces, broken where a value is missing.
    fn pieces(&self) -> Vec<Vec<(f64, f64)>> {
        let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
        for (seconds, value) in self.shown() {
            match (value, pieces.last_mut()) {
                (Some(value), Some(piece)) => piece.push((seconds, value)),
                _ => pieces.push(Vec::new()),
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// Whole ten minutes of the wall clock, as seconds from the event.
    fn time_ticks(&self) -> Vec<(f64, String)> {
        let first = self.event.saturating_sub(HALF_WIDTH).unwrap_or(self.event);
        let step_s = TICK_MIN * 60;
        // Zones are off by whole ten minutes in our time, so that these are round in each.
        let start = first.as_second().div_euclid(step_s).saturating_add(1).saturating_mul(step_s);
        let ticks = (0..2 * HALF_WIDTH.as_mins() / TICK_MIN).filter_map(|nth| Timestamp::from_second(start + nth * step_s).ok());
        let text = |time: Timestamp| time.to_zoned(self.zone.clone()).strftime("%H:%M").to_string();
        ticks
            .map(|time| (time.duration_since(self.event).as_secs_f64(), text(time)))
            .filter(|(seconds, _)| self.times().contains(seconds))
            .collect()
    }
}

/// A label, once the lines are drawn.
struct Label {
    text: String,
    at: (i32, i32),
    anchor: Anchor,
    colour: RGBColor,
}

impl Label {
    fn new(text: &str, at: (i32, i32), anchor: Anchor, colour: RGBColor) -> Self {
        Self { text: text.to_owned(), at, anchor, colour }
    }
}

/// Round values: steps of 1, 2 or 5 times a power of ten.
fn value_ticks(values: &Range<f64>) -> Vec<(f64, String)> {
    let rough = (values.end - values.start) / VALUE_TICKS;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough).unwrap_or(10.0 * power);
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let first = (values.start / step).ceil();
    (0..10)
        .map(|nth| (first + f64::from(nth)) * step)
        .take_while(|value| *value <= values.end)
        .map(|value| (value, format!("{value:.decimals$}")))
        .collect()
}

fn colour(severity: Severity) -> RGBColor {
    match severity {
        Severity::Critical => RGBColor(0xb4, 0x23, 0x18),
        Severity::High => RGBColor(0xc2, 0x57, 0x0c),
        Severity::Medium => RGBColor(0x9a, 0x67, 0x00),
        Severity::Info => CURVE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: &[Option<f64>]) -> Chart {
        let event: Timestamp = "2026-03-02T00:32:10Z".parse().unwrap();
        let start: Timestamp = "2026-03-02T00:05:00Z".parse().unwrap();
        let minutes = (0..).map(|minute| start + SignedDuration::from_mins(minute));
        Chart {
            points: minutes.zip(points.iter().copied()).collect(),
            limits: vec![(25.0, Severity::Medium), (20.0, Severity::Critical)],
            event,
            until: event + HALF_WIDTH,
            unit: "km/h".to_owned(),
            zone: TimeZone::get("Asia/Ho_Chi_Minh").unwrap(),
            language: Language::Vi,
        }
    }

    #[test]
    fn a_missing_value_is_a_gap_and_times_are_the_persons() {
        let gapped = chart(&[Some(30.0), Some(28.0), None, Some(f64::NAN), Some(21.0), Some(12.0)]);
        assert_eq!(gapped.pieces().iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
        let times: Vec<String> = gapped.time_ticks().into_iter().map(|(_, text)| text).collect();
        assert_eq!(times, ["07:10", "07:20", "07:30", "07:40", "07:50", "08:00"]);
        let values: Vec<String> = value_ticks(&gapped.value_range().unwrap()).into_iter().map(|(_, text)| text).collect();
        assert_eq!(values, ["15", "20", "25", "30"]);
        assert!(chart(&[None, None]).png().is_err());
        // At the moment itself the future takes no room.
        let early = Chart { until: gapped.event, ..chart(&[Some(1.0)]) };
        assert_eq!(early.times(), -1800.0..300.0);
    }

    #[test]
    fn the_picture_is_a_png_of_its_size() {
        let points: Vec<Option<f64>> = (0..50).map(|minute| Some(30.0 - f64::from(minute) * 0.4)).collect();
        let png = chart(&points).png().unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() < 60_000, "{}", png.len());
        assert_eq!(png.get(16..24), Some([WIDTH.to_be_bytes(), HEIGHT.to_be_bytes()].concat().as_slice()));
        // A value that never changes, and no limit, still has a range.
        assert!(Chart { limits: Vec::new(), ..chart(&[Some(0.0), Some(0.0)]) }.png().is_ok());
    }
}
