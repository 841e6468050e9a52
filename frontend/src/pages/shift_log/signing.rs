//! Signing off: one of the shift hands over, somebody else takes over or sends it back.
//!
//! Must never sign without asking, nor more than was shown: a signature names the last line that the page has.

use crate::{
    browser, client,
    locale::{Language, console_words, room_words},
    pages::{
        actor::{Actor, SELECT},
        sending::use_sending,
    },
};
use taydo_model::{
    PersonId,
    shift_log::{ShiftLogId, Standing, request::Sign},
};
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Clone, PartialEq, Properties)]
pub(super) struct SigningProps {
    pub(super) id: ShiftLogId,
    pub(super) standing: Standing,
    pub(super) lines: i64,
    pub(super) actor: Actor,
    pub(super) language: Language,
    pub(super) again: Callback<()>,
}

/// The form.
#[component]
pub(super) fn Signing(props: &SigningProps) -> Html {
    let SigningProps { id, standing, lines, actor, language, again } = props.clone();
    let words = room_words(language);
    let sending = use_sending(&again, language);
    // What was asked is asked again when the log has gone on.
    let asked_of = use_state_eq(|| None::<i64>);
    let why = use_node_ref();
    let sign = |make: Box<dyn Fn(PersonId) -> Sign>| {
        let (sending, person, asked_of) = (sending.clone(), actor.person.clone(), asked_of.setter());
        Callback::from(move |_: MouseEvent| {
            let Some(person) = person.clone() else {
                sending.refuse(console_words(language).who_first);
                return browser::focus(SELECT);
            };
            asked_of.set(None);
            sending.send(format!("/api/v1/shift-logs/{}/signatures", id.0), client::json(&make(person)), words.signed, Callback::noop());
        })
    };
    let ask = |of: Option<i64>| {
        let asked_of = asked_of.setter();
        Callback::from(move |_: MouseEvent| asked_of.set(of))
    };
    let (text, make): (_, Box<dyn Fn(PersonId) -> Sign>) = match standing {
        Standing::Open => (words.hand_over, Box::new(move |person| Sign::HandOver { person, seen: lines })),
        Standing::HandedOver => (words.take_over, Box::new(move |person| Sign::TakeOver { person, seen: lines })),
        Standing::Closed => return html! { <p class="note">{ words.closed }</p> },
    };
    let back = {
        let why = why.clone();
        sign(Box::new(move |person| Sign::SendBack {
            person,
            why: why.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default(),
        }))
    };
    html! {
        <section class="signing"><h2>{ words.sign }</h2>
            if standing == Standing::HandedOver { <p class="note">{ words.waits }</p> }
            <div class="buttons">
                if *asked_of == Some(lines) {
                    <span class="asking" role="group" aria-label={words.really}><b>{ words.really }</b>
                        <button type="button" class="main" data-act="sign" onclick={sign(make)}>{ words.yes }</button>
                        <button type="button" onclick={ask(None)}>{ words.no }</button></span>
                } else {
                    <button type="button" data-act="ask-sign" disabled={sending.is_busy()} onclick={ask(Some(lines))}>{ text }{ "…" }</button>
                }
            </div>
            if standing == Standing::HandedOver {
                <div class="noting"><label class="field wide">{ words.why }<input ref={why} name="why" type="text" maxlength="500" autocomplete="off" /></label>
                    <button type="button" data-act="send-back" onclick={back}>{ words.send_back }</button></div>
            }
            { sending.view() }
        </section>
    }
}
