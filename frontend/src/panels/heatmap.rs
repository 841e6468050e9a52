//! A week of hours: how a figure was at each hour of each weekday of the last days, as a table of shades.
//!
//! Must never show an hour of which nothing is recorded as if it had a value.

use super::{PanelProps, again::use_played, marks};
use crate::{
    areas::{SHADES, shade},
    asker::use_rounds,
    centre::Centre,
    client, figure,
    hours::{DAYS, HOURS, Hours, pieces},
    locale::{self, Language, panel_words, words},
    store::Key,
};
use jiff::Timestamp;
use std::{cell::Cell, rc::Rc};
use taydo_model::{Kpi, Scope, Status, api, board::Content};
use yew::prelude::*;

/// An hour more is there after an hour.
const ASK_MS: u32 = 10 * 60_000;
/// In a replay the hours are looked for anew with each so many seconds that have been played.
const PLAYED_S: u32 = 3600;

/// What is known of the week.
#[derive(Debug, Clone, PartialEq)]
enum Known {
    Loading,
    Failed,
    Here(Rc<Hours>),
}

/// Asks for all pieces, one after the other; `None` where one can't be had.
async fn fetch(centre: &Centre, key: &Key, days: u16, every_s: u32) -> Option<Hours> {
    let mut hours = Hours::default();
    let moment = |second: i64| Timestamp::from_second(second).ok();
    for (from, to) in pieces(centre.now().time.as_second(), days, every_s, api::MAX_POINTS) {
        let page = client::readings(key, (moment(from)?, moment(to)?), centre.as_of(moment(to)?)).await.ok()?;
        hours.add(&page.points, &centre.calendar());
    }
    Some(hours)
}

#[hook]
fn use_hours(centre: &Centre, key: Key, days: u16, every_s: u32) -> Known {
    let known = use_state_eq(|| Known::Loading);
    let setter = known.setter();
    // Of what the hours are that are here.
    let held = use_mut_ref(|| None::<(Key, u16, Option<Timestamp>)>);
    let (round, played) = (use_rounds(ASK_MS), use_played(centre, PLAYED_S));
    let centre = centre.clone();
    use_effect_with((key, days, round, played), move |(key, days, ..)| {
        let is_wanted = Rc::new(Cell::new(true));
        let (key, days, wanted) = (key.clone(), *days, is_wanted.clone());
        wasm_bindgen_futures::spawn_local(async move {
            let found = fetch(&centre, &key, days, every_s).await;
            if !wanted.get() {
                return;
            }
            let mut held = held.borrow_mut();
            let this = (key, days, played);
            match found {
                Some(hours) => {
                    *held = Some(this);
                    setter.set(Known::Here(Rc::new(hours)));
                }
                None if *held != Some(this) => setter.set(Known::Failed),
                None => {}
            }
        });
        move || is_wanted.set(false)
    });
    (*known).clone()
}

/// The table of a week.
pub fn week(kpi: &Kpi, scope: &Scope, hours: &Hours, language: Language) -> Html {
    let Some((low, high)) = hours.ends() else { return html! { <p class="empty">{ words(language).no_history }</p> } };
    let words = words(language);
    let cell = |day: usize, hour: usize| {
        let Some(mean) = hours.mean(day, hour) else {
            return html! { <td class="none"><span class="hidden">{ words.missing }</span></td> };
        };
        let status = kpi.status(scope, mean);
        let text = figure::with_unit(kpi, mean, language);
        let said = if status == Status::Normal { text } else { format!("{text} – {}", marks::status_word(status, words)) };
        html! { <td class={format!("shade-{}", shade(mean, low, high))} data-status={marks::status_code(status)} title={said.clone()}>{ marks::status_shape(status) }<span class="hidden">{ said }</span></td> }
    };
    let row = |(day, name): (usize, &str)| {
        html! { <tr><th scope="row">{ name.to_owned() }</th>{ for (0..HOURS).map(|hour| cell(day, hour)) }</tr> }
    };
    let hour = |hour: usize| {
        let shown = if hour.is_multiple_of(6) {
            html! { hour }
        } else {
            html! { <span class="hidden">{ hour }</span> }
        };
        html! { <th scope="col">{ shown }</th> }
    };
    html! {
        <table class="week">
            <thead><tr><td></td>{ for (0..HOURS).map(hour) }</tr></thead>
            <tbody>{ for panel_words(language).weekdays.split(',').take(DAYS).enumerate().map(row) }</tbody>
        </table>
    }
}

fn ends(kpi: &Kpi, hours: &Hours, language: Language) -> Html {
    let Some((low, high)) = hours.ends() else { return Html::default() };
    let swatch = |n: usize| html! { <rect class={format!("shade-{n}")} x={(n * 20).to_string()} width="20" height="10" /> };
    html! { <p class="ends">{ locale::number(low, kpi.decimals, language) }<svg viewBox="0 0 100 10" aria-hidden="true" focusable="false">{ for (0..SHADES).map(swatch) }</svg>{ figure::with_unit(kpi, high, language) }</p> }
}

/// The panel.
#[component]
pub fn Heatmap(props: &PanelProps) -> Html {
    let (scope, days) = match &props.panel.content {
        Content::Heatmap { scope, days, .. } => (scope.clone(), *days),
        _ => (Scope::City, 7),
    };
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let known = use_hours(&centre, Key { kpi: props.kpi.id.clone(), scope: scope.clone() }, days, props.kpi.every_s);
    let (words, panel_words) = (words(props.language), panel_words(props.language));
    let body = match &known {
        Known::Loading => html! { <p class="empty">{ words.loading }</p> },
        Known::Failed => html! { <p class="empty">{ words.history_failed }</p> },
        Known::Here(hours) => week(&props.kpi, &scope, hours, props.language),
    };
    html! {
        <section class="panel heat" data-kpi={props.kpi.id.to_string()}>
            <header><h2>{ props.heading(&scope) }</h2>
                <span class="note">{ panel_words.hours_of_week }{ " · " }{ days }{ " " }{ panel_words.days }</span>
                { if let Known::Here(hours) = &known { ends(&props.kpi, hours, props.language) } else { Html::default() } }</header>
            { body }
        </section>
    }
}
