//! Several figures side by side for each area, department or asset, the worst by the first figure on top.
//!
//! Must never leave out silently: what is not shown is counted.

use super::{Look, PlaceProps, heading, marks, use_look};
use crate::{
    centre::Centre,
    digits::{DIGITS_REST_MS, Gate},
    figure,
    locale::{self, Language, panel_words, words},
    ranking,
    store::{Interest, Store},
};
use jiff::Timestamp;
use std::rc::Rc;
use taydo_model::{Kpi, Quality, Scope, Status, board::Content, kpi::Dimension};
use yew::prelude::*;

/// A figure of a row.
#[derive(Debug, Clone, PartialEq)]
struct Cell {
    value: Option<String>,
    status: Status,
    quality: Quality,
}

/// The first rows, and how many there are.
#[derive(Debug, Clone, PartialEq, Default)]
struct Rows {
    rows: Vec<(Scope, Vec<Cell>)>,
    all: usize,
}

fn cell(store: &Store, kpi: &Kpi, by: Dimension, scope: &Scope, now: Timestamp, language: Language) -> Cell {
    let reading = store.ranked(&kpi.id, by).find(|reading| reading.scope == *scope);
    let shown = figure::figure(kpi, scope, reading, None, now, language);
    let value = reading.and_then(|reading| reading.value).filter(|_| shown.value.is_some());
    Cell { value: value.map(|value| figure::with_unit(kpi, value, language)), status: shown.status, quality: shown.quality }
}

fn rows(store: &Store, kpis: &[Rc<Kpi>], (by, limit): (Dimension, usize), now: Timestamp, language: Language) -> Rows {
    let Some(first) = kpis.first() else { return Rows::default() };
    let order = ranking::worst_first(first, store.ranked(&first.id, by), now);
    let of = |scope: &Scope| kpis.iter().map(|kpi| cell(store, kpi, by, scope, now, language)).collect();
    let all = order.len();
    Rows { rows: order.into_iter().take(limit).map(|(.., reading)| (reading.scope.clone(), of(&reading.scope))).collect(), all }
}

fn look(kpis: Rc<Vec<Rc<Kpi>>>, shape: (Dimension, usize), language: Language) -> Look<Rows> {
    let mut gate = Gate::new(DIGITS_REST_MS);
    Box::new(move |centre: &Centre, now| {
        let newest = centre.read(|store| rows(store, &kpis, shape, now.time, language));
        let is_known = !newest.rows.is_empty();
        gate.pass(newest, is_known, now.ms)
    })
}

/// The table.
#[component]
pub fn Table(props: &PlaceProps) -> Html {
    let Content::Table { by, limit, .. } = &props.panel.content else { return Html::default() };
    let (by, limit) = (*by, usize::from(*limit));
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let interests = || props.kpis.iter().map(|kpi| Interest::Ranked(kpi.id.clone(), by)).collect();
    let view = use_look(&centre, props.clone(), interests, || look(props.kpis.clone(), (by, limit), props.language));
    let (words, panel_words) = (words(props.language), panel_words(props.language));
    let shown = view.unwrap_or_default();
    let noun = match by {
        Dimension::Area => panel_words.area,
        Dimension::Department => panel_words.department,
        Dimension::Asset => panel_words.asset,
    };
    let cell = |(cell, kpi): (&Cell, &Rc<Kpi>)| {
        let unusual = (cell.status != Status::Normal).then(|| marks::status_word(cell.status, words));
        html! {
            <td data-label={kpi.title.get(props.language).to_owned()} data-status={marks::status_code(cell.status)} data-quality={marks::quality_code(cell.quality)}>
                <span class="sign" title={unusual}>{ marks::status_shape(cell.status) }<span class="hidden">{ unusual }</span></span>
                { cell.value.clone().unwrap_or_else(|| "—".to_owned()) }{ marks::quality_shape(cell.quality) }
                <span class="hidden">{ (cell.quality != Quality::Good).then(|| marks::quality_word(cell.quality, words)) }</span>
            </td>
        }
    };
    let row = |(scope, cells): &(Scope, Vec<Cell>)| {
        html! { <tr key={scope.to_string()} data-scope={scope.to_string()}><th scope="row">{ props.names.of(scope, props.language) }</th>{ for cells.iter().zip(props.kpis.iter()).map(cell) }</tr> }
    };
    let more = shown.all.saturating_sub(shown.rows.len());
    let title = props.title_or(props.kpis.first().map_or("", |kpi| kpi.title.get(props.language)));
    html! {
        <section class="panel figures-table">
            <header><h2>{ title.clone() }</h2><span class="note">{ words.worst_first }</span></header>
            if shown.rows.is_empty() {
                <p class="empty">{ panel_words.no_reading }</p>
            } else {
                <div class="scroll" tabindex={(!props.is_kiosk).then_some("0")} role="region" aria-label={title}>
                    <table>
                        <thead><tr><th scope="col">{ noun }</th>{ for props.kpis.iter().map(|kpi| html! { <th scope="col">{ heading(kpi, &Scope::City, kpi.title.get(props.language).to_owned(), props.is_kiosk) }</th> }) }</tr></thead>
                        <tbody>{ for shown.rows.iter().map(row) }</tbody>
                    </table>
                </div>
            }
            <footer><span class="age">{ (more > 0).then(|| format!("+{} {}", locale::count(u64::try_from(more).unwrap_or(u64::MAX), props.language), words.others)) }</span></footer>
        </section>
    }
}
