//! The console: what is open, the worst first, and what was closed in the last hour.
//!
//! Must never look calm when the server can't be asked: an old list says since when it is old.

mod list;
mod opening;
mod stage;

use super::{
    Failure, Frame,
    actor::{self, Actor},
    asked::use_incidents,
    replay::{Scrubber, begin, use_watching},
    station::use_station,
};
use crate::{
    app::{Way, use_speech},
    browser,
    centre::Centre,
    client::{self, ClientError},
    incidents::{self, Filter},
    locale::{ConsoleWords, Language, console_words, replay_words, room_words},
    panels::severity,
    route::Route,
};
use jiff::{SignedDuration, Timestamp};
use list::{Rows, element_id};
use opening::Opening;
use stage::StageDesk;
use std::rc::Rc;
use taydo_model::{
    BoardId, TeamId,
    console::{Act, IncidentsNotes},
    incident::{IncidentId, Standing},
    wire::{Replay, Topic, View},
};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 5_000;
/// How long what was closed stays on the page.
const CLOSED: SignedDuration = SignedDuration::from_hours(1);

/// What an act of the page came to.
type Said = Result<String, String>;

fn address(centre: Option<&Centre>) -> String {
    let since = centre.and_then(|centre| centre.now().time.checked_sub(CLOSED).ok());
    since.map_or_else(|| "/api/v1/incidents".to_owned(), |since| format!("/api/v1/incidents?closed_since={since}"))
}

fn filters(filter: &UseStateHandle<Filter>, actor: &Actor, language: Language) -> Html {
    let words = console_words(language);
    let value = |event: &Event| event.target_dyn_into::<HtmlSelectElement>().map(|select| select.value()).unwrap_or_default();
    let on_team = {
        let filter = filter.clone();
        Callback::from(move |event: Event| filter.set(Filter { team: TeamId::new(value(&event)).ok(), ..(*filter).clone() }))
    };
    let on_severity = {
        let filter = filter.clone();
        Callback::from(move |event: Event| filter.set(Filter { severity: severity::severity_of(&value(&event)), ..(*filter).clone() }))
    };
    let team = |one: &taydo_model::console::TeamName| {
        html! { <option value={one.id.to_string()} selected={filter.team.as_ref() == Some(&one.id)}>{ &one.name }</option> }
    };
    let least = |one: &taydo_model::alert::Severity| {
        html! { <option value={severity::severity_code(*one)} selected={filter.severity == Some(*one)}>{ format!("{} {}", words.severity_of(*one), words.and_worse) }</option> }
    };
    html! {
        <div class="filters" role="group" aria-label={words.filter}>
            <label class="field">{ words.team }<select onchange={on_team}><option value="" selected={filter.team.is_none()}>{ words.every_team }</option>{ for actor.known.teams.iter().map(team) }</select></label>
            <label class="field">{ words.severity }<select onchange={on_severity}><option value="" selected={filter.severity.is_none()}>{ words.every_severity }</option>{ for severity::ALL.iter().map(least) }</select></label>
        </div>
    }
}

/// How many are open, and as of when that is known.
fn state(page: &IncidentsNotes, filter: &Filter, broken: Option<&(ClientError, Timestamp)>, centre: &Centre, language: Language) -> Html {
    let words = console_words(language);
    let open = incidents::open(&page.incidents, &Filter::default());
    let unanswered = open.iter().filter(|view| view.incident.standing == Standing::Triggered).count();
    let hidden = incidents::hidden(&page.incidents, filter);
    let count = |count: usize, text: &str| (count > 0).then(|| format!(" · {count} {text}"));
    html! {
        <>
            <p class="state">{ format!("{} {}", open.len(), words.open_count) }{ count(unanswered, words.unanswered_count) }{ count(hidden, words.hidden_count) }
                { format!(" · {} {}", words.as_of, centre.calendar().second(if centre.is_past() { centre.now().time } else { page.time })) }</p>
            { super::broken(broken, &centre.calendar(), language) }
        </>
    }
}

/// The page.
#[component]
pub fn Console() -> Html {
    let language = use_speech().language;
    let (words, room) = (console_words(language), room_words(language));
    let centre = use_context::<Centre>();
    let watching = use_watching(centre.as_ref());
    let asked = use_incidents(String::new(), ASK_MS, {
        let centre = centre.clone();
        Rc::new(move || address(centre.as_ref()))
    });
    let past = use_past(centre.as_ref(), watching.replay);
    let is_past = watching.replay.is_some();
    let (answer, broken) = if is_past { (past, None) } else { (asked.answer.clone(), asked.broken.as_ref()) };
    let filter = use_state_eq(Filter::default);
    let chosen = use_state_eq(|| None::<IncidentId>);
    let said = use_state_eq(|| None::<Said>);
    let is_opening = use_state_eq(|| false);
    let shown =
        answer.as_ref().map(|page| incidents::open(&page.incidents, &filter).iter().map(|view| view.incident.id).collect::<Vec<_>>());
    let acting = use_mut_ref(|| Callback::<IncidentId>::noop());
    let (list, acts, way) = (shown.unwrap_or_default(), acting.clone(), use_context::<Way>());
    let (choosing, opening) = (chosen.clone(), is_opening.clone());
    // What sounds is what is open now, also while the past is shown.
    let station = use_station(
        asked.answer.clone(),
        language,
        Box::new(move |key| {
            match key {
                "ArrowDown" | "j" | "ArrowUp" | "k" => {
                    let steps = if matches!(key, "ArrowDown" | "j") { 1 } else { -1 };
                    if let Some(next) = incidents::step(&list, *choosing, steps) {
                        choosing.set(Some(next));
                        browser::focus_link(&element_id(next));
                    }
                }
                "a" if !is_past => choosing.filter(|incident| list.contains(incident)).into_iter().for_each(|one| acts.borrow().emit(one)),
                "n" if !is_past => opening.set(true),
                "l" => way.iter().for_each(|way| way.go.emit(Route::Log(None))),
                "Escape" => opening.set(false),
                _ => return false,
            }
            true
        }),
    );
    let actor = station.actor.clone();
    let acknowledge = acknowledging(&actor, &said, &asked.again, words, language);
    *acting.borrow_mut() = acknowledge.clone();
    let Some(centre) = centre else { return Html::default() };
    let scrubber = watching.replay.map(|replay| html! { <Scrubber {replay} show={watching.show.clone()} /> });
    let Some(page) = &answer else { return html! { <>{ scrubber }<Failure error={asked.error().filter(|_| !is_past)} {language} /></> } };
    let choose = {
        let chosen = chosen.setter();
        Callback::from(move |incident| chosen.set(Some(incident)))
    };
    let now = centre.now().time;
    let rows =
        Rows { is_past, actor: &actor, names: &page.names, now, language, chosen: *chosen, choose: &choose, acknowledge: &acknowledge };
    let (open, closed) = (incidents::open(&page.incidents, &filter), incidents::closed(&page.incidents, &filter));
    let is_calm = open.is_empty() && broken.is_none() && incidents::hidden(&page.incidents, &filter) == 0;
    let toggle = |state: &UseStateHandle<bool>| {
        let state = state.clone();
        Callback::from(move |_: MouseEvent| state.set(!*state))
    };
    let close = {
        let is_opening = is_opening.setter();
        Callback::from(move |()| is_opening.set(false))
    };
    html! {
        <Frame title={words.title} head={if is_past { Html::default() } else { actor.select(language) }}>
            { scrubber }
            { station.bar() }
            { state(page, &filter, broken, &centre, language) }
            <div class="tools">
                { filters(&filter, &actor, language) }
                if is_past { <p class="note">{ replay_words(language).no_acts }</p> } else { <div class="buttons">
                    { begin(&centre, &watching, language) }
                    <button type="button" class="main" aria-expanded={is_opening.to_string()} onclick={toggle(&is_opening)}>{ words.open_by_hand }</button>
                </div> }
            </div>
            { super::answered(said.as_ref().map(|said| said.as_deref().map_err(String::as_str))) }
            { station.help(&[(&["j", "k", "↓", "↑"], words.key_move), (&["Enter"], words.key_open), (&["a"], words.key_acknowledge), (&["n"], room.key_new), (&["l"], room.key_log)]) }
            if *is_opening && !is_past { <Opening actor={actor.clone()} {language} opened={asked.again.clone()} {close} /> }
            if !is_past { <StageDesk actor={actor.clone()} {language} /> }
            if is_calm { <div class="calm"><p>{ words.calm }</p><p class="note">{ words.calm_note }</p></div> }
            if !open.is_empty() { <section class={classes!(broken.is_some().then_some("old"))}><h2>{ words.open_now }</h2>{ rows.list(&open) }</section> }
            if !closed.is_empty() { <section class="closed"><h2>{ words.closed }</h2>{ rows.list(&closed) }</section> }
        </Frame>
    }
}

/// The incidents of a replay, as they were at the played instant.
#[hook]
fn use_past(centre: Option<&Centre>, replay: Option<Replay>) -> Option<Rc<IncidentsNotes>> {
    let newest = use_state_eq(|| None::<(Rc<IncidentsNotes>, i64)>);
    let setter = newest.setter();
    use_effect_with((centre.cloned(), replay), move |(centre, replay)| {
        let centre = centre.clone().filter(|_| replay.is_some());
        let look = centre.clone().map(|centre| {
            // The list goes with no board; a board of this name would only bring figures along.
            let topic = BoardId::new("console").ok().map(|board| Topic { board, view: View::All });
            centre.follow(topic.into_iter().collect(), String::new(), *replay);
            let handle = centre.clone();
            centre.subscribe(
                Vec::new(),
                Callback::from(move |()| setter.set(handle.past_incidents().map(|notes| (notes, handle.now().time.as_second())))),
            )
        });
        move || {
            if let Some((centre, look)) = centre.zip(look) {
                centre.unsubscribe(look);
                centre.follow(Vec::new(), String::new(), None);
            }
        }
    });
    // The second is there so that ages are told anew.
    newest.as_ref().filter(|_| replay.is_some()).map(|(notes, _)| notes.clone())
}

/// Acknowledges an incident in the actor's name, and asks for the list at once.
fn acknowledging(
    actor: &Actor,
    said: &UseStateHandle<Option<Said>>,
    again: &Callback<()>,
    words: &'static ConsoleWords,
    language: Language,
) -> Callback<IncidentId> {
    let (person, said, again) = (actor.person.clone(), said.setter(), again.clone());
    Callback::from(move |incident: IncidentId| {
        let Some(person) = person.clone() else {
            said.set(Some(Err(words.who_first.to_owned())));
            browser::focus(actor::SELECT);
            return;
        };
        let (said, again) = (said.clone(), again.clone());
        wasm_bindgen_futures::spawn_local(async move {
            let result = client::act(incident, &Act::Acknowledge { person }).await;
            said.set(Some(match result {
                Ok(()) => Ok(format!("#{}: {}", incident.0, words.done)),
                Err(error) => Err(format!("#{}: {}", incident.0, error.sentence(language))),
            }));
            again.emit(());
        });
    })
}
