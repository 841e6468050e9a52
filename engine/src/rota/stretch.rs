//! Stretches of time with the same people on call: shifts, gaps, and the next change.
//!
//! It must never decide who is on call at an instant, only how long that lasts.

use super::OnCall;
use jiff::{SignedDuration, Timestamp};
use taydo_model::PersonId;
use taydo_model::rota::Shift;
use taydo_model::rota::page::GapAhead;

/// How long before a gap it is warned of.
const WARNING: SignedDuration = SignedDuration::from_hours(24);
/// How far ahead the end of a stretch is looked for; what lasts longer has no end in sight.
pub(super) const SIGHT: SignedDuration = SignedDuration::from_hours(366 * 24);
/// How much is looked through at once while a change is looked for.
const STRIDE: SignedDuration = SignedDuration::from_hours(32 * 24);
/// Jiff's and PostgreSQL's clocks both tell this apart.
const TICK: SignedDuration = SignedDuration::from_micros(1);

/// A time with nobody on call, as far as it lies in the time that was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// A hand-over: from one instant to the next somebody comes on or goes off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// The first instant with the new people.
    pub at: Timestamp,
    /// Who comes on.
    pub on: Vec<PersonId>,
    /// Who goes off.
    pub off: Vec<PersonId>,
}

impl OnCall<'_> {
    /// The time from `from` to `to`, cut where who is on call changes, gaps included: no two shifts in a row have the same
    /// people, and every instant lies in one.
    #[must_use]
    pub fn shifts(&self, from: Timestamp, to: Timestamp) -> Vec<Shift> {
        let stretches = self.stretches(from, to, |persons| persons);
        stretches.into_iter().map(|(from, to, persons)| Shift { from, to, persons }).collect()
    }

    /// The times from `from` to `to` at which nobody is on call.
    #[must_use]
    pub fn gaps(&self, from: Timestamp, to: Timestamp) -> Vec<Gap> {
        let stretches = self.stretches(from, to, |persons| persons.is_empty());
        stretches.into_iter().filter(|(_, _, is_gap)| *is_gap).map(|(from, to, _)| Gap { from, to }).collect()
    }

    /// The first instant after `after` and up to `until` at which other people are on call than at `after`.
    #[must_use]
    pub fn next_change(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        self.end_of(&self.at(after), after, until, |persons| persons)
    }

    /// The hand-overs after `after` and up to `until`, in order. Whoever comes on is due a shift notice.
    #[must_use]
    pub fn hand_overs(&self, after: Timestamp, until: Timestamp) -> Vec<HandOver> {
        let missing = |from: &[PersonId], than: &[PersonId]| than.iter().filter(|person| !from.contains(person)).cloned().collect();
        let shifts = self.shifts(after, later(until, TICK));
        let pairs = shifts.iter().zip(shifts.iter().skip(1));
        let hand_over = |(before, now): (&Shift, &Shift)| HandOver {
            at: now.from,
            on: missing(&before.persons, &now.persons),
            off: missing(&now.persons, &before.persons),
        };
        pairs.map(hand_over).filter(|hand_over| hand_over.at <= until).collect()
    }

    /// The gaps that lie in the next 24 hours, or begin exactly then, in order and whole. Each is to be told once: the same gap
    /// has the same first instant whenever it is asked for.
    #[must_use]
    pub fn gap_warnings(&self, now: Timestamp) -> Vec<GapAhead> {
        let is_gap = |persons: Vec<PersonId>| persons.is_empty();
        let gaps = self.gaps(now, later(later(now, WARNING), TICK));
        let whole = |gap: Gap| GapAhead {
            from: if gap.from == now { self.start_of(&true, now, is_gap) } else { Some(gap.from) },
            to: self.end_of(&true, gap.from, later(gap.from, SIGHT), is_gap),
        };
        gaps.into_iter().map(whole).collect()
    }

    /// The person's own shifts that touch the time from `from` to `to`, whole: with the first instant and the end that they
    /// have whenever they are asked for. One whose end is not in sight a year after `to` is cut there. Calendars ask what is
    /// planned: a contact that works today says nothing of another week.
    #[must_use]
    pub fn shifts_of(&self, person: &PersonId, from: Timestamp, to: Timestamp) -> Vec<Shift> {
        let whole = self.whole(from, to, |persons| persons.contains(person));
        let on = whole.into_iter().filter(|(_, _, is_on)| *is_on);
        on.map(|(from, to, _)| Shift { from, to, persons: vec![person.clone()] }).collect()
    }

    /// The shifts that touch the time from `from` to `to`, whole as those of [`Self::shifts_of`], and without gaps.
    #[must_use]
    pub fn whole_shifts(&self, from: Timestamp, to: Timestamp) -> Vec<Shift> {
        let whole = self.whole(from, to, |persons| persons);
        let shifts = whole.into_iter().map(|(from, to, persons)| Shift { from, to, persons });
        shifts.filter(|shift| !shift.persons.is_empty()).collect()
    }

    /// The longest stretches of one answer to a question about the people on call.
    pub(super) fn stretches<A: PartialEq>(
        &self,
        from: Timestamp,
        to: Timestamp,
        ask: impl Fn(Vec<PersonId>) -> A,
    ) -> Vec<(Timestamp, Timestamp, A)> {
        let mut stretches: Vec<(Timestamp, Timestamp, A)> = Vec::new();
        if to <= from {
            return stretches;
        }
        for edge in [from].into_iter().chain(self.edges(from, to)).filter(|edge| *edge < to) {
            let answer = ask(self.at(edge));
            match stretches.last_mut() {
                Some((_, _, last)) if *last == answer => {}
                Some((_, end, _)) => {
                    *end = edge;
                    stretches.push((edge, to, answer));
                }
                None => stretches.push((edge, to, answer)),
            }
        }
        stretches
    }

    /// The stretches that touch the time, with the ends that lie outside of it.
    fn whole<A: PartialEq>(&self, from: Timestamp, to: Timestamp, ask: impl Fn(Vec<PersonId>) -> A) -> Vec<(Timestamp, Timestamp, A)> {
        let mut whole = self.stretches(from, to, &ask);
        if let Some((start, _, answer)) = whole.first_mut() {
            *start = self.start_of(answer, *start, &ask).unwrap_or(*start);
        }
        if let Some((_, end, answer)) = whole.last_mut() {
            let limit = later(*end, SIGHT);
            *end = self.end_of(answer, Timestamp::max(later(*end, -TICK), from), limit, &ask).unwrap_or(limit);
        }
        whole
    }

    /// The first instant after `after` and up to `until` with another answer.
    pub(super) fn end_of<A: PartialEq>(
        &self,
        answer: &A,
        after: Timestamp,
        until: Timestamp,
        ask: impl Fn(Vec<PersonId>) -> A,
    ) -> Option<Timestamp> {
        let mut from = after;
        while from < until {
            let to = later(from, STRIDE).min(until);
            if let Some(end) = self.edges(from, to).into_iter().find(|edge| ask(self.at(*edge)) != *answer) {
                return Some(end);
            }
            from = to;
        }
        None
    }

    /// The first instant from which on the answer has been this one up to `at`; `None` where it has always been.
    pub(super) fn start_of<A: PartialEq>(&self, answer: &A, at: Timestamp, ask: impl Fn(Vec<PersonId>) -> A) -> Option<Timestamp> {
        // Before everything that the rota says nobody is on call.
        let beginning = later(self.beginning()?, -TICK);
        let (mut start, mut to) = (None, at);
        while beginning < to {
            let from = later(to, -STRIDE).max(beginning);
            let edges = self.edges(from, to);
            let moments = [from].into_iter().chain(edges).collect::<Vec<_>>();
            for moment in moments.into_iter().rev() {
                if ask(self.at(moment)) != *answer {
                    return start;
                }
                start = Some(moment);
            }
            to = from;
        }
        // Even before the beginning: it has no first instant.
        None
    }
}

pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}
