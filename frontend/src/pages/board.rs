//! A leaders' board: one page of panels, from phone to desktop.
//!
//! Must never reload by itself: people may be reading. A new version is offered.

use super::{
    Banner, Failure, Frame, Grid,
    actor::use_actor,
    freezing::Freezing,
    headline::Headline,
    replay::{Scrubber, Watching, begin, use_watching},
};
use crate::{
    app::{use_answer, use_notice, use_speech},
    browser,
    centre::Centre,
    client,
    link::Health,
    locale::{leader_words, words},
    route::Route,
};
use taydo_model::{
    BoardId,
    frozen::FrozenOf,
    wire::{Topic, View},
};
use yew::prelude::*;

/// Which board.
#[derive(Clone, PartialEq, Properties)]
pub struct BoardProps {
    /// Its id.
    pub id: BoardId,
}

#[derive(Clone, PartialEq, Properties)]
struct StateProps {
    watching: Watching,
}

#[component]
fn State(props: &StateProps) -> Html {
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let language = use_speech().language;
    let (notice, words) = (use_notice(&centre), words(language));
    let health = match notice.health {
        Health::Live => words.live,
        Health::Connecting => words.connecting,
        Health::Lost => return Html::default(),
    };
    let reload = notice.is_outdated.then(|| {
        html! { <>{ words.new_build }{ " · " }<button type="button" onclick={|_| browser::load_again()}>{ words.reload }</button></> }
    });
    html! { <p class="state"><span class="pulse" aria-hidden="true"></span>{ health }{ " " }{ reload }{ " " }{ begin(&centre, &props.watching, language) }</p> }
}

/// The page.
#[component]
pub fn BoardView(props: &BoardProps) -> Html {
    let language = use_speech().language;
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let notice = use_notice(&centre);
    let actor = use_actor();
    let watching = use_watching(Some(&centre));
    let asker = centre.clone();
    // Definitions may have changed while it was played: the board is that of the played instant.
    let stretch = watching.replay.map(|replay| (replay.from, replay.to, replay.at));
    let (page, error) = use_answer((props.id.clone(), notice.generation, stretch), move |(id, _, stretch)| {
        let begin = |(from, _, at): (_, _, Option<_>)| at.unwrap_or(from);
        client::board(id, stretch.map(|stretch| asker.played().map_or_else(|| begin(stretch), |_| asker.now().time)))
    });
    // The last board stays until the new one is here, but not under another board's address.
    let is_gone = error.as_ref().is_some_and(client::ClientError::is_final);
    let page = page.filter(|page| page.board.id == props.id && !is_gone);
    let follower = centre.clone();
    use_effect_with((page.clone(), watching.replay), move |(page, replay)| {
        if let Some(page) = page {
            follower.follow(vec![Topic { board: page.board.id.clone(), view: View::All }], page.definitions.clone(), *replay);
        }
        move || ()
    });
    let leaver = centre;
    use_effect_with((), move |()| move || leaver.follow(Vec::new(), String::new(), None));
    let past = watching.replay.map(|replay| html! { <Scrubber {replay} show={watching.show.clone()} /> });
    let Some(page) = page else { return html! { <>{ past }<Failure {error} {language} /></> } };
    html! {
        <>
            <Banner />
            <Frame title={page.board.title.get(language).to_owned()} head={actor.select(language)}>
                { past.clone().unwrap_or_else(|| html! { <State watching={watching.clone()} /> }) }
                if past.is_none() { <Headline board={page.board.id.clone()} /> }
                <div class="board"><Grid key={past.is_some().to_string()} page={page.clone()} /></div>
                if past.is_none() {
                    <section class="share">
                        <div class="buttons"><button type="button" data-act="print" onclick={|_| browser::print()}>{ leader_words(language).print }</button></div>
                        <Freezing of={FrozenOf::Board(props.id.clone())} path={Route::Board(props.id.clone()).path()} actor={actor.clone()} {language} />
                    </section>
                }
            </Frame>
        </>
    }
}
