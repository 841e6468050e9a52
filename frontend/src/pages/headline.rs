//! A board's headline: the sentence that the server makes, and the exceptions under it.
//!
//! Must never let an old sentence pass for a new one: it says of when it is, and where the server doesn't answer that it is
//! not known.

use super::asked::use_asked;
use crate::{
    app::{Link, use_speech},
    browser,
    centre::Centre,
    clock::seconds_between,
    locale::{Language, console_words, leader_words, words},
    panels::{Look, marks, use_look},
    route::Route,
    store::{Interest, Key},
};
use std::rc::Rc;
use taydo_model::{
    BoardId, Quality, Reading,
    headline::{Exception, ExceptionKind, HeadlinePage, Outlook},
};
use yew::prelude::*;

/// How often the sentence is asked for, in milliseconds.
const ASK_MS: u32 = 15_000;
/// How soon it is asked for where the board knows more, in milliseconds.
const CATCH_UP_MS: u32 = 1_000;
/// A reading of the board that is not older proves that a figure is known, in seconds.
const FRESH_S: i64 = 60;
/// So many exceptions are shown at once; the others open.
const SHOWN: usize = 4;

/// Which board.
#[derive(Clone, PartialEq, Properties)]
pub struct HeadlineProps {
    /// Its id.
    pub board: BoardId,
}

fn outlook_code(outlook: Outlook) -> &'static str {
    match outlook {
        Outlook::Calm => "calm",
        Outlook::Unsure => "unsure",
        Outlook::Attention => "attention",
        Outlook::Unknown => "unknown",
    }
}

fn line(one: &Exception, language: Language) -> Html {
    let words = words(language);
    let title = one.title.get(language).to_owned();
    let to = match (&one.incident, &one.kpi) {
        (Some(id), _) => Some(Route::Incident(*id)),
        (None, Some(kpi)) => Some(Route::Kpi(kpi.clone(), one.scope.clone())),
        (None, None) => None,
    };
    let mark = match one.kind {
        ExceptionKind::Unknown => marks::quality(one.quality, words),
        ExceptionKind::OffTarget => html! { <span class="quality">{ words.target_missed }</span> },
        ExceptionKind::Beyond | ExceptionKind::Incident => marks::status(one.status, words),
    };
    html! {
        <li data-kind={marks::status_code(one.status)}>{ mark }
            <span class="what">{ to.map_or_else(|| Html::from(title.clone()), |to| html! { <Link {to} text={title.clone()} /> }) }
                <small>{ one.words.get(language) }</small></span></li>
    }
}

/// Asks again soon where the sentence says of a figure that it isn't known, while the board beside it shows the figure.
#[hook]
fn use_catching_up(centre: &Centre, page: Option<Rc<HeadlinePage>>, again: Callback<()>) {
    let known = page.clone();
    let make = || -> Look<bool> {
        Box::new(move |centre: &Centre, now| {
            let unknown = known.iter().flat_map(|page| &page.exceptions).filter(|one| one.kind == ExceptionKind::Unknown);
            let is_shown = |key: Key| {
                let is_fresh = |reading: &Reading| {
                    reading.value.is_some() && reading.quality == Quality::Good && seconds_between(reading.time, now.time) < FRESH_S
                };
                centre.read(|store| store.reading(&key).is_some_and(is_fresh))
            };
            let keys = unknown.filter_map(|one| Some(Key { kpi: one.kpi.clone()?, scope: one.scope.clone() }));
            (keys.into_iter().any(is_shown), None)
        })
    };
    let time = page.as_ref().map(|page| page.time);
    let is_behind = use_look(centre, time, Vec::<Interest>::new, make).unwrap_or(false);
    use_effect_with((time, is_behind), move |(_, is_behind)| {
        if *is_behind {
            browser::after(CATCH_UP_MS, move || again.emit(()));
        }
    });
}

/// The section.
#[component]
pub fn Headline(props: &HeadlineProps) -> Html {
    let language = use_speech().language;
    let words = leader_words(language);
    let board = props.board.clone();
    let asked = use_asked::<HeadlinePage>(props.board.to_string(), ASK_MS, move || format!("/api/v1/boards/{board}/headline"));
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    use_catching_up(&centre, asked.answer.clone(), asked.again.clone());
    let calendar = centre.calendar();
    let broken = super::broken(asked.broken.as_ref(), &calendar, language);
    let Some(page) = &asked.answer else { return html! { <section class="headline" aria-label={words.headline}>{ broken }</section> } };
    let of = |range: &[Exception]| range.iter().map(|one| line(one, language)).collect::<Html>();
    let (first, rest) = page.exceptions.split_at_checked(SHOWN).unwrap_or((page.exceptions.as_slice(), &[]));
    let as_of = format!("{} {}", console_words(language).as_of, calendar.second(page.time));
    html! {
        <section class={classes!("headline", asked.broken.is_some().then_some("old"))} aria-label={words.headline} data-outlook={outlook_code(page.outlook)}>
            { broken }
            <p class="sentence" role="status">{ page.sentence.get(language) }</p>
            <p class="note">{ as_of }</p>
            if !first.is_empty() { <ul>{ of(first) }</ul> }
            if !rest.is_empty() { <details><summary>{ format!("{} (+{})", words.exceptions, rest.len()) }</summary><ul>{ of(rest) }</ul></details> }
        </section>
    }
}
