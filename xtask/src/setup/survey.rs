//! What is on this machine, in a few stat calls and at most two short runs, so that a second start is quick.
//!
//! Must never change anything.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Tools;
use super::plan::{Here, MINIMUM_POSTGRES, MINIMUM_RUSTC, Version, Wasm};
use crate::child;

/// Debian's compiler, as opposed to rustup's that usually comes first on the PATH.
pub(crate) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Chooses the compiler of the front end: `rustup` or `debian`.
const CHOICE: &str = "TAYDO_WASM";

/// Where programs are looked for beside the PATH, which for ordinary users lacks the system folders.
const SYSTEM_FOLDERS: &[&str] = &["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// Looks for everything that any command may need.
pub(crate) fn look() -> Here {
    let choice = std::env::var(CHOICE).unwrap_or_default();
    let debian_rustc = debian_rustc();
    let debian_source = debian_source().is_some();
    let lld = lld();
    let debian = debian_rustc.is_some_and(|version| version >= MINIMUM_RUSTC) && debian_source && lld.is_some();
    let wasm = if choice != "debian" && installed_source() {
        Some(Wasm::Installed)
    } else {
        (choice != "rustup" && debian).then_some(Wasm::Debian)
    };
    let tools = Tools {
        wasm,
        postgres_bin: postgres(Path::new("/usr/lib/postgresql")),
        mosquitto: program("mosquitto"),
        chromium: program("chromium"),
        chromedriver: program("chromedriver"),
        aiosmtpd: program("aiosmtpd"),
    };
    Here { tools, rustup: choice != "debian" && program("rustup").is_some(), debian_rustc, debian_source, lld }
}

/// The first program of this name on the PATH or in a system folder.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SYSTEM_FOLDERS.iter().map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The linker that Debian's compiler uses for wasm, the newest first.
pub(crate) fn lld() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/bin")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.strip_prefix("lld-")?.parse().ok()?;
            Some((version, entry.path()))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, path)| path)
}

/// Whether the compiler in use has the standard library's source, as rustup's component `rust-src` brings it.
fn installed_source() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    child::ask(Command::new(rustc).args(["--print", "sysroot"]))
        .is_some_and(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file())
}

fn debian_rustc() -> Option<Version> {
    if !Path::new(DEBIAN_RUSTC).is_file() {
        return None;
    }
    Version::parse(&child::ask(Command::new(DEBIAN_RUSTC).arg("--version"))?)
}

/// The standard library's source for Debian's compiler, where `-Z build-std` looks for it.
fn debian_source() -> Option<PathBuf> {
    let source = PathBuf::from("/usr/lib/rustlib/src/rust/library/std/Cargo.toml");
    source.is_file().then_some(source)
}

/// The newest of PostgreSQL's server programs that is new enough; Debian keeps one folder for each major version.
fn postgres(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(version, bin)| *version >= MINIMUM_POSTGRES && bin.join("postgres").is_file())
        .max()
        .map(|(_, bin)| bin)
}
