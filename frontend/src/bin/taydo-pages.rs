//! The program of every page that people operate.
//!
//! Must never show a wall: that is another program, so that neither carries what only the other needs.

fn main() {
    #[cfg(target_arch = "wasm32")]
    taydo_frontend::app::start();
}
