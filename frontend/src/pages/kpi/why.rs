//! Why the figure changed over a span that the reader chooses, and the cases behind a backlog.
//!
//! Must never reckon: sentence, contributions and flows are the server's.

use crate::{
    app::use_answer,
    centre::Centre,
    client,
    locale::{self, Words, words},
};
use jiff::Timestamp;
use std::rc::Rc;
use taydo_model::{
    Kpi, Scope,
    kpi::{CaseMeasure, From},
    passport::PassportPage,
    text::Language,
    why::{CasesPage, Part, Split, WhyPage},
};
use yew::prelude::*;

/// The parts of a split that are shown; the others are added to the rest.
const PARTS: usize = 8;

/// Of what, as of when.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct WhyProps {
    /// The passport that the page shows.
    pub page: Rc<PassportPage>,
    /// For whom.
    pub scope: Scope,
    /// The reading's grid instant.
    pub at: Timestamp,
    /// How far back, in seconds.
    pub span_s: i64,
    /// The language.
    pub language: Language,
}

/// The section.
#[component]
pub(super) fn Why(props: &WhyProps) -> Html {
    let words = words(props.language);
    let kpi = &props.page.kpi;
    let key = (kpi.id.clone(), props.scope.clone(), props.at, props.span_s);
    let (page, error) = use_answer(key, |(id, scope, at, span)| async move {
        let from = Timestamp::from_second(at.as_second() - span).unwrap_or(at);
        client::why(&id, &scope, from, at).await
    });
    let content = match (&page, &error) {
        (Some(page), None) => explained(page, kpi, props.language),
        (_, Some(error)) => html! { <p class="problem">{ error.text(props.language) }</p> },
        (None, None) => html! { <p class="note">{ words.loading }</p> },
    };
    html! {
        <>
            <section class="why">
                <h2>{ words.why }</h2>
                <p class="note">{ words.compared_with }{ " " }{ locale::span(props.span_s, props.language) }</p>
                { content }
            </section>
            if is_level(kpi) { <Cases ..props.clone() /> }
        </>
    }
}

fn is_level(kpi: &Kpi) -> bool {
    matches!(kpi.from, From::Cases { measure: CaseMeasure::Open | CaseMeasure::Overdue, .. })
}

fn explained(page: &WhyPage, kpi: &Kpi, language: Language) -> Html {
    html! {
        <>
            <p class="sentence">{ page.sentence.get(language) }</p>
            <div class="splits">{ for page.splits.iter().map(|split| table(split, kpi, language)) }</div>
        </>
    }
}

fn by_word(by: &str, words: &Words) -> AttrValue {
    match by {
        "area" => words.by_area.into(),
        "department" => words.by_department.into(),
        "asset" => words.asset.into(),
        other => other.to_owned().into(),
    }
}

fn table(split: &Split, kpi: &Kpi, language: Language) -> Html {
    let words = words(language);
    let figure = |value: Option<f64>| value.map_or_else(|| "—".to_owned(), |value| locale::number(value, kpi.decimals, language));
    let row = |part: &Part| {
        html! {
            <tr key={part.of.id.clone()}><th scope="row">{ part.of.name.get(language) }</th>
                <td data-label={words.before}>{ figure(part.before) }</td><td data-label={words.after}>{ figure(part.after) }</td>
                <td data-label={words.contribution}><b>{ locale::difference(part.contribution, kpi.decimals, language) }</b></td></tr>
        }
    };
    let hidden: f64 = split.parts.iter().skip(PARTS).map(|part| part.contribution).sum();
    let rest = split.rest + hidden;
    html! {
        <table class="records parts">
            <thead><tr><th scope="col">{ by_word(&split.by, words) }</th><th scope="col">{ words.before }</th><th scope="col">{ words.after }</th><th scope="col">{ words.contribution }</th></tr></thead>
            <tbody>
                { for split.parts.iter().take(PARTS).map(row) }
                if rest.abs() > f64::EPSILON {
                    <tr><th scope="row">{ words.rest }</th><td></td><td></td><td data-label={words.contribution}>{ locale::difference(rest, kpi.decimals, language) }</td></tr>
                }
            </tbody>
        </table>
    }
}

/// The cases that a level counts.
#[component]
fn Cases(props: &WhyProps) -> Html {
    let words = words(props.language);
    let key = (props.page.kpi.id.clone(), props.scope.clone(), props.at);
    let (page, error) = use_answer(key, |(id, scope, at)| async move { client::counted_cases(&id, &scope, at).await });
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let content = match (&page, &error) {
        (Some(page), None) => list(page, &centre, props.language),
        (_, Some(error)) => html! { <p class="problem">{ error.text(props.language) }</p> },
        (None, None) => html! { <p class="note">{ words.loading }</p> },
    };
    html! { <section><h2>{ words.cases_behind }</h2>{ content }</section> }
}

fn list(page: &CasesPage, centre: &Centre, language: Language) -> Html {
    let words = words(language);
    if page.cases.is_empty() {
        return html! { <p class="note">{ words.nothing }</p> };
    }
    let (calendar, city) = (centre.calendar(), centre.city());
    let departments = &city.city.departments;
    let row = |case: &taydo_model::why::CaseLine| {
        let department = case.department.as_ref().map(|id| {
            let found = departments.iter().find(|department| department.id == *id);
            found.map_or_else(|| id.to_string(), |department| department.name.get(language).to_owned())
        });
        let due = case.due.map(|due| {
            let late = due < page.at;
            let age = late.then(|| locale::span(page.at.as_second() - due.as_second(), language));
            html! { <>{ calendar.date(due) }{ age.map(|age| html! { <b>{ " (" }{ words.late_by }{ " " }{ age }{ ")" }</b> }) }</> }
        });
        html! {
            <tr key={format!("{}/{}", case.source, case.id)}><th scope="row">{ case.id.to_string() }</th>
                <td data-label={words.by_department}>{ department }</td><td data-label={words.procedure}>{ case.procedure.clone() }</td>
                <td data-label={words.opened}>{ calendar.date(case.opened) }</td><td data-label={words.due}>{ due }</td></tr>
        }
    };
    let shown = format!("{} / {}", locale::count(page.cases.len() as u64, language), locale::count(page.total, language));
    html! {
        <details><summary>{ shown }</summary><div class="scroll">
            <table class="records folding"><thead><tr>{ for [words.case, words.by_department, words.procedure, words.opened, words.due].map(|word| html! { <th scope="col">{ word }</th> }) }</tr></thead>
                <tbody>{ for page.cases.iter().map(row) }</tbody></table>
        </div></details>
    }
}
