//! The program of the walls' screens.
//!
//! Must never show a page that people operate.

fn main() {
    #[cfg(target_arch = "wasm32")]
    taydo_frontend::kiosk::start();
}
