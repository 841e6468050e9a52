//! The walls' program. A screen is one page without controls, nothing that has to be touched; `/walls` controls them all.
//!
//! `/wall` is an enrolled screen's own, and shows a code until it is one; `/wall/{id}?display=NAME` looks on. Must never need
//! a hand, and never show that all is well when the screen no longer draws.

pub(crate) mod beat;
mod enrol;
pub(crate) mod screen;
pub(crate) mod stage;
mod takeover;

use crate::{
    app::{Shared, Speech, Spoken, use_speech},
    browser,
    centre::Centre,
    locale,
    pages::{Failure, walls::Walls},
    route::Route,
};
use enrol::Standing;
use yew::prelude::*;

/// Puts the program into the page.
pub fn start() {
    match Route::parse(&browser::path()) {
        Route::Walls => drop(yew::Renderer::<Desk>::new().render()),
        _ => drop(yew::Renderer::<Kiosk>::new().render()),
    }
}

/// The page that people operate: without a way of its own, its links load the program that they lead to.
#[component]
fn Desk() -> Html {
    html! { <Spoken><Walls /></Spoken> }
}

#[component]
fn Kiosk() -> Html {
    let language = browser::language();
    use_effect_with((), move |()| {
        browser::set_root("lang", locale::code(language));
        browser::set_root("data-theme", browser::theme().code());
        browser::set_root("data-kiosk", "true");
    });
    let pacer = use_memo((), |()| beat::start());
    let speech = Speech { language, choose: Callback::noop() };
    let page = match Route::parse(&browser::path()) {
        Route::Wall(id) => html! { <screen::WallView {id} display={browser::query("display")} /> },
        _ => html! { <Own /> },
    };
    html! {
        <ContextProvider<Speech> context={speech}>
            <ContextProvider<beat::Pacer> context={(*pacer).clone()}><Shared>{ page }</Shared></ContextProvider<beat::Pacer>>
        </ContextProvider<Speech>>
    }
}

/// The screen of this computer, wherever it belongs.
#[component]
fn Own() -> Html {
    let language = use_speech().language;
    let centre = use_context::<Centre>();
    match enrol::use_standing() {
        Standing::Asking(error) => html! { <Failure {error} {language} /> },
        Standing::Waiting(code) => enrol::view(&code, centre.as_ref(), language),
        Standing::Enrolled(own) => html! { <screen::WallView id={own.wall} display={own.display} token={own.token} /> },
    }
}
