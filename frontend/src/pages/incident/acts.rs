//! What people do about an incident: one button each, and the server's sentence where it refuses.
//!
//! Must never do twice what was pressed once, nor resolve without asking.

use crate::{
    browser,
    centre::Centre,
    client,
    locale::{ConsoleWords, Language, console_words},
    pages::{
        actor::{Actor, SELECT},
        answered,
    },
};
use jiff::SignedDuration;
use std::rc::Rc;
use taydo_model::{
    PersonId, WallId,
    api::Link,
    console::{Act, IncidentNotes, MAX_TEXT_CHARS},
    incident::{IncidentId, Standing},
    wall::plan::{WallAct, WallOrder},
};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// The note's id, so that it can be given the focus.
pub(super) const NOTE: &str = "note";

/// How the page lets things be done.
#[derive(Clone)]
pub(super) struct Desk {
    person: Option<PersonId>,
    said: UseStateHandle<Option<Result<&'static str, String>>>,
    is_busy: UseStateHandle<bool>,
    is_asking: UseStateHandle<bool>,
    note: NodeRef,
    again: Callback<()>,
    incident: IncidentId,
    language: Language,
}

/// The desk of an incident's page.
#[hook]
pub(super) fn use_desk(incident: IncidentId, actor: &Actor, again: &Callback<()>, language: Language) -> Desk {
    Desk {
        person: actor.person.clone(),
        said: use_state_eq(|| None),
        is_busy: use_state_eq(|| false),
        is_asking: use_state_eq(|| false),
        note: use_node_ref(),
        again: again.clone(),
        incident,
        language,
    }
}

impl Desk {
    /// Does something in the actor's name; asks for the actor where there is none.
    pub(super) fn act(&self, make: &dyn Fn(PersonId) -> Act) {
        let path = format!("/api/v1/incidents/{}/acts", self.incident.0);
        self.send(path, &|person| {
            let act = make(person);
            (client::json(&act), matches!(act, Act::Note { .. }))
        });
    }

    /// Sends what is made in the actor's name, and whether that was the note.
    fn send(&self, path: String, make: &dyn Fn(PersonId) -> (String, bool)) {
        let words = console_words(self.language);
        let Some(person) = self.person.clone() else {
            self.said.set(Some(Err(words.who_first.to_owned())));
            browser::focus(SELECT);
            return;
        };
        if *self.is_busy {
            return;
        }
        self.is_busy.set(true);
        let (desk, (body, is_note)) = (self.clone(), make(person));
        wasm_bindgen_futures::spawn_local(async move {
            let result = client::send(path, body).await;
            if result.is_ok()
                && is_note
                && let Some(area) = desk.note.cast::<HtmlTextAreaElement>()
            {
                area.set_value("");
            }
            desk.said.set(Some(result.map(|()| words.done).map_err(|error| error.sentence(desk.language))));
            desk.is_busy.set(false);
            desk.is_asking.set(false);
            desk.again.emit(());
        });
    }

    /// Says what is missing, and does nothing.
    pub(super) fn refuse(&self, why: &'static str) {
        self.said.set(Some(Err(why.to_owned())));
    }

    fn button(&self, name: &'static str, class: &'static str, text: String, make: Rc<dyn Fn(PersonId) -> Act>) -> Html {
        let desk = self.clone();
        let onclick = Callback::from(move |_: MouseEvent| desk.act(&*make));
        html! { <button type="button" data-act={name} {class} disabled={*self.is_busy} {onclick}>{ text }</button> }
    }

    /// A button for each wall, which shows the incident on all its screens.
    fn walls(&self, centre: &Centre, words: &ConsoleWords) -> Html {
        let incident = self.incident;
        let one = |wall: &Link<WallId>| {
            let (desk, path) = (self.clone(), format!("/api/v1/walls/{}/acts", wall.id));
            let onclick = Callback::from(move |_: MouseEvent| {
                desk.send(path.clone(), &|person| (client::json(&WallOrder { person, act: WallAct::TakeOver { incident } }), false));
            });
            html! { <button type="button" data-act="wall" disabled={*self.is_busy} {onclick}>{ format!("{} {}", words.show_on, wall.title.get(self.language)) }</button> }
        };
        centre.city().walls.iter().map(one).collect()
    }

    fn snoozes(&self, centre: &Centre, words: &ConsoleWords) -> Html {
        let one = |(minutes, text): (i64, &'static str)| {
            let centre = centre.clone();
            self.button(
                "snooze",
                "",
                format!("{} {text}", words.snooze),
                Rc::new(move |person| Act::Snooze {
                    person,
                    until: centre.now().time.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(centre.now().time),
                }),
            )
        };
        [(30, words.half_hour), (60, words.one_hour), (240, words.four_hours)].into_iter().map(one).collect()
    }

    fn resolving(&self, words: &ConsoleWords) -> Html {
        let ask = |asks: bool| {
            let is_asking = self.is_asking.setter();
            Callback::from(move |_: MouseEvent| is_asking.set(asks))
        };
        if !*self.is_asking {
            return html! { <button type="button" data-act="ask-resolve" onclick={ask(true)}>{ words.resolve }{ "…" }</button> };
        }
        html! {
            <span class="asking" role="group" aria-label={words.really_resolve}><b>{ words.really_resolve }</b>
                { self.button("resolve", "main", words.yes_resolve.to_owned(), Rc::new(|person| Act::Resolve { person })) }
                <button type="button" onclick={ask(false)}>{ words.no_resolve }</button></span>
        }
    }

    fn noting(&self, words: &ConsoleWords) -> Html {
        let note = self.note.clone();
        let text = move || note.cast::<HtmlTextAreaElement>().map(|area| area.value()).unwrap_or_default();
        html! {
            <div class="noting">
                <label class="field wide">{ words.note }<textarea id={NOTE} ref={self.note.clone()} rows="2" maxlength={MAX_TEXT_CHARS.to_string()} /></label>
                { self.button("note", "", words.write_note.to_owned(), Rc::new(move |person| Act::Note { person, text: text() })) }
            </div>
        }
    }

    /// The buttons.
    pub(super) fn view(&self, page: &Rc<IncidentNotes>, centre: &Centre) -> Html {
        let words = console_words(self.language);
        let standing = page.view.incident.standing;
        let (escalation, taken) = page.escalation;
        let is_mine = self.person.is_some() && page.view.incident.assignee == self.person && standing == Standing::Acknowledged;
        html! {
            <section class="acts">
                <h2>{ words.answers }</h2>
                if standing != Standing::Resolved {
                    <div class="buttons">
                        if standing == Standing::Triggered { { self.button("acknowledge", "main", words.acknowledge.to_owned(), Rc::new(|person| Act::Acknowledge { person })) } }
                        if standing != Standing::Triggered && !is_mine { { self.button("take", "main", words.take.to_owned(), Rc::new(|person| Act::Take { person })) } }
                        { self.snoozes(centre, words) }
                        { self.walls(centre, words) }
                        { self.button("escalate", "", words.escalate.to_owned(), Rc::new(move |person| Act::Escalate { person, escalation, taken })) }
                        { self.resolving(words) }
                    </div>
                }
                { answered(self.said.as_ref().map(|said| said.as_ref().map(|text| *text).map_err(String::as_str))) }
                { self.noting(words) }
            </section>
        }
    }
}
