//! The rules of the repository's city: each has a scenario, and every scenario comes out as it says.

use crate::alert::scenario::run;
use std::collections::BTreeSet;
use std::path::Path;
use taydo_model::files::{File, check, scenarios};

/// The TOML files in a folder of the city.
fn read(folder: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboards/can-tho");
    let entries = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let toml = entries.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    toml.map(|path| File {
        name: path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(),
        text: std::fs::read_to_string(&path).unwrap(),
    })
    .collect()
}

#[test]
fn every_rule_of_can_tho_does_what_its_scenarios_say() {
    let files: Vec<File> = ["", "assets", "kpis", "boards", "alerts"].into_iter().flat_map(read).collect();
    let (set, problems) = check(&files);
    assert!(problems.is_empty(), "{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    let (scenarios, problems) = scenarios(&read("alerts/scenarios"), &set);
    assert!(problems.is_empty(), "{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    let shown: BTreeSet<_> = scenarios.iter().map(|scenario| &scenario.rule).collect();
    let lacking: Vec<_> = set.rules.iter().map(|rule| &rule.id).filter(|id| !shown.contains(id)).collect();
    assert!(lacking.is_empty(), "without a scenario: {lacking:?}");
    for scenario in &scenarios {
        if let Err(difference) = run(&set, scenario) {
            panic!("{}: {:?}:\n{difference}", scenario.rule, scenario.name);
        }
    }
}
