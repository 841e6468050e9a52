//! A leaders' board: one page of panels, from phone to desktop.
//!
//! Must never reload by itself: people may be reading. A new version is offered.

use super::{Banner, Failure, Frame, Grid};
use crate::{
    app::{use_answer, use_notice, use_speech},
    browser,
    centre::Centre,
    client,
    link::Health,
    locale::words,
};
use taydo_model::{
    BoardId,
    wire::{Topic, View},
};
use yew::prelude::*;

/// Which board.
#[derive(Clone, PartialEq, Properties)]
pub struct BoardProps {
    /// Its id.
    pub id: BoardId,
}

#[component]
fn State() -> Html {
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let (notice, words) = (use_notice(&centre), words(use_speech().language));
    let health = match notice.health {
        Health::Live => words.live,
        Health::Connecting => words.connecting,
        Health::Lost => return Html::default(),
    };
    let reload = notice.is_outdated.then(|| {
        html! { <>{ words.new_build }{ " · " }<button type="button" onclick={|_| browser::reload()}>{ words.reload }</button></> }
    });
    html! { <p class="state"><span class="pulse" aria-hidden="true"></span>{ health }{ " " }{ reload }</p> }
}

/// The page.
#[component]
pub fn BoardView(props: &BoardProps) -> Html {
    let language = use_speech().language;
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let notice = use_notice(&centre);
    let (page, error) = use_answer((props.id.clone(), notice.generation), |(id, _)| client::board(id));
    // The last board stays until the new one is here, but not under another board's address.
    let is_gone = error.as_ref().is_some_and(client::ClientError::is_final);
    let page = page.filter(|page| page.board.id == props.id && !is_gone);
    let follower = centre.clone();
    use_effect_with(page.clone(), move |page| {
        if let Some(page) = page {
            follower.follow(vec![Topic { board: page.board.id.clone(), view: View::All }], page.definitions.clone());
        }
        move || ()
    });
    let leaver = centre;
    use_effect_with((), move |()| move || leaver.follow(Vec::new(), String::new()));
    let Some(page) = page else { return html! { <Failure {error} {language} /> } };
    html! {
        <>
            <Banner />
            <Frame title={page.board.title.get(language).to_owned()}>
                <State />
                <div class="board"><Grid {page} /></div>
            </Frame>
        </>
    }
}
