//! Embeds the built front end: turns the folder that `TAYDO_FRONTEND_DIST` names into a table of files for
//! `http::assets`. `xtask/bindgen` writes that folder and describes its manifest.
//!
//! Must never build the front end itself, and never fail because it was not built: `cargo check` works without it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

const VARIABLE: &str = "TAYDO_FRONTEND_DIST";

/// What the server answers when it was built without a front end.
const PLAIN_PAGE: &str = r#"<!doctype html>
<html lang="vi">
<head><meta charset="utf-8"><title>Tây Đô</title></head>
<body>
<h1>Tây Đô</h1>
<p>Máy chủ này được dựng mà không có giao diện. Hãy chạy <code>cargo xtask demo</code>.</p>
<p lang="en">This server was built without its pages. Build both with <code>cargo xtask demo</code>.</p>
</body>
</html>
"#;

fn main() -> Result<(), String> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed={VARIABLE}");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR; build with cargo")?);
    let entries = match std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty()) {
        Some(folder) => {
            let folder = PathBuf::from(folder);
            let manifest = folder.join("manifest.tsv");
            println!("cargo:rerun-if-changed={}", manifest.display());
            std::fs::read_to_string(&manifest).ok().map(|text| embed(&text, &folder)).transpose()?
        }
        None => None,
    };
    let entries = match entries {
        Some(entries) => entries,
        None => plain(&out)?,
    };
    let table = format!("static ASSETS: &[Asset] = &[\n{}];\n", entries.concat());
    write(&out.join("assets.rs"), &table)
}

/// One entry for each line of the manifest, in the order in which the server searches.
fn embed(manifest: &str, folder: &Path) -> Result<Vec<String>, String> {
    let mut lines: Vec<Vec<&str>> = manifest.lines().map(|line| line.split('\t').collect()).collect();
    lines.sort();
    lines
        .iter()
        .map(|line| match line.as_slice() {
            [path, content_type, cache, hash, file] => Ok(entry(path, content_type, *cache == "immutable", hash, &folder.join(file))),
            _ => Err(format!("{} has a line of another form; delete the folder and run `cargo xtask demo`", folder.display())),
        })
        .collect()
}

fn plain(out: &Path) -> Result<Vec<String>, String> {
    let page = out.join("plain.html");
    write(&page, PLAIN_PAGE)?;
    Ok(vec![entry("/index.html", "text/html; charset=utf-8", false, "plain", &page)])
}

fn entry(path: &str, content_type: &str, immutable: bool, hash: &str, file: &Path) -> String {
    let copy = |suffix: &str| {
        let copy = PathBuf::from(format!("{}.{suffix}", file.display()));
        if copy.is_file() { format!("Some(include_bytes!({:?}))", copy.display().to_string()) } else { "None".to_owned() }
    };
    let mut text = String::new();
    let _ = writeln!(text, "    Asset {{");
    let _ = writeln!(text, "        path: {path:?},");
    let _ = writeln!(text, "        content_type: {content_type:?},");
    let _ = writeln!(text, "        immutable: {immutable},");
    let _ = writeln!(text, "        etag: {:?},", format!("\"{hash}\""));
    let _ = writeln!(text, "        identity: include_bytes!({:?}),", file.display().to_string());
    let _ = writeln!(text, "        gzip: {},", copy("gz"));
    let _ = writeln!(text, "        brotli: {},", copy("br"));
    let _ = writeln!(text, "    }},");
    text
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| format!("can't write {}: {error}; check the free space", file.display()))
}
