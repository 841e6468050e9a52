//! The first page: which walls and boards there are.
//!
//! Must never be the only way to a page: every one has its address.

use super::Frame;
use crate::{
    app::{Link, use_speech},
    centre::Centre,
    locale::{console_words, form_words, leader_words, room_words, rota_words, words},
    route::Route,
};
use yew::prelude::*;

fn list(title: &str, entries: Vec<(String, Route)>, nothing: &str) -> Html {
    let entry = |(text, to): (String, Route)| html! { <li><Link {to} {text} /></li> };
    html! {
        <section class="list">
            <h2>{ title }</h2>
            if entries.is_empty() { <p class="note">{ nothing }</p> } else { <ul>{ for entries.into_iter().map(entry) }</ul> }
        </section>
    }
}

/// The page.
#[component]
pub fn Index() -> Html {
    let language = use_speech().language;
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let (words, page) = (words(language), centre.city());
    let boards = page.boards.iter().map(|link| (link.title.get(language).to_owned(), Route::Board(link.id.clone()))).collect();
    let walls = page.walls.iter().map(|link| (link.title.get(language).to_owned(), Route::Wall(link.id.clone()))).collect();
    let room = vec![
        (console_words(language).title.to_owned(), Route::Console),
        (room_words(language).log.to_owned(), Route::Log(None)),
        (rota_words(language).title.to_owned(), Route::OnCall),
        (leader_words(language).tasks.to_owned(), Route::Tasks(None)),
    ];
    let sources = vec![(words.sources.to_owned(), Route::Sources), (form_words(language).title.to_owned(), Route::Forms)];
    html! {
        <Frame title={format!("{} {}", words.centre, page.city.name.get(language))}>
            <div class="lists">
                { list(console_words(language).room, room, words.nothing) }
                { list(words.boards, boards, words.nothing) }
                { list(words.walls, walls, words.nothing) }
                { list(words.sources, sources, words.nothing) }
            </div>
            <p class="attribution">{ &page.city.attribution }</p>
        </Frame>
    }
}
