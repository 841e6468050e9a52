//! A wall's screens: which draw, which no longer do and since when, and enrolling one by the code that it shows.
//!
//! Must never revoke a screen at one press.

use super::super::{
    actor::{self, Actor},
    sending::Sending,
};
use crate::{app::use_speech, browser, centre::Centre, client, locale::wall_words};
use std::rc::Rc;
use taydo_model::{
    WallId,
    wall::page::{EnrolScreen, ScreenId, ScreenState, ScreenStatus, WallStatus, WallsPage},
};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

#[derive(Clone, Properties)]
pub(super) struct ScreensProps {
    pub status: Rc<WallStatus>,
    pub actor: Actor,
    pub sending: Sending,
}

impl PartialEq for ScreensProps {
    fn eq(&self, other: &Self) -> bool {
        self.status == other.status && self.actor == other.actor && self.sending.is_busy() == other.sending.is_busy()
    }
}

/// The list.
#[component]
pub(super) fn Screens(props: &ScreensProps) -> Html {
    let words = wall_words(use_speech().language);
    let asked = use_state_eq(|| None::<ScreenId>);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let revoke = |id: ScreenId| {
        let (own, asked) = (props.clone(), asked.clone());
        Callback::from(move |_| {
            let Some(person) = own.actor.person.clone() else {
                browser::focus(actor::SELECT);
                return own.sending.refuse(words.choose_actor);
            };
            if *asked != Some(id) {
                return asked.set(Some(id));
            }
            asked.set(None);
            own.sending.remove(format!("/api/v1/screens/{}?person={person}", id.0), words.done);
        })
    };
    let row = |screen: &ScreenStatus| {
        let (code, word) = match screen.state {
            ScreenState::Live => ("live", words.live),
            ScreenState::Awaited => ("awaited", words.awaited),
            ScreenState::Dead => ("dead", words.dead),
        };
        let drawn = screen.drawn_at.map(|at| centre.calendar().moment(at, centre.now().time));
        let since = (screen.state == ScreenState::Dead)
            .then(|| drawn.map_or_else(|| words.never.to_owned(), |at| format!("{} {at}", words.dead_since)));
        html! {
            <li key={screen.id.0} data-state={code} data-screen={screen.id.0.to_string()}>
                <b>{ words.display }{ " " }{ &screen.display }</b>
                <span class="state">{ word }{ since.map(|since| format!(" {since}")) }</span>
                <span class="note">{ screen.shows.as_ref().map(ToString::to_string) }</span>
                <button type="button" onclick={revoke(screen.id)}>{ if *asked == Some(screen.id) { words.revoke_really } else { words.revoke } }</button>
            </li>
        }
    };
    let viewers =
        (props.status.viewers > 0).then(|| html! { <p class="note">{ format!("{} {}", props.status.viewers, words.viewers) }</p> });
    html! {
        <div class="screens">
            <h3>{ words.screens }</h3>
            if props.status.screens.is_empty() { <p class="note">{ words.no_screens }</p> }
            <ul>{ for props.status.screens.iter().map(row) }</ul>{ viewers }
        </div>
    }
}

#[derive(Clone, Properties)]
pub(super) struct EnrolProps {
    pub page: Rc<WallsPage>,
    pub actor: Actor,
    pub sending: Sending,
}

impl PartialEq for EnrolProps {
    fn eq(&self, other: &Self) -> bool {
        let walls = |props: &Self| props.page.walls.iter().map(|status| status.wall.clone()).collect::<Vec<_>>();
        walls(self) == walls(other) && self.actor == other.actor && self.sending.is_busy() == other.sending.is_busy()
    }
}

/// Enrols the screen that shows a code.
#[component]
pub(super) fn Enrol(props: &EnrolProps) -> Html {
    let language = use_speech().language;
    let words = wall_words(language);
    let (code, place) = (use_node_ref(), use_node_ref());
    let onsubmit = {
        let (own, code, place) = (props.clone(), code.clone(), place.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(person) = own.actor.person.clone() else {
                browser::focus(actor::SELECT);
                return own.sending.refuse(words.choose_actor);
            };
            let (Some(input), Some(select)) = (code.cast::<HtmlInputElement>(), place.cast::<HtmlSelectElement>()) else { return };
            let digits: String = input.value().chars().filter(char::is_ascii_digit).collect();
            let value = select.value();
            let Some((wall, display)) = value.split_once(' ') else { return };
            let Ok(wall) = WallId::new(wall) else { return };
            let what = EnrolScreen { person, code: digits, wall, display: display.to_owned() };
            input.set_value("");
            own.sending.send("/api/v1/screens".to_owned(), client::json(&what), words.enrolled, Callback::noop());
        })
    };
    let option = |(n, status): (usize, &WallStatus)| {
        let option = |(m, display): (usize, &taydo_model::wall::Display)| {
            let selected = n == 0 && m == 0;
            html! { <option value={format!("{} {}", status.wall.id, display.name)} {selected}>{ format!("{} · {} {}", status.wall.title.get(language), words.display, display.name) }</option> }
        };
        status.wall.displays.iter().enumerate().map(option).collect::<Html>()
    };
    html! {
        <section class="enrol-desk">
            <h2>{ words.enrol }</h2>
            <form {onsubmit}>
                <label class="field">{ words.code }<input ref={code} name="code" inputmode="numeric" autocomplete="off" maxlength="7" required={true} /></label>
                <label class="field">{ words.display }<select ref={place} name="place">{ for props.page.walls.iter().enumerate().map(option) }</select></label>
                <button disabled={props.sending.is_busy()}>{ words.enrol_act }</button>
            </form>
        </section>
    }
}
