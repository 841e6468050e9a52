//! A screen in small: what it draws, by the same code and from the same plan, with letters and lines as much smaller as itself,
//! and in the wall's own theme.
//!
//! Must never be reached by keys or read out: the caption says in words what it shows.

use crate::{
    browser::{self, Theme},
    kiosk::{
        beat::Shows,
        screen::LABEL_ARC_MIN,
        stage::{Stage, StageProps},
    },
    measured::use_measured,
    timeline::Timeline,
};
use std::{cell::RefCell, rc::Rc};
use taydo_model::{
    api::WallPage,
    wall::{Display, Wall, report::Report},
};
use web_sys::Element;
use yew::prelude::*;

/// How a display is laid out on this page.
struct Layout {
    /// Its width and height in the page's pixels, before it is made smaller: where its letters would be as large as the page's.
    size: (f64, f64),
    /// By how much it is made smaller.
    scale: f64,
    /// Where its left upper corner lies in the room.
    corner: (f64, f64),
}

impl Layout {
    fn of(wall: &Wall, display: &Display, room: (i32, i32), letter_px: f64) -> Self {
        let shrink = letter_px / wall.profile.font_px(LABEL_ARC_MIN).max(1.0);
        let size = (f64::from(display.size_px.0) * shrink, f64::from(display.size_px.1) * shrink);
        let room = (f64::from(room.0), f64::from(room.1));
        let scale = (room.0 / size.0.max(1.0)).min(room.1 / size.1.max(1.0));
        Self { size, scale, corner: ((room.0 - size.0 * scale) / 2.0, (room.1 - size.1 * scale) / 2.0) }
    }

    fn apply(&self, element: &Element, tiles: (f64, f64)) {
        let ((width, height), (left, top)) = (self.size, self.corner);
        for (name, value) in [
            ("width", format!("{width:.1}px")),
            ("height", format!("{height:.1}px")),
            ("transform", format!("translate({left:.1}px, {top:.1}px) scale({:.4})", self.scale)),
            ("--tiles-across", format!("{:.3}", tiles.0)),
            ("--tiles-down", format!("{:.3}", tiles.1)),
        ] {
            browser::set_style(element, name, &value);
        }
    }
}

/// How many tiles of glass a display feeds, across and down.
fn tiles(wall: &Wall, display: &Display) -> (f64, f64) {
    let share = |part: u32, whole: u32, tiles: u16| f64::from(part) * f64::from(tiles) / f64::from(whole.max(1));
    let profile = &wall.profile;
    (share(display.size_px.0, profile.width_px, profile.tile_columns), share(display.size_px.1, profile.height_px, profile.tile_rows))
}

#[derive(Clone, Properties)]
pub(super) struct MiniatureProps {
    pub page: Rc<WallPage>,
    /// The display's place in the wall's list.
    pub display: usize,
    pub timeline: Rc<RefCell<Timeline>>,
    /// Counts what was heard: the timeline itself is always the same.
    pub heard: u32,
}

impl PartialEq for MiniatureProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.page, &other.page) && self.display == other.display && self.heard == other.heard
    }
}

/// The picture.
#[component]
pub(super) fn Miniature(props: &MiniatureProps) -> Html {
    let (frame, glass) = (use_node_ref(), use_node_ref());
    let room = use_measured(frame.clone(), |frame| Some((frame.client_width(), frame.client_height())));
    let shows: Shows = use_mut_ref(Report::default);
    let node = glass.clone();
    use_effect_with((props.page.clone(), props.display, room), move |(page, display, room)| {
        if let (Some(element), Some(room), Some(display)) = (node.cast::<Element>(), *room, page.wall.displays.get(*display)) {
            Layout::of(&page.wall, display, room, browser::letter_px()).apply(&element, tiles(&page.wall, display));
        }
    });
    let theme = Theme::of_wall(&props.page.wall.profile);
    let stage = StageProps {
        page: props.page.clone(),
        display: props.display,
        timeline: props.timeline.clone(),
        heard: props.heard,
        shows,
        is_preview: true,
    };
    html! {
        <div class="miniature" ref={frame} aria-hidden="true" inert={true}>
            if room.is_some() { <div class="glass" ref={glass} data-theme={theme.code()}><Stage ..stage /></div> }
        </div>
    }
}
