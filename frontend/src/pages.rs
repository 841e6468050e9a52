//! The pages, and what they have in common: the frame with its navigation, the banner of a lost link, the grid.
//!
//! Must never put a control on a wall.

pub mod actor;
pub mod asked;
pub mod board;
pub mod console;
pub mod design;
pub mod forms;
pub mod freezing;
pub mod headline;
pub mod incident;
pub mod index;
pub mod keydown;
pub mod keys;
pub mod kpi;
pub mod on_call;
pub mod replay;
pub mod rota;
pub mod sending;
pub mod shift_log;
pub mod shifts;
pub mod sources;
pub mod station;
pub mod task;
pub mod tasks;
pub mod walls;

use crate::{
    app::{Link, Way, use_notice, use_speech},
    browser::{self, Theme},
    calendar::Calendar,
    centre::Centre,
    client::ClientError,
    locale::{self, console_words, form_words, leader_words, panel_words, room_words, rota_words, wall_words, words},
    panels::PanelView,
    ranking::Names,
    route::Route,
};
use jiff::Timestamp;
use std::rc::Rc;
use taydo_model::{Kpi, api::BoardPage, text::Language};
use yew::prelude::*;

/// What stands where a page can't be built yet.
#[derive(Clone, PartialEq, Properties)]
pub struct FailureProps {
    /// Why; `None` while it is only loading.
    pub error: Option<ClientError>,
    /// The language.
    pub language: Language,
}

/// Says that a page is loading, or why it can't be had.
#[component]
pub fn Failure(props: &FailureProps) -> Html {
    let words = words(props.language);
    let (text, again) = match &props.error {
        None => (words.loading.to_owned(), None),
        Some(error) => (error.text(props.language), (!error.is_final()).then_some(words.retrying)),
    };
    html! { <main class="failure" role="status"><p>{ text }</p>{ again.map(|again| html! { <p class="note">{ again }{ "…" }</p> }) }</main> }
}

/// What an act came to: done, or refused with the reason. Nothing while nothing was done.
#[must_use]
pub fn answered(said: Option<Result<&str, &str>>) -> Html {
    let said = said.map(|said| {
        let (text, is_problem) = said.map_or_else(|text| (text, true), |text| (text, false));
        html! { <p class={if is_problem { "said problem" } else { "said" }}>{ text.to_owned() }</p> }
    });
    html! { <div role="status" class="answer">{ said }</div> }
}

/// Says since when the server has not answered; nothing while it does.
#[must_use]
pub fn broken(error: Option<&(ClientError, Timestamp)>, calendar: &Calendar, language: Language) -> Html {
    let words = console_words(language);
    let said = error.map(|(_, since)| html! { <p class="broken"><b>{ words.broken }{ " " }{ calendar.second(*since) }</b>{ " – " }{ words.broken_note }</p> });
    html! { <div role="alert">{ said }</div> }
}

/// A page's frame.
#[derive(Clone, PartialEq, Properties)]
pub struct FrameProps {
    /// The page's title.
    pub title: AttrValue,
    /// What stands in the page's head beside the navigation, such as who acts.
    #[prop_or_default]
    pub head: Html,
    /// What it shows.
    pub children: Children,
}

fn switch_language(language: Language, choose: &Callback<Language>) -> Html {
    let option = |one: Language, name: &'static str| {
        let choose = choose.clone();
        let pressed = (language == one).to_string();
        html! { <button type="button" lang={locale::code(one)} aria-pressed={pressed} onclick={move |_| choose.emit(one)}>{ name }</button> }
    };
    html! {
        <div class="languages" role="group" aria-label={words(language).language}>
            { option(Language::Vi, "Tiếng Việt") }{ option(Language::En, "English") }
        </div>
    }
}

/// Which theme the page is drawn in.
fn switch_theme(language: Language) -> Html {
    let words = panel_words(language);
    let option = |one: Theme, name: &'static str| {
        let pressed = (browser::theme() == one).to_string();
        html! { <button type="button" aria-pressed={pressed} onclick={move |_| browser::choose_theme(one)}>{ name }</button> }
    };
    html! { <div class="languages" role="group" aria-label={words.theme}>{ option(Theme::Dark, words.dark) }{ option(Theme::Light, words.light) }</div> }
}

/// The frame of every page that people operate: navigation, language, title.
#[component]
pub fn Frame(props: &FrameProps) -> Html {
    let speech = use_speech();
    let language = speech.language;
    let words = words(language);
    // The walls' program has one such page and no way between pages.
    let route = use_context::<Way>().map_or_else(|| Route::parse(&browser::path()), |way| way.route);
    use_effect_with(props.title.clone(), |title| browser::set_title(title));
    // On a phone the way to other pages waits behind a button, so that what the page says comes first.
    let is_open = use_state_eq(|| false);
    let toggle = {
        let is_open = is_open.clone();
        Callback::from(move |_: MouseEvent| is_open.set(!*is_open))
    };
    let link = |to: Route, text: &'static str| {
        let is_here = route == to;
        html! { <li class={classes!(is_here.then_some("here"))}><Link {to} {text} /></li> }
    };
    html! {
        <>
            <a class="skip" href="#main">{ words.skip }</a>
            <header class={classes!("top", is_open.then_some("open"))}>
                <p class="brand"><Link to={Route::Index} text="Tây Đô" /></p>
                <button type="button" class="menu" aria-expanded={is_open.to_string()} onclick={toggle}>{ panel_words(language).menu }</button>
                <nav aria-label={words.centre}><ul>{ link(Route::Index, words.boards) }{ link(Route::Console, console_words(language).title) }{ link(Route::Tasks(None), leader_words(language).tasks) }{ link(Route::Log(None), room_words(language).log) }{ link(Route::OnCall, rota_words(language).title) }{ link(Route::Walls, wall_words(language).title) }
                    { link(Route::Forms, form_words(language).title) }{ link(Route::Sources, words.sources) }</ul></nav>
                { props.head.clone() }
                { switch_theme(language) }
                { switch_language(speech.language, &speech.choose) }
            </header>
            <main id="main" tabindex="-1"><h1>{ &props.title }</h1>{ props.children.clone() }</main>
        </>
    }
}

/// Says since when the figures are old, or that there is a new version to load; nothing while all is well.
#[component]
pub fn Banner() -> Html {
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let notice = use_notice(&centre);
    let words = words(use_speech().language);
    let lost = notice.lost_since.map(|since| {
        let time = centre.calendar().second(since);
        html! { <p class="lost"><b>{ words.lost_since }{ " " }<time>{ time }</time></b>{ " – " }{ words.lost_note }</p> }
    });
    html! { <div class="banner" role="status" aria-live="polite">{ lost }</div> }
}

/// A board's panels on their grid.
#[derive(Clone, PartialEq, Properties)]
pub struct GridProps {
    /// The board and its KPIs.
    pub page: Rc<BoardPage>,
    /// Whether it hangs on a wall.
    #[prop_or_default]
    pub is_kiosk: bool,
}

/// A board's panels.
#[component]
pub fn Grid(props: &GridProps) -> Html {
    let language = use_speech().language;
    let place = use_node_ref();
    let centre = use_context::<Centre>();
    let city = centre.map(|centre| centre.city());
    let names =
        use_memo((props.page.clone(), city), |(page, city)| city.as_ref().map(|city| Rc::new(Names::new(city.clone(), page.clone()))));
    let kpis = use_memo(props.page.clone(), |page| page.kpis.iter().cloned().map(Rc::new).collect::<Vec<Rc<Kpi>>>());
    let node = place.clone();
    use_effect_with(props.page.clone(), move |page| {
        if let Some(element) = node.cast::<web_sys::Element>() {
            browser::set_style(&element, "--columns", &page.board.columns.max(1).to_string());
            browser::set_style(&element, "--rows", &page.board.rows.max(1).to_string());
        }
    });
    let Some(names) = (*names).clone() else { return Html::default() };
    let view = |(n, panel): (usize, &taydo_model::board::Panel)| {
        let shown = panel.content.kpis().iter().filter_map(|id| kpis.iter().find(|kpi| kpi.id == *id).cloned());
        let key = format!("{}/{n}", props.page.board.id);
        html! { <PanelView {key} kpis={Rc::new(shown.collect::<Vec<_>>())} panel={Rc::new(panel.clone())} names={names.clone()} {language} is_kiosk={props.is_kiosk} /> }
    };
    html! { <div ref={place} class="grid">{ for props.page.board.panels.iter().enumerate().map(view) }</div> }
}
