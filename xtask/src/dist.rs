//! `cargo xtask dist`: the one file that is shipped, with the licences of what is inside it.
//!
//! Must never ship what was not built from this workspace's state.

use std::path::Path;

use anyhow::{Context, Result};

use crate::arguments::Arguments;
use crate::places::{Places, create};
use crate::setup::{self, Need};
use crate::{child, frontend, progress};

pub(crate) const HELP: &str = "\
usage: cargo xtask dist

Builds `taydo` in release, with the front end inside, and puts it with its licence into TARGET/dist, where TARGET is
CARGO_TARGET_DIR or the user's cache folder.
";

/// `cargo xtask dist`.
pub(crate) fn run(_: &Arguments) -> Result<()> {
    let places = Places::find()?;
    let _lock = places.lock_target()?;
    let tools = setup::ensure(&places, &[Need::Wasm])?;
    let built = frontend::build(&places, &tools)?;
    build_server(&places)?;
    let folder = places.target.join("dist");
    create(&folder)?;
    let binary = folder.join("taydo");
    copy(&places.target.join("release/taydo"), &binary)?;
    let licence = places.root.join("LICENSE");
    if licence.is_file() {
        copy(&licence, &folder.join("LICENSE"))?;
    } else {
        progress::say("dist", "the workspace has no LICENSE file, so none is shipped beside the binary");
    }
    copy(&built.join("fonts/LICENSE.txt"), &folder.join("LICENSE.noto-sans.txt"))?;
    let size = std::fs::metadata(&binary).context("can't read the size of the binary")?.len();
    progress::say("dist", &format!("{} ({}.{} MB)", binary.display(), size / 1_000_000, size / 100_000 % 10));
    Ok(())
}

/// Builds the server in release with the front end that is there.
pub(crate) fn build_server(places: &Places) -> Result<()> {
    progress::say("server", "building in release");
    let mut build = child::cargo(places);
    build.args(["build", "--release", "--package", "taydo", "--bin", "taydo"]);
    child::run("building the server", &mut build)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to).with_context(|| format!("can't copy {} to {}; check the free space", from.display(), to.display()))?;
    Ok(())
}
