//! stub
use crate::arguments::{self, Arguments};
use anyhow::Result;
pub(crate) const HELP: &str = "";
pub(crate) const SOAK_HELP: &str = "";
pub(crate) const OPTIONS: &[arguments::Option] = &[];
pub(crate) fn run(_: &Arguments) -> Result<()> { Ok(()) }
pub(crate) fn run_soak(_: &Arguments) -> Result<()> { Ok(()) }
pub(crate) struct Font;
impl Font { pub(crate) fn describe(&self) -> String { String::new() } }
pub(crate) fn fetch(_: &crate::places::Places) -> Result<Font> { Ok(Font) }
