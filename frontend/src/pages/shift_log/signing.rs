//! Signing off: one of the shift hands over, somebody else takes over or sends it back.
//!
//! Must never sign without asking, nor more than was shown: a signature names the last line that the page has.

use crate::{
    browser, client,
    locale::{Language, console_words, room_words},
    pages::{
        actor::{Actor, SELECT},
        sending::{Sending, use_sending},
    },
};
use taydo_model::{
    PersonId,
    shift_log::{Standing, page::LogHead, request::Sign},
};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The buttons, and what was asked.
pub(super) struct Signing {
    sending: Sending,
    /// Of which last line it was asked: asked again when the log has gone on.
    asked_of: UseStateHandle<Option<i64>>,
    why: NodeRef,
    language: Language,
}

/// The buttons.
#[hook]
pub(super) fn use_signing(again: &Callback<()>, language: Language) -> Signing {
    Signing { sending: use_sending(again, language), asked_of: use_state_eq(|| None), why: use_node_ref(), language }
}

impl Signing {
    fn sign(&self, head: &LogHead, actor: &Actor, make: impl Fn(PersonId) -> Sign + 'static) -> Callback<MouseEvent> {
        let (sending, person, asked_of) = (self.sending.clone(), actor.person.clone(), self.asked_of.setter());
        let (path, language) = (format!("/api/v1/shift-logs/{}/signatures", head.id.0), self.language);
        // One closure for all of them: each of its own would weigh as much again.
        let make: Box<dyn Fn(PersonId) -> Sign> = Box::new(make);
        Callback::from(move |_: MouseEvent| {
            let Some(person) = person.clone() else {
                sending.refuse(console_words(language).who_first);
                return browser::focus(SELECT);
            };
            asked_of.set(None);
            sending.send(path.clone(), client::json(&make(person)), room_words(language).signed, Callback::noop());
        })
    }

    /// What they look like.
    pub(super) fn view(&self, head: &LogHead, actor: &Actor) -> Html {
        let (words, lines) = (room_words(self.language), head.lines);
        let is_waiting = head.standing == Standing::HandedOver;
        if head.standing == Standing::Closed {
            return html! { <p class="note">{ words.closed }</p> };
        }
        let ask = |of: Option<i64>| {
            let asked_of = self.asked_of.setter();
            Callback::from(move |_: MouseEvent| asked_of.set(of))
        };
        let sign = self.sign(head, actor, move |person| match is_waiting {
            true => Sign::TakeOver { person, seen: lines },
            false => Sign::HandOver { person, seen: lines },
        });
        let why = self.why.clone();
        let back = self.sign(head, actor, move |person| {
            let why = why.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default();
            Sign::SendBack { person, why }
        });
        html! {
            <section class="signing"><h2>{ words.sign }</h2>
                if is_waiting { <p class="note">{ words.waits }</p> }
                <div class="buttons">
                    if *self.asked_of == Some(lines) {
                        <span class="asking" role="group" aria-label={words.really}><b>{ words.really }</b>
                            <button type="button" class="main" data-act="sign" onclick={sign}>{ words.yes }</button>
                            <button type="button" onclick={ask(None)}>{ words.no }</button></span>
                    } else {
                        <button type="button" data-act="ask-sign" disabled={self.sending.is_busy()} onclick={ask(Some(lines))}>{ if is_waiting { words.take_over } else { words.hand_over } }{ "…" }</button>
                    }
                </div>
                if is_waiting {
                    <div class="noting"><label class="field wide">{ words.why }<input ref={self.why.clone()} name="why" type="text" maxlength="500" autocomplete="off" /></label>
                        <button type="button" data-act="send-back" onclick={back}>{ words.send_back }</button></div>
                }
                { self.sending.view() }
            </section>
        }
    }
}
