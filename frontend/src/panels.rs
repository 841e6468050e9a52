//! The panels of a board: each shows one thing, and is woken for that alone.
//!
//! Must never hold live data in Yew's state beyond what is on the screen.

pub mod again;
pub mod alerts;
pub mod areas;
pub mod bullet;
pub mod episode;
pub mod heatmap;
pub mod marks;
pub mod rank;
pub mod severity;
pub mod surface;
pub mod table;
pub mod tile;
pub mod trend;
pub mod words;

use crate::{
    app::Link,
    browser,
    centre::{Centre, Moment},
    ranking::Names,
    route::Route,
    store::{Interest, PanelId},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use taydo_model::{
    Kpi, Scope,
    board::{Content, Panel},
    text::Language,
};
use yew::prelude::*;

/// What every panel is given.
#[derive(Clone, PartialEq, Properties)]
pub struct PlaceProps {
    /// The KPIs that it shows, in the order in which its content names them.
    pub kpis: Rc<Vec<Rc<Kpi>>>,
    /// Its place and content.
    pub panel: Rc<Panel>,
    /// What things are called.
    pub names: Rc<Names>,
    /// The language.
    pub language: Language,
    /// Whether it hangs on a wall, where nothing can be operated.
    pub is_kiosk: bool,
}

impl PlaceProps {
    /// The panel's own title, or another.
    #[must_use]
    pub fn title_or(&self, otherwise: &str) -> String {
        self.panel.title.as_ref().map_or(otherwise, |title| title.get(self.language)).to_owned()
    }
}

/// What a panel of one KPI is given.
#[derive(Clone, PartialEq, Properties)]
pub struct PanelProps {
    /// Its KPI.
    pub kpi: Rc<Kpi>,
    /// Its place and content.
    pub panel: Rc<Panel>,
    /// What things are called.
    pub names: Rc<Names>,
    /// The language.
    pub language: Language,
    /// Whether it hangs on a wall, where nothing can be operated.
    pub is_kiosk: bool,
}

impl PanelProps {
    /// The panel's title: its own, or its KPI's with the scope where that is not the city.
    #[must_use]
    pub fn title(&self) -> String {
        if let Some(title) = &self.panel.title {
            return title.get(self.language).to_owned();
        }
        let title = self.kpi.title.get(self.language);
        match &self.panel.content {
            Content::Value { scope, .. } | Content::Heatmap { scope, .. } if *scope != Scope::City => {
                format!("{title} – {}", self.names.of(scope, self.language))
            }
            _ => title.to_owned(),
        }
    }

    /// The panel's title, leading to its KPI's page for a scope where it can be operated.
    pub fn heading(&self, scope: &Scope) -> Html {
        heading(&self.kpi, scope, self.title(), self.is_kiosk)
    }
}

/// A text that leads to a KPI's page for a scope where it can be operated.
pub fn heading(kpi: &Kpi, scope: &Scope, text: String, is_kiosk: bool) -> Html {
    if is_kiosk {
        return text.into();
    }
    html! { <Link to={Route::Kpi(kpi.id.clone(), scope.clone())} text={text} /> }
}

/// Looks at the store when woken: what to show, and when to look again by itself, in milliseconds.
pub type Look<T> = Box<dyn FnMut(&Centre, Moment) -> (T, Option<f64>)>;

/// Subscribes the component and returns what it shows. It is rendered again only when that has changed. `make` is
/// called anew whenever `dependencies` change.
#[hook]
pub fn use_look<T, D>(
    centre: &Centre,
    dependencies: D,
    interests: impl FnOnce() -> Vec<Interest>,
    make: impl FnOnce() -> Look<T>,
) -> Option<T>
where
    T: PartialEq + Clone + 'static,
    D: PartialEq + 'static,
{
    let shown = use_state_eq(|| None::<T>);
    let setter = shown.setter();
    let centre = centre.clone();
    let interests = interests();
    let look = RefCell::new(make());
    use_effect_with(dependencies, move |_| {
        let id: Rc<Cell<Option<PanelId>>> = Rc::default();
        let (handle, mine) = (centre.clone(), id.clone());
        let run = move || {
            let (value, again) = (look.borrow_mut())(&handle, handle.now());
            setter.set(Some(value));
            if let (Some(again), Some(id)) = (again, mine.get()) {
                handle.wake_at(id, again);
            }
        };
        run();
        let panel = centre.subscribe(interests, Callback::from(move |()| run()));
        id.set(Some(panel));
        move || centre.unsubscribe(panel)
    });
    (*shown).clone()
}

/// One panel, whatever it shows, at its place on the board's grid.
#[component]
pub fn PanelView(props: &PlaceProps) -> Html {
    let place = use_node_ref();
    let (panel, node) = (props.panel.clone(), place.clone());
    use_effect_with(panel, move |panel| {
        if let Some(element) = node.cast::<web_sys::Element>() {
            for (name, value) in [("--column", panel.column), ("--row", panel.row), ("--across", panel.width), ("--down", panel.height)] {
                browser::set_style(&element, name, &value.to_string());
            }
        }
    });
    let (kind, content) = content(props);
    html! { <div ref={place} class={classes!("place", format!("place-{kind}"))}>{ content }</div> }
}

/// The kind's name for the style sheet, and the panel itself; nothing where its KPI is gone.
fn content(props: &PlaceProps) -> (&'static str, Html) {
    match &props.panel.content {
        Content::Bullet { .. } => return ("wide", html! { <bullet::Bullets ..props.clone() /> }),
        Content::Table { .. } => return ("wide", html! { <table::Table ..props.clone() /> }),
        Content::Alerts { .. } => return ("wide", html! { <alerts::Alerts ..props.clone() /> }),
        Content::Text { text } => return ("text", words::text(&props.title_or(""), text.get(props.language))),
        Content::Clock => return ("text", html! { <words::Clock ..props.clone() /> }),
        _ => {}
    }
    let PlaceProps { panel, names, language, is_kiosk, .. } = props.clone();
    let Some(kpi) = props.kpis.first().cloned() else { return ("text", Html::default()) };
    let one = PanelProps { kpi, panel, names, language, is_kiosk };
    match &props.panel.content {
        Content::Value { .. } => ("value", html! { <tile::Tile ..one /> }),
        Content::Trend { .. } => ("wide", html! { <trend::Trend ..one /> }),
        Content::Heatmap { .. } => ("wide", html! { <heatmap::Heatmap ..one /> }),
        Content::Hexmap { .. } | Content::Map { .. } => ("wide", html! { <areas::AreaMap ..one /> }),
        _ => ("wide", html! { <rank::Rank ..one /> }),
    }
}
