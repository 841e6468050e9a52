//! The incident that has taken the wall over: what, where, how it came to it, and who has been told. Where no figure belongs to
//! it there is no empty chart: what and where have the room.
//!
//! Must never show a telephone number, and never look answered when nobody has it.

use crate::{
    app::use_speech,
    centre::Centre,
    clock::seconds_between,
    locale::{self, Language, console_words, wall_words},
    panels::{Look, PanelView, again::use_again, severity, use_look},
    ranking::Names,
    store::{Interest, Key},
};
use jiff::Timestamp;
use std::rc::Rc;
use taydo_model::{
    Kpi,
    api::{BoardPage, CityPage, WallPage},
    board::{Content, Panel},
    passport::PassportNote,
    wall::plan::{Takeover, Told},
};
use yew::prelude::*;

/// How far back the figure's course is drawn, in seconds.
const COURSE_S: u32 = 3_600;

#[derive(Clone, PartialEq, Properties)]
pub(super) struct TakeoverProps {
    pub takeover: Rc<Takeover>,
    pub page: Rc<WallPage>,
}

/// How often the figure is asked for where no board brings it, in milliseconds.
const ASK_MS: u32 = 5_000;

/// The figure, where none of the wall's boards brings it: a scope that they don't show.
fn unbrought(props: &TakeoverProps) -> Option<Key> {
    let (kpi, scope) = props.takeover.figure.clone()?;
    let mut panels = props.page.boards.iter().flat_map(|page| &page.board.panels);
    (!panels.any(|panel| panel.content.wants(&kpi, &scope))).then_some(Key { kpi, scope })
}

/// The panel of the figure's course, with its figure and the names on it.
type Course = (Rc<Vec<Rc<Kpi>>>, Rc<Panel>, Rc<Names>);

/// The course of the figure that opened it, where one of the wall's boards knows the figure.
fn course(props: &TakeoverProps, city: Rc<CityPage>) -> Option<Course> {
    let (id, scope) = props.takeover.figure.clone()?;
    let of = |page: &&BoardPage| page.kpis.iter().any(|kpi| kpi.id == id);
    let page = props.page.boards.iter().find(of)?.clone();
    let kpi = Rc::new(page.kpis.iter().find(|kpi| kpi.id == id)?.clone());
    let content = Content::Trend { kpi: id, scopes: vec![scope], span_s: COURSE_S, band: false };
    let panel = Panel { title: Some(kpi.title.clone()), column: 1, row: 1, width: 1, height: 1, content };
    Some((Rc::new(vec![kpi]), Rc::new(panel), Rc::new(Names::new(city, Rc::new(page)))))
}

#[derive(Clone, PartialEq, Properties)]
struct AgeProps {
    since: Timestamp,
}

/// For how long it has been open; it counts on by itself.
#[component]
fn Age(props: &AgeProps) -> Html {
    let language = use_speech().language;
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let since = props.since;
    let make = || -> Look<String> { Box::new(move |_, now| (locale::span(seconds_between(since, now.time), language), None)) };
    let age = use_look(&centre, (since, language), Vec::<Interest>::new, make);
    html! { <>{ age }</> }
}

fn told(told: &Told, centre: &Centre, language: Language) -> Html {
    html! {
        <li key={told.name.clone()}><b>{ &told.name }</b><span>{ console_words(language).outcome_of(&told.what) }</span><time>{ centre.calendar().minute(told.at) }</time></li>
    }
}

/// The scene.
#[component]
pub(super) fn TakeoverView(props: &TakeoverProps) -> Html {
    let language = use_speech().language;
    let (words, room) = (wall_words(language), console_words(language));
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let one = &props.takeover;
    let calendar = centre.calendar();
    let course = use_memo((props.clone(), centre.city()), |(props, city)| course(props, city.clone()));
    let note = use_again::<_, PassportNote>(unbrought(props), ASK_MS, |key: &Key| format!("/api/v1/kpis/{}?scope={}", key.kpi, key.scope));
    let taker = centre.clone();
    use_effect_with(note, move |note| {
        if let Some(reading) = note.as_ref().and_then(|note| note.reading.as_ref()) {
            taker.bring(reading);
        }
    });
    let course = course.as_ref().as_ref().map(|(kpis, panel, names)| {
        html! { <div class="course"><PanelView kpis={kpis.clone()} panel={panel.clone()} names={names.clone()} {language} is_kiosk={true} /></div> }
    });
    let owner = match &one.acknowledged {
        Some(acknowledged) => {
            html! { <p class="owner"><b>{ words.has_it }</b>{ " " }{ &acknowledged.name }{ " · " }<time>{ calendar.minute(acknowledged.at) }</time></p> }
        }
        None => html! { <p class="owner nobody"><b>{ words.nobody_has_it }</b></p> },
    };
    html! {
        <section class={classes!("takeover", course.is_none().then_some("plain"))} data-incident={one.incident.0.to_string()} data-severity={severity::severity_code(one.severity)}>
            <header>
                <p class="how-bad">{ severity::severity(one.severity, false, room) }{ severity::exercise(one.exercise, room) }
                    <span class="number">{ format!("#{}", one.incident.0) }</span><span>{ format!("{} {} · ", words.since, calendar.minute(one.opened_at)) }<Age since={one.opened_at} /></span></p>
                <h2>{ one.title.get(language) }</h2>
                <p class="where">{ one.place.get(language) }</p>
                <p class="summary">{ one.summary.get(language) }</p>
            </header>
            { course }
            <aside>{ owner }
                <div>
                    <h3>{ words.told }</h3>
                    if one.told.is_empty() { <p class="nobody">{ words.told_nobody }</p> }
                    <ol>{ for one.told.iter().map(|one| told(one, &centre, language)) }</ol>
                </div>
            </aside>
        </section>
    }
}
