//! `walls.toml`: what walls are made of and what they show.
//!
//! Must never let a wall show a board that doesn't exist.

use super::{document::Document, name::Known, section::Section, value::Value};
use crate::{
    BoardId, WallId,
    wall::{Care, Display, Profile, Scene, Wall},
};
use jiff::civil::Time;

/// A control room's usual light, where the file doesn't say.
const USUAL_LUX: u64 = 300;
/// A wall's brightness out of its hours, where the file doesn't say.
const USUAL_DIM: f64 = 0.4;

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
    let displays = section.may("displays", displays);
    let care = care(&mut section);
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
    let whole = || vec![Display { name: "1".to_owned(), at_px: (0, 0), size_px: (profile.width_px, profile.height_px) }];
    let displays = displays.unwrap_or_else(whole);
    for display in &displays {
        let ends = (display.at_px.0.saturating_add(display.size_px.0), display.at_px.1.saturating_add(display.size_px.1));
        if ends.0 > profile.width_px || ends.1 > profile.height_px {
            entry.problem(
                format!("display {} reaches beyond the wall's {} × {} pixels", display.name, profile.width_px, profile.height_px),
                "correct its at_px or size_px, or the wall's signal_px",
            );
        }
    }
    Some(Wall { id: id?, title: title?, profile, displays, care, scenes: scenes? })
}

fn displays(value: &Value<'_>) -> Option<Vec<Display>> {
    let displays = value.each(|item| {
        let pixels = |value: &Value<'_>| value.whole(0, 65_536).and_then(|pixels| u32::try_from(pixels).ok());
        let mut section = item.section("the display")?;
        let name = section.need("name", Value::text);
        let at_px = section.need("at_px", |value| value.pair(pixels));
        let size_px = section.need("size_px", |value| value.pair(pixels));
        section.finish();
        Some(Display { name: name?, at_px: at_px?, size_px: size_px? })
    })?;
    for (n, display) in displays.iter().enumerate() {
        if displays.iter().take(n).any(|other| other.name == display.name) {
            value.problem(format!("two displays are called {}", display.name), "give each a name of its own");
        }
    }
    if displays.is_empty() {
        value.problem("the wall has no display", "write { name = \"1\", at_px = [0, 0], size_px = [3840, 2160] }, or leave `displays` out");
    }
    Some(displays)
}

fn care(section: &mut Section<'_>) -> Care {
    let minute = |value: &Value<'_>| {
        let minute = Time::strptime("%H:%M", value.text()?)
            .ok()
            .and_then(|time| u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).ok());
        if minute.is_none() {
            value.problem("this is no time of the day", "write hours and minutes, such as \"06:00\"");
        }
        minute
    };
    let bright = section.may("bright_hours", |value| value.pair(minute));
    let dim = section.may("dim", |value| value.number_in(0.1, 1.0)).unwrap_or(USUAL_DIM);
    let tile_watts = section.may("screen_watts", |value| value.pair(|value| value.number_in(0.0, 10_000.0)));
    Care { bright, dim, tile_watts }
}

fn scenes(value: &Value<'_>, known: &Known) -> Option<Vec<Scene>> {
    let scenes = value.each(|item| {
        let mut section = item.section("the scene")?;
        let reference = |value: &Value<'_>| value.reference::<BoardId>(&known.boards);
        let boards = match section.has("boards") {
            true => section.need("boards", |value| value.each(reference)),
            false => section.need("board", |value| Some(vec![reference(value)?])),
        };
        let seconds = section.may("for", |value| value.seconds(5, 86_400)).unwrap_or(60);
        section.finish();
        Some(Scene { boards: boards?, seconds })
    })?;
    if scenes.iter().any(|scene| scene.boards.is_empty()) {
        value.problem("a scene has no boards", "write board = \"…\", or boards with one board for each display");
    }
    if value.items()?.is_empty() {
        value.problem("the wall shows nothing", "write { board = \"…\", for = \"60s\" } for each scene");
    }
    Some(scenes)
}
