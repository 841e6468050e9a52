//! Who acts: chosen once in the page's head, and remembered by this browser until accounts exist.
//!
//! Must never let anything be done in nobody's name.

use super::asked::use_asked;
use crate::{
    browser,
    locale::{Language, console_words},
};
use std::rc::Rc;
use taydo_model::{PersonId, TeamId, console::PeoplePage};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Where the person is remembered.
const PERSON: &str = "taydo.person";
/// Where those are remembered who have acted here lately, in the order in which they came.
const RECENT: &str = "taydo.people";
/// How many of them a desk offers.
const RECENT_PEOPLE: usize = 4;
/// The select's id, so that it can be given the focus.
pub const SELECT: &str = "actor";
/// How often the people are asked for, in milliseconds.
const ASK_MS: u32 = 60_000;

/// Who acts, and who could.
#[derive(Clone, PartialEq)]
pub struct Actor {
    /// The one who was chosen, if they are still there.
    pub person: Option<PersonId>,
    /// Everybody, and the teams.
    pub known: Rc<PeoplePage>,
    /// Those who have acted at this desk lately, each at the place that it had when it came.
    pub recent: Vec<PersonId>,
    choose: Callback<Option<PersonId>>,
}

/// Who acts on this page.
#[hook]
pub fn use_actor() -> Actor {
    let people = use_asked::<PeoplePage>(String::new(), ASK_MS, || "/api/v1/people".to_owned());
    let person = use_state_eq(|| browser::remembered(PERSON).and_then(|id| PersonId::new(id).ok()));
    let setter = person.setter();
    let choose = Callback::from(move |person: Option<PersonId>| {
        browser::remember(PERSON, person.as_ref().map(PersonId::as_str).unwrap_or_default());
        if let Some(person) = &person {
            remember_recent(person);
        }
        setter.set(person);
    });
    let known = people.answer.unwrap_or_default();
    let person = (*person).clone().filter(|person| known.people.iter().any(|one| one.id == *person));
    let recent = recent().into_iter().filter(|person| known.people.iter().any(|one| one.id == *person)).collect();
    Actor { person, known, recent, choose }
}

fn recent() -> Vec<PersonId> {
    let remembered = browser::remembered(RECENT).unwrap_or_default();
    remembered.split(',').filter_map(|id| PersonId::new(id).ok()).collect()
}

/// Keeps everybody's place, so that a key goes on meaning the same person; who came first makes room for the fifth.
fn remember_recent(person: &PersonId) {
    let mut all = recent();
    if !all.contains(person) {
        if all.len() >= RECENT_PEOPLE {
            all.remove(0);
        }
        all.push(person.clone());
        browser::remember(RECENT, &all.iter().map(PersonId::as_str).collect::<Vec<_>>().join(","));
    }
}

impl Actor {
    /// From now on this person acts.
    pub fn choose(&self, person: PersonId) {
        // A select that somebody has used follows no attribute any more.
        browser::choose_option(SELECT, person.as_str());
        self.choose.emit(Some(person));
    }

    /// What somebody is called; their id where nobody knows.
    #[must_use]
    pub fn name(&self, person: &PersonId) -> String {
        self.known.people.iter().find(|one| one.id == *person).map_or_else(|| person.to_string(), |one| one.name.clone())
    }

    /// What a team is called; its id where nobody knows.
    #[must_use]
    pub fn team(&self, team: &TeamId) -> String {
        self.known.teams.iter().find(|one| one.id == *team).map_or_else(|| team.to_string(), |one| one.name.clone())
    }

    /// The options of a select of people.
    pub fn options(&self, chosen: Option<&PersonId>) -> Html {
        let option = |one: &taydo_model::rota::page::PersonName| {
            html! { <option value={one.id.to_string()} selected={chosen == Some(&one.id)}>{ &one.name }</option> }
        };
        self.known.people.iter().map(option).collect()
    }

    /// The select that the page's head shows.
    pub fn select(&self, language: Language) -> Html {
        let words = console_words(language);
        let choose = self.choose.clone();
        let onchange = Callback::from(move |event: Event| {
            let value = event.target_dyn_into::<HtmlSelectElement>().map(|select| select.value()).unwrap_or_default();
            choose.emit(PersonId::new(value).ok());
        });
        html! {
            <label class="actor"><span>{ words.who }</span>
                <select id={SELECT} {onchange}><option value="" selected={self.person.is_none()}>{ words.choose_who }</option>{ self.options(self.person.as_ref()) }</select>
            </label>
        }
    }
}
