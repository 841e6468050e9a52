//! The course of a figure around a moment that lies fast, such as the opening of an incident.
//!
//! Must never draw beyond what is recorded: what is not there yet is an empty part of the axis.

use super::surface::{Drawing, use_surface};
use crate::{
    centre::Centre,
    draw::{
        canvas::ChartCanvas,
        chart::{Background, Line, Mark},
    },
    figure,
    locale::{Language, console_words, words},
};
use jiff::Timestamp;
use std::rc::Rc;
use taydo_model::{Kpi, api::Point};
use web_sys::HtmlCanvasElement;
use yew::prelude::*;

/// What is drawn.
#[derive(Clone, PartialEq, Properties)]
pub struct EpisodeProps {
    /// The KPI.
    pub kpi: Rc<Kpi>,
    /// What the chart is called.
    pub title: AttrValue,
    /// The recorded readings, in order of time.
    pub points: Rc<Vec<Point>>,
    /// The first and the last moment.
    pub between: (Timestamp, Timestamp),
    /// The moment that is marked, and how, where one is.
    #[prop_or_default]
    pub mark: Option<(Timestamp, AttrValue)>,
    /// What lies behind the line beside the mark.
    #[prop_or_default]
    pub background: Option<Rc<Background>>,
    /// How far apart the points are, in seconds, where that is not the KPI's own interval.
    #[prop_or_default]
    pub every_s: Option<u32>,
    /// The target's line, where it holds for the figure.
    #[prop_or_default]
    pub target: Option<f64>,
    /// The language.
    pub language: Language,
}

#[allow(clippy::cast_precision_loss)]
fn seconds(time: Timestamp) -> f64 {
    time.as_second() as f64
}

/// What those are told who don't see the chart.
fn summary(props: &EpisodeProps) -> String {
    let words = words(props.language);
    let values = || props.points.iter().filter_map(|point| point.value);
    let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let text = |value: f64| figure::with_unit(&props.kpi, value, props.language);
    match values().last() {
        Some(latest) => {
            format!("{}: {} {}, {} {}, {} {}", props.title, words.latest, text(latest), words.lowest, text(low), words.highest, text(high))
        }
        None => format!("{}: {}", props.title, console_words(props.language).no_course),
    }
}

/// The chart.
#[component]
pub fn Episode(props: &EpisodeProps) -> Html {
    let plot = use_node_ref();
    let (below, above) = (use_node_ref(), use_node_ref());
    let surface = use_surface(plot.clone());
    let centre = use_context::<Centre>();
    let canvases = [below.clone(), above.clone()].map(|node| move || node.cast::<HtmlCanvasElement>());
    use_effect_with((props.clone(), surface, centre), move |(props, surface, centre)| {
        let [below, above] = canvases;
        let canvas = below().zip(above()).and_then(|(below, above)| ChartCanvas::new(below, above));
        let (Some(mut canvas), Some(surface), Some(centre)) = (canvas, surface, centre) else { return };
        let points = props.points.iter().map(|point| (seconds(point.time), point.value, point.quality)).collect();
        let lines = [Line { points, gap_s: f64::from(props.every_s.unwrap_or(props.kpi.every_s)) * 2.5 + 5.0 }];
        let mark = props.mark.as_ref().map(|(at, text)| Mark { from: seconds(*at), to: seconds(*at) + 1.0, text: text.to_string() });
        let behind = props.background.as_deref().cloned().unwrap_or(Background { band: Vec::new(), marks: Vec::new() });
        let background = Rc::new(Background { marks: behind.marks.into_iter().chain(mark).collect(), ..behind });
        let calendar = centre.calendar();
        let drawing = Drawing {
            surface,
            background: &background,
            lines: &lines,
            target: props.target,
            calendar: &calendar,
            language: props.language,
        };
        canvas.draw(drawing.ground((seconds(props.between.0), seconds(props.between.1))), centre.fonts(), &lines);
    });
    let is_empty = props.points.iter().all(|point| point.value.is_none());
    let note = if is_empty { console_words(props.language).no_course } else { "" };
    html! {
        <div class="panel trend">
            <div class="plot" ref={plot} role="img" aria-label={summary(props)}>
                <canvas ref={below} aria-hidden="true"></canvas><canvas ref={above} aria-hidden="true"></canvas>
                <p class="empty">{ note }</p>
            </div>
        </div>
    }
}
