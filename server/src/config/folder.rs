//! A city's folder: its definition files, read from the disk.
//!
//! It owns which files are read. It must never judge what they say: that is the model's, which has no disk.

use anyhow::{Context, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};
use taydo_model::{
    Definitions,
    files::{self, File, Problem},
};

/// The largest file that is read, in bytes; no hand writes a longer one.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Reads every `*.toml` and `*.geojson` of a city's folder and of the folders directly in it, in the order of their names. Hidden
/// ones are left out. Bytes that are no UTF-8 become U+FFFD, which the check reports with its place.
///
/// # Errors
/// When the folder isn't there or is no folder, a file can't be read, or is larger than 16 MiB.
pub fn read(folder: &Path) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for (name, path) in entries(folder)? {
        if path.is_dir() {
            for (inner, path) in entries(&path)? {
                push(&mut files, format!("{name}/{inner}"), &path)?;
            }
        } else {
            push(&mut files, name, &path)?;
        }
    }
    Ok(files)
}

/// Reads and checks a city's folder, for what needs a sound set.
///
/// # Errors
/// As [`read`]; and, with every problem in the message, when the files have any.
pub fn load(folder: &Path) -> anyhow::Result<Definitions> {
    let (definitions, problems) = files::check(&read(folder)?);
    if problems.is_empty() {
        return Ok(definitions);
    }
    bail!("the city in {} can't be used; mend these, and see them again with `taydo check {0}`:\n{}", folder.display(), list(&problems));
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The names and paths in a folder, hidden ones left out, in order.
fn entries(folder: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let why = || format!("can't read the folder {} (a city's folder is wanted, such as dashboards/can-tho)", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(why)? {
        let entry = entry.with_context(why)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn push(files: &mut Vec<File>, name: String, path: &Path) -> anyhow::Result<()> {
    if path.extension().is_none_or(|end| end != "toml" && end != "geojson") || path.is_dir() {
        return Ok(());
    }
    let why = || format!("can't read {}", path.display());
    let bytes = fs::metadata(path).with_context(why)?.len();
    if bytes > MOST_BYTES {
        bail!("{} has {bytes} bytes, and a definition file has at most {MOST_BYTES}: split it", path.display());
    }
    let bytes = fs::read(path).with_context(why)?;
    files.push(File { name, text: String::from_utf8_lossy(&bytes).into_owned() });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_two_levels_deep_and_only_its_toml() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        write("city.toml", b"a = 1");
        write("kpis/b.toml", b"name = \"\xff\"");
        write("kpis/deeper/c.toml", b"");
        write("readme.md", b"");
        write(".hidden/d.toml", b"");
        let names: Vec<String> = read(folder.path()).unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["city.toml", "kpis/b.toml"]);
        let error = load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("kpis/b.toml:1:9: these bytes are no UTF-8 text"), "{error}");
        assert!(read(&folder.path().join("none")).is_err());
    }
}
