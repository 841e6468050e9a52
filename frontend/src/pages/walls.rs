//! The walls' control page: what every screen shows, what can be done with it, and which screens no longer draw.
//!
//! Must never do anything in nobody's name, and never show a screen as alive that the server has not heard of.

mod acts;
mod preview;
mod screens;

use super::{Banner, Failure, Frame, actor::use_actor, asked::use_asked};
use crate::{
    app::{use_answer, use_notice, use_speech},
    centre::Centre,
    client,
    locale::{Language, wall_words},
    pages::sending::use_sending,
};
use acts::Acts;
use preview::Preview;
use screens::{Enrol, Screens};
use std::rc::Rc;
use taydo_model::{
    BoardId,
    api::WallPage,
    wall::page::{WallStatus, WallsPage},
    wire::{Topic, View},
};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 2_000;

/// What the walls' boards bring, so that previews show how they stand.
#[hook]
fn use_boards(walls: Option<Rc<WallsPage>>) -> Vec<Rc<WallPage>> {
    let centre = use_context::<Centre>();
    let generation = centre.as_ref().map(|centre| centre.notice().generation);
    let ids: Vec<_> = walls.iter().flat_map(|page| &page.walls).map(|status| status.wall.id.clone()).collect();
    let (pages, _) = use_answer((ids, generation), |(ids, _)| async move {
        let mut pages = Vec::new();
        for id in ids {
            pages.push(Rc::new(client::wall(id).await?));
        }
        Ok(pages)
    });
    let follower = centre;
    use_effect_with(pages.clone(), move |pages| {
        if let (Some(centre), Some(pages)) = (&follower, pages) {
            let mut boards: Vec<BoardId> = pages.iter().flat_map(|page| page.boards.iter().map(|page| page.board.id.clone())).collect();
            boards.sort_unstable();
            boards.dedup();
            let definitions = pages.iter().flat_map(|page| &page.boards).next().map(|board| board.definitions.clone());
            let topics = boards.into_iter().map(|board| Topic { board, view: View::All }).collect();
            centre.follow(topics, definitions.unwrap_or_default(), None);
        }
    });
    pages.map(|pages| (*pages).clone()).unwrap_or_default()
}

/// The page.
#[component]
pub fn Walls() -> Html {
    let language = use_speech().language;
    let words = wall_words(language);
    let actor = use_actor();
    let asked = use_asked::<WallsPage>(String::new(), ASK_MS, || "/api/v1/walls".to_owned());
    let sending = use_sending(&asked.again, language);
    let boards = use_boards(asked.answer.clone());
    let leaver = use_context::<Centre>();
    use_effect_with((), move |()| {
        move || {
            if let Some(centre) = leaver {
                centre.follow(Vec::new(), String::new(), None);
            }
        }
    });
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let _ = use_notice(&centre);
    let Some(page) = asked.answer.clone() else {
        return html! { <Frame title={words.title}><Failure error={asked.error()} {language} /></Frame> };
    };
    let old = super::broken(asked.broken.as_ref(), &centre.calendar(), language);
    let wall = |(n, status): (usize, &WallStatus)| {
        let status = Rc::new(status.clone());
        let page = boards.iter().find(|page| page.wall.id == status.wall.id).cloned();
        let watts = status.watts.map(|watts| html! { <p class="note">{ format!("{} {:.1} kW", words.power, watts / 1000.0).replace('.', if language == Language::Vi { "," } else { "." }) }</p> });
        html! {
            <section class="wall-desk" key={status.wall.id.to_string()} data-wall={status.wall.id.to_string()}>
                <h2>{ status.wall.title.get(language) }</h2>
                <Preview status={status.clone()} {page} is_old={asked.broken.is_some()} />
                <Acts status={status.clone()} actor={actor.clone()} sending={sending.clone()} has_keys={n == 0} />
                <Screens status={status.clone()} actor={actor.clone()} sending={sending.clone()} />{ watts }
                { acts::done(&status, &actor, &centre, language) }
            </section>
        }
    };
    let head = actor.select(language);
    html! {
        <Frame title={words.title} {head}>
            <Banner />
            { old }
            { sending.view() }
            <p class="note">{ words.keys }</p>
            <div class={classes!("wall-desks", asked.broken.is_some().then_some("old"))}>{ for page.walls.iter().enumerate().map(wall) }</div>
            <Enrol page={page.clone()} actor={actor.clone()} sending={sending.clone()} />
        </Frame>
    }
}
