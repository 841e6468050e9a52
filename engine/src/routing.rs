//! Routing: who is to be told what, and when. One notification group's episode, from its first incident to the message
//! that says that all of them are over.
//!
//! [`advance`] is the only way on: it takes what happened since, does what is due, and says what it did. The group is one
//! value that is locked while it advances, so an answer and an escalation never cross. It must never read a clock, send
//! anything, or word a message.

mod answer;
mod areas;
mod chain;
mod circle;
mod climb;
mod directory;
mod draft;
mod event;
mod flush;
mod group;
mod label;
mod merge;
mod mute;
mod notice;
#[cfg(test)]
mod tests;
mod wanted;

pub use chain::{Hash, dedupe_key, hash, verify};
pub use directory::{Directory, Settings};
pub use event::{Effect, Event, Opening, Refusal, Which, Withdrawal};
pub use group::{Escalation, Group, MAX_MEMBERS, Member, Stage, State};
pub use label::{inhibitions, labels};
pub use mute::{Firing, Inhibition};
pub use notice::{shift_begins, silence_ends, warn_at};

use climb::Restart;
use draft::Draft;
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_model::PersonId;
use taydo_model::incident::IncidentId;
use taydo_model::incident::log::{Entry, LogLine};

/// Takes the events of one transaction, in their order, then does what is due at `now`, and returns what is to be written
/// with the group in that same transaction. Without events it is a wake-up: a second one at the same moment does nothing.
///
/// People's answers count before what is due at the same moment, or overdue: who answers while the server is late is not
/// escalated over.
pub fn advance(group: &mut Group, now: Timestamp, events: &[Event], directory: &Directory<'_>) -> Vec<Effect> {
    // Whoever waited for the group comes after those who had it meanwhile, also by the log's times.
    let now = group.at.map_or(now, |at| at.max(now));
    group.at = Some(now);
    let settings = directory.settings(&group.key.team);
    let mut advance = Advance {
        group,
        now,
        directory,
        settings,
        effects: Vec::new(),
        drafts: BTreeMap::new(),
        flushed_at: None,
        flaps: Vec::new(),
        restart: None,
    };
    for event in events {
        advance.take(event);
    }
    if !advance.group.is_over {
        advance.expire();
        advance.flush();
        advance.climb();
        advance.write_pages();
        advance.forget_flaps();
        advance.close();
    }
    advance.effects
}

/// One call of [`advance`].
struct Advance<'a> {
    group: &'a mut Group,
    now: Timestamp,
    directory: &'a Directory<'a>,
    /// How long the group's messages wait.
    settings: Settings,
    effects: Vec<Effect>,
    /// What each person is to be told: at most one message for each, whatever comes together at one moment.
    drafts: BTreeMap<PersonId, Draft>,
    /// The flush of this call, where one was due: repeats are reckoned from it, not from when it was come to.
    flushed_at: Option<Timestamp>,
    /// Of what flaps, or has settled, and is told now.
    flaps: Vec<IncidentId>,
    /// That a new escalation is to begin once everything else was looked at.
    restart: Option<Restart>,
}

impl Advance<'_> {
    fn log(&mut self, incidents: Vec<IncidentId>, entry: Entry) {
        self.group.lines += 1;
        let line = LogLine { group: self.group.id, number: self.group.lines, at: self.now, incidents, entry };
        self.effects.push(Effect::Log(line));
    }
}
