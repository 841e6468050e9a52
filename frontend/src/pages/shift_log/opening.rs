//! The form by which a shift log is opened: from which desk, who leads, who else is on duty.
//!
//! Must never open one in nobody's name.

use crate::{
    browser, client,
    locale::{Language, console_words, room_words},
    pages::{
        actor::{Actor, SELECT},
        sending::{Sending, use_sending},
    },
};
use taydo_model::{PersonId, shift_log::request::OpenLog};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Where the desk is remembered.
const DESK: &str = "taydo.desk";

/// The form, and what is chosen in it.
pub(super) struct Opening {
    sending: Sending,
    desk: NodeRef,
    lead: NodeRef,
    on_duty: UseStateHandle<Vec<PersonId>>,
    language: Language,
}

/// The form.
#[hook]
pub(super) fn use_opening(again: &Callback<()>, language: Language) -> Opening {
    let sending = use_sending(again, language);
    Opening { sending, desk: use_node_ref(), lead: use_node_ref(), on_duty: use_state_eq(Vec::new), language }
}

impl Opening {
    fn submit(&self, actor: &Actor, opened: Callback<()>) -> Callback<SubmitEvent> {
        let (desk, lead, on_duty, sending) = (self.desk.clone(), self.lead.clone(), self.on_duty.clone(), self.sending.clone());
        let (person, language) = (actor.person.clone(), self.language);
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
            let what = OpenLog { person, desk, lead, on_duty: (*on_duty).clone() };
            sending.send("/api/v1/shift-logs".to_owned(), client::json(&what), room_words(language).opened, opened.clone());
        })
    }

    /// What it looks like; `opened` is called when a log was opened.
    pub(super) fn view(&self, actor: &Actor, opened: Callback<()>) -> Html {
        let words = room_words(self.language);
        let one = |person: &taydo_model::rota::page::PersonName| {
            let (chosen, id) = (self.on_duty.clone(), person.id.clone());
            let onchange = Callback::from(move |_: Event| {
                let mut next = (*chosen).clone();
                match next.iter().position(|one| *one == id) {
                    Some(at) => drop(next.remove(at)),
                    None => next.push(id.clone()),
                }
                chosen.set(next);
            });
            let is_chosen = self.on_duty.contains(&person.id);
            html! { <label class="check"><input type="checkbox" name="on_duty" value={person.id.to_string()} checked={is_chosen} {onchange} />{ &person.name }</label> }
        };
        html! {
            <section class="opening"><h2>{ words.open_log }</h2>
                <form class="typing" onsubmit={self.submit(actor, opened)}>
                    <label class="field">{ words.desk }<input ref={self.desk.clone()} name="desk" type="text" maxlength="60" required=true autocomplete="off" value={browser::remembered(DESK)} /></label>
                    <label class="field">{ words.lead }<select ref={self.lead.clone()} name="lead" required=true><option value="" selected={actor.person.is_none()}>{ words.choose }</option>{ actor.options(actor.person.as_ref()) }</select></label>
                    <fieldset class="people"><legend>{ words.on_duty }</legend>{ for actor.known.people.iter().map(one) }</fieldset>
                    <div class="buttons"><button type="submit" class="main" disabled={self.sending.is_busy()}>{ words.open_log }</button></div>
                    <div>{ self.sending.view() }</div>
                </form>
            </section>
        }
    }
}
