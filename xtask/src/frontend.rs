//! Building the front end: wasm, font, packing; skipped when nothing that goes into it has changed.
//!
//! Must never write into the workspace; the result is the folder that `TAYDO_FRONTEND_DIST` names to the server's build.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::places::{Places, create};
use crate::setup::{self, Tools, Wasm};
use crate::{child, font, npm, progress};

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm";

/// What goes into the front end, from the workspace's root.
const INPUTS: &[&str] = &["Cargo.lock", "Cargo.toml", "frontend", "model", "xtask/bindgen"];

/// Where the hash of the inputs is kept, in the folder that was built from them.
const STAMP: &str = "inputs.hash";

/// Builds the front end when it has changed, and returns the folder that the server embeds.
pub(crate) fn build(places: &Places, tools: &Tools) -> Result<PathBuf> {
    let Some(wasm) = tools.wasm else { bail!("the standard library's source is missing; run `cargo xtask setup`") };
    let dist = places.frontend_dist();
    let font = font::fetch(places)?;
    let inputs = inputs(places, wasm, font.describe())?;
    if std::fs::read_to_string(dist.join(STAMP)).is_ok_and(|stamp| stamp == inputs) {
        progress::say("front end", "unchanged");
        return Ok(dist);
    }
    progress::say("front end", &format!("compiling to wasm with {}", wasm.describe()));
    let programs = compile(places, wasm, &["--package", "taydo-frontend", "--bins"])?;
    progress::say("front end", "packing (raw, gzip and brotli bytes)");
    let mut pack = child::cargo(places);
    pack.args(["run", "--package", "xtask-bindgen", "--"]).arg(programs).arg(&dist);
    pack.arg(places.root.join("frontend/static")).arg(&font.folder);
    child::run("packing the front end", &mut pack)?;
    std::fs::write(dist.join(STAMP), inputs).context("can't write the front end's stamp; check the free space")?;
    Ok(dist)
}

/// Builds the page of a measurement in a folder of its own: the drawing code as a program that no page of the product loads,
/// what it is measured beside, and the page's own files.
pub(crate) fn build_charts(places: &Places, tools: &Tools) -> Result<PathBuf> {
    let Some(wasm) = tools.wasm else { bail!("the standard library's source is missing; run `cargo xtask setup`") };
    let peer = npm::fetch(places, &npm::UPLOT)?;
    progress::say("charts", &format!("compiling to wasm with {}", wasm.describe()));
    let program = compile(places, wasm, &["--package", "taydo-bench-charts"])?.join("taydo_bench_charts.wasm");
    let page = places.target.join("charts");
    create(&page)?;
    let mut bind = child::cargo(places);
    bind.args(["run", "--package", "xtask-bindgen", "--", "--only"]).arg(program).arg(&page);
    child::run("binding the charts", &mut bind)?;
    let own = places.root.join("tests/bench/charts/page");
    let files = [
        (own.join("index.html"), "index.html"),
        (own.join("page.js"), "page.js"),
        (peer.join("dist/uPlot.iife.min.js"), "uplot.js"),
        (peer.join("dist/uPlot.min.css"), "uplot.css"),
    ];
    for (from, name) in files {
        std::fs::copy(&from, page.join(name)).with_context(|| format!("can't copy {}", from.display()))?;
    }
    Ok(page)
}

/// Compiles what cargo is told to, and returns the folder that the wasm files are in.
fn compile(places: &Places, wasm: Wasm, what: &[&str]) -> Result<PathBuf> {
    let mut cargo = child::cargo(places);
    cargo.arg("build").args(what).args(["--profile", PROFILE, "--target", TARGET]);
    // The standard library is built with the program, so that it too stops at a panic without a word: the words that nobody reads in a
    // browser, and what puts them together, are a tenth of the program (ADR 23). Cargo's flag for that is open to nightly compilers and
    // to those that are told to behave like one.
    cargo
        .args(["-Z", "build-std=std,panic_abort"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zunstable-options -Cpanic=immediate-abort");
    let target = match wasm {
        Wasm::Installed => places.frontend().join("cargo-installed"),
        Wasm::Debian => {
            debian(&mut cargo)?;
            places.frontend().join("cargo-debian")
        }
    };
    // Two compilers must not share a target folder: cargo would take turns rebuilding everything.
    cargo.env("CARGO_TARGET_DIR", &target);
    child::run("compiling the front end", &mut cargo)?;
    Ok(target.join(TARGET).join(PROFILE))
}

/// Lets cargo use Debian's compiler and linker.
fn debian(cargo: &mut Command) -> Result<()> {
    let Some(lld) = setup::lld() else { bail!("lld is missing; run `cargo xtask setup`") };
    cargo.env("RUSTC", setup::DEBIAN_RUSTC).env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", lld);
    // It names the other toolchain's libraries when this runs under rustup's cargo.
    cargo.env_remove("LD_LIBRARY_PATH");
    Ok(())
}

/// A hash of all that the result depends on. It only has to be the same on this machine, for this build of xtask.
fn inputs(places: &Places, wasm: Wasm, font: &str) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    let compiler = match wasm {
        Wasm::Installed => std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()),
        Wasm::Debian => setup::DEBIAN_RUSTC.into(),
    };
    child::ask(Command::new(compiler).arg("-vV")).hash(&mut hasher);
    font.hash(&mut hasher);
    for input in INPUTS {
        hash_tree(&places.root, &places.root.join(input), &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn hash_tree(root: &Path, path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    path.strip_prefix(root).unwrap_or(path).hash(hasher);
    if !path.is_dir() {
        std::fs::read(path).with_context(|| format!("can't read {}", path.display()))?.hash(hasher);
        return Ok(());
    }
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut children: Vec<PathBuf> =
        entries.with_context(|| format!("can't read {}", path.display()))?.into_iter().map(|entry| entry.path()).collect();
    children.sort();
    children.iter().try_for_each(|child| hash_tree(root, child, hasher))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(root: &Path) -> u64 {
        let mut hasher = DefaultHasher::new();
        hash_tree(root, root, &mut hasher).unwrap();
        hasher.finish()
    }

    #[test]
    fn a_changed_or_moved_file_changes_the_hash() {
        let root = std::env::temp_dir().join(format!("taydo-inputs-{}", std::process::id()));
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::fs::write(root.join("src/a.rs"), "1").unwrap();
        let first = hash(&root);
        assert_eq!(first, hash(&root));
        std::fs::write(root.join("src/a.rs"), "2").unwrap();
        let second = hash(&root);
        std::fs::rename(root.join("src/a.rs"), root.join("src/b.rs")).unwrap();
        let third = hash(&root);
        std::fs::remove_dir_all(&root).unwrap();
        assert!(first != second && second != third);
    }
}
