//! The wards, departments or assets of a KPI, the worst first, each leading to its own page.
//!
//! Must never leave out silently: those without a figure are counted.

use crate::{
    app::Link,
    centre::Centre,
    figure,
    locale::{self, leader_words, panel_words, words},
    pages::asked::use_asked,
    panels::marks,
    route::Route,
};
use std::rc::Rc;
use taydo_model::{
    Kpi, Scope,
    kpi::{Better, Dimension},
    ranking::{RankingPage, RankingRow},
    text::Language,
};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 60_000;
/// So many are shown at once.
const SHOWN: usize = 10;

/// Of what.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct RankingProps {
    pub(super) kpi: Rc<Kpi>,
    pub(super) scope: Scope,
    /// What is ranked.
    pub(super) by: Dimension,
    /// Another is chosen.
    pub(super) choose: Callback<Dimension>,
    pub(super) language: Language,
}

/// The ways in which the parts of a scope are told: all of the city's, and of a ward the assets in it.
pub(super) fn ways(kpi: &Kpi, scope: &Scope) -> Vec<Dimension> {
    let fits = |by: &Dimension| *scope == Scope::City || (matches!(scope, Scope::Area(_)) && *by == Dimension::Asset);
    kpi.by.iter().copied().filter(fits).collect()
}

/// A dimension's code in addresses.
pub(super) fn code(by: Dimension) -> &'static str {
    match by {
        Dimension::Area => "area",
        Dimension::Department => "department",
        Dimension::Asset => "asset",
    }
}

fn word(by: Dimension, language: Language) -> &'static str {
    let words = panel_words(language);
    match by {
        Dimension::Area => words.area,
        Dimension::Department => words.department,
        Dimension::Asset => words.asset,
    }
}

fn row(row: &RankingRow, kpi: &Kpi, has_before: bool, language: Language) -> Html {
    let (words, leader) = (words(language), leader_words(language));
    let text = |value: Option<f64>| value.map_or_else(|| "—".to_owned(), |value| figure::with_unit(kpi, value, language));
    let unusual = row.quality != taydo_model::Quality::Good;
    html! {
        <tr key={row.scope.to_string()} data-status={marks::status_code(row.status)}>
            <th scope="row"><Link to={Route::Kpi(kpi.id.clone(), row.scope.clone())} text={row.of.name.get(language).to_owned()} /></th>
            <td data-label={leader.figure}><b>{ text(row.value) }</b>{ " " }{ marks::status(row.status, words) }{ unusual.then(|| marks::quality(row.quality, words)) }</td>
            if has_before { <td data-label={leader.week_before}>{ text(row.before) }</td> }
        </tr>
    }
}

/// The section.
#[component]
pub(super) fn Ranking(props: &RankingProps) -> Html {
    let (language, by) = (props.language, props.by);
    let (words, leader) = (words(language), leader_words(language));
    let (kpi, scope) = (props.kpi.id.clone(), props.scope.clone());
    let asked = use_asked::<RankingPage>(format!("{kpi}/{scope}/{}", code(by)), ASK_MS, move || {
        format!("/api/v1/kpis/{kpi}/ranking?scope={scope}&by={}", code(by))
    });
    let is_open = use_state_eq(|| false);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let choice = |one: Dimension| {
        let choose = props.choose.clone();
        html! { <button type="button" aria-pressed={(one == by).to_string()} onclick={move |_| choose.emit(one)}>{ word(one, language) }</button> }
    };
    let order = if props.kpi.better == Better::Neither { words.largest_first } else { words.worst_first };
    let content = asked.answer.as_ref().filter(|page| page.by == by).map(|page| {
        let has_before = page.rows.iter().any(|row| row.before.is_some());
        let shown = if *is_open { page.rows.len() } else { SHOWN };
        let more = {
            let is_open = is_open.clone();
            Callback::from(move |_: MouseEvent| is_open.set(true))
        };
        html! {
            <>
                <p class="note">{ format!("{order} · {}", centre.calendar().moment(page.time, centre.now().time)) }</p>
                <table class="records folding ranked"><thead><tr><th scope="col">{ word(by, language) }</th><th scope="col">{ leader.figure }</th>
                    if has_before { <th scope="col">{ leader.week_before }</th> }</tr></thead>
                    <tbody>{ for page.rows.iter().take(shown).map(|one| row(one, &props.kpi, has_before, language)) }</tbody></table>
                if page.rows.len() > shown { <div class="buttons"><button type="button" onclick={more}>{ format!("{} ({})", leader.all_parts, page.rows.len()) }</button></div> }
                if page.without > 0 { <p class="note">{ format!("{} {}", locale::count(page.without as u64, language), leader.without) }</p> }
            </>
        }
    });
    let waiting = asked.error().map_or_else(|| words.loading.to_owned(), |error| error.text(language));
    html! {
        <section class="ranking">
            <h2>{ leader.ranking }</h2>
            <div class="spans" role="group" aria-label={leader.ranking}>{ for ways(&props.kpi, &props.scope).into_iter().map(choice) }</div>
            { content.unwrap_or_else(|| html! { <p class="note">{ waiting }</p> }) }
        </section>
    }
}
