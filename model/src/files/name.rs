//! Names: what the files of a folder define, sound or not, so that a reference to something that is merely faulty
//! isn't called unknown; and the name that was probably meant.
//!
//! Must never say what a name stands for.

use super::{
    Role,
    document::Document,
    section::{Section, definitions},
    value::Value,
};
use std::collections::BTreeSet;

/// The names of one noun.
#[derive(Debug)]
pub(super) struct Names {
    /// What one of them is called.
    pub(super) noun: &'static str,
    /// Where they are defined.
    pub(super) home: &'static str,
    ids: BTreeSet<String>,
    /// Whether all of them could be read; otherwise none is reported as unknown.
    complete: bool,
}

impl Names {
    fn new(noun: &'static str, home: &'static str) -> Self {
        Self { noun, home, ids: BTreeSet::new(), complete: true }
    }

    pub(super) fn allows(&self, id: &str) -> bool {
        !self.complete || self.ids.contains(id)
    }

    /// Whether so many are all that there are, so that none was left out for its problems.
    pub(super) fn are(&self, count: usize) -> bool {
        self.complete && self.ids.len() == count
    }

    pub(super) fn hint(&self, id: &str) -> String {
        match nearest(id, self.ids.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define it in {}", self.home),
        }
    }

    /// Adds what a file defines; a name that is there already is a problem of the later file.
    fn add<'d>(&mut self, all: impl IntoIterator<Item = Value<'d>>) {
        for one in all {
            if !self.ids.insert(one.key.clone()) {
                one.problem(format!("the {} `{}` is defined twice", self.noun, one.key), "rename one, or remove it");
            }
        }
    }
}

/// Everything that the files define, by noun.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) areas: Names,
    pub(super) departments: Names,
    pub(super) constants: Names,
    pub(super) metrics: Names,
    pub(super) assets: Names,
    pub(super) sources: Names,
    pub(super) kpis: Names,
    pub(super) boards: Names,
    pub(super) maps: Names,
    pub(super) rules: Names,
    /// Whether there is a working calendar, sound or not.
    pub(super) has_calendar: bool,
}

impl Known {
    pub(super) fn collect(documents: &[Document<'_>], maps: impl Iterator<Item = String>) -> Self {
        let mut known = Self {
            areas: Names::new("area", "city.toml under [areas]"),
            departments: Names::new("department", "city.toml under [departments]"),
            constants: Names::new("constant of the city", "city.toml under [constants]"),
            metrics: Names::new("metric", "metrics.toml"),
            assets: Names::new("asset", "assets.toml or assets/*.toml"),
            sources: Names::new("source", "sources.toml"),
            kpis: Names::new("KPI", "kpis/*.toml"),
            boards: Names::new("board", "boards/*.toml"),
            maps: Names::new("map", "maps/*.geojson"),
            rules: Names::new("rule", "alerts/*.toml"),
            has_calendar: documents.iter().any(|document| document.role == Some(Role::Calendar)),
        };
        known.maps.ids.extend(maps);
        known.constants.ids.insert("population".to_owned());
        for document in documents {
            known.add(document);
        }
        if !documents.iter().any(|document| document.role == Some(Role::City)) {
            known.areas.complete = false;
            known.departments.complete = false;
            known.constants.complete = false;
        }
        known
    }

    fn add(&mut self, document: &Document<'_>) {
        let mut root = document.section();
        let mut list =
            |key| root.get(key).and_then(|value| value.quiet_section()).map(|section: Section<'_>| section.entries().collect::<Vec<_>>());
        match document.role {
            Some(Role::City) => {
                self.areas.add(list("areas").unwrap_or_default());
                self.departments.add(list("departments").unwrap_or_default());
                let constants = list("constants").unwrap_or_default();
                self.constants.add(constants.into_iter().filter(|constant| constant.key != "population"));
                self.constants.complete &= !document.broken;
                self.areas.complete &= !document.broken;
                self.departments.complete &= !document.broken;
            }
            Some(Role::Assets) => {
                self.assets.add(list("assets").unwrap_or_default());
                self.assets.complete &= !document.broken;
            }
            Some(Role::Metrics) => add_definitions(&mut self.metrics, document, super::metric::KEYS),
            Some(Role::Kpis) => add_definitions(&mut self.kpis, document, super::kpi::KEYS),
            Some(Role::Alerts) => add_definitions(&mut self.rules, document, super::alert::KEYS),
            Some(Role::Sources) => {
                self.sources.add(root.entries());
                self.sources.complete &= !document.broken;
            }
            // A board is named by its file, so it is known even while its text is broken.
            Some(Role::Board) => {
                self.boards.ids.insert(super::board::name(document.name).to_owned());
            }
            Some(
                Role::Calendar
                | Role::Walls
                | Role::Scenarios
                | Role::Duty
                | Role::Incidents
                | Role::Goals
                | Role::Public
                | Role::Stage
                | Role::Limits,
            )
            | None => {}
        }
    }
}

fn add_definitions(names: &mut Names, document: &Document<'_>, keys: &[&str]) {
    names.add(definitions(document, &document.table, keys));
    names.complete &= !document.broken;
}

/// The name that was probably meant, if one is near.
pub(super) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_lowercase();
    names
        .map(|name| (strsim::jaro_winkler(&text, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
