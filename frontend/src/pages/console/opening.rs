//! The form by which an operator opens an incident.
//!
//! Must never open two for one press: what it sends carries a key of its own.

use crate::{
    app::Link,
    browser,
    centre::Centre,
    client::{self, ClientError},
    locale::{Language, console_words, room_words},
    pages::{actor::Actor, answered},
    panels::severity,
    route::Route,
};
use std::rc::Rc;
use taydo_model::{
    AreaId, KindId, TeamId,
    alert::Severity,
    console::{OpenByHand, OpenedByHand},
};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Who opens it, and what happens then.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct OpeningProps {
    pub(super) actor: Actor,
    pub(super) language: Language,
    pub(super) opened: Callback<()>,
    pub(super) close: Callback<()>,
}

fn input(node: &NodeRef) -> String {
    node.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default()
}

fn select(node: &NodeRef) -> String {
    node.cast::<HtmlSelectElement>().map(|select| select.value()).unwrap_or_default()
}

/// The form.
#[component]
pub(super) fn Opening(props: &OpeningProps) -> Html {
    let OpeningProps { actor, language, opened, close } = props.clone();
    let words = console_words(language);
    let (title, how_bad, team, area) = (use_node_ref(), use_node_ref(), use_node_ref(), use_node_ref());
    let (caller, exercise) = (use_node_ref(), use_node_ref());
    let (kind, place) = (use_node_ref(), use_node_ref());
    let answer = use_state(|| None::<Result<OpenedByHand, ClientError>>);
    let problem = use_state_eq(|| None::<&'static str>);
    let is_busy = use_state_eq(|| false);
    // The same until it is taken: a press that is repeated because no answer came opens nothing twice.
    let key = use_state(new_key);
    let focus = title.clone();
    use_effect_with((), move |()| {
        if let Some(input) = focus.cast::<HtmlInputElement>() {
            let _ = input.focus();
        }
    });
    let onsubmit = {
        let (kind, place) = (kind.clone(), place.clone());
        let (title, how_bad, team, area, caller, exercise) =
            (title.clone(), how_bad.clone(), team.clone(), area.clone(), caller.clone(), exercise.clone());
        let (answer, problem, is_busy, key, person) =
            (answer.clone(), problem.setter(), is_busy.clone(), key.clone(), actor.person.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(person) = person.clone() else {
                problem.set(Some(words.who_first));
                browser::focus(crate::pages::actor::SELECT);
                return;
            };
            let Ok(team) = TeamId::new(select(&team)) else { return };
            problem.set(None);
            let what = OpenByHand {
                person,
                title: input(&title),
                severity: severity::severity_of(&select(&how_bad)).unwrap_or(Severity::High),
                team,
                area: AreaId::new(select(&area)).ok(),
                kind: KindId::new(select(&kind)).ok(),
                place: input(&place),
                caller: input(&caller),
                exercise: exercise.cast::<HtmlInputElement>().is_some_and(|input| input.checked()),
                key: Some((*key).clone()),
            };
            if *is_busy {
                return;
            }
            is_busy.set(true);
            let (answer, is_busy, key, opened) = (answer.clone(), is_busy.clone(), key.clone(), opened.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let result = client::open_incident(&what).await;
                is_busy.set(false);
                if result.is_ok() {
                    key.set(new_key());
                    opened.emit(());
                }
                answer.set(Some(result));
            });
        })
    };
    let known = &actor.known.kinds;
    // A kind brings how bad it is and whose; whoever opens it may say otherwise.
    let onkind = {
        let (title, how_bad, team, known) = (title.clone(), how_bad.clone(), team.clone(), actor.known.clone());
        Callback::from(move |event: Event| {
            let id = event.target_dyn_into::<HtmlSelectElement>().map(|select| select.value()).unwrap_or_default();
            let Some(kind) = known.kinds.iter().find(|kind| kind.id.as_str() == id) else { return };
            for (node, value) in [(&how_bad, severity::severity_code(kind.severity)), (&team, kind.team.as_str())] {
                if let Some(select) = node.cast::<HtmlSelectElement>() {
                    let was = select.value();
                    select.set_value(value);
                    // A team that there isn't leaves nothing chosen.
                    if select.value().is_empty() {
                        select.set_value(&was);
                    }
                }
            }
            if let Some(title) = title.cast::<HtmlInputElement>().filter(|title| title.value().is_empty()) {
                title.set_value(kind.title.get(language));
            }
        })
    };
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let city: Rc<_> = centre.city();
    let close = Callback::from(move |_: MouseEvent| close.emit(()));
    html! {
        <section class="opening">
            <h2>{ words.open_by_hand }</h2>
            <form class="typing" {onsubmit}>
                <label class="field wide">{ words.what }<input ref={title} name="title" type="text" maxlength="200" required=true autocomplete="off" /></label>
                if !known.is_empty() { <label class="field">{ room_words(language).kind }<select ref={kind} name="kind" onchange={onkind}><option value="" selected=true>{ room_words(language).other_kind }</option>{ for known.iter().map(|one| html! { <option value={one.id.to_string()}>{ one.title.get(language) }</option> }) }</select></label> }
                <label class="field">{ words.severity }<select ref={how_bad} name="severity">{ for severity::ALL.iter().map(|one| html! { <option value={severity::severity_code(*one)} selected={*one == Severity::High}>{ words.severity_of(*one) }</option> }) }</select></label>
                <label class="field">{ words.team }<select ref={team} name="team" required=true>{ for actor.known.teams.iter().map(|one| html! { <option value={one.id.to_string()}>{ &one.name }</option> }) }</select></label>
                <label class="field">{ words.area }<select ref={area} name="area"><option value="" selected=true>{ words.whole_city }</option>{ for city.city.areas.iter().map(|one| html! { <option value={one.id.to_string()}>{ &one.name }</option> }) }</select></label>
                <label class="field">{ room_words(language).exactly }<input ref={place} name="place" type="text" maxlength="200" autocomplete="off" /></label>
                <label class="field">{ words.caller }<input ref={caller} name="caller" type="text" maxlength="200" autocomplete="off" /><small>{ words.caller_hint }</small></label>
                <label class="check"><input ref={exercise} name="exercise" type="checkbox" />{ words.is_exercise }</label>
                <div class="buttons"><button type="submit" class="main" disabled={*is_busy}>{ if *is_busy { words.sending } else { words.open_by_hand } }</button>
                    <button type="button" onclick={close}>{ words.cancel }</button></div>
                <div>{ answered(problem.map(Err)) }{ answer.as_ref().map(|answer| said(answer, language)) }</div>
            </form>
        </section>
    }
}

fn said(answer: &Result<OpenedByHand, ClientError>, language: Language) -> Html {
    let words = console_words(language);
    match answer {
        Ok(opened) => {
            html! { <p class="said">{ words.opened_as }{ " " }<Link to={Route::Incident(opened.incident)} text={format!("#{}", opened.incident.0)} /></p> }
        }
        Err(error) => answered(Some(Err(&error.sentence(language)))),
    }
}

fn new_key() -> String {
    format!("console-{}-{:.0}", browser::guessed_time().as_millisecond(), js_sys::Math::random() * 1e15)
}
