//! Walls: sets of screens, each showing a board of the current scene.
//!
//! A *tile* is one panel of glass; a *display* is one output of a computer, which may feed many tiles. Must never say what a
//! wall shows now: that is its plan ([`plan`]).

pub mod page;
pub mod plan;
pub mod report;

use crate::{BoardId, Text, WallId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A video wall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Wall {
    /// Its name.
    pub id: WallId,
    /// Its title.
    pub title: Text,
    /// What it is made of and how far people sit: text sizes follow from it.
    pub profile: Profile,
    /// The outputs that feed it, at least one.
    pub displays: Vec<Display>,
    /// When it is bright, and what it draws.
    pub care: Care,
    /// What it shows, in turn.
    pub scenes: Vec<Scene>,
}

/// A wall's geometry. Text heights are angles at the farthest seat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    /// Screens side by side.
    pub tile_columns: u16,
    /// Screens one above the other.
    pub tile_rows: u16,
    /// The width of one screen, in millimetres.
    pub tile_width_mm: f64,
    /// The frame between two screens, in millimetres.
    pub bezel_mm: f64,
    /// The signal's width, in pixels.
    pub width_px: u32,
    /// The signal's height, in pixels.
    pub height_px: u32,
    /// The farthest seat, in metres.
    pub farthest_seat_m: f64,
    /// The light beside the wall, in lux; unknown is 0.
    #[serde(default)]
    pub light_lux: u32,
}

/// From this much light beside it on, a screen is read better dark on light (NUREG-0700), in lux.
const BRIGHT_LUX: u32 = 540;

impl Profile {
    /// Whether the room is so bright that the wall must be drawn dark on light.
    #[must_use]
    pub fn is_bright(&self) -> bool {
        self.light_lux >= BRIGHT_LUX
    }

    /// The height of one pixel on the wall, in millimetres.
    #[must_use]
    pub fn pitch_mm(&self) -> f64 {
        f64::from(self.tile_columns) * self.tile_width_mm / f64::from(self.width_px.max(1))
    }

    /// The font size, in pixels of the signal, whose capitals (0.7 em) fill so many minutes of arc at the farthest seat.
    #[must_use]
    pub fn font_px(&self, arc_min: f64) -> f64 {
        let height_mm = self.farthest_seat_m * 1000.0 * (arc_min / 60.0).to_radians().tan();
        height_mm / (0.7 * self.pitch_mm())
    }
}

/// One output of a computer, and its place in the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Display {
    /// What people call it; unlike the others'.
    pub name: String,
    /// Its left upper corner, in pixels of the whole.
    pub at_px: (u32, u32),
    /// Its width and height, in pixels of the whole.
    pub size_px: (u32, u32),
}

/// When a wall is bright, and what it draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Care {
    /// From which to which minute of the city's day it is bright; always, where this is absent. The end may lie before the
    /// beginning: over midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bright: Option<(u16, u16)>,
    /// The share of its brightness that it has at all other times, from 0.1 to 1.
    pub dim: f64,
    /// What a tile draws when it is bright, and when it is black, in watts; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile_watts: Option<(f64, f64)>,
}

impl Care {
    /// The share of its brightness that the wall has at a minute of the city's day.
    #[must_use]
    pub fn brightness(&self, minute: u16) -> f64 {
        let is_bright = self.bright.is_none_or(|(from, to)| match from <= to {
            true => (from..to).contains(&minute),
            false => minute >= from || minute < to,
        });
        if is_bright { 1.0 } else { self.dim }
    }

    /// What so many tiles draw at a share of their brightness, in watts: an estimate, since light and power go together
    /// nearly in proportion. `None` where the profile doesn't say what a tile draws.
    #[must_use]
    pub fn watts(&self, tiles: u32, brightness: f64) -> Option<f64> {
        let (bright, black) = self.tile_watts?;
        Some(f64::from(tiles) * (black + (bright - black) * brightness))
    }
}

/// A board on each display for so long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scene {
    /// The displays' boards in order; where there are fewer boards than displays they begin again.
    pub boards: Vec<BoardId>,
    /// For how long before the next one, in seconds.
    pub seconds: u32,
}

impl Scene {
    /// The board on a display, by its place in the wall's list.
    #[must_use]
    pub fn board(&self, display: usize) -> Option<&BoardId> {
        self.boards.get(display.checked_rem(self.boards.len())?)
    }
}

impl Wall {
    /// A display's place in the list.
    #[must_use]
    pub fn display(&self, name: &str) -> Option<usize> {
        self.displays.iter().position(|display| display.name == name)
    }

    /// How many tiles it has.
    #[must_use]
    pub fn tiles(&self) -> u32 {
        u32::from(self.profile.tile_columns) * u32::from(self.profile.tile_rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_is_dim_out_of_its_hours_also_over_midnight() {
        let care = |from, to| Care { bright: Some((from, to)), dim: 0.4, tile_watts: Some((180.0, 60.0)) };
        for (care, minute, expected) in [
            (care(360, 1320), 359, 0.4),
            (care(360, 1320), 360, 1.0),
            (care(360, 1320), 1320, 0.4),
            (care(1320, 360), 1439, 1.0),
            (care(1320, 360), 0, 1.0),
            (care(1320, 360), 360, 0.4),
            (Care { bright: None, dim: 0.4, tile_watts: None }, 0, 1.0),
        ] {
            assert_eq!(care.brightness(minute), expected, "{care:?} at {minute}");
        }
        assert_eq!(care(0, 1).watts(12, 0.4), Some(12.0 * (60.0 + 120.0 * 0.4)));
    }

    #[test]
    fn sizes_follow_from_the_seat() {
        // 4 × 3 of 55″ (1,218 mm) fed 3,840 wide, 20′ at 6 m: about 39 px.
        let profile = Profile {
            tile_columns: 4,
            tile_rows: 3,
            tile_width_mm: 1218.0,
            bezel_mm: 0.9,
            width_px: 3840,
            height_px: 2160,
            farthest_seat_m: 6.0,
            light_lux: 540,
        };
        assert!(profile.is_bright() && !Profile { light_lux: 539, ..profile.clone() }.is_bright());
        assert!((profile.font_px(20.0) - 39.3).abs() < 0.5, "{}", profile.font_px(20.0));
    }
}
