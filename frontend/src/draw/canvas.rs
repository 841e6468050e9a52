//! A chart's canvases: the ground below, the lines above, each replayed from a record with every style set once.
//!
//! Must never measure by laying out the page, or draw the ground again for a new value.

use super::{
    chart::{Ground, Line},
    recorder::{Colour, Command, Record, Recorder},
};
use plotters::prelude::IntoDrawingArea;
use std::{cell::RefCell, f64::consts::TAU, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// So many points of a line are one stroke: without a graphics card the cost of one grows with its extent.
const PIECE: usize = 8;

/// One canvas and the record that it is drawn from.
struct Layer {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    record: Rc<RefCell<Record>>,
}

/// A chart on the page.
pub struct ChartCanvas {
    ground: Layer,
    lines: Layer,
    drawn: Option<(Ground, u32)>,
}

impl ChartCanvas {
    /// A chart on two canvases that lie on each other; `None` where the browser has no 2D context.
    #[must_use]
    pub fn new(ground: HtmlCanvasElement, lines: HtmlCanvasElement) -> Option<Self> {
        Some(Self { ground: Layer::new(ground)?, lines: Layer::new(lines)?, drawn: None })
    }

    /// Draws the lines, and the ground where it, its size or the fonts have changed.
    pub fn draw(&mut self, ground: Ground, fonts: u32, lines: &[Line]) {
        let is_new = self.drawn.as_ref().is_none_or(|(drawn, with)| *drawn != ground || *with != fonts);
        if is_new {
            self.ground.resize(ground.size);
            self.ground.draw(ground.size, |area| ground.paint(area).is_ok());
        }
        self.lines.resize(ground.size);
        self.lines.draw(ground.size, |area| ground.paint_lines(area, lines).is_ok());
        self.drawn = Some((ground, fonts));
    }
}

type Area = plotters::drawing::DrawingArea<Recorder, plotters::coord::Shift>;

impl Layer {
    fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        Some(Self { canvas, context, record: Rc::default() })
    }

    fn resize(&self, (width, height): (u32, u32)) {
        // Setting a canvas's size clears it, even to the same size.
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
    }

    fn draw(&self, size: (u32, u32), paint: impl FnOnce(&Area) -> bool) {
        self.record.borrow_mut().clear();
        let is_painted = paint(&Recorder::new(size, self.record.clone()).into_drawing_area());
        self.context.clear_rect(0.0, 0.0, f64::from(size.0), f64::from(size.1));
        if is_painted {
            replay(&self.context, &self.record.borrow());
        }
    }
}

fn css(colour: Colour) -> String {
    format!("#{colour:08x}")
}

/// The styles that the context has now.
#[derive(Default)]
struct Styles {
    stroke: Option<Colour>,
    fill: Option<Colour>,
    width: Option<u32>,
    size_px: Option<f64>,
    align: &'static str,
    baseline: &'static str,
}

impl Styles {
    fn fill(&mut self, context: &CanvasRenderingContext2d, colour: Colour) {
        if self.fill.replace(colour) != Some(colour) {
            context.set_fill_style_str(&css(colour));
        }
    }

    fn stroke(&mut self, context: &CanvasRenderingContext2d, colour: Colour, width: u32) {
        if self.stroke.replace(colour) != Some(colour) {
            context.set_stroke_style_str(&css(colour));
        }
        if self.width.replace(width) != Some(width) {
            context.set_line_width(f64::from(width));
        }
    }

    fn text(&mut self, context: &CanvasRenderingContext2d, size_px: f64, align: &'static str, baseline: &'static str) {
        if self.size_px.replace(size_px) != Some(size_px) {
            context.set_font(&format!("{size_px}px \"Noto Sans\", sans-serif"));
        }
        if std::mem::replace(&mut self.align, align) != align {
            context.set_text_align(align);
        }
        if std::mem::replace(&mut self.baseline, baseline) != baseline {
            context.set_text_baseline(baseline);
        }
    }
}

fn replay(context: &CanvasRenderingContext2d, record: &Record) {
    context.set_line_join("round");
    let mut styles = Styles::default();
    let mut commands = record.commands.iter().peekable();
    // Whether the path before goes on: dashes and grid lines of one style are one stroke.
    let mut goes_on = false;
    while let Some(command) = commands.next() {
        match command {
            Command::Path { colour, width, first, count } => {
                // Where two lines of a colour that lets others through cross, it is seen twice.
                let is_opaque = colour & 0xff == 0xff;
                if is_opaque && *count > PIECE {
                    if std::mem::take(&mut goes_on) {
                        context.stroke();
                    }
                    styles.stroke(context, *colour, *width);
                    draw_in_pieces(context, record, (*first, *count), *width);
                    continue;
                }
                if !goes_on {
                    styles.stroke(context, *colour, *width);
                    context.begin_path();
                }
                trace(context, record, *first, *count, *width);
                let is_same = |next: &&Command| matches!(next, Command::Path { colour: c, width: w, .. } if (c, w) == (colour, width));
                goes_on = is_opaque && commands.peek().is_some_and(is_same);
                if !goes_on {
                    context.stroke();
                }
            }
            Command::Polygon { colour, first, count } => {
                styles.fill(context, *colour);
                context.begin_path();
                trace(context, record, *first, *count, 0);
                context.fill();
            }
            Command::Rectangle { colour, at, size, filled } => {
                let (x, y, width, height) = (f64::from(at.0), f64::from(at.1), f64::from(size.0), f64::from(size.1));
                if *filled {
                    styles.fill(context, *colour);
                    context.fill_rect(x, y, width, height);
                } else {
                    styles.stroke(context, *colour, 1);
                    context.stroke_rect(x + 0.5, y + 0.5, width, height);
                }
            }
            Command::Circle { colour, at, radius, filled } => {
                context.begin_path();
                // An arc is refused only for a negative radius.
                let _ = context.arc(f64::from(at.0), f64::from(at.1), f64::from(*radius), 0.0, TAU);
                if *filled {
                    styles.fill(context, *colour);
                    context.fill();
                } else {
                    styles.stroke(context, *colour, 1);
                    context.stroke();
                }
            }
            Command::Text { colour, size_px, at, align, baseline, text } => {
                styles.fill(context, *colour);
                styles.text(context, *size_px, align, baseline);
                let _ = context.fill_text(text, f64::from(at.0), f64::from(at.1));
            }
        }
    }
}

/// Draws a long line piece by piece. Each begins with the last segment of the one before, so that they join.
fn draw_in_pieces(context: &CanvasRenderingContext2d, record: &Record, (first, count): (usize, usize), width: u32) {
    let last = count.saturating_sub(1);
    let mut at = 0;
    while at < last {
        let (from, until) = (at.saturating_sub(1), (at + PIECE).min(last));
        context.begin_path();
        trace(context, record, first + from, until - from + 1, width);
        context.stroke();
        at = until;
    }
}

/// A line of odd width is sharp when it runs through the middle of its pixels.
fn trace(context: &CanvasRenderingContext2d, record: &Record, first: usize, count: usize, width: u32) {
    let shift = if width % 2 == 1 { 0.5 } else { 0.0 };
    for (n, (x, y)) in record.points.iter().skip(first).take(count).enumerate() {
        let (x, y) = (f64::from(*x) + shift, f64::from(*y) + shift);
        if n == 0 { context.move_to(x, y) } else { context.line_to(x, y) }
    }
}
