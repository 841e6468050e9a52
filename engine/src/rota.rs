//! Rotas: who is on call at an instant, from when to when, and when nobody is.
//!
//! Everything is reckoned from the definition at each question: there is no stored position that could be wrong. It must
//! never know why somebody is asked for, or whom else to ask when nobody is on call.

pub mod ical;
mod layer;
mod stretch;
#[cfg(test)]
mod tests;
pub mod view;

pub(crate) use layer::hours_on;
pub use stretch::{Gap, HandOver};

use crate::local::{first_shown, shown};
use jiff::Timestamp;
use jiff::civil::DateTime;
use std::slice;
use taydo_model::PersonId;
use taydo_model::rota::{Change, Layer, Override, Rota, TemporarySchedule};

/// Who is on call by a rota.
///
/// At any instant, in this order: a temporary schedule that holds then decides alone. Otherwise every layer has the people
/// whose turn it is, changed by the overrides, without those who can't be reached; the last layer that has somebody left is
/// on call, and with it whoever an override adds. So a layer whose person was removed, or can't be reached, leaves the duty
/// to the layer before it.
#[derive(Clone, Copy)]
pub struct OnCall<'r> {
    rota: &'r Rota,
    reachable: &'r dyn Fn(&PersonId) -> bool,
    part: Part,
}

/// What of a rota is looked at.
#[derive(Clone, Copy)]
enum Part {
    /// All of it.
    Whole,
    /// The layers, without what is changed for once.
    Layers,
    /// One layer, with nothing above it.
    Layer(usize),
}

impl<'r> OnCall<'r> {
    /// Who is on call by the rota, where a person who can't be reached is nobody.
    #[must_use]
    pub fn new(rota: &'r Rota, reachable: &'r dyn Fn(&PersonId) -> bool) -> Self {
        Self { rota, reachable, part: Part::Whole }
    }

    /// Who would be on call if everybody could be reached: what a rota is planned by.
    #[must_use]
    pub fn planned(rota: &'r Rota) -> Self {
        Self::new(rota, &everybody)
    }

    /// Who would be on call if nothing were changed for once.
    #[must_use]
    pub fn unchanged(self) -> Self {
        Self { part: Part::Layers, ..self }
    }

    /// Whose turn it is by one layer alone, counted from 0.
    #[must_use]
    pub fn layer(self, number: usize) -> Self {
        Self { part: Part::Layer(number), ..self }
    }

    /// The rota.
    #[must_use]
    pub fn rota(&self) -> &'r Rota {
        self.rota
    }

    /// Who is on call at the instant: each once, by their ids' order; empty where nobody is.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Vec<PersonId> {
        let parts = self.rota.parts();
        let schedule = parts.temporary.iter().find(|schedule| schedule.covers(at));
        let mut persons = match (self.part, schedule) {
            (Part::Whole, Some(schedule)) => self.fixed(schedule, at),
            (Part::Whole, None) => self.rotating(&parts.layers, &parts.overrides, at),
            (Part::Layers, _) => self.rotating(&parts.layers, &[], at),
            (Part::Layer(number), _) => self.rotating(parts.layers.get(number).map_or(&[], slice::from_ref), &[], at),
        };
        persons.sort();
        persons.dedup();
        persons
    }

    fn fixed(&self, schedule: &TemporarySchedule, at: Timestamp) -> Vec<PersonId> {
        let shifts = schedule.shifts.iter().filter(|shift| shift.from <= at && at < shift.to);
        shifts.map(|shift| &shift.person).filter(|person| (self.reachable)(person)).cloned().collect()
    }

    fn rotating(&self, layers: &[Layer], overrides: &[Override], at: Timestamp) -> Vec<PersonId> {
        let reading = shown(self.rota.zone(), at);
        let overrides: Vec<&Override> = overrides.iter().filter(|one| one.covers(at)).collect();
        let people = |slot: &[PersonId]| -> Vec<PersonId> {
            let left = slot.iter().filter_map(|person| instead(&overrides, person));
            left.filter(|person| (self.reachable)(person)).cloned().collect()
        };
        let layers = layers.iter().rev().map(|layer| people(layer::slot(layer, reading)));
        let mut persons = layers.into_iter().find(|persons| !persons.is_empty()).unwrap_or_default();
        let added = overrides.iter().filter_map(|one| match &one.change {
            Change::Add { person } => Some(person),
            Change::Replace { .. } | Change::Remove { .. } => None,
        });
        persons.extend(added.filter(|person| (self.reachable)(person)).cloned());
        persons
    }

    /// Every instant after `from` and up to `to` at which who is on call may change, in order, each once.
    fn edges(&self, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let (parts, zone) = (self.rota.parts(), self.rota.zone());
        let readings = (shown(zone, from), shown(zone, to));
        let of_layers = parts.layers.iter().flat_map(|layer| layer::changes(layer, readings.0, readings.1));
        let mut edges: Vec<Timestamp> = of_layers.map(|change: DateTime| first_shown(zone, change)).collect();
        edges.extend(parts.overrides.iter().flat_map(|one| [one.from, one.to]));
        for schedule in &parts.temporary {
            edges.extend([schedule.from, schedule.to]);
            edges.extend(schedule.shifts.iter().flat_map(|shift| [shift.from, shift.to]));
        }
        edges.retain(|edge| from < *edge && *edge <= to);
        edges.sort();
        edges.dedup();
        edges
    }

    /// The first instant that anything is said about; `None` where nothing is.
    fn beginning(&self) -> Option<Timestamp> {
        let parts = self.rota.parts();
        let layers = parts.layers.iter().map(|layer| first_shown(self.rota.zone(), layer.start));
        let changes = parts.overrides.iter().map(|one| one.from).chain(parts.temporary.iter().map(|schedule| schedule.from));
        layers.chain(changes).min()
    }
}

/// Who takes the person's turns: usually the same person, by an override another one or nobody. No two overrides that hold
/// at once name the same person, so their order means nothing.
fn instead<'p>(overrides: &[&'p Override], person: &'p PersonId) -> Option<&'p PersonId> {
    for one in overrides {
        match &one.change {
            Change::Replace { person: replaced, by } if replaced == person => return Some(by),
            Change::Remove { person: removed } if removed == person => return None,
            Change::Replace { .. } | Change::Remove { .. } | Change::Add { .. } => {}
        }
    }
    Some(person)
}

fn everybody(_: &PersonId) -> bool {
    true
}
