//! `boards/*.toml`: one board a file, named by the file.
//!
//! Must never accept a panel that has nothing to show or no room of its own.

mod content;

use super::{document::Document, name::Known, value::Value};
use crate::{
    BoardId, City, Kpi,
    board::{Board, Panel},
};
use content::{Context, content};
use std::sync::Arc;

const MOST_CELLS: u64 = 48;

/// The board that a file of this name defines.
pub(super) fn name(file: &str) -> &str {
    file.strip_prefix("boards/").unwrap_or(file).strip_suffix(".toml").unwrap_or(file)
}

/// The board, if it is sound.
pub(super) fn read(document: &Document<'_>, known: &Known, city: &City, kpis: &[Arc<Kpi>]) -> Option<Board> {
    let mut section = document.section();
    let id = BoardId::new(name(document.name));
    if let Err(invalid) = &id {
        section.problem(invalid.to_string(), "a board is named by its file; rename the file");
    }
    let title = section.need("title", Value::both_languages);
    let grid = section.need("grid", |value| value.pair(|value| cells(value, 1)));
    let context = Context { known, city, kpis };
    let panels = section.need("panels", |value| panels(value, grid, &context));
    if !section.finish() {
        return None;
    }
    let (columns, rows) = grid?;
    Some(Board { id: id.ok()?, title: title?, columns, rows, panels: panels? })
}

fn cells(value: &Value<'_>, least: u64) -> Option<u16> {
    value.whole(least, MOST_CELLS).and_then(|cells| u16::try_from(cells).ok())
}

fn panels(value: &Value<'_>, grid: Option<(u16, u16)>, context: &Context<'_>) -> Option<Vec<Panel>> {
    let items = value.items()?;
    if items.is_empty() {
        value.problem("the board has no panels", "add a [[panels]]");
    }
    let mut panels: Vec<Panel> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(panel) = panel(item, index + 1, context) else { continue };
        if let Some((columns, rows)) = grid
            && (panel.column + panel.width - 1 > columns || panel.row + panel.height - 1 > rows)
        {
            let (right, bottom) = (panel.column + panel.width - 1, panel.row + panel.height - 1);
            item.problem(
                format!("panel {} reaches column {right} and row {bottom} of a grid of {columns} by {rows}", index + 1),
                "move it, make it smaller, or widen the grid",
            );
        }
        if let Some(other) = panels.iter().position(|other| overlap(other, &panel)) {
            item.problem(format!("panel {} lies over panel {}", index + 1, other + 1), "move one of them");
        }
        panels.push(panel);
    }
    Some(panels)
}

fn overlap(a: &Panel, b: &Panel) -> bool {
    a.column < b.column + b.width && b.column < a.column + a.width && a.row < b.row + b.height && b.row < a.row + a.height
}

fn panel(item: &Value<'_>, number: usize, context: &Context<'_>) -> Option<Panel> {
    let mut section = item.section(&format!("panel {number}"))?;
    let at = section.need("at", |value| value.pair(|value| cells(value, 1)));
    let size = section.need("size", |value| value.pair(|value| cells(value, 1)));
    let title = section.may("title", Value::both_languages);
    let content = content(&mut section, context);
    if content.is_some() {
        section.finish();
    }
    let ((column, row), (width, height)) = (at?, size?);
    Some(Panel { column, row, width, height, title, content: content? })
}
