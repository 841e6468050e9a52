//! One screen of a wall: its sizes follow from the wall's geometry, and what it shows from what the server announces.
//!
//! Must never need a hand: it reloads for a new build, and comes back by itself from whatever happens.

use super::{
    beat::{Pacer, Shows},
    stage::Stage,
};
use crate::{
    app::{use_answer, use_notice, use_speech},
    browser::{self, Theme},
    centre::Centre,
    client,
    pages::{Banner, Failure},
    timeline::Timeline,
    tree,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use taydo_model::{
    WallId,
    wall::{Profile, report::Report},
    wire::{ClientMessage, Topic, View},
};
use wasm_bindgen::{JsCast, prelude::Closure};
use yew::prelude::*;

/// Labels fill this angle at the farthest seat, in minutes of arc; the style sheet's other sizes are shares of it.
pub(crate) const LABEL_ARC_MIN: f64 = 20.0;

/// Which wall, and which of its displays.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct WallProps {
    /// Its id.
    pub id: WallId,
    /// The display's name; the first one where there is none of this name.
    #[prop_or_default]
    pub display: Option<String>,
    /// The screen's token; whoever has none looks on.
    #[prop_or_default]
    pub token: Option<String>,
}

/// The root's font size follows from the wall's profile and the display's width in it, also in a window that is smaller.
#[hook]
fn use_wall_size(profile: Option<(Profile, u32)>) {
    use_effect_with(profile, |profile| {
        let profile = profile.clone();
        let fit = move || {
            if let (Some((profile, own_px)), Some(width), Some(root)) = (&profile, browser::width_px(), browser::root()) {
                let label = profile.font_px(LABEL_ARC_MIN) * width / f64::from((*own_px).max(1));
                browser::set_style(&root, "font-size", &format!("{label:.2}px"));
                // An address may ask for another theme, to try it.
                let theme = browser::asked_theme().unwrap_or(Theme::of_wall(profile));
                browser::set_root("data-theme", theme.code());
            }
        };
        fit();
        let resized = Closure::<dyn FnMut()>::new(fit);
        if let Some(window) = web_sys::window() {
            window.set_onresize(Some(resized.as_ref().unchecked_ref()));
        }
        move || {
            if let Some(window) = web_sys::window() {
                window.set_onresize(None);
            }
            if let Some(root) = browser::root() {
                browser::set_style(&root, "font-size", "");
            }
            drop(resized);
        }
    });
}

/// What the wall shows, as the server announces it; the number counts what was heard.
#[hook]
fn use_timeline(centre: &Centre, id: &WallId, token: Option<String>) -> (Rc<RefCell<Timeline>>, u32) {
    let timeline: Rc<RefCell<Timeline>> = use_mut_ref(Timeline::default);
    let heard = use_state_eq(|| 0_u32);
    let (lines, setter, centre) = (timeline.clone(), heard.setter(), centre.clone());
    use_effect_with(id.clone(), move |id| {
        let (handle, count) = (centre.clone(), Cell::new(0_u32));
        let hear = move |state| {
            if let Some(state) = tree::read(state) {
                lines.borrow_mut().hear(state, handle.now().time);
                count.set(count.get().wrapping_add(1));
                setter.set(count.get());
            }
        };
        centre.attend(ClientMessage::Attend { wall: id.clone(), token }, Callback::from(hear));
    });
    (timeline, *heard)
}

/// The page.
#[component]
pub(super) fn WallView(props: &WallProps) -> Html {
    let language = use_speech().language;
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let notice = use_notice(&centre);
    let (page, error) = use_answer((props.id.clone(), notice.generation), |(id, _)| client::wall(id));
    let display = page.as_ref().map(|page| props.display.as_deref().and_then(|name| page.wall.display(name)).unwrap_or(0));
    let width = page.as_ref().zip(display).and_then(|(page, at)| page.wall.displays.get(at)).map(|display| display.size_px.0);
    use_wall_size(page.as_ref().zip(width).map(|(page, width)| (page.wall.profile.clone(), width)));
    let (timeline, heard) = use_timeline(&centre, &props.id, props.token.clone());
    let shows: Shows = use_mut_ref(Report::default);
    let follower = centre.clone();
    use_effect_with(page.clone(), move |page| {
        if let Some(page) = page {
            browser::set_title(page.wall.title.get(language));
            let topics = page.boards.iter().map(|page| Topic { board: page.board.id.clone(), view: View::All }).collect();
            let definitions = page.boards.first().map(|board| board.definitions.clone()).unwrap_or_default();
            follower.follow(topics, definitions, None);
        }
    });
    let (own, drawn, pacer) = (centre, shows.clone(), use_context::<Pacer>());
    use_effect_with((), move |()| {
        own.set_kiosk(true);
        if let Some(pacer) = pacer {
            pacer.attend(own, drawn);
        }
    });
    let Some((page, display)) = page.zip(display) else { return html! { <Failure {error} {language} /> } };
    html! { <><Banner /><Stage {page} {display} {timeline} {heard} {shows} /></> }
}
