//! Walls: sets of screens, each showing a board of the current scene.

use crate::{BoardId, Text, WallId};
use serde::{Deserialize, Serialize};

/// A video wall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wall {
    /// Its name.
    pub id: WallId,
    /// Its title.
    pub title: Text,
    /// What it is made of and how far people sit: text sizes follow from it.
    pub profile: Profile,
    /// What it shows, in turn.
    pub scenes: Vec<Scene>,
}

/// A wall's geometry. Text heights are angles at the farthest seat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

/// One board for so long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// The board.
    pub board: BoardId,
    /// For how long before the next one, in seconds.
    pub seconds: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

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
