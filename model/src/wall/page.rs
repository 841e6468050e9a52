//! What is asked and answered about walls and their screens, over HTTP and over the WebSocket.
//!
//! It must never hold a screen's token beyond the one answer that hands it over.

use super::{
    Wall,
    plan::{Plan, WallAct},
    report::Showing,
};
use crate::{
    BoardId, PersonId, Text, WallId,
    incident::{IncidentId, Standing},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A screen sends a beat this often while it draws, in milliseconds.
pub const BEAT_MS: u32 = 2_000;
/// A screen that has not drawn for so long is dead, in seconds.
pub const DEAD_AFTER_S: i64 = 10;
/// A code is valid for so long, in seconds.
pub const CODE_S: i64 = 300;

/// What a wall's screens are sent, whenever it changes and when they join.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WallState {
    /// The wall.
    pub wall: WallId,
    /// What it shows.
    pub plan: Plan,
    /// The open critical incidents, the newest first: the strip.
    pub critical: Vec<Critical>,
    /// How many more there are.
    #[serde(default)]
    pub more: usize,
    /// The city's operating stage, where it has stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<crate::stage::StageSign>,
}

/// A critical incident in the strip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Critical {
    /// Its number.
    pub incident: IncidentId,
    /// What it is.
    pub title: Text,
    /// Where.
    pub place: Text,
    /// Since when.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub standing: Standing,
    /// Whether it is an exercise.
    #[serde(default)]
    pub exercise: bool,
}

/// An enrolled screen's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ScreenId(pub i64);

/// How a screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScreenState {
    /// It draws.
    Live,
    /// The server began a moment ago and waits for it.
    Awaited,
    /// It draws no more.
    Dead,
}

/// An enrolled screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScreenStatus {
    /// Its number.
    pub id: ScreenId,
    /// Which display of the wall it is.
    pub display: String,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// By whom.
    pub enrolled_by: PersonId,
    /// How it is.
    pub state: ScreenState,
    /// When it last drew, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn_at: Option<Timestamp>,
    /// How many frames it counted since its page was loaded.
    #[serde(default)]
    pub frames: u64,
    /// The board that it last said it shows; none while it shows something else or is not live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<BoardId>,
    /// What it last said that it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub showing: Option<Showing>,
    /// The number of the plan that it last said it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<i64>,
}

/// What somebody did with a wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WallActed {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub person: PersonId,
    /// What.
    pub act: WallDeed,
}

/// What can be done with a wall and its screens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WallDeed {
    /// Something with what it shows.
    Act(WallAct),
    /// Something with a screen.
    Screen(ScreenDeed),
}

/// What is done with a screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum ScreenDeed {
    /// It was enrolled.
    Enrol {
        /// Which.
        screen: ScreenId,
        /// As which display.
        display: String,
    },
    /// Its token counts no more.
    Revoke {
        /// Which.
        screen: ScreenId,
    },
}

/// A wall as its control page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WallStatus {
    /// It.
    pub wall: Wall,
    /// What it shows, and what stands in its strip.
    pub state: WallState,
    /// Its screens, by display and number.
    pub screens: Vec<ScreenStatus>,
    /// How many pages show it without being enrolled.
    pub viewers: usize,
    /// What it draws, estimated, in watts; absent where its profile doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watts: Option<f64>,
    /// What was done last, the newest first.
    pub acts: Vec<WallActed>,
}

/// `GET /api/v1/walls`: every wall, and how its screens are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WallsPage {
    /// The server's time.
    pub time: Timestamp,
    /// The walls, by id.
    pub walls: Vec<WallStatus>,
}

/// What `POST /api/v1/screens/codes` answers to a screen that has no token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScreenCode {
    /// Six digits that the screen shows.
    pub code: String,
    /// The screen's token, which it keeps and shows to nobody; it counts once somebody has used the code.
    pub token: String,
    /// Until when the code can be used.
    pub until: Timestamp,
}

/// `POST /api/v1/screens/self`: a screen asks where it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreenToken {
    /// Its token.
    pub token: String,
}

/// Where a screen belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScreenPlace {
    /// Its wall and its display; absent while nobody has used its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<(WallId, String)>,
}

/// `POST /api/v1/screens`: somebody enrols the screen that shows a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolScreen {
    /// Who.
    pub person: PersonId,
    /// The code.
    pub code: String,
    /// For which wall.
    pub wall: WallId,
    /// As which display.
    pub display: String,
}
