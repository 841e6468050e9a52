//! Packs the front end: runs wasm-bindgen as a library, pinned to the lock file's version, and hands the result with the
//! static files to `pack`. A package of its own, because wasm-bindgen takes a minute to compile.
//!
//! Must never fetch anything or run another program; `cargo xtask` does.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

mod compress;
mod manifest;
mod pack;
mod references;

const USAGE: &str = "usage: xtask-bindgen IN.wasm OUT ROOT...

Writes the front end's files, fingerprinted and compressed, and manifest.tsv into the folder OUT, which it replaces.
Each ROOT is a folder of static files as the browser sees them; boot.js, app.js and app.wasm are added.
";

/// What the page's program may weigh on the wire. A leader opens it on a phone; three seconds at 1 Mbit/s. Brotli is what
/// browsers ask for over TLS and on the machine itself.
const WASM_BROTLI_BUDGET: usize = 450_000;

fn main() -> ExitCode {
    let words: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [wasm, out, roots @ ..] = words.as_slice() else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    match build(wasm, out, roots) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn build(wasm: &Path, out: &Path, roots: &[PathBuf]) -> Result<()> {
    let mut files = pack::collect(roots)?;
    files.insert("/boot.js".to_owned(), include_bytes!("boot.js").to_vec());
    bind(wasm, &mut files)?;
    let assets = pack::pack(files)?;
    report(&assets)?;
    pack::write(&assets, out)
}

/// Runs wasm-bindgen for the browser and adds its two files, with the scripts that dependencies bring.
fn bind(wasm: &Path, files: &mut pack::Files) -> Result<()> {
    let mut output = Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .typescript(false)
        .out_name("app")
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()
        .with_context(|| format!("wasm-bindgen can't read {}; build it with the wasm-bindgen of the lock file", wasm.display()))?;
    for (package, scripts) in output.snippets() {
        for (number, script) in scripts.iter().enumerate() {
            files.insert(format!("/snippets/{package}/inline{number}.js"), script.as_bytes().to_vec());
        }
    }
    for (path, script) in output.local_modules() {
        files.insert(format!("/snippets/{path}"), script.as_bytes().to_vec());
    }
    // Only paths from the root are followed when files get their new names.
    files.insert("/app.js".to_owned(), output.js().replace("'./snippets/", "'/snippets/").into_bytes());
    files.insert("/app.wasm".to_owned(), output.wasm_mut().emit_wasm());
    Ok(())
}

/// Says what weighs how much, and holds the program to its budget.
fn report(assets: &[pack::Asset]) -> Result<()> {
    for asset in assets {
        let sizes = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or("-".to_owned(), |bytes| bytes.len().to_string());
        println!("  {:>9} {:>9} {:>9}  {}", asset.identity.len(), sizes(&asset.gzip), sizes(&asset.brotli), asset.path);
    }
    let Some(wasm) = assets.iter().find(|asset| asset.path.ends_with(".wasm")) else { return Ok(()) };
    let packed = wasm.brotli.as_ref().map_or(wasm.identity.len(), Vec::len);
    println!("  wasm: {} bytes, with brotli {packed} of at most {WASM_BROTLI_BUDGET}", wasm.identity.len());
    if packed > WASM_BROTLI_BUDGET {
        bail!(
            "the front end is {} bytes over its budget; find what grew (`git log frontend/`), or argue for a larger budget",
            packed - WASM_BROTLI_BUDGET
        );
    }
    Ok(())
}
