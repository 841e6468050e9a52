//! Every component in every state, in the page's theme and language: what the design system is, for eyes and for tests.
//!
//! Must never ask the server for figures, nor be told from samples by anything but its title.

mod samples;

use super::{Failure, Frame};
use crate::{
    app::use_speech,
    centre::Centre,
    client::ClientError,
    hours::Hours,
    locale::{Language, console_words, panel_words, words},
    panels::{PanelView, alerts, heatmap, marks, severity},
    ranking::Names,
};
use std::rc::Rc;
use taydo_model::{Kpi, Quality, Scope, Status, board::Panel, incident::Standing};
use yew::prelude::*;

fn section(title: &str, content: Html) -> Html {
    html! { <section><h2>{ title.to_owned() }</h2>{ content }</section> }
}

fn all_marks(language: Language) -> Html {
    let (words, console, panel_words) = (words(language), console_words(language), panel_words(language));
    let status = |one| html! { <li>{ marks::status(one, words) }</li> };
    let quality = |one| html! { <li>{ marks::quality(one, words) }</li> };
    let standings = [Standing::Triggered, Standing::Acknowledged, Standing::Snoozed, Standing::Resolved];
    html! {
        <>
            { section(panel_words.statuses, html! { <ul class="samples"><li>{ words.normal }</li>{ for [Status::Attention, Status::Critical].map(status) }</ul> }) }
            { section(panel_words.severities, html! { <ul class="samples">{ for severity::ALL.map(|one| html! { <li>{ severity::severity(one, false, console) }</li> }) }<li>{ severity::severity(severity::ALL[0], true, console) }</li><li>{ severity::exercise(true, console) }</li>
                { for standings.map(|one| html! { <li>{ severity::standing(one, console) }</li> }) }</ul> }) }
            { section(panel_words.qualities, html! { <ul class="samples">{ for [Quality::Partial, Quality::Stale, Quality::Missing].map(quality) }</ul> }) }
        </>
    }
}

fn scale_and_colours(language: Language) -> Html {
    let words = panel_words(language);
    let size = |name: &'static str| html! { <p class={format!("size-{name}")}>{ name }{ " · 1.234,5 · Ẵng Ộp Ữu gjpqy" }</p> };
    let colour = |name: &'static str| html! { <li><span class={classes!("patch", format!("patch-{name}"))}></span><code>{ format!("--{name}") }</code></li> };
    let colours = [
        "ground",
        "panel",
        "edge",
        "text",
        "text-soft",
        "bar",
        "track",
        "critical",
        "high",
        "attention",
        "info-fill",
        "line-1",
        "line-2",
        "line-3",
        "line-4",
        "line-5",
        "line-6",
    ];
    let fields = html! {
        <div class="buttons">
            <button type="button">{ words.design }</button><button type="button" class="main">{ words.open_alerts }</button>
            <label class="field">{ words.area }<input value="Ninh Kiều" /></label>
        </div>
    };
    html! { <>{ section(words.scale, html! { <div class="sizes">{ for ["hero", "value", "title", "label", "note"].map(size) }</div> }) }
    { section(words.colours, html! { <ul class="samples">{ for colours.map(colour) }</ul> }) }
    { section(words.buttons, fields) }</> }
}

struct Sampled {
    kpi: Rc<Kpi>,
    names: Rc<Names>,
    centre: Centre,
}

impl Sampled {
    fn new(city: &Centre) -> Option<Self> {
        let kpi = Rc::new(samples::kpi()?);
        let (page, now) = (city.city(), city.now().time);
        let names = Rc::new(samples::names(page.clone())?);
        let centre = Centre::sample((*page).clone(), samples::readings(&kpi, &page, now), samples::courses(&kpi, now));
        Some(Self { kpi, names, centre })
    }

    fn grid(&self, panels: Vec<Panel>, class: &'static str, language: Language) -> Html {
        let view = |(n, panel): (usize, Panel)| {
            let kpis = Rc::new(panel.content.kpis().iter().map(|_| self.kpi.clone()).collect::<Vec<_>>());
            html! { <PanelView key={n} {kpis} panel={Rc::new(panel)} names={self.names.clone()} {language} is_kiosk={true} /> }
        };
        html! { <div class={classes!("grid", class)}>{ for panels.into_iter().enumerate().map(view) }</div> }
    }

    fn made(&self, language: Language) -> Html {
        let now = self.centre.now().time;
        let views = samples::incidents(now);
        let open: Vec<_> = views.iter().collect();
        let mut hours = Hours::default();
        for (_, points) in samples::courses(&self.kpi, now) {
            hours.add(&points, &self.centre.calendar());
        }
        let words = panel_words(language);
        let open_alerts = |shown: &[&_]| html! { <section class="panel open-alerts"><header><h3>{ words.open_alerts }</h3></header>{ alerts::list(shown, 3, now, language, true) }</section> };
        html! {
            <div class="grid kinds">
                <div class="place place-wide"><section class="panel heat"><header><h3>{ words.hours_of_week }</h3></header>{ heatmap::week(&self.kpi, &Scope::City, &hours, language) }</section></div>
                <div class="place place-wide">{ open_alerts(&open) }</div>
                <div class="place place-wide">{ open_alerts(&[]) }</div>
            </div>
        }
    }
}

/// The page.
#[component]
pub fn Design() -> Html {
    let language = use_speech().language;
    let city = use_context::<Centre>();
    let sampled = use_memo((), |()| city.as_ref().and_then(Sampled::new));
    let Some(sampled) = &*sampled else { return Html::default() };
    let (words, panel_words) = (words(language), panel_words(language));
    let centre = sampled.centre.clone();
    let lost = html! { <div data-link="lost"><p class="lost"><b>{ words.lost_since }{ " 10:15:00" }</b>{ " – " }{ words.lost_note }</p>
    { sampled.grid(samples::states(&sampled.kpi).into_iter().take(2).collect(), "states", language) }</div> };
    let replay = html! { <div data-mode="replay"><p class="replaying">{ panel_words.replay }{ " · 22/11/2026 07:30:00" }</p>
    { sampled.grid(samples::states(&sampled.kpi).into_iter().take(2).collect(), "states", language) }</div> };
    html! {
        <Frame title={panel_words.design}>
            <p class="state">{ panel_words.design_note }</p>
            { all_marks(language) }{ scale_and_colours(language) }
            <ContextProvider<Centre> context={centre}>
                { section(words.state, sampled.grid(samples::states(&sampled.kpi), "states", language)) }
                { section(panel_words.kinds, html! { <>{ sampled.grid(samples::kinds(&sampled.kpi), "kinds", language) }{ sampled.made(language) }</> }) }
                { section(panel_words.link_lost, lost) }
                { section(panel_words.replay, replay) }
            </ContextProvider<Centre>>
            { section(panel_words.error, html! { <Failure error={ClientError::Unreachable("503".to_owned())} {language} /> }) }
            { section(words.loading, html! { <Failure error={None::<ClientError>} {language} /> }) }
        </Frame>
    }
}
