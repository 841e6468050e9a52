//! A course as SVG: the line with its gaps, the band that it usually lies in, the target, a few numbers and times. Colours and sizes are the style sheet's.
//!
//! It must never join what is not connected.

use super::super::answer::escape;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;
use taydo_model::Kpi;
use taydo_model::baseline::BandPoint;
use taydo_model::course::CoursePoint;
use taydo_model::headline::with_unit;
use taydo_model::number::number;
use taydo_model::text::Language;

/// The drawing's size, and what is kept free for numbers and times.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// Points farther apart than so many steps are not joined.
const STEPS: f64 = 2.5;
/// About so many numbers on the axis, and times.
const NUMBERS: f64 = 4.0;
const TIMES: i64 = 5;

/// What is drawn.
pub(in super::super) struct Course<'c> {
    pub(in super::super) kpi: &'c Kpi,
    /// In order of time.
    pub(in super::super) points: &'c [CoursePoint],
    /// How far apart the points are, in seconds.
    pub(in super::super) step_s: i64,
    pub(in super::super) between: (Timestamp, Timestamp),
    pub(in super::super) target: Option<f64>,
    /// Where it usually lies, hour by hour; empty where nobody knows.
    pub(in super::super) band: &'c [BandPoint],
    pub(in super::super) zone: &'c TimeZone,
    pub(in super::super) language: Language,
}

struct Axis {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
    decimals: u8,
}

impl Axis {
    /// Steps of 1, 2 or 5 times a power of ten around all values.
    fn of(low: f64, high: f64) -> Self {
        let spread = if high > low { high - low } else { high.abs().max(1.0) * 0.2 };
        let rough = spread / NUMBERS;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough).unwrap_or(10.0 * power);
        let (first, last) = ((low / step).floor() * step, (high / step).ceil() * step);
        let last = if last > first { last } else { first + step };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let (count, decimals) = (((last - first) / step).round() as u32, (-step.log10().floor()).clamp(0.0, 6.0) as u8);
        Self { low: first, high: last, ticks: (0..=count).map(|nth| first + f64::from(nth) * step).collect(), decimals }
    }
}

impl Course<'_> {
    fn x(&self, time: Timestamp) -> f64 {
        let (from, to) = self.between;
        let share = time.duration_since(from).as_secs_f64() / to.duration_since(from).as_secs_f64().max(1.0);
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    /// The drawing, with what it shows in words; only the words where there is nothing to draw.
    pub(in super::super) fn svg(&self) -> String {
        let values = || self.points.iter().filter_map(|point| point.value);
        let usual = self.pieces();
        let around = usual.iter().flat_map(|(_, _, point)| [point.low, point.high]);
        let (low, high) = values()
            .chain(self.target)
            .chain(around)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let Some(latest) = values().next_back() else {
            return format!("<p class=\"empty\">{}</p>", self.language.pick("Chưa có số liệu nào", "No readings yet"));
        };
        let axis = Axis::of(low, high);
        let y = &|value: f64| TOP + (axis.high - value) / (axis.high - axis.low) * (HEIGHT - TOP - BOTTOM);
        let text = |value: f64| with_unit(self.kpi, value, self.language);
        let words = format!("{}: {} {}", self.kpi.title.get(self.language), self.language.pick("mới nhất", "latest"), text(latest));
        let mut out = format!("<svg class=\"course\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">", escape(&words));
        for tick in &axis.ticks {
            let at = y(*tick);
            let label = number(*tick, axis.decimals, self.language);
            let _ = write!(
                out,
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" class=\"number\">{label}</text>",
                WIDTH - RIGHT,
                LEFT - 8.0,
                at + 4.0
            );
        }
        for (time, label) in self.times() {
            let _ = write!(out, "<text x=\"{:.1}\" y=\"{:.1}\" class=\"time\">{label}</text>", self.x(time), HEIGHT - 8.0);
        }
        let _ = write!(out, "<path class=\"band\" d=\"{}\"/>", self.band(&usual, y));
        if let Some(target) = self.target {
            let _ = write!(out, "<path class=\"target\" d=\"M{LEFT} {:.1}H{:.1}\"/>", y(target), WIDTH - RIGHT);
        }
        let _ = write!(out, "<path class=\"line\" d=\"{}\"/></svg>", self.path(y));
        out
    }

    /// The hours of the band that are drawn, each from where to where.
    fn pieces(&self) -> Vec<(Timestamp, Timestamp, &BandPoint)> {
        let (from, to) = self.between;
        let hour = SignedDuration::from_hours(1);
        let end = |point: &BandPoint| point.time.saturating_add(hour).unwrap_or(point.time).min(to);
        self.band.iter().map(|point| (point.time.max(from), end(point), point)).filter(|(from, to, _)| from < to).collect()
    }

    /// Hours that follow each other are one shape, so that no seams are seen.
    fn band(&self, pieces: &[(Timestamp, Timestamp, &BandPoint)], y: impl Fn(f64) -> f64) -> String {
        let mut path = String::new();
        for shape in pieces.chunk_by(|a, b| a.1 == b.0) {
            let above = shape.iter().flat_map(|(from, to, point)| [(*from, point.high), (*to, point.high)]);
            let below = shape.iter().rev().flat_map(|(from, to, point)| [(*to, point.low), (*from, point.low)]);
            for (nth, (time, value)) in above.chain(below).enumerate() {
                let _ = write!(path, "{}{:.1} {:.1}", if nth == 0 { 'M' } else { 'L' }, self.x(time), y(value));
            }
            path.push('Z');
        }
        path
    }

    /// The line in pieces; a single point is a dot, by a stroke of no length with round ends.
    fn path(&self, y: impl Fn(f64) -> f64) -> String {
        let mut path = String::new();
        let mut last: Option<Timestamp> = None;
        for point in self.points {
            let Some(value) = point.value else {
                last = None;
                continue;
            };
            #[allow(clippy::cast_precision_loss)]
            let is_joined = last.is_some_and(|last| point.time.duration_since(last).as_secs_f64() <= self.step_s as f64 * STEPS);
            let (x, y) = (self.x(point.time), y(value));
            let _ = if is_joined { write!(path, "L{x:.1} {y:.1}") } else { write!(path, "M{x:.1} {y:.1}h0") };
            last = Some(point.time);
        }
        path
    }

    /// A few moments between the ends, on whole hours or days.
    fn times(&self) -> Vec<(Timestamp, String)> {
        let (from, to) = self.between;
        let span = to.duration_since(from).as_secs();
        let steps = [900, 3_600, 3 * 3_600, 6 * 3_600, 86_400, 2 * 86_400, 7 * 86_400, 30 * 86_400, 91 * 86_400];
        let step = steps.into_iter().find(|step| span / step <= TIMES).unwrap_or(182 * 86_400);
        let form = if step < 86_400 { "%H:%M %d/%m" } else { "%d/%m/%Y" };
        let offset = i64::from(self.zone.to_offset(to).seconds());
        let first = (from.as_second() + offset).div_euclid(step) + 1;
        let moments = (0..=TIMES).filter_map(|nth| Timestamp::from_second((first + nth) * step - offset).ok());
        // A label must not stick out at the right.
        let last = to.as_second() - span / 14;
        moments.filter(|time| time.as_second() < last).map(|time| (time, self.zone.to_datetime(time).strftime(form).to_string())).collect()
    }
}
