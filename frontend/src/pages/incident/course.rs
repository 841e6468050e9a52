//! The figure that opened an incident: its newest value, and its course around the opening.
//!
//! Must never judge the figure: the shared model does.

use crate::{
    app::Link,
    centre::Centre,
    figure::{self, with_unit},
    locale::{Language, console_words},
    pages::asked::use_asked,
    panels::{episode::Episode, marks},
    route::Route,
};
use jiff::{SignedDuration, Timestamp};
use std::rc::Rc;
use taydo_model::{KpiId, Scope, api::ReadingsPage, passport::PassportPage};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 15_000;
/// How much is shown before and after the opening.
const AROUND: SignedDuration = SignedDuration::from_mins(30);

/// Which figure.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct CourseProps {
    pub(super) kpi: KpiId,
    pub(super) scope: Scope,
    pub(super) opened_at: Timestamp,
    pub(super) language: Language,
}

/// The newest value, with its quality and its time.
fn newest(page: &PassportPage, props: &CourseProps, centre: &Centre) -> Html {
    let (words, general) = (console_words(props.language), crate::locale::words(props.language));
    let now = centre.now().time;
    let shown = figure::figure(&page.kpi, &props.scope, page.reading.as_ref(), None, now, props.language);
    let value = page
        .reading
        .as_ref()
        .and_then(|reading| reading.value)
        .map_or_else(|| "—".to_owned(), |value| with_unit(&page.kpi, value, props.language));
    let at = page.reading.as_ref().map(|reading| format!(" {} {}", words.at, centre.calendar().moment(reading.time, now)));
    html! {
        <p class="newest">{ words.now_value }{ ": " }<b>{ value }</b>{ at }{ " " }{ marks::status(shown.status, general) }{ " " }{ marks::quality(shown.quality, general) }</p>
    }
}

/// The figure.
#[component]
pub(super) fn Course(props: &CourseProps) -> Html {
    let words = console_words(props.language);
    let between = (
        props.opened_at.saturating_sub(AROUND).unwrap_or(props.opened_at),
        props.opened_at.saturating_add(AROUND).unwrap_or(props.opened_at),
    );
    let (kpi, scope) = (props.kpi.clone(), props.scope.clone());
    let (from, to) = between;
    let readings =
        use_asked::<ReadingsPage>(String::new(), ASK_MS, move || format!("/api/v1/kpis/{kpi}/readings?scope={scope}&from={from}&to={to}"));
    let (kpi, scope) = (props.kpi.clone(), props.scope.clone());
    let passport = use_asked::<PassportPage>(String::new(), ASK_MS, move || format!("/api/v1/kpis/{kpi}?scope={scope}"));
    let points = use_memo(readings.answer.clone().map(|page| page.points.clone()), |points| points.clone().unwrap_or_default());
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let Some(page) = &passport.answer else {
        return html! { <p class="note">{ passport.error().map_or_else(|| crate::locale::words(props.language).loading.to_owned(), |error| error.text(props.language)) }</p> };
    };
    let title = page.kpi.title.get(props.language).to_owned();
    html! {
        <section class="course">
            <h2>{ words.course }</h2>
            <p><Link to={Route::Kpi(props.kpi.clone(), props.scope.clone())} text={title.clone()} /></p>
            { newest(page, props, &centre) }
            <Episode kpi={Rc::new(page.kpi.clone())} {title} {points} {between} mark={Some((props.opened_at, AttrValue::from(words.open_mark)))} target={page.kpi.target_of(&props.scope)} language={props.language} />
        </section>
    }
}
