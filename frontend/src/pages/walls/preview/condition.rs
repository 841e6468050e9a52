//! What is known of the screen at a place of the wall: whether one is enrolled there, whether it draws, and what it says.
//!
//! Must never call a screen well of which nothing was heard.

use crate::{
    calendar::Calendar,
    locale::{Language, WallWords, wall_words},
    panels::marks::shape,
};
use jiff::Timestamp;
use taydo_model::{
    api::WallPage,
    wall::{
        page::{ScreenState, ScreenStatus, WallStatus},
        report::{Agreement, Showing},
    },
};
use yew::prelude::*;

/// What is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    /// It draws what the plan says, as far as it has said.
    Draws,
    /// It draws, and says that it shows something else: this.
    Differs(String),
    /// The server began a moment ago and waits for it.
    Awaited,
    /// It draws no more, since then; never did where that is absent.
    Dead(Option<Timestamp>),
    /// No screen is enrolled there.
    Absent,
    /// The server doesn't answer, so nothing is known.
    Unheard,
}

/// The title of a board, or its name while the wall's boards are not here.
pub(super) fn board_title(page: Option<&WallPage>, id: &taydo_model::BoardId, language: Language) -> String {
    let found = page.and_then(|page| page.boards.iter().find(|page| page.board.id == *id));
    found.map_or_else(|| id.to_string(), |page| page.board.title.get(language).to_owned())
}

fn said(screen: &ScreenStatus, page: Option<&WallPage>, language: Language) -> String {
    let words = wall_words(language);
    match (screen.showing, &screen.shows) {
        (_, Some(board)) => board_title(page, board, language),
        (Some(Showing::Takeover), _) => words.takeover.to_owned(),
        (Some(Showing::Blank), _) => words.blank.to_owned(),
        _ => words.nothing.to_owned(),
    }
}

impl Condition {
    /// Of the screen on a display, by its place in the wall's list. Of several that are enrolled there the best counts: the
    /// list below the picture has each.
    pub(super) fn of(status: &WallStatus, display: usize, page: Option<&WallPage>, language: Language) -> Self {
        let name = status.wall.displays.get(display).map(|display| display.name.as_str()).unwrap_or_default();
        let here: Vec<&ScreenStatus> = status.screens.iter().filter(|screen| screen.display == name).collect();
        let one = |state: ScreenState| here.iter().find(|screen| screen.state == state);
        if let Some(screen) = one(ScreenState::Live) {
            return match screen.agreement(&status.state.plan, &status.wall.scenes, display) {
                Agreement::Differs => Self::Differs(said(screen, page, language)),
                Agreement::Follows | Agreement::Unknown => Self::Draws,
            };
        }
        match (one(ScreenState::Awaited), one(ScreenState::Dead)) {
            (Some(_), _) => Self::Awaited,
            (None, Some(screen)) => Self::Dead(screen.drawn_at),
            (None, None) => Self::Absent,
        }
    }

    /// For hooks and the style sheet.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Draws => "draws",
            Self::Differs(_) => "differs",
            Self::Awaited => "awaited",
            Self::Dead(_) => "dead",
            Self::Absent => "absent",
            Self::Unheard => "unheard",
        }
    }

    /// Whether a picture of what the plan says may stand for the screen.
    pub(super) fn is_pictured(&self) -> bool {
        matches!(self, Self::Draws | Self::Absent)
    }

    fn mark(&self) -> Html {
        let path = match self {
            Self::Draws => "M2 8.5 6.5 13 14 3.5",
            Self::Differs(_) => "M2 6h12M2 10.5h12M11 2 5 14.5",
            Self::Awaited => "M3 1.5h10L8 8l5 6.5H3L8 8Z",
            Self::Dead(_) => "M3 3l10 10M13 3 3 13",
            Self::Absent => "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
            Self::Unheard => "M5.2 5.5a2.8 2.8 0 1 1 4.4 2.3C8.5 8.6 8 9 8 10.3M8 13.2v.6",
        };
        shape(html! { <path class="hollow" d={path} /> })
    }

    fn word(&self, words: &'static WallWords) -> &'static str {
        match self {
            Self::Draws => words.live,
            Self::Differs(_) => words.differs,
            Self::Awaited => words.awaited,
            Self::Dead(_) => words.dead,
            Self::Absent => words.absent,
            Self::Unheard => words.unheard,
        }
    }

    /// Its shape and its word.
    pub(super) fn sign(&self, words: &'static WallWords) -> Html {
        html! { <span class="sign">{ self.mark() }{ self.word(words) }</span> }
    }

    /// What stands in place of a picture: the sign in large, and what more there is to say.
    pub(super) fn veil(&self, planned: &str, calendar: &Calendar, now: Timestamp, language: Language) -> Html {
        let words = wall_words(language);
        let more = match self {
            Self::Differs(said) => Some(format!("{} {said}", words.says)),
            Self::Dead(Some(since)) => Some(format!("{} {}", words.dead_since, calendar.moment(*since, now))),
            Self::Dead(None) => Some(words.never.to_owned()),
            _ => None,
        };
        html! {
            <div class="veil">
                <p class="large">{ self.mark() }<b>{ self.word(words) }</b></p>
                { more.map(|more| html! { <p>{ more }</p> }) }
                <p class="note">{ words.by_plan }{ " " }{ planned }</p>
            </div>
        }
    }
}
