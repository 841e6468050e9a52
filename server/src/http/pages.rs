//! What pages begin with: the city, boards, walls, and the health of the feeds.

use super::refusal::Refusal;
use super::{State, query};
use crate::store::StoreError;
use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use taydo_model::api::{AssetName, BoardPage, CityPage, Link, SourcesPage, WallPage};
use taydo_model::board::{Board, Content};
use taydo_model::kpi::Dimension;
use taydo_model::{AssetId, BoardId, Definitions, ErrorCode, Scope, Text, WallId};

/// The newest rejects that the sources page shows.
const REJECTS_SHOWN: u32 = 50;

pub(super) async fn city(state: Data<State>) -> Json<CityPage> {
    let definitions = state.definitions.get();
    Json(CityPage {
        definitions: definitions.hash.clone(),
        build: state.build.clone(),
        time: state.clock.now(),
        city: definitions.city.clone(),
        boards: definitions.boards.iter().map(|board| Link { id: board.id.clone(), title: board.title.clone() }).collect(),
        walls: definitions.walls.iter().map(|wall| Link { id: wall.id.clone(), title: wall.title.clone() }).collect(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Instant {
    #[serde(default)]
    at: Option<Timestamp>,
}

pub(super) async fn board(request: HttpRequest, state: Data<State>, id: Path<String>) -> Result<Json<BoardPage>, Refusal> {
    let definitions = match query::<Instant>(&request)?.at {
        Some(at) => state.replays.sets().at(at, at).await.map_err(|error| unavailable(&error))?.0,
        None => state.definitions.get(),
    };
    let found = BoardId::new(id.as_str()).ok().and_then(|id| definitions.board(&id));
    found.map(|board| Json(board_page(&definitions, board))).ok_or_else(|| Refusal::missing("bảng", "board", id))
}

pub(super) async fn wall(state: Data<State>, id: Path<String>) -> Result<Json<WallPage>, Refusal> {
    let definitions = state.definitions.get();
    let found = WallId::new(id.as_str()).ok().and_then(|id| definitions.wall(&id));
    let wall = found.ok_or_else(|| Refusal::missing("tường màn hình", "wall", id))?;
    let boards: BTreeSet<&BoardId> = wall.scenes.iter().flat_map(|scene| &scene.boards).collect();
    let boards = boards.into_iter().filter_map(|id| definitions.board(id)).map(|board| board_page(&definitions, board)).collect();
    Ok(Json(WallPage { wall: wall.as_ref().clone(), boards }))
}

fn board_page(definitions: &Definitions, board: &Arc<Board>) -> BoardPage {
    let contents = || board.panels.iter().map(|panel| &panel.content);
    let kpis: BTreeSet<_> = contents().flat_map(Content::kpis).collect();
    let maps: BTreeSet<_> =
        contents().filter_map(|content| if let Content::Map { map, .. } = content { Some(map) } else { None }).collect();
    let all_assets = contents().any(|content| content.dimension() == Some(Dimension::Asset));
    let named: BTreeSet<&AssetId> =
        contents().flat_map(Content::scopes).filter_map(|scope| if let Scope::Asset(id) = scope { Some(id) } else { None }).collect();
    BoardPage {
        definitions: definitions.hash.clone(),
        board: board.as_ref().clone(),
        kpis: kpis.into_iter().filter_map(|id| definitions.kpi(id)).map(|kpi| kpi.as_ref().clone()).collect(),
        assets: definitions
            .assets
            .iter()
            .filter(|asset| all_assets || named.contains(&asset.id))
            .map(|asset| AssetName::from(asset.as_ref()))
            .collect(),
        maps: definitions.maps.iter().filter(|map| maps.contains(&map.id)).map(|map| map.as_ref().clone()).collect(),
    }
}

pub(super) async fn sources(state: Data<State>) -> Result<Json<SourcesPage>, Refusal> {
    let now = state.clock.now();
    let (sources, unknown_assets) = state.health.snapshot(&state.definitions.get(), now);
    let rejects = state.store.rejects(REJECTS_SHOWN).await.map_err(|error| unavailable(&error))?;
    let definitions = state.definitions.get();
    let (figures_soon, figures_late) = state.door.standing(&definitions).await.map_err(|error| unavailable(&error))?;
    let definitions = state.definitions.standing();
    Ok(Json(SourcesPage { figures_soon, figures_late, time: now, sources, unknown_assets, rejects, definitions }))
}

/// What a reader is told when the store can't answer.
pub(super) fn unavailable(error: &StoreError) -> Refusal {
    match error {
        StoreError::Unavailable(_) | StoreError::Conflict(_) | StoreError::Full(_) => {
            tracing::warn!(error = %super::refusal::chain(error), "the database can't answer");
            let said =
                Text::new("lúc này không tới được cơ sở dữ liệu; hãy thử lại sau", "the database can't be reached now; try again later");
            Refusal::both(ErrorCode::Unavailable, said).retry_after(5)
        }
        StoreError::FenceLost(_) | StoreError::Internal(_) => Refusal::internal(error),
    }
}
