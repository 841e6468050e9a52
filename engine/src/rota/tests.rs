//! Rotas against vectors reckoned by hand, against stories about layers and overrides, and over five years in ten zones
//! against a watchman who looks at the clock every quarter of an hour.

mod feed;
mod stories;
mod vectors;
mod views;
mod watchman;
mod years;

use super::OnCall;
use jiff::Timestamp;
use taydo_model::rota::{Layer, Rota, RotaParts, Rotation, Shift};
use taydo_model::{PersonId, RotaId, TeamId};

/// Nearly all: every sort of change of clocks that there has been of late, and none.
const ZONES: [&str; 10] = [
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Chicago",
    "Europe/Berlin",
    "Asia/Ho_Chi_Minh",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "UTC",
];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn person(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

/// Slots of one person each, or of several joined by `+`.
fn layer(rotation: Rotation, shift_length: u32, start: &str, slots: &str) -> Layer {
    let slots = slots.split(' ').map(|slot| slot.split('+').map(person).collect()).collect();
    let start = start.parse().unwrap();
    Layer { name: "layer".into(), rotation, shift_length, start, until: None, slots, windows: vec![] }
}

fn parts(zone: &str, layers: Vec<Layer>) -> RotaParts {
    RotaParts {
        id: RotaId::new("ca").unwrap(),
        team: TeamId::new("giao-thong").unwrap(),
        name: "Ca trực".into(),
        zone: zone.into(),
        layers,
        overrides: vec![],
        temporary: vec![],
    }
}

fn rota(zone: &str, layers: Vec<Layer>) -> Rota {
    Rota::new(parts(zone, layers)).unwrap()
}

/// Who is on call at the instant, joined by `+`; `-` for nobody.
fn who(rota: &Rota, instant: &str) -> String {
    names(&OnCall::planned(rota).at(at(instant)))
}

fn names(persons: &[PersonId]) -> String {
    let names: Vec<&str> = persons.iter().map(PersonId::as_str).collect();
    if names.is_empty() { "-".into() } else { names.join("+") }
}

/// Shifts as lines such as `2026-03-23T08:00:00Z b`, each from its first instant.
fn lines(shifts: &[Shift]) -> Vec<String> {
    shifts.iter().map(|shift| format!("{} {}", shift.from, names(&shift.persons))).collect()
}
