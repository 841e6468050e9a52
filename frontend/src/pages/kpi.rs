//! A KPI's page: the figure beside what it was, its course, why it changed, its parts, what was given to units about it, and
//! its passport. What is chosen stands in the address.
//!
//! Must never show a figure without saying of when it is: all of it is of one recorded reading.

mod course;
mod given;
mod limits;
mod passport;
mod ranking;
mod share;
mod why;

use super::{
    Failure, Frame,
    actor::{Actor, use_actor},
};
use crate::{
    app::{use_answer, use_speech},
    asker::use_rounds,
    browser,
    centre::Centre,
    client,
    figure::{self, Figure},
    locale::{self, words},
    panels::{marks, tile::use_comparisons},
};
use std::rc::Rc;
use taydo_model::{Kpi, KpiId, Scope, compare::Against, kpi::Dimension, passport::PassportPage, text::Language};
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

/// The spans that can be chosen, in seconds: an hour, a day, a week, four weeks, a year.
const SPANS_S: [i64; 5] = [3_600, 86_400, 604_800, 2_419_200, 31_536_000];
/// The query's names.
const SPAN: &str = "span";
const BY: &str = "by";

/// The span that the address names, else the shortest of a day or more that holds some readings.
fn asked_span(kpi: &Kpi) -> i64 {
    let asked = browser::query(SPAN).and_then(|text| text.parse().ok()).filter(|span| SPANS_S.contains(span));
    let fits = |span: &i64| *span >= 86_400 && *span >= 4 * i64::from(kpi.every_s);
    asked.or_else(|| SPANS_S.into_iter().find(fits)).unwrap_or(SPANS_S[4])
}

/// What is shown of a KPI.
#[derive(Clone, PartialEq, Properties)]
struct ShownProps {
    page: Rc<PassportPage>,
    scope: Scope,
    actor: Actor,
    language: Language,
}

/// The figure beside what it was.
#[component]
fn Number(props: &ShownProps) -> Html {
    let (page, language) = (&props.page, props.language);
    // The reading is judged as of its own moment: how old that is stands above it.
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let now = page.reading.as_ref().map_or(centre.city().time, |reading| reading.time);
    let shown = figure::figure(&page.kpi, &props.scope, page.reading.as_ref(), None, now, language);
    let compare = use_comparisons(&centre, &page.kpi, &props.scope, Against::ALL.to_vec(), language);
    html! { <div class="broad">{ number(page, &shown, language) }<div class="comparisons">{ compare }</div></div> }
}

/// Everything below the figure.
#[component]
fn Behind(props: &ShownProps) -> Html {
    let (page, language) = (&props.page, props.language);
    let kpi = use_memo(page.kpi.clone(), Kpi::clone);
    let span = use_state_eq(|| asked_span(&page.kpi));
    let ways = ranking::ways(&page.kpi, &props.scope);
    let by = use_state_eq(|| browser::query(BY));
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let choice = |seconds: i64| {
        let setter = span.setter();
        let pressed = (*span == seconds).to_string();
        let onclick = move |_| {
            browser::put_query(&[(SPAN, Some(seconds.to_string()))]);
            setter.set(seconds);
        };
        html! { <button type="button" aria-pressed={pressed} {onclick}>{ locale::span(seconds, language) }</button> }
    };
    let choose_by = {
        let by = by.clone();
        Callback::from(move |one: Dimension| {
            browser::put_query(&[(BY, Some(ranking::code(one).to_owned()))]);
            by.set(Some(ranking::code(one).to_owned()));
        })
    };
    let chosen = ways.iter().find(|one| by.as_deref() == Some(ranking::code(**one))).or(ways.first()).copied();
    let at = page.reading.as_ref().map(|reading| reading.time);
    let now = centre.now().time;
    let words = words(language);
    html! {
        <div class="kpi-page">
            <div class="broad spans" role="group" aria-label={words.last_span}>
                <span class="note">{ words.last_span }</span>{ for SPANS_S.into_iter().filter(|span| *span >= 2 * i64::from(kpi.every_s)).map(choice) }
            </div>
            <div class="left">
                <course::Course kpi={kpi.clone()} scope={props.scope.clone()} span_s={*span} {language} />
                { at.map(|at| html! { <why::Why page={page.clone()} scope={props.scope.clone()} {at} span_s={*span} {language} /> }) }
            </div>
            <div class="right">
                { chosen.map(|by| html! { <ranking::Ranking kpi={kpi.clone()} scope={props.scope.clone()} {by} choose={choose_by} {language} /> }) }
                <given::Given kpi={kpi.id.clone()} scope={props.scope.clone()} actor={props.actor.clone()} {language} />
                <limits::Limits kpi={kpi.clone()} actor={props.actor.clone()} {language} />
                <share::Share kpi={kpi.id.clone()} scope={props.scope.clone()} span_s={*span} actor={props.actor.clone()} {language} />
            </div>
            <div class="broad">{ passport::passport(page, &centre.calendar(), now, language) }</div>
        </div>
    }
}

/// The page.
#[component]
pub fn KpiView(props: &KpiProps) -> Html {
    let language = use_speech().language;
    let words = words(language);
    let round = use_rounds(ASK_MS);
    let actor = use_actor();
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
    html! {
        <Frame {title} head={actor.select(language)}>
            <p class="state" role="status">{ of }{ problem }</p>
            <Number page={page.clone()} scope={props.scope.clone()} actor={actor.clone()} {language} />
            <Behind {page} scope={props.scope.clone()} actor={actor.clone()} {language} />
        </Frame>
    }
}
