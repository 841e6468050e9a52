//! Packs the front end: runs wasm-bindgen as a library, pinned to the lock file's version, and hands the result with the
//! static files to `pack`. A package of its own, because wasm-bindgen takes a minute to compile.
//!
//! Must never fetch anything or run another program; `cargo xtask` does.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

mod compress;
mod icon;
mod manifest;
mod pack;
mod references;

const USAGE: &str = "usage: xtask-bindgen PROGRAMS OUT ROOT...
       xtask-bindgen --only IN.wasm OUT

Writes the front end's files, fingerprinted and compressed, and manifest.tsv into the folder OUT, which it replaces.
PROGRAMS is the folder with the compiled programs. Each ROOT is a folder of static files as the browser sees them; to
each program its loader, its script and its wasm file are added. With --only, app.js and app.wasm of one program are
written as they are.
";

/// A program that a page loads.
struct Program {
    /// The name of its script and its wasm file.
    name: &'static str,
    /// The compiled file.
    file: &'static str,
    /// The name of its loader, and the loader.
    boot: (&'static str, &'static [u8]),
    /// What it may weigh on the wire: with Brotli, which browsers ask for over TLS and on the machine itself, or with gzip.
    budget: Budget,
}

#[derive(Clone, Copy)]
enum Budget {
    Brotli(usize),
    Gzip(usize),
}

/// A leader opens the pages on a phone: three seconds at 1 Mbit/s. A wall's screen fetches its own program, and must come
/// back fast after a power cut, over whatever lies between it and the server.
const PROGRAMS: [Program; 2] = [
    // A budget of our own: with the operators' stage and the call-up of incidents the pages weigh some kilobytes more than 450.
    Program { name: "app", file: "taydo-pages.wasm", boot: ("/boot.js", include_bytes!("boot.js")), budget: Budget::Brotli(465_000) },
    Program {
        name: "wall",
        file: "taydo-wall.wasm",
        boot: ("/boot-wall.js", include_bytes!("boot-wall.js")),
        budget: Budget::Gzip(450_000),
    },
];

fn main() -> ExitCode {
    let words: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let outcome = match words.as_slice() {
        [only, wasm, out] if only.as_os_str() == "--only" => build_one(wasm, out),
        [programs, out, roots @ ..] => build(programs, out, roots),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn build(programs: &Path, out: &Path, roots: &[PathBuf]) -> Result<()> {
    let mut files = pack::collect(roots)?;
    for program in &PROGRAMS {
        let (path, loader) = program.boot;
        files.insert(path.to_owned(), loader.to_vec());
        bind(program.name, &programs.join(program.file), &mut files)?;
    }
    icon::draw(&mut files)?;
    let assets = pack::pack(files)?;
    report(&assets)?;
    pack::write(&assets, out)
}

/// One program that is no part of the product, neither fingerprinted nor compressed.
fn build_one(wasm: &Path, out: &Path) -> Result<()> {
    let mut files = pack::Files::new();
    bind("app", wasm, &mut files)?;
    for (path, bytes) in files {
        let place = out.join(path.trim_start_matches('/'));
        let folder = place.parent().unwrap_or(out);
        std::fs::create_dir_all(folder).with_context(|| format!("can't create {}", folder.display()))?;
        std::fs::write(&place, bytes).with_context(|| format!("can't write {}", place.display()))?;
    }
    Ok(())
}

/// Runs wasm-bindgen for the browser and adds its two files, with the scripts that dependencies bring.
fn bind(name: &str, wasm: &Path, files: &mut pack::Files) -> Result<()> {
    let mut output = Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .typescript(false)
        .out_name(name)
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
    files.insert(format!("/{name}.js"), output.js().replace("'./snippets/", "'/snippets/").into_bytes());
    files.insert(format!("/{name}.wasm"), output.wasm_mut().emit_wasm());
    Ok(())
}

/// Says what weighs how much, and holds each program to its budget.
fn report(assets: &[pack::Asset]) -> Result<()> {
    for asset in assets {
        let sizes = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or("-".to_owned(), |bytes| bytes.len().to_string());
        println!("  {:>9} {:>9} {:>9}  {}", asset.identity.len(), sizes(&asset.gzip), sizes(&asset.brotli), asset.path);
    }
    for program in &PROGRAMS {
        let start = format!("/{}-", program.name);
        let wasm = assets.iter().find(|asset| asset.path.starts_with(&start) && asset.path.ends_with(".wasm"));
        if let Some(wasm) = wasm {
            weigh(program, wasm)?;
        }
    }
    Ok(())
}

fn weigh(program: &Program, wasm: &pack::Asset) -> Result<()> {
    let (way, packed, budget) = match program.budget {
        Budget::Brotli(budget) => ("brotli", &wasm.brotli, budget),
        Budget::Gzip(budget) => ("gzip", &wasm.gzip, budget),
    };
    let packed = packed.as_ref().map_or(wasm.identity.len(), Vec::len);
    println!("  {}: {} bytes, with {way} {packed} of at most {budget}", program.file, wasm.identity.len());
    if packed > budget {
        bail!(
            "{} is {} bytes over its budget; find what grew (`git log frontend/`), or argue for a larger budget",
            program.file,
            packed - budget
        );
    }
    Ok(())
}
