//! The panels that show no figure: a text, and the city's clock.
//!
//! Must never take the browser's zone or clock for the city's.

use super::{Look, PlaceProps, use_look};
use crate::{centre::Centre, locale::panel_words, store::Interest};
use yew::prelude::*;

/// A text under a title; paragraphs are lines.
pub fn text(title: &str, text: &str) -> Html {
    html! {
        <section class="panel words">
            if !title.is_empty() { <header><h2>{ title.to_owned() }</h2></header> }
            { for text.lines().map(|line| html! { <p>{ line.to_owned() }</p> }) }
        </section>
    }
}

/// Date and time, by the second.
#[component]
pub fn Clock(props: &PlaceProps) -> Html {
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let make = || -> Look<(String, String)> {
        Box::new(|centre: &Centre, now| {
            let calendar = centre.calendar();
            ((calendar.second(now.time), calendar.date(now.time)), None)
        })
    };
    let shown = use_look(&centre, (), Vec::<Interest>::new, make);
    let (time, date) = shown.unwrap_or_default();
    html! {
        <section class="panel clock-panel">
            <header><h2>{ props.title_or(panel_words(props.language).clock) }</h2></header>
            <p class="big"><time>{ time }</time></p><p class="note">{ date }</p>
        </section>
    }
}
