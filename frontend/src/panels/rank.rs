//! The ranking: the worst areas, departments or assets, as bars with their names and numbers.
//!
//! Must never let a bar stand without its number.

use super::{Look, PanelProps, marks, use_look};
use crate::{
    centre::Centre,
    digits::{DIGITS_REST_MS, Gate},
    locale::{self, words},
    ranking::{self, Names, Ranking, Row},
    store::Interest,
};
use std::rc::Rc;
use taydo_model::{
    Kpi, Scope,
    board::Content,
    kpi::{Better, Dimension},
    text::Language,
};
use yew::prelude::*;

fn look(kpi: Rc<Kpi>, by: Dimension, limit: usize, names: Rc<Names>, language: Language) -> Look<Ranking> {
    let mut gate = Gate::new(DIGITS_REST_MS);
    Box::new(move |centre: &Centre, now| {
        let newest = centre.read(|store| ranking::ranking(&kpi, store.ranked(&kpi.id, by), &names, limit, now.time, language));
        let is_known = centre.read(|store| store.ranked(&kpi.id, by).next().is_some());
        gate.pass(newest, is_known, now.ms)
    })
}

fn line(row: &Row, kpi: &Kpi, target: Option<f64>, language: Language) -> Html {
    let words = words(language);
    let bar = html! {
        <svg class="bar" aria-hidden="true" focusable="false">
            <rect class="track" width="100%" height="100%" />
            <rect class="fill" width={format!("{:.2}%", row.length)} height="100%" />
            { target.map(|at| html! { <line class="goal" x1={format!("{at:.2}%")} x2={format!("{at:.2}%")} y1="0" y2="100%" /> }) }
        </svg>
    };
    let unusual = (row.status != taydo_model::Status::Normal).then(|| marks::status_word(row.status, words));
    html! {
        <li key={row.scope.to_string()} data-kpi={kpi.id.to_string()} data-scope={row.scope.to_string()}
            data-quality={marks::quality_code(row.quality)} data-status={marks::status_code(row.status)}>
            <span class="name">{ &row.name }{ (!row.site.is_empty()).then(|| html! { <small>{ &row.site }</small> }) }</span>
            <span class="mark" title={unusual}>{ marks::status_shape(row.status) }
                <span class="hidden">{ unusual.unwrap_or_default() }</span>
                { marks::quality_shape(row.quality) }<span class="hidden">{ marks::quality_word(row.quality, words) }</span></span>
            <span class="value">{ &row.value }</span>
            { bar }
        </li>
    }
}

/// The ranking.
#[component]
pub fn Rank(props: &PanelProps) -> Html {
    let Content::Ranking { by, limit, .. } = props.panel.content else { return Html::default() };
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let interests = || vec![Interest::Ranked(props.kpi.id.clone(), by)];
    let make = || look(props.kpi.clone(), by, usize::from(limit), props.names.clone(), props.language);
    let view = use_look(&centre, props.clone(), interests, make);
    let words = words(props.language);
    let Some(view) = view else { return Html::default() };
    let order = if props.kpi.better == Better::Neither { words.largest_first } else { words.worst_first };
    let count = |count: usize| locale::count(u64::try_from(count).unwrap_or(u64::MAX), props.language);
    let mut rest = Vec::new();
    if view.more > 0 {
        rest.push(format!("+{} {}", count(view.more), words.others));
    }
    if view.without > 0 {
        rest.push(format!("{} {}", count(view.without), words.without_data));
    }
    html! {
        <section class="panel rank" data-kpi={props.kpi.id.to_string()}>
            <header><h2>{ props.heading(&Scope::City) }</h2><span class="note">{ order }</span></header>
            if view.rows.is_empty() {
                <p class="empty">{ marks::quality(taydo_model::Quality::Missing, words) }</p>
            } else {
                <ol>{ for view.rows.iter().map(|row| line(row, &props.kpi, view.target, props.language)) }</ol>
            }
            <footer><span class="age">{ rest.join(" · ") }</span></footer>
        </section>
    }
}
