//! What the HTTP interface answers: the bodies of `/api/v1/…`, shared by the server and the browser.

use crate::{
    AreaId, Asset, BoardId, City, ErrorCode, Kpi, KpiId, Quality, Scope, SourceId, Text, WallId, board::Board, map::ShapeMap, wall::Wall,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /api/v1/city`: what every page begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CityPage {
    /// The definition set's hash.
    pub definitions: String,
    /// Names the server's build.
    pub build: String,
    /// The server's time.
    pub time: Timestamp,
    /// The city.
    pub city: City,
    /// The boards that there are.
    pub boards: Vec<Link<BoardId>>,
    /// The walls that there are.
    pub walls: Vec<Link<WallId>>,
}

/// A thing's id and title.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LinkOf{Id}")]
pub struct Link<Id> {
    /// Its id.
    pub id: Id,
    /// Its title.
    pub title: Text,
}

/// `GET /api/v1/boards/{id}`: a board and what its panels need to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BoardPage {
    /// The definition set's hash.
    pub definitions: String,
    /// The board.
    pub board: Board,
    /// The KPIs of its panels.
    pub kpis: Vec<Kpi>,
    /// The assets that its panels name.
    pub assets: Vec<AssetName>,
    /// The maps that its panels show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maps: Vec<ShapeMap>,
}

/// An asset as screens name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssetName {
    /// Its id.
    pub id: crate::AssetId,
    /// What people call it.
    pub name: String,
    /// The road or site that it stands on.
    pub site: String,
    /// The ward.
    pub area: AreaId,
}

impl From<&Asset> for AssetName {
    fn from(asset: &Asset) -> Self {
        Self { id: asset.id.clone(), name: asset.name.clone(), site: asset.site.clone(), area: asset.area.clone() }
    }
}

/// `GET /api/v1/walls/{id}`: a wall and the boards of its scenes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WallPage {
    /// The wall.
    pub wall: Wall,
    /// Its scenes' boards, each once.
    pub boards: Vec<BoardPage>,
}

/// The most readings in one answer of `GET /api/v1/kpis/{id}/readings`.
pub const MAX_POINTS: u32 = 5_000;

/// `GET /api/v1/kpis/{id}/readings?scope&from&to[&as_of]`: recorded readings, in order of time, the newest revision of
/// each; with `as_of` the one that was the newest then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadingsPage {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// Their first possible moment.
    pub from: Timestamp,
    /// Their last possible moment.
    pub to: Timestamp,
    /// The moment whose knowledge this is; absent: the present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// The readings.
    pub points: Vec<Point>,
}

/// A recorded reading as a chart needs it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Its grid instant.
    pub time: Timestamp,
    /// Its value.
    pub value: Option<f64>,
    /// Its quality.
    pub quality: Quality,
}

/// `GET /api/v1/sources`: the health of each feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourcesPage {
    /// The server's time.
    pub time: Timestamp,
    /// One for each source.
    pub sources: Vec<SourceHealth>,
    /// Assets that were named by data but aren't in the register, the most frequent first.
    pub unknown_assets: Vec<UnknownAsset>,
    /// The newest rejects, of all sources.
    pub rejects: Vec<Reject>,
    /// Figures that departments have to enter soon …
    #[serde(default)]
    pub figures_soon: usize,
    /// … and those that are late.
    #[serde(default)]
    pub figures_late: usize,
    /// Which definition set is in force, and what is wrong with the city's folder.
    pub definitions: DefinitionsState,
}

/// How the definitions stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DefinitionsState {
    /// The hash of the set in force.
    pub hash: String,
    /// Since when it has been.
    pub since: Timestamp,
    /// The hash of a sound set that follows as soon as its windows are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Since when the city's folder has been broken; the set in force stays meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_since: Option<Timestamp>,
    /// How many problems the folder has.
    #[serde(default)]
    pub problem_count: usize,
    /// The first of them, in the order of files and lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<DefinitionProblem>,
}

/// One thing that is wrong with a definition file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DefinitionProblem {
    /// The file's name within the city's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How a feed is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceHealth {
    /// The source.
    pub id: SourceId,
    /// Its title.
    pub title: Text,
    /// `mqtt`, `http`, `line`, `csv`.
    pub way: String,
    /// In one word.
    pub state: FeedState,
    /// What is wrong, where something is: connection lost, session lost, messages dropped.
    pub problem: Option<String>,
    /// When something last arrived.
    pub last_seen: Option<Timestamp>,
    /// Items taken in the last minute.
    pub per_minute: u64,
    /// Items taken since the server started.
    pub accepted: u64,
    /// Items refused since the server started.
    pub rejected: u64,
    /// Series that it has created.
    pub series: u64,
    /// The most that it may.
    pub max_series: u32,
}

/// A feed's state in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FeedState {
    /// Data arrives as expected.
    Live,
    /// Nothing has come for longer than expected.
    Silent,
    /// Something is wrong with the way in.
    Problem,
    /// Nothing has ever come.
    Waiting,
}

/// An asset that is named by data but not registered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnknownAsset {
    /// The name that the data gives.
    pub asset: String,
    /// By which source.
    pub source: SourceId,
    /// How many observations named it.
    pub observations: u64,
}

/// An item that was not taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reject {
    /// Its number.
    pub id: i64,
    /// When it came.
    pub time: Timestamp,
    /// By which source.
    pub source: SourceId,
    /// What kind of refusal.
    pub code: ErrorCode,
    /// What is wrong with it.
    pub reason: String,
    /// The beginning of what came.
    pub payload: String,
}
