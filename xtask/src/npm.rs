//! Single packages of the npm registry that tests and measurements need and the product doesn't: fetched, checked, unpacked.
//!
//! Must never put one into the product or the repository, run a script of one, or use one whose content is not the pinned one.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::places::{Places, create};
use crate::setup::program;
use crate::{child, progress};

const LIMIT: Duration = Duration::from_secs(180);

/// A package with its content, as npm reports it of the file that it fetched.
#[derive(Debug)]
pub(crate) struct Package {
    name: &'static str,
    version: &'static str,
    integrity: &'static str,
}

/// What accessibility is checked with.
pub(crate) const AXE: Package = Package {
    name: "axe-core",
    version: "4.14.1",
    integrity: "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
};

/// What charts are measured beside.
pub(crate) const UPLOT: Package = Package {
    name: "uplot",
    version: "1.6.32",
    integrity: "sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
};

/// The folder with a package's content, fetched when it is not there yet.
pub(crate) fn fetch(places: &Places, package: &Package) -> Result<PathBuf> {
    let Package { name, version, integrity } = package;
    let folder = places.target.join("npm").join(format!("{name}-{version}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    if program("npm").is_none() {
        bail!("npm is missing, and {name} {version} comes from its registry; install npm");
    }
    progress::say("set-up", &format!("fetching {name} {version} from the npm registry"));
    let work = folder.with_extension("work");
    if work.exists() {
        std::fs::remove_dir_all(&work).with_context(|| format!("can't remove {}", work.display()))?;
    }
    create(&work)?;
    let log = places.log(name)?;
    let mut pack = Command::new("npm");
    pack.current_dir(&work).args(["pack", &format!("{name}@{version}"), "--json"]);
    child::run_logged("npm pack", &mut pack, &log, Some(LIMIT))?;
    let said = std::fs::read_to_string(&log).context("can't read npm's output")?;
    if !said.contains(integrity) {
        bail!("the content of {name} is not the pinned one; look at {} and pin it anew in xtask/src/npm.rs", log.display());
    }
    let mut unpack = Command::new("tar");
    unpack.current_dir(&work).args(["-xzf", &format!("{name}-{version}.tgz"), "--strip-components=1"]);
    child::run_logged("unpacking", &mut unpack, &log, Some(LIMIT))?;
    std::fs::rename(&work, &folder).with_context(|| format!("can't create {}", folder.display()))?;
    Ok(folder)
}
