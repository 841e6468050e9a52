//! What is done with a wall, by buttons and by keys, and what was done last.
//!
//! Must never take a key from somebody who is typing.

use crate::{
    app::use_speech,
    centre::Centre,
    client,
    locale::{Language, WallWords, wall_words},
    pages::{
        actor::{self, Actor},
        keydown::{free_tag, use_keydown},
        sending::Sending,
    },
};
use std::rc::Rc;
use taydo_model::wall::{
    page::{ScreenDeed, WallActed, WallDeed, WallStatus},
    plan::{Plan, Turn, WallAct, WallOrder},
};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// For how long visitors are expected, in minutes.
const VISIT_MIN: u16 = 30;

#[derive(Clone, Properties)]
pub(super) struct ActsProps {
    pub status: Rc<WallStatus>,
    pub actor: Actor,
    pub sending: Sending,
    /// Whether the page's keys are for this wall.
    pub has_keys: bool,
}

impl PartialEq for ActsProps {
    fn eq(&self, other: &Self) -> bool {
        self.status == other.status && self.actor == other.actor && self.sending.is_busy() == other.sending.is_busy()
    }
}

fn act(props: &ActsProps, words: &'static WallWords, act: WallAct) {
    let Some(person) = props.actor.person.clone() else {
        crate::browser::focus(actor::SELECT);
        return props.sending.refuse(words.choose_actor);
    };
    let order = WallOrder { person, act };
    props.sending.send(format!("/api/v1/walls/{}/acts", props.status.wall.id), client::json(&order), words.done, Callback::noop());
}

fn hold_or_rotate(plan: &Plan) -> WallAct {
    if matches!(plan.turn, Turn::Held { .. }) { WallAct::Rotate } else { WallAct::Hold }
}

fn black_or_light(plan: &Plan) -> WallAct {
    if plan.blank { WallAct::Light } else { WallAct::Blank }
}

/// What a key means.
fn of_key(key: &str, plan: &Plan) -> Option<WallAct> {
    match key {
        "ArrowRight" => Some(WallAct::Next),
        "ArrowLeft" => Some(WallAct::Previous),
        "h" => Some(hold_or_rotate(plan)),
        "b" => Some(black_or_light(plan)),
        "i" => Some(WallAct::Identify),
        "t" => plan.takeover.as_ref().map(|_| WallAct::Release),
        _ => None,
    }
}

/// The buttons.
#[component]
pub(super) fn Acts(props: &ActsProps) -> Html {
    let language = use_speech().language;
    let words = wall_words(language);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let plan = &props.status.state.plan;
    let own = props.clone();
    use_keydown(Box::new(move |event| {
        let wish = free_tag(event).filter(|_| own.has_keys).and_then(|_| of_key(&event.key(), &own.status.state.plan));
        let is_ours = wish.is_some();
        if let Some(wish) = wish {
            act(&own, words, wish);
        }
        is_ours
    }));
    let button = |text: &'static str, wish: WallAct, name: &'static str| {
        let own = props.clone();
        html! { <button type="button" data-act={name} disabled={props.sending.is_busy()} onclick={move |_| act(&own, words, wish.clone())}>{ text }</button> }
    };
    let is_held = matches!(plan.turn, Turn::Held { .. });
    let is_presented = plan.is_presented(centre.now().time);
    let present = if is_presented {
        button(words.end_presentation, WallAct::EndPresentation, "end_presentation")
    } else {
        button(words.present, WallAct::Present { minutes: VISIT_MIN }, "present")
    };
    let own = props.clone();
    let onchange = Callback::from(move |event: Event| {
        let Some(select) = event.target_dyn_into::<HtmlSelectElement>() else { return };
        if let Ok(scene) = select.value().parse() {
            act(&own, words, WallAct::Show { scene });
        }
        select.set_value("");
    });
    let option = |(n, scene): (usize, &taydo_model::wall::Scene)| {
        let boards = scene.boards.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        html! { <option value={n.to_string()}>{ format!("{}. {boards}", n + 1) }</option> }
    };
    html! {
        <div class="wall-acts" role="group" aria-label={props.status.wall.title.get(language).to_owned()}>
            { button(words.previous, WallAct::Previous, "previous") }
            { button(words.next, WallAct::Next, "next") }
            { button(if is_held { words.rotate } else { words.hold }, hold_or_rotate(plan), "hold") }
            { button(if plan.blank { words.light } else { words.go_black }, black_or_light(plan), "blank") }
            { button(words.identify, WallAct::Identify, "identify") }
            { present }
            { plan.takeover.is_some().then(|| button(words.release, WallAct::Release, "release")) }
            <label><span class="hidden">{ words.choose_scene }</span>
                <select {onchange}><option value="" selected={true}>{ words.choose_scene }</option>{ for props.status.wall.scenes.iter().enumerate().map(option) }</select></label>
        </div>
    }
}

fn deed(deed: &WallDeed, words: &WallWords) -> String {
    match deed {
        WallDeed::Act(act) => match act {
            WallAct::Next => words.next.to_owned(),
            WallAct::Previous => words.previous.to_owned(),
            WallAct::Show { scene } => format!("{} {}", words.choose_scene, scene + 1),
            WallAct::Hold => words.hold.to_owned(),
            WallAct::Rotate => words.rotate.to_owned(),
            WallAct::Blank => words.go_black.to_owned(),
            WallAct::Light => words.light.to_owned(),
            WallAct::Identify => words.identify.to_owned(),
            WallAct::Present { minutes } => format!("{} {minutes} min", words.presented),
            WallAct::EndPresentation => words.end_presentation.to_owned(),
            WallAct::TakeOver { incident } => format!("{} #{}", words.takeover, incident.0),
            WallAct::Release => words.release.to_owned(),
        },
        WallDeed::Screen(ScreenDeed::Enrol { screen, display }) => format!("{} {display} (#{})", words.enrolled, screen.0),
        WallDeed::Screen(ScreenDeed::Revoke { screen }) => format!("{} #{}", words.revoke, screen.0),
    }
}

/// What was done last.
pub(super) fn done(status: &WallStatus, actor: &Actor, centre: &Centre, language: Language) -> Html {
    let words = wall_words(language);
    let row = |one: &WallActed| html! { <li><time>{ centre.calendar().moment(one.at, centre.now().time) }</time>{ " " }<b>{ actor.name(&one.person) }</b>{ " " }{ deed(&one.act, words) }</li> };
    if status.acts.is_empty() {
        return Html::default();
    }
    html! { <details class="wall-done"><summary>{ words.acts }</summary><ol>{ for status.acts.iter().map(row) }</ol></details> }
}
