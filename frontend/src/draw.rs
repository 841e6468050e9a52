//! Charts: geometry and painting with plotters, generic over the backend, so that the same chart is drawn on a canvas
//! in the browser and as SVG on the server or in a test.
//!
//! Must never write legends or titles: they are HTML, which everybody can read.

#[cfg(target_arch = "wasm32")]
pub mod canvas;
pub mod chart;
pub mod recorder;
pub mod scale;
