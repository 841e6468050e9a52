//! `boards/*.toml`: one board a file, named by the file.
//!
//! Must never accept a panel that has nothing to show or no room of its own.

use super::{document::Document, duration, kpi::DIMENSIONS, name::Known, section::Section, value::Value};
use crate::{
    BoardId, Kpi, KpiId, Scope, api, baseline,
    board::{Board, Content, Panel},
    compare::Against,
};
use std::sync::Arc;

const MOST_CELLS: u64 = 48;
const DAY_S: u32 = 86_400;
/// More lines in one chart can't be told apart.
const MOST_LINES: usize = 6;

/// What a tile's line may compare with.
const AGAINST: &[(&str, Against)] = &[
    ("previous", Against::Previous),
    ("yesterday", Against::Yesterday),
    ("last_week", Against::LastWeek),
    ("last_year", Against::LastYear),
];

/// The board that a file of this name defines.
pub(super) fn name(file: &str) -> &str {
    file.strip_prefix("boards/").unwrap_or(file).strip_suffix(".toml").unwrap_or(file)
}

/// The board, if it is sound.
pub(super) fn read(document: &Document<'_>, known: &Known, kpis: &[Arc<Kpi>]) -> Option<Board> {
    let mut section = document.section();
    let id = BoardId::new(name(document.name));
    if let Err(invalid) = &id {
        section.problem(invalid.to_string(), "a board is named by its file; rename the file");
    }
    let title = section.need("title", Value::both_languages);
    let grid = section.need("grid", |value| value.pair(|value| cells(value, 1)));
    let context = Context { known, kpis, grid };
    let panels = section.need("panels", |value| panels(value, &context));
    if !section.finish() {
        return None;
    }
    let (columns, rows) = grid?;
    Some(Board { id: id.ok()?, title: title?, columns, rows, panels: panels? })
}

struct Context<'a> {
    known: &'a Known,
    kpis: &'a [Arc<Kpi>],
    grid: Option<(u16, u16)>,
}

fn cells(value: &Value<'_>, least: u64) -> Option<u16> {
    value.whole(least, MOST_CELLS).and_then(|cells| u16::try_from(cells).ok())
}

fn panels(value: &Value<'_>, context: &Context<'_>) -> Option<Vec<Panel>> {
    let items = value.items()?;
    if items.is_empty() {
        value.problem("the board has no panels", "add a [[panels]]");
    }
    let mut panels: Vec<Panel> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(panel) = panel(item, index + 1, context) else { continue };
        if let Some((columns, rows)) = context.grid
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

fn content(section: &mut Section<'_>, context: &Context<'_>) -> Option<Content> {
    let kinds = ["value", "trend", "ranking"];
    let mut present = kinds.into_iter().filter(|kind| section.has(kind));
    let (Some(kind), None) = (present.next(), present.next()) else {
        section.problem(
            format!("{} must show one thing", section.what),
            "add one of `value = \"KPI\"`, `trend = \"KPI\"`, `ranking = \"KPI\"`",
        );
        return None;
    };
    let kpi = section.need(kind, |value| value.reference::<KpiId>(&context.known.kpis))?;
    // A KPI with problems of its own is not in the list; what depends on it is checked when they are mended.
    let found = context.kpis.iter().find(|one| one.id == kpi).map(AsRef::as_ref);
    match kind {
        "value" => {
            let scope = section.may("scope", |value| scope(value, found, context)).unwrap_or_default();
            let compare = section.may("compare", |value| value.choice(AGAINST));
            Some(Content::Value { kpi, scope, compare })
        }
        "trend" => {
            let scopes = section.may("scopes", |value| scopes(value, found, context)).unwrap_or_else(|| vec![Scope::City]);
            let span_s = section.may("span", |value| span(value, found)).unwrap_or(DAY_S);
            let band = section.may("band", |value| band(value, found, &scopes)).unwrap_or(false);
            Some(Content::Trend { kpi, scopes, span_s, band })
        }
        _ => {
            let by = section.need("by", |value| {
                let by = value.choice(DIMENSIONS)?;
                if found.is_some_and(|found| !found.by.contains(&by)) {
                    value.problem(
                        format!("{kpi} is not computed by {}", value.raw().unwrap_or_default()),
                        format!("add it to `by` of {kpi}, or rank by another"),
                    );
                }
                Some(by)
            });
            let limit = section.may("limit", |value| value.whole(1, 100)).unwrap_or(10);
            Some(Content::Ranking { kpi, by: by?, limit: u16::try_from(limit).ok()? })
        }
    }
}

/// A band behind several lines would be nobody's.
fn band(value: &Value<'_>, kpi: Option<&Kpi>, scopes: &[Scope]) -> Option<bool> {
    let wanted = value.boolean()?;
    if wanted && scopes.len() != 1 {
        value.problem(format!("a band belongs to one line, and this chart has {}", scopes.len()), "leave one scope, or leave the band out");
    }
    if let Some(kpi) = kpi.filter(|kpi| wanted && !baseline::has_season(kpi)) {
        value.problem(format!("{} has no usual course of a week, because its window or its grid is longer", kpi.id), "leave the band out");
    }
    Some(wanted)
}

fn scopes(value: &Value<'_>, kpi: Option<&Kpi>, context: &Context<'_>) -> Option<Vec<Scope>> {
    let scopes = value.each(|item| scope(item, kpi, context))?;
    let count = value.items()?.len();
    if count == 0 || count > MOST_LINES {
        value.problem(format!("a chart has 1 to {MOST_LINES} lines, not {count}"), "choose the scopes to be shown");
    }
    Some(scopes)
}

fn scope(value: &Value<'_>, kpi: Option<&Kpi>, context: &Context<'_>) -> Option<Scope> {
    let scope = match value.raw()?.parse::<Scope>() {
        Ok(scope) => scope,
        Err(why) => {
            value.problem(why, "for example \"city\" or \"area:31135\"");
            return None;
        }
    };
    let (names, id) = match &scope {
        Scope::City => return Some(scope),
        Scope::Area(id) => (&context.known.areas, id.as_str()),
        Scope::Department(id) => (&context.known.departments, id.as_str()),
        Scope::Asset(id) => (&context.known.assets, id.as_str()),
    };
    if !names.allows(id) {
        value.problem(format!("there is no {} `{id}`", names.noun), names.hint(id));
        return None;
    }
    if let Some(kpi) = kpi
        && !kpi.covers(&scope)
    {
        value.problem(format!("{} is not computed by {}", kpi.id, names.noun), format!("add \"{}\" to `by` of {}", names.noun, kpi.id));
        return None;
    }
    Some(scope)
}

fn span(value: &Value<'_>, kpi: Option<&Kpi>) -> Option<u32> {
    let span_s = value.seconds(60, 366 * DAY_S)?;
    if let Some(kpi) = kpi
        && span_s / kpi.every_s.max(1) > api::MAX_POINTS
    {
        let (span, every, most) = (duration::show(span_s), duration::show(kpi.every_s), api::MAX_POINTS);
        value.problem(
            format!("{span} of {}, recorded every {every}, are more than the {most} readings that an answer holds", kpi.id),
            "write a shorter span, or record the KPI less often",
        );
    }
    if let Some(kpi) = kpi
        && span_s < kpi.every_s.saturating_mul(2)
    {
        let (span, every) = (duration::show(span_s), duration::show(kpi.every_s));
        value
            .problem(format!("in {span} there are not two readings of {}, which is recorded every {every}", kpi.id), "write a longer span");
    }
    Some(span_s)
}
