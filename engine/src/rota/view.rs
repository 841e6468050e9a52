//! What the on-call pages say of a rota: who is on call now, whose turn comes when, and a person's own shifts.
//!
//! It must never look people up: it has their ids only.

use super::OnCall;
use super::stretch::{SIGHT, later};
use jiff::Timestamp;
use taydo_model::PersonId;
use taydo_model::rota::Shift;
use taydo_model::rota::page::{MyShift, OnCallNow};

/// Who is on call by the rota at `now`, since when, until when, and who comes then.
#[must_use]
pub fn now(on_call: &OnCall<'_>, now: Timestamp) -> OnCallNow {
    let parts = on_call.rota().parts();
    let persons = on_call.at(now);
    let until = on_call.next_change(now, later(now, SIGHT));
    OnCallNow {
        rota: parts.id.clone(),
        team: parts.team.clone(),
        name: parts.name.clone(),
        since: on_call.start_of(&persons, now, |persons| persons),
        until,
        next: until.map(|until| on_call.at(until)).unwrap_or_default(),
        gaps: on_call.gap_warnings(now),
        persons,
    }
}

/// The turns of each layer alone from `from` to `to`, in the layers' order.
#[must_use]
pub fn layers(on_call: &OnCall<'_>, from: Timestamp, to: Timestamp) -> Vec<Vec<Shift>> {
    let numbers = 0..on_call.rota().parts().layers.len();
    numbers.map(|number| on_call.layer(number).shifts(from, to)).collect()
}

/// The person's own shifts that touch the time from `from` to `to`, by all of these rotas, the earliest first.
#[must_use]
pub fn shifts_of(rotas: &[OnCall<'_>], person: &PersonId, from: Timestamp, to: Timestamp) -> Vec<MyShift> {
    let mut shifts: Vec<MyShift> = rotas.iter().flat_map(|on_call| shifts_by(on_call, person, from, to)).collect();
    shifts.sort_by(|one, other| (one.from, &one.rota).cmp(&(other.from, &other.rota)));
    shifts
}

fn shifts_by(on_call: &OnCall<'_>, person: &PersonId, from: Timestamp, to: Timestamp) -> Vec<MyShift> {
    let parts = on_call.rota().parts();
    let shift = |shift: Shift| {
        let planned = on_call.unchanged().stretches(shift.from, shift.to, |persons| persons.contains(person));
        let changed = planned.iter().any(|(_, _, is_on)| !is_on);
        MyShift { rota: parts.id.clone(), name: parts.name.clone(), from: shift.from, to: shift.to, changed }
    };
    on_call.shifts_of(person, from, to).into_iter().map(shift).collect()
}
