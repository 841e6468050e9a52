//! A KPI's page: the figure, why it changed, the cases behind it, and its passport.
//!
//! Must never show a figure without saying of when it is: all of it is of one recorded reading.

mod passport;
mod why;

use super::{Failure, Frame};
use crate::{
    app::{use_answer, use_speech},
    centre::Centre,
    client,
    figure::{self, Figure},
    locale::words,
    panels::marks,
};
use gloo_timers::future::TimeoutFuture;
use std::{cell::Cell, rc::Rc};
use taydo_model::{KpiId, Scope, passport::PassportPage, text::Language};
use yew::prelude::*;

/// How often the page asks whether there is a newer reading, in milliseconds.
const ASK_MS: u32 = 30_000;

/// Which KPI, for whom.
#[derive(Clone, PartialEq, Properties)]
pub struct KpiProps {
    /// The KPI.
    pub id: KpiId,
    /// For whom.
    pub scope: Scope,
}

/// Counts up while the page is open.
#[hook]
fn use_rounds() -> u32 {
    let round = use_state_eq(|| 0);
    let setter = round.setter();
    use_effect_with((), move |()| {
        let is_wanted = Rc::new(Cell::new(true));
        let wanted = is_wanted.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let mut round = 0_u32;
            loop {
                TimeoutFuture::new(ASK_MS).await;
                if !wanted.get() {
                    return;
                }
                round = round.wrapping_add(1);
                setter.set(round);
            }
        });
        move || is_wanted.set(false)
    });
    *round
}

fn number(page: &PassportPage, shown: &Figure, language: Language) -> Html {
    let words = words(language);
    let target = shown.target.as_ref().map(|target| html! { <p class="note">{ words.target }{ " " }<b>{ &target.text }</b></p> });
    html! {
        <div class="figure" data-quality={marks::quality_code(shown.quality)} data-kpi={page.kpi.id.to_string()}>
            <p class="number"><span class="value">{ shown.value.clone().unwrap_or_else(|| "—".to_owned()) }</span>{ " " }<span class="unit">{ &shown.unit }</span>
                { marks::status(shown.status, words) }{ marks::quality(shown.quality, words) }</p>
            { target }
        </div>
    }
}

/// The page.
#[component]
pub fn KpiView(props: &KpiProps) -> Html {
    let language = use_speech().language;
    let words = words(language);
    let round = use_rounds();
    let ask = |((id, scope), _): ((KpiId, Scope), u32)| async move { client::passport(&id, &scope).await };
    let (page, error) = use_answer(((props.id.clone(), props.scope.clone()), round), ask);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let Some(page) = page.filter(|page| page.kpi.id == props.id) else { return html! { <Failure {error} {language} /> } };
    let title = match &props.scope {
        Scope::City => page.kpi.title.get(language).to_owned(),
        _ => format!("{} – {}", page.kpi.title.get(language), page.scope.name.get(language)),
    };
    let calendar = centre.calendar();
    let of = page
        .reading
        .as_ref()
        .map_or_else(|| words.no_history.to_owned(), |one| format!("{} {}", words.as_of, calendar.moment(one.time, centre.now().time)));
    let problem = error.map(|error| html! { <span class="problem">{ " – " }{ error.text(language) }</span> });
    // The reading is judged as of its own moment: how old that is stands above it.
    let now = page.reading.as_ref().map_or(centre.city().time, |reading| reading.time);
    let shown = figure::figure(&page.kpi, page.reading.as_ref(), None, now, language);
    let at = page.reading.as_ref().map(|reading| reading.time);
    html! {
        <Frame {title}>
            <p class="state" role="status">{ of }{ problem }</p>
            { number(&page, &shown, language) }
            { at.map(|at| html! { <why::Why page={page.clone()} scope={props.scope.clone()} {at} {language} /> }) }
            { passport::passport(&page, &calendar, centre.now().time, language) }
        </Frame>
    }
}
