//! The shift log: the one that is open with its field for entries, signing off, and those that are signed.
//!
//! Must never let anything look changeable that was written.

mod opening;
mod signing;
mod writing;

use super::{
    Failure, Frame,
    asked::{use_asked, use_incidents},
    station::use_station,
};
use crate::{
    app::{Link, Way, use_speech},
    browser,
    calendar::Calendar,
    centre::Centre,
    locale::{Language, console_words, room_words},
    pages::actor::Actor,
    route::Route,
};
use jiff::Timestamp;
use opening::use_opening;
use signing::use_signing;
use std::{collections::BTreeMap, rc::Rc};
use taydo_model::{
    PersonId,
    incident::IncidentId,
    shift_log::{
        ShiftLogId, Standing,
        page::{LogHead, LogNotes, LogsPage, SaidEntry, Signature},
    },
};
use writing::use_writing;
use yew::prelude::*;

/// How often a log is asked for, in milliseconds.
const ASK_MS: u32 = 5_000;
/// How often the list is, in milliseconds.
const LIST_MS: u32 = 15_000;

/// Which log; the one that is open, where it isn't said.
#[derive(Clone, PartialEq, Properties)]
pub struct ShiftLogProps {
    /// Its number.
    pub id: Option<ShiftLogId>,
}

fn name(names: &BTreeMap<PersonId, String>, person: &PersonId) -> String {
    names.get(person).cloned().unwrap_or_else(|| person.to_string())
}

fn sheet_address(id: ShiftLogId, language: Language) -> String {
    format!("/shift-logs/{}/sheet?lang={}", id.0, crate::locale::code(language))
}

fn head_line(head: &LogHead, names: &BTreeMap<PersonId, String>, calendar: &Calendar, now: Timestamp) -> String {
    format!("{} · {} · {}", head.desk, name(names, &head.lead), calendar.moment(head.opened_at, now))
}

/// The page.
#[component]
pub fn ShiftLog(props: &ShiftLogProps) -> Html {
    let language = use_speech().language;
    let words = room_words(language);
    let open_now = use_incidents(String::new(), ASK_MS, Rc::new(|| "/api/v1/incidents".to_owned())).answer;
    let way = use_context::<Way>();
    let station = use_station(
        open_now,
        language,
        Box::new(move |key| {
            match key {
                "b" => way.iter().for_each(|way| way.go.emit(Route::Console)),
                "n" => browser::focus(writing::FIELD),
                _ => return false,
            }
            true
        }),
    );
    let actor = station.actor.clone();
    let asked = use_asked::<LogsPage>(String::new(), LIST_MS, || "/api/v1/shift-logs".to_owned());
    let is_opening = use_state_eq(|| false);
    let opening = use_opening(&asked.again, language);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let Some(page) = &asked.answer else { return html! { <Failure error={asked.error()} {language} /> } };
    let calendar = centre.calendar();
    let (past, open): (Vec<&LogHead>, Vec<&LogHead>) = page.logs.iter().partition(|head| head.standing == Standing::Closed);
    let shown = props.id.or_else(|| open.first().filter(|_| open.len() == 1).map(|head| head.id));
    let to_open = |head: &&LogHead| html! { <li><Link to={Route::Log(Some(head.id))} text={head_line(head, &page.names, &calendar, page.time)} /></li> };
    let to_past = |head: &&LogHead| {
        let signed = head.taken_over.as_ref().map(|one| format!(" → {}", name(&page.names, &one.person)));
        html! { <li><a href={sheet_address(head.id, language)}>{ format!("{} {}", words.sheet, head.id.0) }</a>{ format!(" · {}", head_line(head, &page.names, &calendar, page.time)) }{ signed }</li> }
    };
    let toggle = {
        let is_opening = is_opening.clone();
        Callback::from(move |_: MouseEvent| is_opening.set(!*is_opening))
    };
    let opened = {
        let is_opening = is_opening.setter();
        Callback::from(move |()| is_opening.set(false))
    };
    html! {
        <Frame title={words.log} head={actor.select(language)}>
            { station.bar() }
            { station.help(&[(&["n"], words.key_entry), (&["b"], words.key_back)]) }
            { super::broken(asked.broken.as_ref(), &calendar, language) }
            if open.len() > 1 { <section class="list"><h2>{ words.open_logs }</h2><ul>{ for open.iter().map(to_open) }</ul></section> }
            { shown.map(|id| html! { <Log key={id.0} {id} actor={actor.clone()} changed={asked.again.clone()} /> }) }
            if open.is_empty() { <p class="note">{ words.no_log }</p> }
            <div class="buttons"><button type="button" aria-expanded={is_opening.to_string()} onclick={toggle}>{ words.open_log }</button></div>
            if *is_opening { { opening.view(&actor, opened) } }
            if !past.is_empty() { <section class="list"><h2>{ words.past_logs }</h2><ul>{ for past.iter().map(to_past) }</ul></section> }
        </Frame>
    }
}

/// One log.
#[derive(Clone, PartialEq, Properties)]
struct LogProps {
    id: ShiftLogId,
    actor: Actor,
    changed: Callback<()>,
}

#[component]
fn Log(props: &LogProps) -> Html {
    let LogProps { id, actor, changed } = props.clone();
    let language = use_speech().language;
    let words = room_words(language);
    let asked = use_asked::<LogNotes>(String::new(), ASK_MS, move || format!("/api/v1/shift-logs/{}", id.0));
    let again = {
        let again = asked.again.clone();
        Callback::from(move |()| {
            again.emit(());
            changed.emit(());
        })
    };
    let is_open = asked.answer.as_ref().is_some_and(|page| page.head.standing == Standing::Open);
    let (signing, writing) = (use_signing(&again, language), use_writing(is_open, &again, language));
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let Some(page) = &asked.answer else { return html! { <p class="note">{ crate::locale::words(language).loading }</p> } };
    let (calendar, head) = (centre.calendar(), &page.head);
    let row = |name: &'static str, text: String| html! { if !text.is_empty() { <div><dt>{ name }</dt><dd>{ text }</dd></div> } };
    let signed = |one: &Option<Signature>| {
        one.as_ref().map(|one| format!("{}, {}", name(&page.names, &one.person), calendar.moment(one.at, page.time))).unwrap_or_default()
    };
    let on_duty: Vec<String> = head.on_duty.iter().map(|person| name(&page.names, person)).collect();
    let incident = |id: &IncidentId| html! { <>{ " " }<Link to={Route::Incident(*id)} text={format!("#{}", id.0)} /></> };
    let line = |line: &SaidEntry| {
        html! { <li key={line.number} data-line={line.number.to_string()}><time>{ calendar.moment(line.at, page.time) }</time>
        <span><b>{ format!("{}. {}: ", line.number, name(&page.names, &line.person)) }</b>{ line.text.get(language) }{ for line.incidents.iter().map(incident) }</span></li> }
    };
    html! {
        <div class="case shift-log" data-standing={match head.standing { Standing::Open => "open", Standing::HandedOver => "handed_over", Standing::Closed => "closed" }}>
            <div class="picture">
                <h2>{ format!("{} {} – {}", words.log, head.id.0, head.desk) }</h2>
                <p class="state">{ format!("{} {}", console_words(language).as_of, calendar.second(page.time)) }</p>
                { super::broken(asked.broken.as_ref(), &calendar, language) }
                if !page.is_intact { <p class="said problem" role="alert">{ words.changed }</p> }
                <dl class="facts">
                    { row(words.lead, name(&page.names, &head.lead)) }{ row(words.on_duty, on_duty.join(", ")) }
                    { row(words.opened, calendar.moment(head.opened_at, page.time)) }
                    { row(words.handed_over, signed(&head.handed_over)) }{ row(words.taken_over, signed(&head.taken_over)) }
                </dl>
                <p><a href={sheet_address(head.id, language)}>{ if head.handed_over.is_some() { words.sheet } else { words.draft } }</a></p>
                { signing.view(head, &actor) }
            </div>
            <div class="course-of-events">
                if is_open { { writing.view(id, &actor) } }
                <section class="log"><ol>{ for page.said.iter().rev().map(line) }</ol></section>
            </div>
        </div>
    }
}
