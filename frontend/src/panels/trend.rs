//! The trend chart: the course of one or more figures, drawn on canvases, with its title, legend and table as HTML.
//!
//! Must never draw more than once a second, or stop its time axis because no data comes.

pub mod background;

use super::surface::{Drawing, LINES, Surface, use_surface};
use super::{Look, PanelProps, marks, use_look};
use crate::{
    centre::{Centre, Moment},
    digits::{CHART_REST_MS, DIGITS_REST_MS, Gate},
    draw::{
        canvas::ChartCanvas,
        chart::{Background, Ground, Line},
    },
    figure,
    locale::{self, words},
    store::{Interest, Key, Store},
};
use background::use_background;
use std::rc::Rc;
use taydo_model::{Kpi, Quality, Scope, api::Point, board::Content, text::Language};
use web_sys::{Element, HtmlCanvasElement};
use yew::prelude::*;

/// Rows of the table: the newest ones.
const TABLE_ROWS: usize = 100;

/// One line of the legend.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    name: String,
    value: Option<String>,
    quality: Quality,
}

/// What stands around the chart.
#[derive(Debug, Clone, PartialEq)]
struct View {
    entries: Vec<Entry>,
    summary: String,
    /// Said where the chart is empty.
    note: Option<&'static str>,
}

/// A figure's course as a line: what is recorded, and the live reading at its end.
fn line(store: &Store, key: &Key, every_s: u32) -> Line {
    #[allow(clippy::cast_precision_loss)]
    let point = |Point { time, value, quality }: Point| (time.as_millisecond() as f64 / 1000.0, value, quality);
    let mut points: Vec<_> = store.course(key).into_iter().flat_map(|course| course.points()).copied().map(point).collect();
    if let Some(live) = store.reading(key).filter(|live| matches!(live.quality, Quality::Good | Quality::Partial)) {
        let live = point(Point { time: live.time, value: live.value, quality: live.quality });
        if points.last().is_none_or(|last| last.0 < live.0) {
            points.push(live);
        }
    }
    Line { points, gap_s: f64::from(every_s) * 2.5 + 5.0 }
}

/// The target's line, where it holds for every line of the chart.
fn target(props: &PanelProps) -> Option<f64> {
    let Content::Trend { scopes, .. } = &props.panel.content else { return None };
    props.kpi.target.filter(|_| scopes.iter().all(|scope| props.kpi.judges(scope)))
}

fn ground(
    centre: &Centre,
    props: &PanelProps,
    (surface, background): (&Surface, &Rc<Background>),
    span_s: u32,
    lines: &[Line],
    now: Moment,
) -> Ground {
    #[allow(clippy::cast_precision_loss)]
    let now_s = now.time.as_millisecond() as f64 / 1000.0;
    let drawing = Drawing { surface, background, lines, target: target(props), calendar: &centre.calendar(), language: props.language };
    drawing.ground(surface.axis(now_s, f64::from(span_s)))
}

fn view(props: &PanelProps, keys: &[Key], span_s: u32, store: &Store, lines: &[Line], now: Moment) -> View {
    let words = words(props.language);
    let mut summary = format!("{}, {} {}", props.title(), words.last_span, locale::span(i64::from(span_s), props.language));
    let mut entries = Vec::new();
    for (key, line) in keys.iter().zip(lines) {
        let reading = store.reading(key);
        let quality = reading.map_or(Quality::Missing, |reading| props.kpi.quality_at(reading, now.time));
        let value = reading.and_then(|reading| reading.value).filter(|_| quality != Quality::Missing);
        let name = props.names.of(&key.scope, props.language);
        let text = |value: f64| figure::with_unit(&props.kpi, value, props.language);
        let values = line.points.iter().filter_map(|(_, value, _)| *value);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low <= high {
            let newest = value.map_or_else(|| words.missing.to_owned(), |value| format!("{} {}", words.latest, text(value)));
            summary.push_str(&format!("; {name}: {newest}, {} {}, {} {}", words.lowest, text(low), words.highest, text(high)));
        }
        entries.push(Entry { name, value: value.map(text), quality });
    }
    let courses: Vec<_> = keys.iter().filter_map(|key| store.course(key)).collect();
    let is_empty = lines.iter().all(|line| line.points.iter().all(|(_, value, _)| value.is_none()));
    let note = match is_empty {
        _ if courses.iter().any(|course| course.has_failed()) => Some(words.history_failed),
        true if courses.iter().all(|course| course.is_here()) => Some(words.no_history),
        true => Some(words.loading),
        false => None,
    };
    View { entries, summary, note }
}

fn look(
    props: &PanelProps,
    keys: Vec<Key>,
    span_s: u32,
    (surface, background): (Option<Surface>, Rc<Background>),
    canvases: [NodeRef; 2],
) -> Look<View> {
    let props = props.clone();
    let mut gate = Gate::new(DIGITS_REST_MS);
    let mut canvas: Option<ChartCanvas> = None;
    let mut drawn_ms = f64::NEG_INFINITY;
    Box::new(move |centre: &Centre, now| {
        let lines: Vec<Line> = centre.read(|store| keys.iter().map(|key| line(store, key, props.kpi.every_s)).collect());
        let is_known = centre.read(|store| keys.iter().any(|key| store.reading(key).is_some()));
        let (view, again) = gate.pass(centre.read(|store| view(&props, &keys, span_s, store, &lines, now)), is_known, now.ms);
        // The once-a-second wake must not fall behind by the part of a frame that it came early.
        if now.ms < drawn_ms + CHART_REST_MS - 50.0 {
            return (view, Some(again.map_or(drawn_ms + CHART_REST_MS, |again| again.min(drawn_ms + CHART_REST_MS))));
        }
        if canvas.is_none()
            && let [Some(below), Some(above)] = [0, 1].map(|n| canvases.get(n).and_then(NodeRef::cast::<HtmlCanvasElement>))
        {
            canvas = ChartCanvas::new(below, above);
        }
        if let (Some(canvas), Some(surface)) = (&mut canvas, &surface) {
            // An empty chart is no drawing that the first line would have to wait for.
            if is_known {
                drawn_ms = now.ms;
            }
            let ground = ground(centre, &props, (surface, &background), span_s, &lines, now);
            canvas.draw(ground, centre.fonts(), &lines);
        }
        (view, again)
    })
}

fn table(centre: &Centre, props: &PanelProps, keys: &[Key], background: &Background) -> Html {
    let words = words(props.language);
    let (calendar, now) = (centre.calendar(), centre.now());
    let has_band = !background.band.is_empty();
    let rows = |key: &Key| -> Vec<Html> {
        let points: Vec<Point> = centre.read(|store| {
            store.course(key).map(|course| course.points().iter().rev().take(TABLE_ROWS).copied().collect()).unwrap_or_default()
        });
        let name = props.names.of(&key.scope, props.language);
        let row = |point: &Point| {
            let value = point.value.map_or_else(|| "—".to_owned(), |value| figure::with_unit(&props.kpi, value, props.language));
            let quality = marks::quality_word(point.quality, words);
            #[allow(clippy::cast_precision_loss)]
            let usual = background.usual(point.time.as_second() as f64).map(|(low, high)| usual(&props.kpi, low, high, props.language));
            html! { <tr><th scope="row">{ calendar.moment(point.time, now.time) }</th><td>{ &name }</td><td>{ value }</td><td>{ quality }</td>{ has_band.then(|| html! { <td>{ usual }</td> }) }</tr> }
        };
        points.iter().map(row).collect()
    };
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label={format!("{}: {}", words.table, props.title())}>
            <table>
                <thead><tr><th scope="col">{ words.time }</th><th scope="col"></th><th scope="col">{ words.value }</th><th scope="col">{ words.quality }</th>{ has_band.then(|| html! { <th scope="col">{ words.usual }</th> }) }</tr></thead>
                <tbody>{ for keys.iter().flat_map(rows) }</tbody>
            </table>
            { background::list(background, &calendar, now.time) }
        </div>
    }
}

/// The usual values as people read them: `48,0–52,3`.
fn usual(kpi: &Kpi, low: f64, high: f64, language: Language) -> String {
    let number = |value: f64| locale::number(value, kpi.decimals, language);
    format!("{}–{}", number(low), number(high))
}

fn legend(view: &View) -> Html {
    let single = view.entries.len() == 1;
    let entry = |(n, entry): (usize, &Entry)| {
        let swatch = html! { <svg class={format!("swatch line-{}", n % LINES + 1)} viewBox="0 0 24 8" aria-hidden="true" focusable="false"><path d="M0 4h24" /></svg> };
        html! {
            <li data-quality={marks::quality_code(entry.quality)}>
                { swatch }<span class="name">{ &entry.name }</span>
                <b class="latest">{ entry.value.clone().unwrap_or_else(|| "—".to_owned()) }</b>{ marks::quality_shape(entry.quality) }
            </li>
        }
    };
    html! { <ul class={classes!("legend", single.then_some("single"))}>{ for view.entries.iter().enumerate().map(entry) }</ul> }
}

/// The chart.
#[component]
pub fn Trend(props: &PanelProps) -> Html {
    let plot = use_node_ref();
    let (below, above) = (use_node_ref(), use_node_ref());
    let surface = use_surface(plot.clone());
    let is_open = use_state_eq(|| false);
    let Content::Trend { scopes, span_s, band, .. } = &props.panel.content else { return Html::default() };
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let background = use_background(&props.kpi.id, props.language, &centre, scopes.first().filter(|_| *band).cloned(), *span_s);
    let keys: Vec<Key> = scopes.iter().map(|scope: &Scope| Key { kpi: props.kpi.id.clone(), scope: scope.clone() }).collect();
    let interests = || keys.iter().map(|key| Interest::Course(key.clone(), *span_s)).collect();
    let make = || look(props, keys.clone(), *span_s, (surface.clone(), background.clone()), [below.clone(), above.clone()]);
    let view = use_look(&centre, (props.clone(), surface.clone(), background.clone()), interests, make);
    let words = words(props.language);
    let ontoggle = {
        let is_open = is_open.clone();
        Callback::from(move |event: Event| {
            is_open.set(event.target_dyn_into::<Element>().is_some_and(|details| details.has_attribute("open")))
        })
    };
    let target = target(props).map(|target| figure::with_unit(&props.kpi, target, props.language));
    // The canvases keep their nodes only while their siblings stay: the note is there even when it is empty.
    let note = view.as_ref().and_then(|view| view.note).unwrap_or_default();
    let summary = view.as_ref().map(|view| view.summary.clone());
    html! {
        <section class="panel trend" data-kpi={props.kpi.id.to_string()}>
            <header>
                <h2>{ props.heading(&Scope::City) }</h2>
                <span class="note">{ format!("{} {}", words.last_span, locale::span(i64::from(*span_s), props.language)) }
                    { target.map(|target| html! { <span class="goal">{ format!("{} {target}", words.target) }</span> }) }
                    { (!background.band.is_empty()).then(|| html! { <span class="goal">{ words.usual_band }</span> }) }</span>
            </header>
            { view.as_ref().map_or_else(|| html! { <ul class="legend"></ul> }, legend) }
            <div class="plot" ref={plot} role="img" aria-label={summary}>
                <canvas ref={below} aria-hidden="true"></canvas><canvas ref={above} aria-hidden="true"></canvas>
                <p class="empty">{ note }</p>
            </div>
            if !props.is_kiosk {
                <details {ontoggle}><summary>{ words.table }</summary>{ is_open.then(|| table(&centre, props, &keys, &background)) }</details>
            }
        </section>
    }
}
