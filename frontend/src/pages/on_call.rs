//! Who is on call now, by every rota, and loudly where soon nobody will be.
//!
//! Must never let a gap look like a name.

use super::{Failure, Frame, asked::use_asked};
use crate::{
    app::{Link, use_speech},
    calendar::Calendar,
    centre::Centre,
    locale::{Language, rota_words, words},
    panels::marks::shape,
    route::Route,
};
use jiff::Timestamp;
use taydo_model::{
    PersonId,
    rota::page::{GapAhead, OnCallNow, OnCallPage, PersonName},
};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 15_000;

/// People's names, each leading to their shifts; a gap's mark where there is nobody.
pub(super) fn people(persons: &[PersonId], known: &[PersonName], language: Language) -> Html {
    if persons.is_empty() {
        return gap_mark(rota_words(language).nobody);
    }
    let name = |id: &PersonId| known.iter().find(|one| one.id == *id).map_or_else(|| id.to_string(), |one| one.name.clone());
    let one =
        |(n, id): (usize, &PersonId)| html! { <>{ (n > 0).then_some(", ") }<Link to={Route::Shifts(id.clone())} text={name(id)} /></> };
    persons.iter().enumerate().map(one).collect()
}

/// A gap: a shape, a word and a colour.
pub(super) fn gap_mark(word: &'static str) -> Html {
    html! { <span class="chip chip-critical gap">{ shape(html! { <path d="M8 1 15.5 14.5H.5Z" /> }) }{ word }</span> }
}

fn gaps(rota: &OnCallNow, calendar: &Calendar, now: Timestamp, language: Language) -> Html {
    let words = rota_words(language);
    let moment =
        |time: Option<Timestamp>, otherwise: &'static str| time.map_or_else(|| otherwise.to_owned(), |time| calendar.moment(time, now));
    let one = |gap: &GapAhead| {
        let from = if gap.from.is_none_or(|from| from <= now) { words.now.to_owned() } else { moment(gap.from, words.now) };
        html! { <li>{ gap_mark(words.gap) }{ format!(" {from} – {}", moment(gap.to, words.open_ended)) }</li> }
    };
    html! { if !rota.gaps.is_empty() { <div class="gaps-ahead" role="alert"><b>{ words.gaps_ahead }</b><ul>{ for rota.gaps.iter().map(one) }</ul></div> } }
}

fn card(rota: &OnCallNow, page: &OnCallPage, calendar: &Calendar, language: Language) -> Html {
    let words = rota_words(language);
    let until = rota.until.map_or_else(|| words.no_change.to_owned(), |until| calendar.moment(until, page.time));
    html! {
        <li key={rota.rota.to_string()} class="rota-card" data-rota={rota.rota.to_string()} data-gap={(rota.persons.is_empty() || !rota.gaps.is_empty()).to_string()}>
            <h2><Link to={Route::Rota(rota.rota.clone())} text={rota.name.clone()} /></h2>
            <p class="who">{ people(&rota.persons, &page.people, language) }</p>
            <dl class="facts">
                <div><dt>{ words.until }</dt><dd>{ until }</dd></div>
                if rota.until.is_some() { <div><dt>{ words.next }</dt><dd>{ people(&rota.next, &page.people, language) }</dd></div> }
            </dl>
            { gaps(rota, calendar, page.time, language) }
            if rota.gaps.is_empty() { <p class="note">{ words.no_gaps }</p> }
        </li>
    }
}

/// The page.
#[component]
pub fn OnCall() -> Html {
    let language = use_speech().language;
    let (words, general) = (rota_words(language), words(language));
    let asked = use_asked::<OnCallPage>(String::new(), ASK_MS, || "/api/v1/on-call".to_owned());
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let Some(page) = &asked.answer else { return html! { <Failure error={asked.error()} {language} /> } };
    let calendar = centre.calendar();
    html! {
        <Frame title={words.title}>
            <p class="state">{ format!("{} {}", general.as_of, calendar.second(page.time)) }</p>
            { super::broken(asked.broken.as_ref(), &calendar, language) }
            if page.rotas.is_empty() { <p class="note">{ words.no_rotas }</p> }
            <ul class="rotas">{ for page.rotas.iter().map(|rota| card(rota, page, &calendar, language)) }</ul>
        </Frame>
    }
}
