//! What a screen says of itself, and whether that is what its wall's plan says.
//!
//! Must never take silence for agreement, nor call a screen wrong that may only have told late.

use super::{
    Scene,
    page::{ScreenState, ScreenStatus},
    plan::{Plan, Shown},
};
use crate::BoardId;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// So long before its beat was heard what a screen says may have been so, in seconds: beats come every two.
const SLACK_S: i64 = 3;

/// What a screen shows, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Showing {
    /// A scene's board.
    Scene,
    /// The incident that has taken the wall over.
    Takeover,
    /// Nothing: it is black.
    Blank,
    /// Its wall has nothing to show.
    Nothing,
}

/// What a screen says with a beat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The board that it shows; none while it shows something else.
    pub shows: Option<BoardId>,
    /// What it shows.
    pub showing: Option<Showing>,
    /// The number of the plan that it follows.
    pub plan: Option<i64>,
}

/// Whether a screen follows its wall's plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// It shows what the plan says.
    Follows,
    /// It shows something else.
    Differs,
    /// It has not said enough.
    Unknown,
}

impl Shown {
    /// The same in one word.
    #[must_use]
    pub fn showing(self) -> Showing {
        match self {
            Self::Blank => Showing::Blank,
            Self::Takeover => Showing::Takeover,
            Self::Scene { .. } => Showing::Scene,
            Self::Nothing => Showing::Nothing,
        }
    }
}

impl ScreenStatus {
    /// Whether it shows on `display` (a place in the wall's list) what the plan says.
    #[must_use]
    pub fn agreement(&self, plan: &Plan, scenes: &[Scene], display: usize) -> Agreement {
        let (ScreenState::Live, Some(heard), Some(showing)) = (self.state, self.drawn_at, self.showing) else {
            return Agreement::Unknown;
        };
        let early = heard.saturating_sub(SignedDuration::from_secs(SLACK_S)).unwrap_or(heard);
        // What held before this plan is not known any more.
        if early < plan.from {
            return Agreement::Unknown;
        }
        let is_right = |at: Timestamp| {
            let shown = plan.shown(scenes, at);
            let board = match shown {
                Shown::Scene { scene, .. } => scenes.get(scene).and_then(|scene| scene.board(display)),
                _ => None,
            };
            shown.showing() == showing && (showing != Showing::Scene || board == self.shows.as_ref())
        };
        let follows = self.plan.is_none_or(|number| number == plan.number) && (is_right(heard) || is_right(early));
        if follows { Agreement::Follows } else { Agreement::Differs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        PersonId,
        wall::{page::ScreenId, plan::WallAct},
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn scenes() -> Vec<Scene> {
        let board = |name: &str| BoardId::new(name).unwrap();
        vec![Scene { boards: vec![board("one"), board("two")], seconds: 60 }, Scene { boards: vec![board("three")], seconds: 60 }]
    }

    fn said(second: i64, plan: i64, showing: Showing, shows: Option<&str>) -> ScreenStatus {
        ScreenStatus {
            id: ScreenId(1),
            display: "1".to_owned(),
            enrolled_at: at(0),
            enrolled_by: PersonId::new("an").unwrap(),
            state: ScreenState::Live,
            drawn_at: Some(at(second)),
            frames: 1,
            shows: shows.map(|name| BoardId::new(name).unwrap()),
            showing: Some(showing),
            plan: Some(plan),
        }
    }

    #[test]
    fn a_screen_is_judged_by_when_it_spoke() {
        let (scenes, first) = (scenes(), Plan::first());
        let judge = |status: ScreenStatus, display: usize| status.agreement(&first, &scenes, display);
        assert_eq!(judge(said(30, 0, Showing::Scene, Some("one")), 0), Agreement::Follows);
        assert_eq!(judge(said(30, 0, Showing::Scene, Some("one")), 1), Agreement::Differs, "the second display has another board");
        assert_eq!(judge(said(30, 0, Showing::Blank, None), 0), Agreement::Differs);
        // The scene changed two seconds before the beat was heard.
        assert_eq!(judge(said(62, 0, Showing::Scene, Some("one")), 0), Agreement::Follows);
        assert_eq!(judge(said(62, 0, Showing::Scene, Some("three")), 0), Agreement::Follows);
        assert_eq!(judge(said(64, 0, Showing::Scene, Some("one")), 0), Agreement::Differs);
    }

    #[test]
    fn silence_is_no_agreement_and_lateness_no_difference() {
        let scenes = scenes();
        let black = Plan::first().after(&WallAct::Blank, &scenes, at(100));
        let judge = |status: ScreenStatus| status.agreement(&black, &scenes, 0);
        assert_eq!(judge(said(101, 0, Showing::Scene, Some("one"))), Agreement::Unknown, "it may have spoken before the plan held");
        assert_eq!(judge(said(103, 0, Showing::Scene, Some("one"))), Agreement::Differs);
        assert_eq!(judge(said(103, 1, Showing::Blank, None)), Agreement::Follows);
        assert_eq!(judge(said(103, 0, Showing::Blank, None)), Agreement::Differs, "it follows an older plan");
        assert_eq!(judge(ScreenStatus { state: ScreenState::Dead, ..said(103, 1, Showing::Blank, None) }), Agreement::Unknown);
        assert_eq!(judge(ScreenStatus { showing: None, ..said(103, 1, Showing::Blank, None) }), Agreement::Unknown);
    }
}
