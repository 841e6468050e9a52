//! Maps of the city's areas as their real shapes, made ready for the screen when the city's folder is read.
//!
//! It owns the form in which a map is kept and sent. It must never hold degrees: whoever draws a map knows no projection.

use crate::AreaId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The width that every map is brought to, in its own units; one of them is less than a pixel on any panel.
pub const WIDTH: u32 = 2_000;

/// The shapes of areas, in units of which the map is [`WIDTH`] wide.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShapeMap {
    /// Its name, which is its file's.
    pub id: String,
    /// Its height, in the same units.
    pub height: u32,
    /// Where the shapes come from, shown with them.
    pub attribution: String,
    /// One for each area, by id.
    pub shapes: Vec<Shape>,
}

/// An area's shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shape {
    /// The area.
    pub area: AreaId,
    /// Its rings as an SVG path of relative lines, x to the east and y to the south; holes by the even-odd rule.
    pub path: String,
}
