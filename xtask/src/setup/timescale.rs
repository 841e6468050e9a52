//! A TimescaleDB for tests: Debian's own, in a root of its own, because this machine's release may not have it.
//!
//! Must never start anything, and must never be in the way: where it can't be had, tests say that it is not covered.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::{apt, survey};
use crate::places::{self, Places};
use crate::{child, progress};

const SCRIPT: &str = include_str!("timescale.sh");
const MAKER: &str = "mmdebstrap";

/// The root's folder; made now when it isn't there. `None`, and said so, when it can't be had.
pub(crate) fn ensure(places: &Places) -> Option<PathBuf> {
    let root = folder(places);
    if is_there(&root) {
        return Some(root);
    }
    match make(places, &root) {
        Ok(()) => Some(root),
        Err(error) => {
            progress::say("set-up", &format!("no TimescaleDB for tests, which will say what they don't cover: {error:#}"));
            None
        }
    }
}

/// Where the root is kept.
pub(crate) fn folder(places: &Places) -> PathBuf {
    places.target.join("timescale/trixie")
}

/// Whether the root was made.
pub(crate) fn is_there(root: &Path) -> bool {
    root.join("usr/lib/postgresql/17/bin/postgres").is_file()
}

fn make(places: &Places, root: &Path) -> Result<()> {
    if survey::program(MAKER).is_none() {
        progress::say("set-up", &format!("{MAKER} is missing; it is for making a Debian root with TimescaleDB, for tests"));
        apt::install(places, &[MAKER])?;
    }
    let Some(mut command) = apt::as_root("taydo-timescale", SCRIPT) else {
        bail!("making a Debian root needs root; allow sudo, and run this again")
    };
    progress::say("set-up", "making a Debian root with TimescaleDB for tests, about a minute and 510 MB");
    if let Some(parent) = root.parent() {
        places::create(parent)?;
    }
    let log = places.log("timescale")?;
    child::run_logged("making a Debian root", command.arg(root), &log, None)
}
