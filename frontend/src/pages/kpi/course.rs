//! A KPI's course over the chosen span: the line, the band that it usually lies in, the city's events, and the same as a table.
//!
//! Must never draw a reading that is not recorded.

use crate::{
    centre::Centre,
    figure,
    locale::{leader_words, words},
    pages::asked::use_asked,
    panels::{
        episode::Episode,
        marks,
        trend::background::{list, use_background},
    },
};
use jiff::Timestamp;
use std::rc::Rc;
use taydo_model::{Kpi, Scope, api::Point, course::CourseNotes, text::Language};
use yew::prelude::*;

/// How often the readings are asked for, in milliseconds.
const ASK_MS: u32 = 60_000;
/// About so many points are drawn.
const POINTS: u32 = 600;
/// Rows of the table: the newest ones.
const ROWS: usize = 100;

/// Of what, how far back.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct CourseProps {
    pub(super) kpi: Rc<Kpi>,
    pub(super) scope: Scope,
    pub(super) span_s: i64,
    pub(super) language: Language,
}

/// The span's two ends: it ends with the minute, so that an address stays the same for a while.
pub(super) fn between(now: Timestamp, span_s: i64) -> (Timestamp, Timestamp) {
    let to = (now.as_second() / 60 + 1) * 60;
    let at = |second: i64| Timestamp::from_second(second).unwrap_or(now);
    (at(to - span_s), at(to))
}

/// The section.
#[component]
pub(super) fn Course(props: &CourseProps) -> Html {
    let (language, span_s) = (props.language, props.span_s);
    let (words, leader) = (words(language), leader_words(language));
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let (kpi, scope, asker) = (props.kpi.id.clone(), props.scope.clone(), centre.clone());
    let asked = use_asked::<CourseNotes>(format!("{}/{}/{span_s}", props.kpi.id, props.scope), ASK_MS, move || {
        let (from, to) = between(asker.now().time, span_s);
        format!("/api/v1/kpis/{kpi}/readings?scope={scope}&from={from}&to={to}&points={POINTS}")
    });
    let span = u32::try_from(span_s).unwrap_or(u32::MAX);
    let background = use_background(&props.kpi.id, language, &centre, Some(props.scope.clone()), span);
    let points = use_memo(asked.answer.clone().map(|page| page.points.clone()), |points| points.clone().unwrap_or_default());
    let every_s = asked.answer.as_ref().and_then(|page| page.width_s).and_then(|width| u32::try_from(width).ok());
    let now = centre.now().time;
    let calendar = centre.calendar();
    let row = |point: &Point| {
        let value = point.value.map_or_else(|| "—".to_owned(), |value| figure::with_unit(&props.kpi, value, language));
        html! { <tr><th scope="row">{ calendar.moment(point.time, now) }</th><td>{ value }</td><td>{ marks::quality_word(point.quality, words) }</td></tr> }
    };
    let title = props.kpi.title.get(language).to_owned();
    let note = [
        props.kpi.target_of(&props.scope).map(|target| format!("{} {}", words.target, figure::with_unit(&props.kpi, target, language))),
        (!background.band.is_empty()).then(|| words.usual_band.to_owned()),
    ];
    html! {
        <section class="course">
            <h2>{ leader.course }</h2>
            { crate::pages::broken(asked.broken.as_ref(), &calendar, language) }
            <p class="note">{ note.into_iter().flatten().collect::<Vec<_>>().join(" · ") }</p>
            <Episode kpi={props.kpi.clone()} title={title.clone()} points={points.clone()} between={between(now, span_s)}
                background={Some(background.clone())} target={props.kpi.target_of(&props.scope)} {every_s} {language} />
            { list(&background, &calendar, now) }
            <details><summary>{ words.table }</summary>
                <div class="scroll" tabindex="0" role="region" aria-label={format!("{}: {title}", words.table)}><table>
                    <thead><tr><th scope="col">{ words.time }</th><th scope="col">{ words.value }</th><th scope="col">{ words.quality }</th></tr></thead>
                    <tbody>{ for points.iter().rev().take(ROWS).map(row) }</tbody></table></div>
            </details>
        </section>
    }
}
