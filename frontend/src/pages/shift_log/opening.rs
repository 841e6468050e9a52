//! The form by which a shift log is opened: from which desk, who leads, who else is on duty.
//!
//! Must never open one in nobody's name.

use crate::{
    browser, client,
    locale::{Language, console_words, room_words},
    pages::{
        actor::{Actor, SELECT},
        sending::use_sending,
    },
};
use std::collections::BTreeSet;
use taydo_model::{PersonId, shift_log::request::OpenLog};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Where the desk is remembered.
const DESK: &str = "taydo.desk";

#[derive(Clone, PartialEq, Properties)]
pub(super) struct OpeningProps {
    pub(super) actor: Actor,
    pub(super) language: Language,
    pub(super) opened: Callback<()>,
}

/// The form.
#[component]
pub(super) fn Opening(props: &OpeningProps) -> Html {
    let OpeningProps { actor, language, opened } = props.clone();
    let words = room_words(language);
    let sending = use_sending(&Callback::noop(), language);
    let (desk, lead) = (use_node_ref(), use_node_ref());
    let on_duty = use_state_eq(BTreeSet::<PersonId>::new);
    let onsubmit = {
        let (desk, lead, on_duty, sending, person) = (desk.clone(), lead.clone(), on_duty.clone(), sending.clone(), actor.person.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(person) = person.clone() else {
                sending.refuse(console_words(language).who_first);
                return browser::focus(SELECT);
            };
            let lead = lead.cast::<HtmlSelectElement>().and_then(|select| PersonId::new(select.value()).ok());
            let Some(lead) = lead else { return };
            let desk = desk.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default();
            browser::remember(DESK, &desk);
            let what = OpenLog { person, desk, lead, on_duty: on_duty.iter().cloned().collect() };
            sending.send("/api/v1/shift-logs".to_owned(), client::json(&what), words.opened, opened.clone());
        })
    };
    let one = |person: &taydo_model::rota::page::PersonName| {
        let (chosen, id) = (on_duty.clone(), person.id.clone());
        let onchange = Callback::from(move |_: Event| {
            let mut next = (*chosen).clone();
            if !next.remove(&id) {
                next.insert(id.clone());
            }
            chosen.set(next);
        });
        html! { <label class="check"><input type="checkbox" name="on_duty" value={person.id.to_string()} checked={on_duty.contains(&person.id)} {onchange} />{ &person.name }</label> }
    };
    html! {
        <section class="opening"><h2>{ words.open_log }</h2>
            <form class="typing" {onsubmit}>
                <label class="field">{ words.desk }<input ref={desk} name="desk" type="text" maxlength="60" required=true autocomplete="off" value={browser::remembered(DESK)} /></label>
                <label class="field">{ words.lead }<select ref={lead} name="lead" required=true><option value="">{ words.choose }</option>{ actor.options(actor.person.as_ref()) }</select></label>
                <fieldset class="people"><legend>{ words.on_duty }</legend>{ for actor.known.people.iter().map(one) }</fieldset>
                <div class="buttons"><button type="submit" class="main" disabled={sending.is_busy()}>{ words.open_log }</button></div>
                <div>{ sending.view() }</div>
            </form>
        </section>
    }
}
