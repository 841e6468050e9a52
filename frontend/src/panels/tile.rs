//! The value tile: one figure with its unit, change, target, age and quality.
//!
//! Must never show a number without its age and quality.

mod compare;

use super::{Look, PanelProps, marks, use_look};
use crate::{
    centre::Centre,
    clock::seconds_between,
    digits::{DIGITS_REST_MS, Gate},
    figure::{self, Change, Figure, Target},
    locale::{self, Words, words},
    store::{Interest, Key},
};
pub use compare::use_comparisons;
use std::rc::Rc;
use taydo_model::{Kpi, Scope, board::Content, text::Language};
use yew::prelude::*;

/// What the tile shows: the figure at its rest, and how old it is.
#[derive(Debug, Clone, PartialEq)]
struct View {
    figure: Figure,
    age: Option<String>,
    /// When the last data came, where there is none now.
    since: Option<String>,
}

fn look(kpi: Rc<Kpi>, key: Key, language: Language) -> Look<View> {
    let mut gate = Gate::new(DIGITS_REST_MS);
    Box::new(move |centre: &Centre, now| {
        let (newest, data_time) = centre.read(|store| {
            let reading = store.reading(&key);
            (
                figure::figure(&kpi, &key.scope, reading, store.course(&key), now.time, language),
                reading.and_then(|reading| reading.data_time),
            )
        });
        let is_known = centre.read(|store| store.reading(&key).is_some());
        let (figure, again) = gate.pass(newest, is_known, now.ms);
        let age = data_time.map(|time| locale::age(seconds_between(time, now.time), language));
        let since = data_time.filter(|_| figure.value.is_none()).map(|time| centre.calendar().moment(time, now.time));
        (View { figure, age, since }, again)
    })
}

fn change(change: &Change, words: &Words) -> Html {
    let by = change.by.as_ref().map(|by| format!("{by} {} {}", words.within, change.span));
    html! { <p class="change">{ marks::direction(change.direction, words) }<span class="by">{ by.unwrap_or_default() }</span></p> }
}

fn target(target: &Target, words: &Words) -> Html {
    let met = target.met.map(|met| if met { words.target_met } else { words.target_missed });
    html! { <p class="target">{ words.target }{ " " }<b>{ &target.text }</b>{ met.map(|met| html! { <span class="met">{ met }</span> }) }</p> }
}

fn foot(view: &View, words: &Words) -> Html {
    let age = match (&view.figure.value, &view.since) {
        (None, Some(since)) => Some(format!("{} {since}", words.missing_since)),
        (None, None) => None,
        _ => view.age.clone(),
    };
    // The sentence says that there is no data, so the mark needs only its shape.
    let mark = if view.since.is_some() && view.figure.value.is_none() {
        html! { <span class="quality">{ marks::quality_shape(view.figure.quality) }</span> }
    } else {
        marks::quality(view.figure.quality, words)
    };
    html! { <footer>{ mark }{ age.map(|age| html! { <span class="age">{ age }</span> }) }</footer> }
}

/// The tile.
#[component]
pub fn Tile(props: &PanelProps) -> Html {
    let (scope, against) = match &props.panel.content {
        Content::Value { scope, compare, .. } => (scope.clone(), compare.clone()),
        _ => (Scope::City, Vec::new()),
    };
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let compare = use_comparisons(&centre, &props.kpi, &scope, against, props.language);
    let key = Key { kpi: props.kpi.id.clone(), scope };
    let interests = || vec![Interest::Figure(key.clone()), Interest::Course(key.clone(), figure::course_span_s(&props.kpi))];
    let view = use_look(&centre, props.clone(), interests, || look(props.kpi.clone(), key.clone(), props.language));
    let words = words(props.language);
    let Some(view) = view else { return Html::default() };
    let shown = &view.figure;
    let number = shown.value.clone().unwrap_or_else(|| "—".to_owned());
    let length = match number.chars().count() {
        0..=5 => "short",
        6..=8 => "middling",
        _ => "long",
    };
    html! {
        <section class="panel tile" data-kpi={key.kpi.to_string()} data-scope={key.scope.to_string()}
            data-quality={marks::quality_code(shown.quality)} data-status={marks::status_code(shown.status)}>
            <header><h2>{ props.heading(&key.scope) }</h2></header>
            <p class={classes!("number", length)}><span class="value">{ number }</span>{ " " }<span class="unit">{ &shown.unit }</span>{ marks::status(shown.status, words) }</p>
            <div class="context">
                { shown.change.as_ref().map(|one| change(one, words)) }
                { shown.target.as_ref().map(|one| target(one, words)) }
                { compare }
            </div>
            { foot(&view, words) }
        </section>
    }
}
