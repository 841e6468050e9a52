//! The program of a wall's screen: one page, no controls, nothing that has to be touched.
//!
//! Must never need a hand, and never show that all is well when the screen no longer draws.

mod screen;

use crate::{
    app::{Shared, Speech},
    browser, locale,
    route::Route,
};
use yew::prelude::*;

/// Puts the program into the page.
pub fn start() {
    yew::Renderer::<Kiosk>::new().render();
}

#[component]
fn Kiosk() -> Html {
    let language = browser::language();
    use_effect_with((), move |()| {
        browser::set_root("lang", locale::code(language));
        browser::set_root("data-theme", browser::theme().code());
        browser::set_root("data-kiosk", "true");
    });
    let speech = Speech { language, choose: Callback::noop() };
    let Route::Wall(id) = Route::parse(&browser::path()) else { return Html::default() };
    html! {
        <ContextProvider<Speech> context={speech}>
            <Shared><screen::WallView {id} /></Shared>
        </ContextProvider<Speech>>
    }
}
