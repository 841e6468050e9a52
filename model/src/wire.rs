//! The wire protocol `taydo.v1.json`: what goes over `/api/v1/live`, message by message (docs/protocol.md).
//!
//! A topic is a board seen through a view. All frames of a topic carry its mode, epoch and sequence; a client that
//! knows the last pair it has seen can resume there.

use crate::{BoardId, ErrorCode, Reading, WallId, wall::report::Showing};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The WebSocket subprotocol's name.
pub const SUBPROTOCOL: &str = "taydo.v1.json";
/// The largest message that a client may send, in bytes.
pub const MAX_CLIENT_MESSAGE_BYTES: usize = 4096;

/// A board seen through a view.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Topic {
    /// The board.
    pub board: BoardId,
    /// Whose scopes are seen.
    #[serde(default)]
    pub view: View,
}

/// The set of scopes that a viewer may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// All of them.
    #[default]
    All,
}

/// Whether frames show now or a replay of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Mode {
    #[default]
    Live,
    Replay,
}

/// The fastest that the past is played, as a multiple of its own pace.
pub const MAX_SPEED: u8 = 60;
/// The longest stretch of the past that one replay spans, in hours.
pub const MAX_REPLAY_HOURS: i64 = 31 * 24;

/// Which revisions of recorded readings a replay shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Knowledge {
    /// What was known at the played instant: a correction that came later is not shown.
    #[default]
    Then,
    /// What is known now: every reading in its newest revision, at the instant that it is for.
    Now,
}

/// A stretch of the past that is to be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, at most 31 days later and not in the future.
    pub to: Timestamp,
    /// Where playing begins; at `from` where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How many times as fast as it happened, at most 60; 0 stands still.
    pub speed: u8,
    /// Which revisions are shown.
    #[serde(default)]
    pub known: Knowledge,
}

/// How a replay stands, in the head of each of its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playing {
    /// The stretch's beginning …
    pub from: Timestamp,
    /// … and its end.
    pub to: Timestamp,
    /// How many times as fast as it happened the played instant moves on from `time`; 0 stands still.
    pub speed: u8,
}

/// Where a frame stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The topic.
    pub topic: Topic,
    /// Live or replay.
    pub mode: Mode,
    /// The lease's fence under which the readings were made; a lower one is old. A replay counts its own, one for each seek.
    pub epoch: i64,
    /// The frame's number in this epoch; each update is one more than the last. A snapshot and a heartbeat carry
    /// the number of the update that they stand after.
    pub sequence: u64,
    /// The server's time when the frame was made; in a replay the played instant.
    pub time: Timestamp,
    /// The definition set that the readings were made by; another one than the page was built from calls for a new page.
    pub definitions: String,
    /// How the replay stands; absent when live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Playing>,
}

/// What the server sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// First of all.
    Hello {
        /// The server's time.
        time: Timestamp,
        /// Names the server's build; another one than the page's calls for a reload.
        build: String,
        /// A heartbeat comes at least this often on each topic, in milliseconds.
        heartbeat_ms: u32,
    },
    /// All current readings of a topic; replaces what the client has.
    Snapshot {
        /// Where it stands.
        #[serde(flatten)]
        head: Head,
        /// One for each KPI and scope.
        readings: Vec<Reading>,
        /// In a replay: the incidents that were open at the played instant, and those closed in the hour before it, as
        /// [`crate::console::IncidentsNotes`]. A tree, so that only pages that list incidents have to know what is in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incidents: Option<Value>,
    },
    /// What has changed since the update before.
    Update {
        /// Where it stands.
        #[serde(flatten)]
        head: Head,
        /// Live readings that changed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        live: Vec<Reading>,
        /// Recorded readings, new or corrected: points of trends.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        recorded: Vec<Reading>,
        /// In a replay, when one of them has changed: all incidents, as in a snapshot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incidents: Option<Value>,
    },
    /// Nothing has changed; the server is alive.
    Heartbeat {
        /// Where the topic stands.
        #[serde(flatten)]
        head: Head,
    },
    /// What a wall shows, to whoever attends it: when they join, and whenever it changes.
    Wall {
        /// The server's time.
        time: Timestamp,
        /// As [`crate::wall::page::WallState`]. A tree, so that only a wall's program has to know what is in it.
        state: Value,
    },
    /// A message of the client's was refused.
    Error {
        /// Why.
        code: ErrorCode,
        /// In words.
        message: String,
    },
}

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// Send this topic from now on, beginning with a snapshot.
    Subscribe {
        /// Which.
        topic: Topic,
        /// The past in place of the present. A connection has one replay at a time; a second one takes its place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replay: Option<Replay>,
    },
    /// Play the replay at this speed from where it is; 0 stops it there.
    Play {
        /// Which.
        topic: Topic,
        /// How many times as fast as it happened, at most 60.
        speed: u8,
    },
    /// Go on from another instant of the replay: a snapshot in a higher epoch follows.
    Seek {
        /// Which.
        topic: Topic,
        /// Where to; the range's end that is nearer, where it lies outside.
        at: Timestamp,
    },
    /// Send this topic from after this frame on; with a snapshot where that is no longer possible.
    Resume {
        /// Which.
        topic: Topic,
        /// The epoch of the last frame that was seen.
        epoch: i64,
        /// Its sequence.
        sequence: u64,
    },
    /// No longer send this topic.
    Unsubscribe {
        /// Which.
        topic: Topic,
    },
    /// Send what a wall shows from now on. A connection attends one wall; another one takes its place.
    Attend {
        /// Which.
        wall: WallId,
        /// An enrolled screen's token; whoever has none looks on, and is not missed when they go.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
    /// The screen draws: sent from its frame loop every two seconds.
    Beat {
        /// How many frames it has counted since its page was loaded.
        frames: u64,
        /// The board that it shows; none while it shows something else.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shows: Option<BoardId>,
        /// What it shows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        showing: Option<Showing>,
        /// The number of the plan that it follows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<i64>,
    },
}
