//! What charts are drawn on: their size, font and colours as the page has them, and the ground made for these.
//!
//! Must never read the page more often than its size changes.

use crate::{
    browser,
    calendar::Calendar,
    draw::{
        chart::{self, Background, Ground, Line, Palette},
        scale,
    },
    locale::{self, Language},
    measured::use_measured,
};
use jiff::Timestamp;
use plotters::style::RGBColor;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

/// Colours of lines that the style sheet names, `--line-1` and so on.
pub(super) const LINES: usize = 6;

/// By how many device pixels a time axis moves on at a time; the newest point is never farther from the edge.
const AXIS_STEP_PX: f64 = 6.0;

/// What a chart is drawn on.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// Device pixels.
    pub size: (u32, u32),
    font_px: f64,
    palette: Palette,
}

fn colour(element: &Element, name: &str, otherwise: RGBColor) -> RGBColor {
    let text = browser::custom_property(element, name).unwrap_or_default();
    let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    hex.map_or(otherwise, |hex| {
        let [_, red, green, blue] = hex.to_be_bytes();
        RGBColor(red, green, blue)
    })
}

fn palette(element: &Element) -> Palette {
    let colour = |name: &str, otherwise| colour(element, name, otherwise);
    let grey = RGBColor(154, 163, 173);
    Palette {
        text: colour("--text-soft", grey),
        grid: colour("--grid", RGBColor(44, 50, 58)),
        target: colour("--target", grey),
        lines: (1..=LINES).map(|n| colour(&format!("--line-{n}"), grey)).collect(),
    }
}

impl Surface {
    /// An element's, as it is laid out now; `None` where it is too small for a chart.
    #[must_use]
    pub fn of(element: &Element) -> Option<Self> {
        let place = element.get_bounding_client_rect();
        let ratio = browser::pixel_ratio();
        let style = web_sys::window()?.get_computed_style(element).ok()??;
        let font_px: f64 = style.get_property_value("font-size").ok()?.trim_end_matches("px").parse().ok()?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let pixels = |length: f64| (length * ratio).round().clamp(0.0, 16_384.0) as u32;
        let size = (pixels(place.width()), pixels(place.height()));
        // In a small picture of a screen letters shrink with all else.
        let laid_out = element.dyn_ref::<web_sys::HtmlElement>().map_or(0, web_sys::HtmlElement::offset_width);
        let shrunk = if laid_out > 0 { place.width() / f64::from(laid_out) } else { 1.0 };
        (size.0 > 20 && size.1 > 20).then(|| Self { size, font_px: (font_px * ratio * shrunk).round().max(1.0), palette: palette(element) })
    }
}

/// The surface, renewed whenever the element's size changes.
#[hook]
pub(super) fn use_surface(node: NodeRef) -> Option<Surface> {
    use_measured(node, Surface::of)
}

/// All that a chart's ground is made from but its time.
pub struct Drawing<'d> {
    /// What it is drawn on.
    pub surface: &'d Surface,
    /// What lies behind the lines.
    pub background: &'d Rc<Background>,
    /// The lines, which the value axis holds.
    pub lines: &'d [Line],
    /// What the figure should be.
    pub target: Option<f64>,
    /// The city's calendar, for the time axis.
    pub calendar: &'d Calendar,
    /// The language of its numbers.
    pub language: Language,
}

impl Surface {
    /// The first and the last moment of an axis that ends now, in Unix seconds. It moves on by some pixels at a time, so that the
    /// ground is drawn again only then: what is drawn on it meanwhile is the lines.
    #[must_use]
    pub fn axis(&self, now_s: f64, span_s: f64) -> (f64, f64) {
        let step = (span_s / f64::from(self.size.0) * AXIS_STEP_PX).max(1.0);
        let to = (now_s / step).ceil() * step;
        (to - span_s, to)
    }
}

impl Drawing<'_> {
    /// The ground between two moments, in Unix seconds.
    #[must_use]
    pub fn ground(&self, (from, to): (f64, f64)) -> Ground {
        let surface = self.surface;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let count = (f64::from(surface.size.1) / (surface.font_px * 3.2)).clamp(2.0, 6.0) as u32;
        let axis = chart::axis(self.lines, from, self.target.into_iter().chain(self.background.values(from, to)), count);
        let number = |tick: f64| locale::number(tick, axis.decimals, self.language);
        let mut ground = Ground {
            size: surface.size,
            font_px: surface.font_px,
            time: (from, to),
            numbers: axis.ticks.iter().map(|tick| (*tick, number(*tick))).collect(),
            axis,
            times: Vec::new(),
            target: self.target,
            background: self.background.clone(),
            palette: surface.palette.clone(),
        };
        #[allow(clippy::cast_possible_truncation)]
        let room = (f64::from(ground.plot_width_px()) / (surface.font_px * 5.5)) as i64;
        ground.times = self.times((from, to), room.min(8));
        ground
    }

    /// At most so many times on the axis, each with its text.
    fn times(&self, (from, to): (f64, f64), room: i64) -> Vec<(f64, String)> {
        let moment = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        #[allow(clippy::cast_possible_truncation)]
        let (from, to) = (from.ceil() as i64, to as i64);
        let ticks = scale::time_ticks(from, to, i64::from(self.calendar.offset_s(moment(to))), room);
        let text = |second: i64| {
            // Midnight says which day begins.
            let minute = self.calendar.minute(moment(second));
            if ticks.are_days || minute == "00:00" { self.calendar.day(moment(second)) } else { minute }
        };
        #[allow(clippy::cast_precision_loss)]
        ticks.at.iter().map(|second| (*second as f64, text(*second))).collect()
    }
}
