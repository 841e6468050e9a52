//! An incident's page: what, where, since when, the course of its figure, what to do, who was told, what happened.
//!
//! Must never show a telephone number or an address.

mod acts;
mod course;
mod given;

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
    clock::seconds_between,
    locale::{self, Language, console_words, room_words},
    panels::severity,
    route::Route,
};
use acts::{Desk, use_desk};
use course::Course;
use jiff::Timestamp;
use std::rc::Rc;
use taydo_model::{
    PersonId,
    console::{Act, Delivery, IncidentNotes, SaidLine},
    incident::{IncidentId, Standing},
};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 5_000;

/// Which incident.
#[derive(Clone, PartialEq, Properties)]
pub struct IncidentProps {
    /// Its number.
    pub id: IncidentId,
}

/// What the page is said with.
struct Saying<'s> {
    page: &'s IncidentNotes,
    calendar: &'s Calendar,
    language: Language,
}

impl Saying<'_> {
    /// What somebody is called; their id where nobody knows.
    fn name(&self, person: &PersonId) -> String {
        self.page.names.get(person).cloned().unwrap_or_else(|| person.to_string())
    }

    fn moment(&self, time: Timestamp) -> String {
        self.calendar.moment(time, self.page.time)
    }
}

fn facts(page: &IncidentNotes, saying: &Saying<'_>) -> Html {
    let (view, language) = (&page.view, saying.language);
    let (incident, words) = (&view.incident, console_words(language));
    let ends = incident.resolved_at.unwrap_or(page.time);
    let lasts = locale::span(seconds_between(incident.opened_at, ends), language);
    let owner = incident.assignee.as_ref().map_or_else(|| words.nobody.to_owned(), |person| saying.name(person));
    let row = |name: &'static str, text: String| html! { if !text.is_empty() { <div><dt>{ name }</dt><dd>{ text }</dd></div> } };
    html! {
        <>
            <p class="marks">{ severity::severity(incident.severity, incident.standing == Standing::Resolved, words) }{ severity::exercise(view.exercise, words) }
                { severity::standing(incident.standing, words) }{ severity::data_old(incident.data_old_since.map(|since| locale::span(seconds_between(since, page.time), language)), room_words(language)) }</p>
            if !view.summary.get(language).is_empty() { <p class="sentence">{ view.summary.get(language) }</p> }
            <dl class="facts">
                { row(words.where_, view.place.get(language).to_owned()) }
                { row(words.since, format!("{} ({lasts})", saying.moment(incident.opened_at))) }
                { row(words.owner, owner) }
                { page.camera.as_ref().map(|camera| html! { <div><dt>{ room_words(language).camera }</dt><dd><a class="camera" href={camera.clone()} target="_blank" rel="noreferrer">{ camera }</a></dd></div> }) }
            </dl>
        </>
    }
}

/// The check-list. A step that is done is a line of the log: everybody sees who did it.
fn check_list(saying: &Saying<'_>, desk: &Desk) -> Html {
    let (page, language) = (saying.page, saying.language);
    let words = console_words(language);
    let is_open = page.view.incident.standing != Standing::Resolved;
    let step = |step: &taydo_model::Text| {
        let tick = page.ticks.get(&step.vi);
        let (desk, named, done) = (desk.clone(), step.clone(), tick.is_none());
        let onclick = Callback::from(move |_: MouseEvent| desk.act(&|person| Act::Tick { person, step: named.clone(), done }));
        let text = if done { words.step_done } else { room_words(language).untick };
        let by = tick.map(|tick| format!("✓ {} {}, {}", words.step_is_done, saying.name(&tick.person), saying.moment(tick.at)));
        html! {
            <li class={classes!(by.is_some().then_some("done"))}><span>{ step.get(language) }{ by.map(|by| html! { <small>{ by }</small> }) }</span>
                if is_open { <button type="button" aria-label={format!("{text}: {}", step.get(language))} {onclick}>{ text }</button> }</li>
        }
    };
    html! {
        if !page.sop.is_empty() || page.runbook.is_some() {
            <section class="sop"><h2>{ words.sop }</h2>
                <ol>{ for page.sop.iter().map(step) }</ol>
                { page.runbook.as_ref().map(|book| html! { <p><a href={book.clone()} rel="noreferrer">{ words.runbook }</a></p> }) }
            </section>
        }
    }
}

fn told(page: &IncidentNotes, saying: &Saying<'_>) -> Html {
    let words = console_words(saying.language);
    let row = |one: &Delivery| {
        let channel = one.channel.map_or("—", |channel| words.channel_of(channel));
        let detail =
            [&one.provider, &one.detail].into_iter().flatten().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(": ");
        html! {
            <tr data-outcome={one.what.clone()}><th scope="row">{ saying.name(&one.person) }</th><td data-label={words.channel}>{ channel }</td>
                <td data-label={words.outcome}>{ words.outcome_of(&one.what).to_owned() }if !detail.is_empty() { <small>{ detail }</small> }</td>
                <td data-label={words.at}>{ saying.moment(one.at) }</td></tr>
        }
    };
    html! {
        <section class="told"><h2>{ words.told }</h2>
            if page.deliveries.is_empty() { <p class="note">{ words.nobody_told }</p> } else {
                <table class="records folding"><thead><tr><th scope="col">{ words.person }</th><th scope="col">{ words.channel }</th><th scope="col">{ words.outcome }</th><th scope="col">{ words.at }</th></tr></thead>
                    <tbody>{ for page.deliveries.iter().map(row) }</tbody></table>
            }
        </section>
    }
}

fn log(page: &IncidentNotes, saying: &Saying<'_>) -> Html {
    let line = |line: &SaidLine| {
        html! { <li key={line.number}><time>{ saying.moment(line.at) }</time><span>{ line.text.get(saying.language) }</span></li> }
    };
    html! { <section class="log"><h2>{ console_words(saying.language).log }</h2><ol>{ for page.said.iter().map(line) }</ol></section> }
}

/// What a key does here: `a` answers, `t` ticks the first step that is not done.
fn by_key(key: &str, desk: &Desk, page: &IncidentNotes) {
    let next = page.sop.iter().find(|step| !page.ticks.contains_key(&step.vi)).cloned();
    match (page.view.incident.standing, key, next) {
        (Standing::Triggered, "a", _) => desk.act(&|person| Act::Acknowledge { person }),
        (Standing::Acknowledged | Standing::Snoozed, "a", _) => desk.act(&|person| Act::Take { person }),
        (Standing::Triggered | Standing::Acknowledged | Standing::Snoozed, "t", Some(step)) => {
            desk.act(&|person| Act::Tick { person, step: step.clone(), done: true });
        }
        _ => {}
    }
}

/// The page.
#[component]
pub fn IncidentView(props: &IncidentProps) -> Html {
    let language = use_speech().language;
    let (words, room) = (console_words(language), room_words(language));
    let id = props.id;
    let asked = use_asked::<IncidentNotes>(String::new(), ASK_MS, move || format!("/api/v1/incidents/{}", id.0));
    let open = use_incidents(String::new(), ASK_MS, Rc::new(|| "/api/v1/incidents".to_owned())).answer;
    let pressed = use_mut_ref(|| None::<(Desk, Rc<IncidentNotes>)>);
    let (pressing, way) = (pressed.clone(), use_context::<Way>());
    let station = use_station(
        open,
        language,
        Box::new(move |key| {
            match key {
                "b" => way.iter().for_each(|way| way.go.emit(Route::Console)),
                "n" => browser::focus(acts::NOTE),
                "a" | "t" => {
                    let now = pressing.borrow().clone();
                    now.into_iter().for_each(|(desk, page)| by_key(key, &desk, &page));
                }
                _ => return false,
            }
            true
        }),
    );
    let actor = station.actor.clone();
    let desk = use_desk(id, &actor, &asked.again, language);
    *pressed.borrow_mut() = asked.answer.clone().map(|page| (desk.clone(), page));
    let fields = given::use_fields();
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let Some(page) = &asked.answer else { return html! { <Failure error={asked.error()} {language} /> } };
    let calendar = centre.calendar();
    let saying = Saying { page, calendar: &calendar, language };
    let figure = page.view.figure.clone();
    html! {
        <Frame title={format!("#{} {}", id.0, page.view.title.get(language))} head={actor.select(language)}>
            { station.bar() }
            { station.help(&[(&["a"], words.key_acknowledge), (&["n"], room.key_note), (&["t"], room.key_step), (&["b"], room.key_back)]) }
            <p class="state"><Link to={Route::Console} text={words.back} />{ format!(" · {} {}", words.as_of, calendar.second(page.time)) }</p>
            { super::broken(asked.broken.as_ref(), &calendar, language) }
            <div class={classes!("case", asked.broken.is_some().then_some("old"))} data-standing={severity::standing_code(page.view.incident.standing)}>
                <div class="picture">
                    { facts(page, &saying) }
                    { desk.view(page, &centre) }
                    { figure.map(|(kpi, scope)| html! { <Course {kpi} {scope} opened_at={page.view.incident.opened_at} {language} /> }) }
                </div>
                <div class="course-of-events">
                    { check_list(&saying, &desk) }
                    { given::given(&saying, &desk, &fields, &actor) }
                    { told(page, &saying) }
                    { log(page, &saying) }
                </div>
            </div>
        </Frame>
    }
}
