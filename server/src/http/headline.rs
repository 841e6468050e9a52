//! A board in one sentence.
//!
//! It gathers the newest readings, recorded or as the board shows them now, what is open and how the feeds are; what they come to the shared model says. It
//! must never leave out a figure because it is missing.

use super::State;
use super::pages::unavailable;
use super::refusal::Refusal;
use super::why::named;
use crate::store::past::Figures;
use crate::wording::view;
use actix_web::web::{Data, Json, Path};
use taydo_model::alert::Severity;
use taydo_model::api::FeedState;
use taydo_model::board::Board;
use taydo_model::console::IncidentView;
use taydo_model::headline::{HeadlinePage, Shown, headline as tell};
use taydo_model::wire::{Knowledge, Topic, View};
use taydo_model::{BoardId, Definitions, KpiId, Reading, Scope, Text};

/// The most open incidents that are looked at.
const MOST: u32 = 1_000;

pub(super) async fn headline(state: Data<State>, id: Path<String>) -> Result<Json<HeadlinePage>, Refusal> {
    let definitions = state.definitions.get();
    let board = BoardId::new(id.as_str()).ok().and_then(|id| definitions.board(&id).cloned());
    let board = board.ok_or_else(|| Refusal::not_found(format!("board {id}")))?;
    of(&state, &definitions, &board).await.map(Json)
}

/// A board's headline as of now.
pub(super) async fn of(state: &State, definitions: &Definitions, board: &Board) -> Result<HeadlinePage, Refusal> {
    let now = state.clock.now();
    let wanted = figures(definitions, board);
    let asked = Figures { single: wanted.clone(), ranked: Vec::new() };
    let found = state.replays.past().newest(&asked, now, Knowledge::Now).await.map_err(|error| unavailable(&error))?;
    let rows = state.store.incidents(None, MOST).await.map_err(|error| unavailable(&error))?;
    let open: Vec<IncidentView> = rows.into_iter().map(|row| view(definitions, row)).collect();
    let open: Vec<&IncidentView> = open.iter().filter(|view| !view.exercise && view.incident.severity >= Severity::High).collect();
    let (feeds, _) = state.health.snapshot(definitions, now);
    let late = feeds.iter().filter(|feed| matches!(feed.state, FeedState::Silent | FeedState::Problem)).count();
    let places: Vec<Text> = wanted.iter().map(|(_, scope)| place(definitions, scope)).collect();
    let live = state.hub.current(&Topic { board: board.id.clone(), view: View::All });
    let of = |kpi: &KpiId, scope: &Scope, from: &[Reading]| from.iter().find(|one| one.kpi == *kpi && one.scope == *scope).cloned();
    // After a start a figure is live before it is recorded: the sentence must not deny the number that the board shows beside it.
    let newest: Vec<Option<Reading>> = wanted
        .iter()
        .map(|(kpi, scope)| match (of(kpi, scope, &found), of(kpi, scope, &live)) {
            (Some(recorded), Some(live)) => Some(if live.time >= recorded.time { live } else { recorded }),
            (recorded, live) => recorded.or(live),
        })
        .collect();
    let shown: Vec<Shown<'_>> = wanted
        .iter()
        .zip(&places)
        .zip(&newest)
        .filter_map(|(((id, scope), place), reading)| {
            Some(Shown { kpi: definitions.kpi(id)?.as_ref(), scope, place, reading: reading.as_ref() })
        })
        .collect();
    Ok(tell(&shown, &open, late, now))
}

fn place(definitions: &Definitions, scope: &Scope) -> Text {
    if *scope == Scope::City { Text::default() } else { named(definitions, scope).name }
}

/// The figures that a board shows, each once, in its panels' order: of maps, rankings and tables the city's own.
pub(super) fn figures(definitions: &Definitions, board: &Board) -> Vec<(KpiId, Scope)> {
    let mut panels: Vec<_> = board.panels.iter().collect();
    panels.sort_by_key(|panel| (panel.row, panel.column));
    let mut figures: Vec<(KpiId, Scope)> = Vec::new();
    for content in panels.into_iter().map(|panel| &panel.content) {
        let scopes = if content.scopes().is_empty() { &[Scope::City][..] } else { content.scopes() };
        for (kpi, scope) in content.kpis().iter().flat_map(|kpi| scopes.iter().map(move |scope| (kpi, scope))) {
            let is_new = !figures.iter().any(|(known, of)| known == kpi && of == scope);
            if is_new && definitions.kpi(kpi).is_some_and(|kpi| kpi.covers(scope)) {
                figures.push((kpi.clone(), scope.clone()));
            }
        }
    }
    figures
}
