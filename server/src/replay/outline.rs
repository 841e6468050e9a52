//! What a board of that time shows: which figures, and how far back its trends go.
//!
//! It must never read anything.

use crate::hub::draws;
use crate::store::past::Figures;
use jiff::{SignedDuration, Timestamp};
use taydo_model::board::Content;
use taydo_model::{BoardId, Definitions, Reading};

/// A tile's trend looks back so far at most.
const TILE: SignedDuration = SignedDuration::from_hours(1);

/// A board in outline; empty where there was no such board.
#[derive(Debug, Default)]
pub(super) struct Outline {
    contents: Vec<Content>,
    /// The figures that it shows.
    pub(super) figures: Figures,
    /// How far back its trends go.
    pub(super) span: SignedDuration,
}

impl Outline {
    pub(super) fn of(definitions: &Definitions, board: &BoardId) -> Self {
        let panels = definitions.board(board).map(|board| board.panels.as_slice()).unwrap_or_default();
        let mut outline = Self { span: TILE, ..Self::default() };
        for panel in panels {
            let content = &panel.content;
            for kpi in content.kpis() {
                outline.figures.single.extend(content.scopes().iter().map(|scope| (kpi.clone(), scope.clone())));
                outline.figures.ranked.extend(content.dimension().map(|by| (kpi.clone(), by)));
            }
            outline.span = outline.span.max(SignedDuration::from_secs(i64::from(content.drawn_s())));
            outline.contents.push(panel.content.clone());
        }
        outline
    }

    /// Whether a reading is a point of a trend that the board shows at `at`.
    pub(super) fn draws(&self, at: Timestamp, reading: &Reading) -> bool {
        let age_s = at.duration_since(reading.time).as_secs();
        self.contents.iter().any(|content| draws(content, reading, age_s))
    }
}
