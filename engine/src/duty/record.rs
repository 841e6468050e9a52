//! Recording shifts: who came on call and who left, between two looks at a rota.
//!
//! What was recorded is never reckoned again: it must never say anything of the time before the last look.

use crate::rota::OnCall;
use jiff::Timestamp;
use std::collections::BTreeSet;
use taydo_model::PersonId;

/// Somebody comes on call by a rota, or leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Who.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
    /// Whether they come.
    pub comes: bool,
}

/// What has changed since `last`, at which these people were on record as on call, up to `now`, in order. What differs at
/// `last` already, because the rota itself was changed, happens then.
#[must_use]
pub fn turns(recorded: &BTreeSet<PersonId>, on_call: &OnCall<'_>, last: Timestamp, now: Timestamp) -> Vec<Turn> {
    let there: BTreeSet<PersonId> = on_call.at(last).into_iter().collect();
    let turn = |person: &PersonId, at, comes| Turn { person: person.clone(), at, comes };
    let left = recorded.difference(&there).map(|person| turn(person, last, false));
    let came = there.difference(recorded).map(|person| turn(person, last, true));
    let mut turns: Vec<Turn> = left.chain(came).collect();
    for hand_over in on_call.hand_overs(last, now) {
        turns.extend(hand_over.off.iter().map(|person| turn(person, hand_over.at, false)));
        turns.extend(hand_over.on.iter().map(|person| turn(person, hand_over.at, true)));
    }
    turns
}
