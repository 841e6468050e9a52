//! The front end: one program for the walls' screens, one for all other pages.
//!
//! What can be decided without a browser is decided in modules that the host tests; the others exist for wasm32 only.
//! Must never hold a rule of its own about status or quality: the shared model does.

pub mod areas;
pub mod bullet;
pub mod calendar;
pub mod clock;
pub mod digits;
pub mod draw;
pub mod figure;
pub mod hours;
pub mod incidents;
pub mod link;
pub mod locale;
pub mod played;
pub mod ranking;
pub mod route;
pub mod store;
pub mod timeline;
pub mod tree;
pub mod weeks;

#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
pub mod asker;
#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(target_arch = "wasm32")]
pub mod centre;
#[cfg(target_arch = "wasm32")]
pub mod client;
#[cfg(target_arch = "wasm32")]
pub mod kiosk;
#[cfg(target_arch = "wasm32")]
pub mod measured;
#[cfg(target_arch = "wasm32")]
pub mod pages;
#[cfg(target_arch = "wasm32")]
pub mod panels;
#[cfg(target_arch = "wasm32")]
pub mod pulse;
#[cfg(target_arch = "wasm32")]
pub mod tones;
