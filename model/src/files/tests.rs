//! What definition files must be refused for, each by its place; and the cities of this repository, which are sound.
//!
//! Must never depend on anything but the text in here and the folders of the repository.

use super::*;
use std::path::Path;

mod broken;

/// A city of the repository, read as the server's command reads it.
fn shipped(folder: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut files = Vec::new();
    for part in ["", "assets", "kpis", "boards"] {
        let Ok(entries) = std::fs::read_dir(root.join(part)) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "toml")) {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            files.push(File { name, text: std::fs::read_to_string(&path).unwrap() });
        }
    }
    assert!(!files.is_empty(), "{} has no files", root.display());
    files
}

/// The sound set of a city of the repository.
fn sound(folder: &str) -> Definitions {
    let (set, problems) = check(&shipped(folder));
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{folder}:\n{}", lines.join("\n"));
    set
}

#[test]
fn can_tho_is_sound_and_whole() {
    let set = sound("dashboards/can-tho");
    assert_eq!(set.city.areas.len(), 103);
    assert_eq!(set.city.departments.len(), 18);
    let measuring = |prefix: &str| set.assets.iter().filter(|asset| asset.metrics.iter().any(|metric| metric.as_str().starts_with(prefix))).count();
    assert_eq!(measuring("traffic."), 120);
    assert_eq!(measuring("energy.") + measuring("lighting."), 60);
    assert_eq!((set.metrics.len(), set.sources.len(), set.kpis.len(), set.boards.len(), set.walls.len()), (6, 6, 14, 5, 1));
}
