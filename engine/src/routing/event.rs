//! What happens to a group, and what comes of it.
//!
//! It must never hold how something is stored or sent.

use jiff::Timestamp;
use taydo_model::alert::{Cause, Severity};
use taydo_model::incident::log::LogLine;
use taydo_model::incident::{Assignment, GroupId, IncidentId};
use taydo_model::page::{Page, PageKind};
use taydo_model::silence::Labels;
use taydo_model::{PersonId, Text};

/// An incident that joins the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Its number.
    pub incident: IncidentId,
    /// How bad.
    pub severity: Severity,
    /// What silences and inhibitions know it by; see [`Labels`].
    pub labels: Labels,
    /// Whether the change that opened it is the one with which it began to flap.
    pub flapping: bool,
}

/// Which of the group's incidents somebody means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(IncidentId),
    /// All that are open.
    All,
}

/// What happened. That time has passed needs no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An incident was opened, by an alert or by hand. One that the group knows already changes nothing.
    Opened(Opening),
    /// The same was reported again while it is open.
    Repeated {
        /// Which.
        incident: IncidentId,
    },
    /// Its alert resolved. A transition whose cause is [`Cause::Flapping`] is not this, but `Flapping`.
    Resolved {
        /// Which.
        incident: IncidentId,
        /// Why.
        cause: Cause,
    },
    /// An open incident's alert began to flap.
    Flapping {
        /// Which.
        incident: IncidentId,
    },
    /// It has settled, and fires.
    Settled {
        /// Which.
        incident: IncidentId,
    },
    /// Somebody answers. By a message's link: `link` is the escalation that it was made for, and `All` means what people
    /// have been told of, not what joined a moment ago.
    Acknowledged {
        /// Who.
        person: PersonId,
        /// What.
        which: Which,
        /// The link's escalation; none from the console.
        link: Option<i64>,
    },
    /// Somebody makes it theirs, whoever had it before.
    Taken {
        /// Who.
        person: PersonId,
        /// What.
        which: Which,
        /// The link's escalation; none from the console.
        link: Option<i64>,
    },
    /// Somebody puts it off.
    Snoozed {
        /// Who.
        person: PersonId,
        /// What.
        which: Which,
        /// The link's escalation; none from the console.
        link: Option<i64>,
        /// Until when; then it is triggered again.
        until: Timestamp,
    },
    /// Somebody wants the next step now. It names what they saw ([`super::Escalation`]): pressed twice, it counts once.
    EscalateNow {
        /// Who.
        person: PersonId,
        /// The number of the escalation that they saw.
        escalation: i64,
        /// How many of its steps had been taken.
        taken: u32,
    },
    /// Somebody writes something down.
    Noted {
        /// Who.
        person: PersonId,
        /// What it is about.
        which: Which,
        /// What.
        text: String,
    },
    /// Somebody did a step of an open incident's check-list, or says that it is not done after all.
    Ticked {
        /// Who.
        person: PersonId,
        /// Whose check-list.
        incident: IncidentId,
        /// The step, in its own words.
        step: Text,
        /// Whether it is done.
        done: bool,
    },
    /// Somebody has given an open incident to a team or an outside agency.
    Assigned {
        /// Who.
        person: PersonId,
        /// Which.
        incident: IncidentId,
        /// To whom.
        assignment: Assignment,
    },
    /// An open incident goes on as a part of another, and pages nobody any more; its end is that one's. It comes with
    /// [`Event::Absorbed`] for that one, in the same transaction.
    Merged {
        /// Who merged them.
        person: PersonId,
        /// Which is closed.
        incident: IncidentId,
        /// Which goes on.
        into: IncidentId,
    },
    /// Another incident goes on as a part of this open one.
    Absorbed {
        /// Who merged them.
        person: PersonId,
        /// Which goes on.
        incident: IncidentId,
        /// Which was closed.
        merged: IncidentId,
        /// Who knows of that one ([`super::Group::knowing`]): they learn of the end of this one.
        persons: Vec<PersonId>,
    },
    /// Somebody says that it is over.
    ResolvedByHand {
        /// Who.
        person: PersonId,
        /// What.
        which: Which,
        /// The link's escalation; none from the console.
        link: Option<i64>,
    },
}

/// Why an event changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The group takes no more incidents, or is over: this one needs another episode of the same key.
    Full {
        /// Which.
        incident: IncidentId,
    },
    /// The link is of an earlier escalation.
    Superseded {
        /// The one that counts now: the page can offer a fresh link.
        current: i64,
    },
    /// It is over already.
    AlreadyClosed,
    /// This person has answered already, and nothing is left to be answered.
    AlreadyAnswered,
    /// Somebody, or the time, was quicker: the step has been taken.
    AlreadyEscalated,
    /// Everything that is open is muted: end the silence first.
    Muted,
    /// A snooze ends in the future.
    PastSnooze,
    /// The step of the check-list stands as wanted already.
    AlreadyTicked,
}

/// Pages of an ended escalation that are not to be sent any more, as far as they still wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Whose.
    pub group: GroupId,
    /// The escalation.
    pub escalation: i64,
    /// Of these kinds.
    pub kinds: Vec<PageKind>,
    /// Only this person's; everybody's where there is none.
    pub person: Option<PersonId>,
}

/// What comes of it, in order. All of it is written with the group, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A line of the group's log. The standing of incidents follows from them: see `taydo_model::incident::log::replay`.
    Log(LogLine),
    /// A page. The line before it that says `Paged` with its turn is the one that it belongs to.
    Page(Page),
    /// Pages that are not to be sent any more.
    Withdraw(Withdrawal),
    /// Nobody can be told, not even the fall-back and the keeper of the server: the dead-man has to fall silent.
    Unreachable,
    /// An event that changed nothing.
    Refused(Refusal),
}
