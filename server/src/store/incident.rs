//! Incidents: opened and closed by transitions and by people, told by routing, in transactions that hold their group.
//!
//! It must never decide whom to page, nor let two transactions advance one group at the same time.

mod beside;
mod desk;
mod read;
mod shift;

pub use desk::{Act, Acted, HandIncident, Opened};
pub use read::{GroupView, IncidentRow, LoggedLine, PageOutcome};

pub(super) use desk::apply_transitions;
