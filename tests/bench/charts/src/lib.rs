//! The product's charts as a page of their own: as many as are asked for, each with one more point at each update, drawn by the
//! code of the trend panel on canvases that the page has laid out.
//!
//! It must never be a part of the product, nor draw in another way than that does.
#![cfg(target_arch = "wasm32")]

use js_sys::Array;
use std::rc::Rc;
use taydo_frontend::calendar::Calendar;
use taydo_frontend::draw::canvas::ChartCanvas;
use taydo_frontend::draw::chart::{Background, Line, LinePoint};
use taydo_frontend::panels::surface::{Drawing, Surface};
use taydo_model::Quality;
use taydo_model::text::Language;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Element, HtmlCanvasElement};

/// What the figures should be, which is a line of its own in each chart.
const TARGET: f64 = 30.0;

/// One chart: its canvases, its place's size and colours, and its course.
struct Chart {
    canvas: ChartCanvas,
    surface: Surface,
    points: Vec<LinePoint>,
}

/// The charts of the page.
#[wasm_bindgen]
pub struct Charts {
    charts: Vec<Chart>,
    background: Rc<Background>,
    calendar: Calendar,
    /// Seconds between two points.
    step_s: f64,
}

#[wasm_bindgen]
impl Charts {
    /// Charts in these places, each a block that holds two canvases, the ground's and the lines'. Points are so far apart.
    #[wasm_bindgen(constructor)]
    pub fn new(places: &Array, step_s: f64) -> Charts {
        let charts = places.iter().filter_map(|place| chart(&place.dyn_into().ok()?)).collect();
        Charts { charts, background: Rc::default(), calendar: Calendar::new(|_| 7 * 3_600), step_s }
    }

    /// How many there are: fewer than places where the browser gave no canvas.
    pub fn count(&self) -> usize {
        self.charts.len()
    }

    /// Gives a chart its course: Unix seconds and values.
    pub fn fill(&mut self, chart: usize, times: &[f64], values: &[f64]) {
        if let Some(chart) = self.charts.get_mut(chart) {
            chart.points = times.iter().zip(values).map(|(time, value)| (*time, Some(*value), Quality::Good)).collect();
        }
    }

    /// Shifts one point into each chart and draws all of them.
    pub fn update(&mut self, time: f64, values: &[f64]) {
        for (chart, value) in self.charts.iter_mut().zip(values) {
            chart.points.remove(0);
            chart.points.push((time, Some(*value), Quality::Good));
            // The panel makes its line anew from the course that the page holds.
            let lines = [Line { points: chart.points.clone(), gap_s: self.step_s * 2.5 + 5.0 }];
            #[allow(clippy::cast_precision_loss)]
            let span_s = self.step_s * (chart.points.len() as f64 - 1.0);
            let drawing = Drawing {
                surface: &chart.surface,
                background: &self.background,
                lines: &lines,
                target: Some(TARGET),
                calendar: &self.calendar,
                language: Language::Vi,
            };
            chart.canvas.draw(drawing.ground(chart.surface.axis(time, span_s)), 1, &lines);
        }
    }
}

fn chart(place: &Element) -> Option<Chart> {
    let canvases: Vec<HtmlCanvasElement> = (0..2).filter_map(|number| place.children().item(number)?.dyn_into().ok()).collect();
    let [ground, lines] = <[HtmlCanvasElement; 2]>::try_from(canvases).ok()?;
    Some(Chart { canvas: ChartCanvas::new(ground, lines)?, surface: Surface::of(place)?, points: Vec::new() })
}
