//! `walls.toml`: what walls are made of and what they show.
//!
//! Must never let a wall show a board that doesn't exist.

use super::{document::Document, name::Known, value::Value};
use crate::{
    BoardId, WallId,
    wall::{Profile, Scene, Wall},
};

/// A control room's usual light, where the file doesn't say.
const USUAL_LUX: u64 = 300;

/// The sound walls of a file.
pub(super) fn read(document: &Document<'_>, known: &Known) -> Vec<Wall> {
    document.section().entries().filter_map(|entry| wall(&entry, known)).collect()
}

fn wall(entry: &Value<'_>, known: &Known) -> Option<Wall> {
    let id = entry.key_id::<WallId>();
    let mut section = entry.section(&format!("wall {}", entry.key))?;
    let title = section.need("title", Value::both_languages);
    let screens = section.need("screens", |value| value.pair(|value| value.whole(1, 32)));
    let tile_width_mm = section.need("screen_width_mm", |value| value.number_in(100.0, 10_000.0));
    let bezel_mm = section.may("bezel_mm", |value| value.number_in(0.0, 100.0)).unwrap_or(0.0);
    let signal = section.need("signal_px", |value| value.pair(|value| value.whole(320, 65_536)));
    let farthest_seat_m = section.need("farthest_seat_m", |value| value.number_in(0.5, 100.0));
    let light_lux = section.may("light_lux", |value| value.whole(1, 20_000)).unwrap_or(USUAL_LUX);
    let scenes = section.need("scenes", |value| scenes(value, known));
    if !section.finish() {
        return None;
    }
    let ((tile_columns, tile_rows), (width_px, height_px)) = (screens?, signal?);
    let profile = Profile {
        tile_columns: u16::try_from(tile_columns).ok()?,
        tile_rows: u16::try_from(tile_rows).ok()?,
        tile_width_mm: tile_width_mm?,
        bezel_mm,
        width_px: u32::try_from(width_px).ok()?,
        height_px: u32::try_from(height_px).ok()?,
        farthest_seat_m: farthest_seat_m?,
        light_lux: u32::try_from(light_lux).ok()?,
    };
    Some(Wall { id: id?, title: title?, profile, scenes: scenes? })
}

fn scenes(value: &Value<'_>, known: &Known) -> Option<Vec<Scene>> {
    let scenes = value.each(|item| {
        let mut section = item.section("the scene")?;
        let board = section.need("board", |value| value.reference::<BoardId>(&known.boards));
        let seconds = section.may("for", |value| value.seconds(5, 86_400)).unwrap_or(60);
        section.finish();
        Some(Scene { board: board?, seconds })
    })?;
    if value.items()?.is_empty() {
        value.problem("the wall shows nothing", "write { board = \"…\", for = \"60s\" } for each scene");
    }
    Some(scenes)
}
