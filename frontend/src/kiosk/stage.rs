//! What a screen shows at each moment: a scene, an incident that has taken the wall over, or nothing; above it the clock and
//! what is critical, always.
//!
//! It changes at instants of the server's time that it knows beforehand, and builds what comes next before it is on: all
//! screens change in the same frame, as far as frames go. Must never hide the strip or the clock.

use super::{beat::Shows, takeover::TakeoverView};
use crate::{
    app::use_speech,
    browser,
    centre::{Centre, Moment},
    clock::seconds_between,
    locale::{self, Language, stage_words, wall_words, words},
    pages::Grid,
    panels::{Look, severity, use_look},
    store::Interest,
    timeline::Timeline,
};
use jiff::Timestamp;
use std::{cell::RefCell, rc::Rc};
use taydo_model::{
    BoardId,
    alert::Severity,
    api::{BoardPage, WallPage},
    stage::StageSign,
    wall::{
        page::{Critical, WallState},
        plan::{Plan, Shown, Takeover},
        report::Report,
    },
};
use yew::prelude::*;

/// The picture moves by a few pixels this often, in seconds, so that nothing burns in.
const SHIFT_S: i64 = 120;
/// Where to, in pixels.
const SHIFTS: [(i32, i32); 4] = [(0, 0), (3, 0), (3, 3), (0, 3)];
/// The next scene is built so long before it is on, in milliseconds: each display at a moment of its own within it.
const AHEAD_MS: i64 = 3_000;

#[derive(Clone, Properties)]
pub(crate) struct StageProps {
    /// The wall and its boards.
    pub page: Rc<WallPage>,
    /// The display's place in the wall's list.
    pub display: usize,
    /// What the wall shows, as the server announces it.
    pub timeline: Rc<RefCell<Timeline>>,
    /// Counts what was heard: the timeline itself is always the same.
    pub heard: u32,
    /// What is on, for the beats.
    pub shows: Shows,
    /// Whether it is a small picture on another page, which is not the page's main part and leaves its pace alone.
    #[prop_or_default]
    pub is_preview: bool,
}

impl PartialEq for StageProps {
    fn eq(&self, other: &Self) -> bool {
        self.page == other.page && self.display == other.display && self.heard == other.heard
    }
}

/// What is shown; made anew once a second, and at each instant at which it changes.
#[derive(Debug, Clone, PartialEq)]
struct Picture {
    /// The scene that is on or was built for later: its board, and whether it is on.
    boards: Vec<(BoardId, bool)>,
    shown: &'static str,
    plan: i64,
    takeover: Option<Rc<Takeover>>,
    strip: Vec<(Critical, i64)>,
    more: usize,
    stage: Option<StageSign>,
    is_identifying: bool,
    is_presented: bool,
    /// How dark the screen is made, in hundredths.
    dark: u32,
    time: String,
    date: String,
}

/// Milliseconds until `at`; nothing where it has passed.
fn wait_ms(at: Option<Timestamp>, now: Timestamp) -> Option<i64> {
    at.map(|at| at.as_millisecond() - now.as_millisecond()).filter(|wait| *wait > 0)
}

struct Painter {
    props: StageProps,
    node: NodeRef,
    last_takeover: Option<Rc<Takeover>>,
}

impl Painter {
    fn board(&self, scene: usize) -> Option<BoardId> {
        self.props.page.wall.scenes.get(scene)?.board(self.props.display).cloned()
    }

    /// The scene that is on after what is on now, where that is soon.
    fn upcoming(&self, state: &WallState, next: Option<&WallState>, now: Timestamp) -> Option<BoardId> {
        let scenes = &self.props.page.wall.scenes;
        let scene_of = |plan: &Plan, at: Timestamp| match plan.shown(scenes, at) {
            Shown::Scene { scene, .. } => self.board(scene),
            _ => None,
        };
        if let Some(next) = next {
            return scene_of(&next.plan, next.plan.from);
        }
        let (_, until) = state.plan.scene(scenes, now)?;
        let ahead = AHEAD_MS - i64::try_from(self.props.display % 6).unwrap_or(0) * 300;
        wait_ms(until, now).filter(|wait| *wait <= ahead).and_then(|_| scene_of(&state.plan, until?))
    }

    /// When something changes next, in milliseconds from now.
    fn next_change(&self, state: &WallState, next: Option<&WallState>, now: Timestamp) -> Option<i64> {
        let plan = &state.plan;
        let over = plan.takeover.as_ref().and_then(|takeover| takeover.until);
        let scene = plan.scene(&self.props.page.wall.scenes, now).and_then(|(_, until)| until);
        let instants = [scene, over, plan.identify_until, plan.presentation_until, next.map(|next| next.plan.from)];
        instants.into_iter().filter_map(|at| wait_ms(at, now)).min()
    }

    fn shift(&self, now: Timestamp) {
        let step = usize::try_from(now.as_second().div_euclid(SHIFT_S).rem_euclid(4)).unwrap_or(0);
        if let (Some(element), Some((x, y))) = (self.node.cast::<web_sys::Element>(), SHIFTS.get(step)) {
            browser::set_style(&element, "transform", &format!("translate({x}px, {y}px)"));
        }
    }

    /// How dark the screen is made out of the wall's hours, in hundredths.
    fn darkness(&self, centre: &Centre, now: Timestamp) -> u32 {
        let local = centre.calendar().civil(now);
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let brightness = self.props.page.wall.care.brightness(u16::try_from(minute).unwrap_or(0));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let dark = ((1.0 - brightness) * 100.0).round() as u32;
        dark
    }

    fn paint(&mut self, centre: &Centre, now: Moment) -> (Option<Picture>, Option<f64>) {
        let timeline = self.props.timeline.borrow();
        let Some(state) = timeline.at(now.time).cloned() else { return (None, None) };
        let next = timeline.next(now.time).map(Rc::as_ref);
        let newest = timeline.newest().cloned().unwrap_or_else(|| state.clone());
        let (shown, on) = match state.plan.shown(&self.props.page.wall.scenes, now.time) {
            Shown::Scene { scene, .. } => ("scene", self.board(scene)),
            Shown::Takeover => {
                ("takeover", state.plan.scene(&self.props.page.wall.scenes, now.time).and_then(|(scene, _)| self.board(scene)))
            }
            Shown::Blank => ("blank", None),
            Shown::Nothing => ("nothing", None),
        };
        // At night an incident is read as by day.
        let dark = if shown == "takeover" { 0 } else { self.darkness(centre, now.time) };
        if !self.props.is_preview {
            self.shift(now.time);
            centre.set_slow(dark > 0);
        }
        let showing = state.plan.shown(&self.props.page.wall.scenes, now.time).showing();
        *self.props.shows.borrow_mut() =
            Report { shows: on.clone().filter(|_| shown == "scene"), showing: Some(showing), plan: Some(state.plan.number) };
        let upcoming = self.upcoming(&state, next, now.time).filter(|board| Some(board) != on.as_ref());
        let takeover = state.plan.taken_over(now.time).filter(|_| shown == "takeover");
        if takeover != self.last_takeover.as_deref() {
            self.last_takeover = takeover.cloned().map(Rc::new);
        }
        #[allow(clippy::cast_precision_loss)]
        let again = self.next_change(&state, next, now.time).map(|wait| now.ms + wait as f64);
        let calendar = centre.calendar();
        let picture = Picture {
            boards: on.into_iter().map(|board| (board, true)).chain(upcoming.map(|board| (board, false))).collect(),
            shown,
            plan: state.plan.number,
            takeover: self.last_takeover.clone(),
            strip: newest.critical.iter().map(|one| (one.clone(), seconds_between(one.opened_at, now.time))).collect(),
            more: newest.more,
            stage: newest.stage.clone(),
            is_identifying: state.plan.is_identifying(now.time),
            is_presented: state.plan.is_presented(now.time),
            dark,
            time: calendar.second(now.time),
            date: calendar.date(now.time),
        };
        (Some(picture), again)
    }
}

/// What is critical, in one line each; and that nothing is, in words.
fn strip(picture: &Picture, language: Language) -> Html {
    let (words, room) = (wall_words(language), locale::console_words(language));
    if picture.strip.is_empty() {
        return Html::default();
    }
    let row = |(one, age): &(Critical, i64)| {
        html! {
            <li key={one.incident.0}>
                { severity::severity(Severity::Critical, false, room) }{ severity::exercise(one.exercise, room) }
                <b>{ one.title.get(language) }</b><span class="where">{ one.place.get(language) }</span>
                { severity::standing(one.standing, room) }<span class="age">{ locale::span(*age, language) }</span>
            </li>
        }
    };
    let more = (picture.more > 0).then(|| html! { <li class="more">{ format!("+{} {}", picture.more, words.more) }</li> });
    html! { <ol class="strip" aria-label={words.critical}>{ for picture.strip.iter().map(row) }{ more }</ol> }
}

/// The city's operating stage. That it is not known is told as loudly as a stage.
fn city_stage(sign: &StageSign, language: Language) -> Html {
    let words = stage_words(language);
    let code = sign.stage.map_or_else(|| "unknown".to_owned(), |stage| stage.to_string());
    let said = match (sign.stage, sign.at_least) {
        (Some(stage), _) => format!("{stage} · {}", sign.title.get(language)),
        (None, Some(stage)) => format!("{} ({} {stage})", words.unknown, words.at_least),
        (None, None) => words.unknown.to_owned(),
    };
    let proposed = sign.proposed.map(|stage| html! { <span class="proposed">{ format!(" → {} {stage}", words.proposed) }</span> });
    html! { <p class="city-stage" data-stage={code}>{ words.stage }{ " " }<b>{ said }</b>{ proposed }</p> }
}

fn identity(props: &StageProps, language: Language) -> Html {
    let wall = &props.page.wall;
    let name = wall.displays.get(props.display).map(|display| display.name.clone()).unwrap_or_default();
    let size = wall.displays.get(props.display).map(|display| format!("{} × {} px", display.size_px.0, display.size_px.1));
    html! { <div class="identity"><b>{ name }</b><p>{ wall_words(language).display }{ " · " }{ wall.title.get(language) }</p><p>{ size }</p></div> }
}

/// The screen.
#[component]
pub(crate) fn Stage(props: &StageProps) -> Html {
    let language = use_speech().language;
    let place = use_node_ref();
    let dimmer = use_node_ref();
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let make = || -> Look<Option<Picture>> {
        let mut painter = Painter { props: props.clone(), node: place.clone(), last_takeover: None };
        Box::new(move |centre: &Centre, now| painter.paint(centre, now))
    };
    let picture = use_look(&centre, props.clone(), Vec::<Interest>::new, make).flatten();
    let dark = picture.as_ref().map_or(0, |picture| picture.dark);
    let node = dimmer.clone();
    use_effect_with(dark, move |dark| {
        if let Some(element) = node.cast::<web_sys::Element>() {
            browser::set_style(&element, "opacity", &format!("{:.2}", f64::from(*dark) / 100.0));
        }
    });
    // Boards keep their values while they are on the wall, so that their panels are left alone.
    let boards = use_memo(props.page.clone(), |page| page.boards.iter().cloned().map(Rc::new).collect::<Vec<Rc<BoardPage>>>());
    let page_of = |id: &BoardId| boards.iter().find(|page| page.board.id == *id).cloned();
    let words = words(language);
    let tag = if props.is_preview { "div" } else { "main" };
    let Some(picture) = picture else { return html! { <@{tag} class="failure"><p>{ words.loading }</p></@> } };
    if picture.shown == "nothing" {
        return html! { <@{tag} class="failure"><p>{ words.no_scenes }</p></@> };
    }
    let on = picture.boards.iter().find(|(_, is_on)| *is_on).and_then(|(id, _)| page_of(id));
    let scene = |(id, is_on): &(BoardId, bool)| {
        let is_seen = *is_on && picture.shown == "scene";
        page_of(id).map(|page| {
            html! { <div key={id.to_string()} class={classes!("scene", is_seen.then_some("on"))} aria-hidden={(!is_seen).to_string()}><Grid {page} is_kiosk={true} /></div> }
        })
    };
    let takeover = picture.takeover.clone().map(|takeover| html! { <TakeoverView {takeover} page={props.page.clone()} /> });
    let title = if picture.shown == "takeover" { None } else { on.as_ref().map(|page| page.board.title.get(language).to_owned()) };
    html! {
        <@{tag} class="wall" ref={place} data-shown={picture.shown} data-plan={picture.plan.to_string()}
            data-board={on.map(|page| page.board.id.to_string())} data-presented={picture.is_presented.then_some("true")}>
            <header>
                <h1>{ title.unwrap_or_else(|| props.page.wall.title.get(language).to_owned()) }</h1>
                <p class="brand">{ centre.city().city.name.get(language) }</p>
                { picture.stage.as_ref().map(|sign| city_stage(sign, language)) }
                { picture.strip.is_empty().then(|| html! { <p class="nothing-critical">{ wall_words(language).calm }</p> }) }
                <p class="clock"><span>{ &picture.date }</span>{ " " }<time>{ &picture.time }</time></p>
            </header>
            { strip(&picture, language) }
            <div class="scenes">{ for picture.boards.iter().filter_map(scene) }{ takeover }</div>
            { picture.is_identifying.then(|| identity(props, language)) }
            <div class="dimmer" ref={dimmer} aria-hidden="true"></div>
        </@>
    }
}
