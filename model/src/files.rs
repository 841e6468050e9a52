//! Definition files: the text of a city's folder in, a checked set of definitions and every problem out.
//!
//! It owns the files' format, their defaults, and what makes a definition sound. It must never read a folder, a
//! clock or the network, nor stop at the first problem: whoever mends a file wants to know all of them at once.

mod alert;
mod asset;
mod board;
mod calendar;
mod change;
mod city;
mod csv;
mod document;
mod duration;
mod duty;
mod formula;
mod goal;
mod incident;
mod kpi;
mod limit;
mod map;
mod metric;
mod name;
mod place;
mod problem;
mod public;
mod retention;
mod scenario;
mod schema;
mod section;
mod source;
mod stage;
#[cfg(test)]
mod tests;
mod topic;
mod trace;
mod value;
mod wall;

pub use problem::Problem;
pub use scenario::scenarios;
pub use schema::{kinds, schema};

use crate::{Definitions, Kpi, Metric, form, kpi::From};
use document::Document;
use name::Known;
use sha2::{Digest, Sha256};
use std::{fmt::Write, sync::Arc};

/// The version of the format that `city.toml` must name.
pub const FORMAT_VERSION: u32 = 1;

/// One file of a city's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path within the folder, with `/` between the parts: `kpis/traffic.toml`.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// Reads a city's files. The set holds what was sound: a definition with a problem of its own is left out, so
/// only a set that came without problems may be put to use. Problems are in the order of files, lines and columns.
#[must_use]
pub fn check(files: &[File]) -> (Definitions, Vec<Problem>) {
    read(files, None)
}

/// The same for files that are to follow the set `running` while the server runs: what such a change can't do is a problem.
#[must_use]
pub fn check_change(files: &[File], running: &Definitions) -> (Definitions, Vec<Problem>) {
    read(files, Some(running))
}

fn read(files: &[File], running: Option<&Definitions>) -> (Definitions, Vec<Problem>) {
    // In the order of their names, so that of two definitions of one id the same is kept, however they were read.
    let mut files: Vec<&File> = files.iter().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let (maps, texts): (Vec<&File>, Vec<&File>) = files.iter().partition(|file| map::name(&file.name).is_some());
    let documents: Vec<Document<'_>> = texts.into_iter().map(Document::parse).collect();
    let mut set = Definitions { hash: hash(&files), ..define(&documents, &maps) };
    if let Some(running) = running {
        change::check(&documents, running);
    }
    let mut problems: Vec<Problem> = documents.into_iter().flat_map(Document::into_problems).collect();
    for file in maps {
        let (map, of_map) = map::read(file, &set.city);
        set.maps.extend(map.map(Arc::new));
        problems.extend(of_map);
    }
    if !files.iter().any(|file| file.name == "city.toml") {
        problems.push(Problem {
            file: "city.toml".to_owned(),
            line: 1,
            column: 1,
            message: "the folder has no city.toml".to_owned(),
            hint: Some(format!("begin one with format_version = {FORMAT_VERSION}, id, name, zone and population")),
        });
    }
    problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    problems.dedup();
    (set, problems)
}

/// What the documents define, as far as it is sound; their problems are noted in them. Of the maps only the names are needed.
fn define(documents: &[Document<'_>], maps: &[&File]) -> Definitions {
    let known = Known::collect(documents, maps.iter().filter_map(|file| map::name(&file.name)).map(str::to_owned));
    let of = |role: Role| documents.iter().filter(move |document| document.role == Some(role) && !document.broken);

    let mut set = Definitions::default();
    for document in of(Role::City) {
        set.city = city::read(document);
    }
    for document in of(Role::Calendar) {
        set.calendar = calendar::read(document, &set.city).map(Arc::new);
    }
    set.metrics = sorted(of(Role::Metrics).flat_map(metric::read), |metric| &metric.id);
    set.assets = sorted(of(Role::Assets).flat_map(|document| asset::read(document, &known)), |asset| &asset.id);
    let sources = of(Role::Sources).flat_map(|document| source::read(document, &known, &set.city, &set.metrics)).collect::<Vec<_>>();
    set.sources = sorted(sources.into_iter(), |source| &source.id);
    let limits = limit::read(of(Role::Limits));
    set.kpis = kpi::read(of(Role::Kpis), &known, &set, &limits);
    add_forms(&mut set);
    let boards = of(Role::Board).filter_map(|document| board::read(document, &known, &set.city, &set.kpis)).collect::<Vec<_>>();
    set.boards = sorted(boards.into_iter(), |board| &board.id);
    set.walls = sorted(of(Role::Walls).flat_map(|document| wall::read(document, &known)), |wall| &wall.id);
    let rules = of(Role::Alerts).flat_map(|document| alert::read(document, &known, &set)).collect::<Vec<_>>();
    set.rules = sorted(rules.into_iter(), |rule| &rule.id);
    for document in of(Role::Duty) {
        set.duty = Arc::new(duty::read(document, &known, set.calendar.as_deref()));
    }
    alert::check_circles(of(Role::Alerts), &set.rules);
    set.kinds = sorted(of(Role::Incidents).flat_map(incident::read), |kind| &kind.id);
    for document in of(Role::Public) {
        set.public = public::read(document, &known).map(Arc::new);
    }
    for document in of(Role::Stage) {
        set.stages = stage::read(document, &known).map(Arc::new);
    }
    set.goals = of(Role::Goals).flat_map(|document| goal::read(document, &known, &set.kpis)).collect();
    set
}

/// Gives each KPI that is entered its metric, and all of them their source.
fn add_forms(set: &mut Definitions) {
    let entered = |kpi: &Arc<Kpi>| if let From::Form(form) = &kpi.from { Some(Arc::new(form.metric(kpi))) } else { None };
    let metrics: Vec<Arc<Metric>> = set.kpis.iter().filter_map(entered).collect();
    if metrics.is_empty() {
        return;
    }
    set.metrics.extend(metrics);
    set.metrics.sort_by(|a, b| a.id.cmp(&b.id));
    set.sources.extend(form::source().map(Arc::new));
    set.sources.sort_by(|a, b| a.id.cmp(&b.id));
}

/// What a file of a city's folder holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    City,
    Calendar,
    Metrics,
    Assets,
    Sources,
    Kpis,
    Board,
    Walls,
    Alerts,
    /// Tests of rules; no definitions.
    Scenarios,
    Duty,
    /// Kinds of incidents.
    Incidents,
    Goals,
    /// What everybody may see.
    Public,
    /// The operating stages.
    Stage,
    /// What was changed while the server ran; no folder has such a file.
    Limits,
}

impl Role {
    /// What such a file is called in a word.
    fn kind(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::Calendar => "calendar",
            Self::Metrics => "metrics",
            Self::Assets => "assets",
            Self::Sources => "sources",
            Self::Kpis => "kpis",
            Self::Board => "board",
            Self::Walls => "walls",
            Self::Alerts => "alerts",
            Self::Scenarios => "scenarios",
            Self::Duty => "duty",
            Self::Incidents => "incidents",
            Self::Goals => "goals",
            Self::Public => "public",
            Self::Stage => "stage",
            Self::Limits => "limits",
        }
    }

    fn of(name: &str) -> Option<Self> {
        let in_folder = |folder: &str| {
            name.strip_prefix(folder)
                .and_then(|rest| rest.strip_suffix(".toml"))
                .is_some_and(|stem| !stem.is_empty() && !stem.contains('/'))
        };
        match name {
            "city.toml" => Some(Self::City),
            "calendar.toml" => Some(Self::Calendar),
            "metrics.toml" => Some(Self::Metrics),
            "assets.toml" => Some(Self::Assets),
            "sources.toml" => Some(Self::Sources),
            "walls.toml" => Some(Self::Walls),
            "duty.toml" => Some(Self::Duty),
            "incidents.toml" => Some(Self::Incidents),
            "goals.toml" => Some(Self::Goals),
            "public.toml" => Some(Self::Public),
            "stage.toml" => Some(Self::Stage),
            crate::limit::LIMITS_FILE => Some(Self::Limits),
            _ if in_folder("assets/") => Some(Self::Assets),
            _ if in_folder("kpis/") => Some(Self::Kpis),
            _ if in_folder("boards/") => Some(Self::Board),
            _ if in_folder("alerts/") => Some(Self::Alerts),
            _ if in_folder("alerts/scenarios/") => Some(Self::Scenarios),
            _ => None,
        }
    }
}

fn sorted<T, Id: Ord>(all: impl Iterator<Item = T>, id: impl Fn(&T) -> &Id) -> Vec<Arc<T>> {
    let mut all: Vec<Arc<T>> = all.map(Arc::new).collect();
    all.sort_by(|a, b| id(a).cmp(id(b)));
    // A second definition of an id has been reported; keeping one of them keeps the lookups' order strict.
    all.dedup_by(|a, b| id(a) == id(b));
    all
}

/// Names a set by its files' names and contents. Lengths keep a text that moves from one file to the next from
/// giving the same hash.
fn hash(files: &[&File]) -> String {
    let mut sha = Sha256::new();
    for file in files {
        for part in [&file.name, &file.text] {
            sha.update(part.len().to_be_bytes());
            sha.update(part);
        }
    }
    hex(&sha.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
