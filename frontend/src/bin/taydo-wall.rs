//! The program of the walls: their screens, and the page that controls them.
//!
//! Must never show any other page: a screen fetches all of it.

fn main() {
    #[cfg(target_arch = "wasm32")]
    taydo_frontend::kiosk::start();
}
