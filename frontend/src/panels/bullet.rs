//! Figures against their targets, a line each: the bar is the value, the tick its target, the shades what is not good enough.
//!
//! Must never let a bar stand without its number, nor show a shade's meaning by colour.

use super::{Look, PlaceProps, heading, marks, use_look};
use crate::{
    bullet::{self, Line},
    centre::Centre,
    digits::{DIGITS_REST_MS, Gate},
    figure::{self, Figure},
    locale::words,
    store::{Interest, Key},
};
use std::rc::Rc;
use taydo_model::{Kpi, Scope, board::Content, text::Language};
use yew::prelude::*;

type Lines = Vec<(Figure, Line)>;

fn look(kpis: Rc<Vec<Rc<Kpi>>>, scope: Scope, language: Language) -> Look<Lines> {
    let mut gate = Gate::new(DIGITS_REST_MS);
    Box::new(move |centre: &Centre, now| {
        let one = |kpi: &Rc<Kpi>| {
            let key = Key { kpi: kpi.id.clone(), scope: scope.clone() };
            centre.read(|store| {
                let reading = store.reading(&key);
                let shown = figure::figure(kpi, &scope, reading, None, now.time, language);
                let value = reading.and_then(|reading| reading.value).filter(|_| shown.value.is_some());
                (shown, bullet::line(kpi, &scope, value))
            })
        };
        let lines: Lines = kpis.iter().map(one).collect();
        let is_known = lines.iter().any(|(shown, _)| shown.value.is_some());
        gate.pass(lines, is_known, now.ms)
    })
}

fn stretch(class: &'static str, ends: Option<(f64, f64)>) -> Html {
    ends.map_or_else(
        Html::default,
        |(from, to)| html! { <rect {class} x={format!("{from:.2}%")} width={format!("{:.2}%", to - from)} height="100%" /> },
    )
}

fn row(kpi: &Kpi, (shown, line): &(Figure, Line), scope: &Scope, props: &PlaceProps) -> Html {
    let words = words(props.language);
    let mark = |at: f64| format!("{at:.2}%");
    let number = shown.value.clone().unwrap_or_else(|| "—".to_owned());
    let target = shown.target.as_ref().map(|target| html! { <span class="note">{ words.target }{ " " }{ &target.text }</span> });
    html! {
        <li key={kpi.id.to_string()} data-kpi={kpi.id.to_string()} data-status={marks::status_code(shown.status)} data-quality={marks::quality_code(shown.quality)}>
            <span class="name">{ heading(kpi, scope, kpi.title.get(props.language).to_owned(), props.is_kiosk) }</span>
            <span class="value">{ number }{ " " }<small>{ &shown.unit }</small></span>
            <svg class="bullet" aria-hidden="true" focusable="false">
                <rect class="track" width="100%" height="100%" />
                { stretch("attention", line.attention) }{ stretch("critical", line.critical) }
                { line.value.map(|at| html! { <rect class="fill" y="30%" width={mark(at)} height="40%" /> }) }
                { line.target.map(|at| html! { <line class="goal" x1={mark(at)} x2={mark(at)} y1="0" y2="100%" /> }) }
            </svg>
            <span class="under">{ target }{ marks::status(shown.status, words) }{ marks::quality(shown.quality, words) }</span>
        </li>
    }
}

/// The panel.
#[component]
pub fn Bullets(props: &PlaceProps) -> Html {
    let Content::Bullet { scope, .. } = &props.panel.content else { return Html::default() };
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let interests = || props.kpis.iter().map(|kpi| Interest::Figure(Key { kpi: kpi.id.clone(), scope: scope.clone() })).collect();
    let view = use_look(&centre, props.clone(), interests, || look(props.kpis.clone(), scope.clone(), props.language));
    let lines = view.unwrap_or_default();
    html! {
        <section class="panel bullets">
            <header><h2>{ props.title_or(words(props.language).target) }</h2></header>
            <ul>{ for props.kpis.iter().zip(&lines).map(|(kpi, line)| row(kpi, line, scope, props)) }</ul>
        </section>
    }
}
