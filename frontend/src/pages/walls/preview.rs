//! What is on a wall and what comes next, and each of its screens in small at its place.
//!
//! The pictures are drawn from the plan that the screens follow. Must never let one stand for a screen that draws no more,
//! that was never enrolled, or that says it shows something else.

mod condition;
mod miniature;
mod standing;

use crate::{
    app::use_speech,
    browser,
    centre::Centre,
    locale::{Language, wall_words},
    panels::{Look, use_look},
    store::Interest,
    timeline::Timeline,
};
use condition::{Condition, board_title};
use jiff::Timestamp;
use miniature::Miniature;
use standing::Standing;
use std::{cell::RefCell, collections::BTreeSet, rc::Rc};
use taydo_model::{
    BoardId,
    api::{BoardPage, WallPage},
    wall::{
        Display,
        page::{WallState, WallStatus},
        plan::Shown,
    },
};
use yew::prelude::*;

#[derive(Clone, PartialEq, Properties)]
pub(super) struct PreviewProps {
    pub status: Rc<WallStatus>,
    /// The wall's boards, once they are here.
    pub page: Option<Rc<WallPage>>,
    /// Whether the server doesn't answer, so that the status is an old one.
    pub is_old: bool,
}

/// What is on at a moment.
#[derive(Debug, Clone, PartialEq)]
struct On {
    state: Rc<WallState>,
    shown: Shown,
    now: Timestamp,
}

/// The state as the server told it last, on a line of time: a plan holds from its instant on. The number counts what was heard.
#[hook]
fn use_told(status: &WallStatus) -> (Rc<RefCell<Timeline>>, u32) {
    let timeline: Rc<RefCell<Timeline>> = use_mut_ref(Timeline::default);
    let heard = use_state_eq(|| 0_u32);
    let (lines, setter, count) = (timeline.clone(), heard.setter(), *heard);
    let centre = use_context::<Centre>();
    use_effect_with(status.state.clone(), move |state| {
        if let Some(centre) = centre {
            lines.borrow_mut().hear(state.clone(), centre.now().time);
            setter.set(count.wrapping_add(1));
        }
    });
    (timeline, *heard)
}

impl PreviewProps {
    fn scene_title(&self, scene: usize, language: Language) -> String {
        let boards = self.status.wall.scenes.get(scene).map(|scene| scene.boards.as_slice()).unwrap_or_default();
        let titles: Vec<String> = boards.iter().map(|id| board_title(self.page.as_deref(), id, language)).collect();
        titles.join(" · ")
    }

    /// What one display shows by the plan, and its board where it shows one.
    fn planned(&self, on: &On, display: usize, language: Language) -> (String, Option<BoardId>) {
        let words = wall_words(language);
        match on.shown {
            Shown::Blank => (words.blank.to_owned(), None),
            Shown::Nothing => (words.nothing.to_owned(), None),
            Shown::Takeover => {
                let title = on.state.plan.takeover.as_ref().map(|one| one.title.get(language));
                (title.unwrap_or(words.takeover).to_owned(), None)
            }
            Shown::Scene { scene, .. } => {
                let Some(id) = self.status.wall.scenes.get(scene).and_then(|scene| scene.board(display)) else { return Default::default() };
                (board_title(self.page.as_deref(), id, language), Some(id.clone()))
            }
        }
    }

    /// What is on, in words, and what comes next and when.
    fn on_now(&self, on: &On, centre: &Centre, language: Language) -> Html {
        let words = wall_words(language);
        let (plan, calendar) = (&on.state.plan, centre.calendar());
        let scenes = &self.status.wall.scenes;
        let left = |at: Timestamp| {
            let seconds = at.duration_since(on.now).as_secs().max(0);
            format!("{}:{:02}", seconds / 60, seconds % 60)
        };
        let (what, next) = match on.shown {
            Shown::Blank => (words.blank.to_owned(), None),
            Shown::Nothing => (words.nothing.to_owned(), None),
            Shown::Takeover => {
                let title = plan.takeover.as_ref().map(|one| format!(" #{} {}", one.incident.0, one.title.get(language)));
                let until = plan.takeover.as_ref().and_then(|one| one.until);
                (
                    format!("{}{}", words.takeover, title.unwrap_or_default()),
                    until.map(|until| format!("{} {}", words.over_in, left(until))),
                )
            }
            Shown::Scene { scene, until } => {
                let next = until.and_then(|until| plan.scene(scenes, until).map(|(scene, _)| (scene, until)));
                let next = next.map(|(scene, until)| {
                    format!("{} {} {} {}", words.next_up, self.scene_title(scene, language), words.in_time, left(until))
                });
                (format!("{} ({}/{})", self.scene_title(scene, language), scene + 1, scenes.len()), next.or(Some(words.held.to_owned())))
            }
        };
        let presented = plan.presentation_until.filter(|_| plan.is_presented(on.now));
        let presented = presented
            .map(|until| html! { <span class="chip chip-plain">{ format!("{} {} {}", words.presented, words.until, calendar.minute(until)) }</span> });
        let identifying = plan.is_identifying(on.now).then(|| html! { <span class="chip chip-plain">{ words.identify }</span> });
        let next = next.map(|next| html! { <span class="next">{ next }</span> });
        html! { <p class="on-now"><span>{ words.now }</span>{ " " }<b>{ what }</b>{ " " }{ next }{ presented }{ identifying }</p> }
    }
}

/// A wall.
#[component]
pub(super) fn Preview(props: &PreviewProps) -> Html {
    let language = use_speech().language;
    let words = wall_words(language);
    let place = use_node_ref();
    let (timeline, heard) = use_told(&props.status);
    let whole = (props.status.wall.profile.width_px, props.status.wall.profile.height_px);
    let node = place.clone();
    let ranks = props.status.wall.displays.iter().map(|display| display.at_px.1).collect::<BTreeSet<_>>().len();
    use_effect_with((whole, ranks), move |((width, height), ranks)| {
        if let Some(element) = node.cast::<web_sys::Element>() {
            browser::set_style(&element, "--shape", &format!("{width} / {height}"));
            // Each row of screens has room for its captions.
            browser::set_style(&element, "--ranks", &ranks.to_string());
        }
    });
    let boards = use_memo(props.page.clone(), |page| {
        page.iter().flat_map(|page| page.boards.iter().cloned().map(Rc::new)).collect::<Vec<Rc<BoardPage>>>()
    });
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let (lines, scenes) = (timeline.clone(), props.status.wall.scenes.clone());
    let make = || -> Look<Option<On>> {
        Box::new(move |_, now| {
            let state = lines.borrow().at(now.time).cloned();
            (state.map(|state| On { shown: state.plan.shown(&scenes, now.time), state, now: now.time }), None)
        })
    };
    let on = use_look(&centre, (heard, props.status.wall.scenes.clone()), Vec::<Interest>::new, make).flatten();
    let screen = |(n, display): (usize, &Display), on: &On| {
        let (title, board) = props.planned(on, n, language);
        let condition = match props.is_old {
            true => Condition::Unheard,
            false => Condition::of(&props.status, n, props.page.as_deref(), language),
        };
        let picture = match props.page.clone().filter(|_| condition.is_pictured()) {
            Some(page) => html! { <Miniature {page} display={n} timeline={timeline.clone()} {heard} /> },
            None => condition.veil(&title, &centre.calendar(), on.now, language),
        };
        let board = board.filter(|_| condition.is_pictured()).and_then(|id| boards.iter().find(|page| page.board.id == id));
        let standing = board.map(|page| html! { <Standing page={page.clone()} /> });
        let caption =
            html! { <><b>{ &display.name }</b>{ " " }<span class="title">{ title }</span>{ " " }{ standing }{ condition.sign(words) }</> };
        html! { <Spot key={display.name.clone()} display={display.clone()} {whole} condition={condition.code()} {caption}>{ picture }</Spot> }
    };
    html! {
        <>
            { on.as_ref().map(|on| props.on_now(on, &centre, language)) }
            <div class="preview" ref={place} role="group" aria-label={words.preview}>
                { for on.iter().flat_map(|on| props.status.wall.displays.iter().enumerate().map(move |display| (display, on))).map(|(display, on)| screen(display, on)) }
            </div>
        </>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct SpotProps {
    display: Display,
    /// The whole wall's width and height, in pixels.
    whole: (u32, u32),
    condition: &'static str,
    caption: Html,
    children: Html,
}

/// One screen at its place.
#[component]
fn Spot(props: &SpotProps) -> Html {
    let place = use_node_ref();
    let node = place.clone();
    use_effect_with((props.display.clone(), props.whole), move |(display, (width, height))| {
        if let Some(element) = node.cast::<web_sys::Element>() {
            let share = |part: u32, whole: u32| format!("{:.3}%", f64::from(part) * 100.0 / f64::from(whole.max(1)));
            for (name, value) in [
                ("left", share(display.at_px.0, *width)),
                ("top", share(display.at_px.1, *height)),
                ("width", share(display.size_px.0, *width)),
                ("height", share(display.size_px.1, *height)),
            ] {
                browser::set_style(&element, name, &value);
            }
        }
    });
    html! {
        <figure ref={place} class="spot" data-display={props.display.name.clone()} data-condition={props.condition}>
            { props.children.clone() }
            <figcaption>{ props.caption.clone() }</figcaption>
        </figure>
    }
}
