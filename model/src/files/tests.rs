//! What definition files must be refused for, each by its place; and the cities of this repository, which are sound.
//!
//! Must never depend on anything but the text in here and the folders of the repository.

use super::*;
use crate::{KpiId, SourceId, source::Way};
use std::path::Path;

mod alerts;
mod broken;
mod calendar;
mod cases;
mod duty;
mod entered;
mod formulas;
mod town;

/// A city of the repository, read as the server's command reads it.
fn shipped(folder: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut files = Vec::new();
    for part in ["", "assets", "kpis", "boards", "alerts"] {
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
    let measuring =
        |prefix: &str| set.assets.iter().filter(|asset| asset.metrics.iter().any(|metric| metric.as_str().starts_with(prefix))).count();
    assert_eq!(measuring("traffic."), 120);
    assert_eq!(measuring("energy.") + measuring("lighting."), 60);
    assert_eq!(set.walls.len(), 1);
    assert_eq!(set.rules.len(), 22);
}

#[test]
fn the_recorded_cities_are_sound() {
    let minneapolis = sound("tests/cities/minneapolis");
    assert!(
        minneapolis
            .sources
            .iter()
            .any(|source| matches!(&source.way, Way::Csv(csv) if csv.replay.is_some() && csv.zone == "America/Chicago"))
    );
    let tetouan = sound("tests/cities/tetouan");
    let Some(Way::Csv(csv)) = tetouan.source(&SourceId::new("load-2017").unwrap()).map(|source| &source.way) else {
        panic!("no CSV source")
    };
    let first = jiff::fmt::strtime::parse(&csv.time_format, "1/1/17 0:00").unwrap().to_datetime().unwrap();
    assert_eq!(first, jiff::civil::date(2017, 1, 1).at(0, 0, 0, 0));
    assert_eq!(sound("tests/cities/office").metrics.len(), 5);
    let boston = sound("tests/cities/boston");
    let on_time = boston.kpi(&KpiId::new("services.on_time").unwrap()).unwrap();
    assert_eq!((on_time.every_s, on_time.window()), (3600, crate::kpi::Window::Sliding(30 * 86_400)));
}

#[test]
fn the_hash_and_the_versions_follow_the_content_and_nothing_else() {
    let files = shipped("dashboards/can-tho");
    let (set, _) = check(&files);
    let (again, _) = check(&files.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(set, again, "the order of files means nothing");
    let mut changed = files;
    let traffic = changed.iter_mut().find(|file| file.name == "kpis/traffic.toml").unwrap();
    traffic.text = traffic.text.replace("target = 30\nattention = 20", "target = 31\nattention = 20");
    let (changed, problems) = check(&changed);
    assert!(problems.is_empty());
    assert_ne!(set.hash, changed.hash);
    let differing: Vec<&str> =
        set.kpis.iter().zip(&changed.kpis).filter(|(a, b)| a.version != b.version).map(|(kpi, _)| kpi.id.as_str()).collect();
    assert_eq!(differing, ["traffic.speed", "traffic.travel_time_index"], "the KPI and what is made from it");
}

#[test]
fn the_guides_examples_are_a_sound_city() {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/connecting-a-source.md")).unwrap();
    let city = shipped("dashboards/can-tho").into_iter().find(|file| file.name == "city.toml");
    let mut files: Vec<File> = city.into_iter().collect();
    for block in guide.split("```toml\n# ").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        match files.iter_mut().find(|file| file.name == name) {
            Some(file) => file.text.push_str(text),
            None => files.push(File { name: name.to_owned(), text: text.to_owned() }),
        }
    }
    let (set, problems) = check(&files);
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    assert_eq!((set.metrics.len(), set.assets.len(), set.sources.len()), (3, 3, 7));
}
