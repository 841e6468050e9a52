//! Programs of others that tests and measurements run: a Chromium that they drive, and a TimescaleDB.
//!
//! Nothing here knows the product, so that what is measured is built without a test's features. Nothing outlives who started it.

mod browser;
mod driver;
mod timescale;

pub use browser::Browser;
pub use driver::program;
pub use timescale::Timescale;
