//! The wall: scenes that change by the server's time, in sizes that follow from the wall's geometry. No controls, no
//! cursor, nothing that has to be touched.
//!
//! Must never need a hand: it reloads for a new build, and comes back by itself from whatever happens.

use crate::{
    app::{use_answer, use_notice, use_speech},
    browser::{self, Theme},
    centre::Centre,
    client,
    locale::words,
    pages::{Banner, Failure, Grid},
    scene::scene_at,
    store::Interest,
};
use std::rc::Rc;
use taydo_model::{
    WallId,
    api::{BoardPage, WallPage},
    wall::Profile,
    wire::{Topic, View},
};
use wasm_bindgen::{JsCast, prelude::Closure};
use yew::prelude::*;

/// Labels fill this angle at the farthest seat, in minutes of arc; the style sheet's other sizes are shares of it.
const LABEL_ARC_MIN: f64 = 20.0;
/// The picture moves by a few pixels this often, in seconds, so that nothing burns in.
const SHIFT_S: i64 = 120;
/// Where to, in pixels.
const SHIFTS: [(i32, i32); 4] = [(0, 0), (3, 0), (3, 3), (0, 3)];

/// Which wall.
#[derive(Clone, PartialEq, Properties)]
pub struct WallProps {
    /// Its id.
    pub id: WallId,
}

/// The root's font size follows from the wall's profile, also in a window that is smaller than the wall.
#[hook]
fn use_wall_size(profile: Option<Profile>) {
    use_effect_with(profile, |profile| {
        let profile = profile.clone();
        let fit = move || {
            if let (Some(profile), Some(width), Some(root)) = (&profile, browser::width_px(), browser::root()) {
                let label = profile.font_px(LABEL_ARC_MIN) * width / f64::from(profile.width_px.max(1));
                browser::set_style(&root, "font-size", &format!("{label:.2}px"));
                // The room's light decides, not taste; an address may ask for another, to try it.
                let theme = browser::asked_theme().unwrap_or(if profile.is_bright() { Theme::Light } else { Theme::Dark });
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

/// What the wall's head shows; renewed once a second.
#[derive(Debug, Clone, PartialEq)]
struct Head {
    scene: usize,
    time: String,
    date: String,
}

#[derive(Clone, PartialEq, Properties)]
struct ScenesProps {
    page: Rc<WallPage>,
}

#[component]
fn Scenes(props: &ScenesProps) -> Html {
    let language = use_speech().language;
    let place = use_node_ref();
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let (page, node) = (props.page.clone(), place.clone());
    let make = || -> crate::panels::Look<Head> {
        Box::new(move |centre: &Centre, now| {
            let scene = scene_at(&page.wall.scenes, now.time).map_or(0, |(scene, _)| scene);
            let step = usize::try_from(now.time.as_second().div_euclid(SHIFT_S).rem_euclid(4)).unwrap_or(0);
            if let (Some(element), Some((x, y))) = (node.cast::<web_sys::Element>(), SHIFTS.get(step)) {
                browser::set_style(&element, "transform", &format!("translate({x}px, {y}px)"));
            }
            let calendar = centre.calendar();
            (Head { scene, time: calendar.second(now.time), date: calendar.date(now.time) }, None)
        })
    };
    let head = crate::panels::use_look(&centre, props.page.clone(), Vec::<Interest>::new, make);
    let board: Option<Rc<BoardPage>> = head.as_ref().and_then(|head| {
        let scene = props.page.wall.scenes.get(head.scene)?;
        props.page.boards.iter().find(|page| page.board.id == scene.board).cloned().map(Rc::new)
    });
    // The same scene stays the same value, so that its panels are left alone for as long as it is on.
    let id = board.as_ref().map(|page| (page.board.id.clone(), page.definitions.clone()));
    let board = use_memo(id, |_| board);
    let (Some(head), Some(board)) = (head, (*board).clone()) else {
        return html! { <main class="failure"><p>{ words(language).no_scenes }</p></main> };
    };
    html! {
        <main class="wall" ref={place}>
            <header>
                <h1>{ board.board.title.get(language) }</h1>
                <p class="brand">{ centre.city().city.name.get(language) }</p>
                <p class="clock"><span>{ head.date }</span>{ " " }<time>{ head.time }</time></p>
            </header>
            <Grid key={board.board.id.to_string()} page={board.clone()} is_kiosk={true} />
        </main>
    }
}

/// The page.
#[component]
pub fn WallView(props: &WallProps) -> Html {
    let language = use_speech().language;
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let notice = use_notice(&centre);
    let (page, error) = use_answer((props.id.clone(), notice.generation), |(id, _)| client::wall(id));
    use_wall_size(page.as_ref().map(|page| page.wall.profile.clone()));
    let follower = centre.clone();
    use_effect_with(page.clone(), move |page| {
        if let Some(page) = page {
            browser::set_title(page.wall.title.get(language));
            let topics = page.boards.iter().map(|page| Topic { board: page.board.id.clone(), view: View::All }).collect();
            let definitions = page.boards.first().map(|board| board.definitions.clone()).unwrap_or_default();
            follower.follow(topics, definitions, None);
        }
    });
    let leaver = centre;
    use_effect_with((), move |()| {
        browser::set_root("data-kiosk", "true");
        leaver.set_kiosk(true);
        move || {
            leaver.set_kiosk(false);
            leaver.follow(Vec::new(), String::new(), None);
            if let Some(root) = browser::root() {
                let _ = root.remove_attribute("data-kiosk");
            }
        }
    });
    let Some(page) = page else { return html! { <Failure {error} {language} /> } };
    html! { <><Banner /><Scenes {page} /></> }
}
