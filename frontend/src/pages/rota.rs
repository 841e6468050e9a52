//! A rota's page: four weeks with its layers and who is on call in the end, its gaps, and what is changed for once.
//!
//! Must never reckon who is on call: the server does.

mod changes;
mod days;

pub(in crate::pages) use changes::wall_time;

use super::{
    Failure, Frame,
    actor::use_actor,
    asked::use_asked,
    on_call::{gap_mark, people},
};
use crate::{
    app::{Link, use_speech},
    calendar::Calendar,
    centre::Centre,
    locale::{Language, RotaWords, rota_words},
    route::Route,
    weeks,
};
use changes::Changes;
use days::{Weeks, first};
use taydo_model::{
    RotaId,
    rota::{Shift, page::RotaNotes},
};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 30_000;

/// Which rota.
#[derive(Clone, PartialEq, Properties)]
pub struct RotaProps {
    /// Its id.
    pub id: RotaId,
}

/// The gaps of the four weeks that are not over, as a list above the calendar.
fn gaps(page: &RotaNotes, calendar: &Calendar, words: &RotaWords) -> Html {
    let gaps: Vec<&Shift> = page.shifts.iter().filter(|shift| shift.persons.is_empty() && shift.to > page.time).collect();
    let one = |gap: &&Shift| html! { <li>{ gap_mark(words.gap) }{ format!(" {} – {}", calendar.moment(gap.from.max(page.time), page.time), calendar.moment(gap.to, page.time)) }</li> };
    html! { if !gaps.is_empty() { <div class="gaps-ahead"><ul>{ for gaps.iter().map(one) }</ul></div> } }
}

/// What is to be known of the rota besides its days.
fn notes(page: &RotaNotes, centre: &Centre, language: Language) -> Html {
    let words = rota_words(language);
    let zone = (page.rota.zone != centre.city().city.zone).then(|| format!("{} {}; {}", words.zone_note, page.rota.zone, words.times_are));
    html! {
        <>
            { zone.map(|zone| html! { <p class="note">{ zone }</p> }) }
            if !page.unreachable.is_empty() { <p role="alert">{ gap_mark(words.unreachable) }{ " " }{ people(&page.unreachable, &page.people, language) }</p> }
        </>
    }
}

/// The page.
#[component]
pub fn RotaView(props: &RotaProps) -> Html {
    let language = use_speech().language;
    let words = rota_words(language);
    let actor = use_actor();
    let turned = use_state_eq(|| 0_i64);
    let centre = use_context::<Centre>();
    let asked = use_asked::<RotaNotes>(turned.to_string(), ASK_MS, {
        let (id, pages, centre) = (props.id.clone(), *turned, centre.clone());
        move || address(&id, centre.as_ref(), pages)
    });
    let Some(centre) = centre else { return Html::default() };
    let Some(page) = &asked.answer else { return html! { <Failure error={asked.error()} {language} /> } };
    let calendar = centre.calendar();
    let weeks = Weeks { page, calendar: &calendar, language };
    let shown = calendar.civil(page.from).date();
    let turn = |by: i64, text: &'static str| {
        let turned = turned.clone();
        let onclick = Callback::from(move |_: MouseEvent| turned.set(if by == 0 { 0 } else { (*turned + by).clamp(-12, 12) }));
        html! { <button type="button" {onclick}>{ text }</button> }
    };
    html! {
        <Frame title={page.rota.name.clone()}>
            <p class="state"><Link to={Route::OnCall} text={words.title} />{ format!(" · {} {}", words.as_of, calendar.second(page.time)) }</p>
            { super::broken(asked.broken.as_ref(), &calendar, language) }
            { notes(page, &centre, language) }
            { gaps(page, &calendar, words) }
            <section class="calendar"><h2>{ words.calendar }</h2>
                <div class="buttons">{ turn(-1, words.earlier) }{ turn(0, words.today) }{ turn(1, words.later) }</div>
                { weeks.view(shown) }
            </section>
            <Changes page={page.clone()} {actor} {language} changed={asked.again.clone()} />
        </Frame>
    }
}

/// The four weeks so many pages from now.
fn address(id: &RotaId, centre: Option<&Centre>, pages: i64) -> String {
    let range = centre.and_then(|centre| {
        let calendar = centre.calendar();
        let date = first(&calendar, centre.now().time, pages);
        let (from, to) = (weeks::midnight(&calendar, date)?, weeks::midnight(&calendar, weeks::later(date, weeks::DAYS))?);
        Some(format!("?from={from}&to={to}"))
    });
    format!("/api/v1/rotas/{id}{}", range.unwrap_or_default())
}
