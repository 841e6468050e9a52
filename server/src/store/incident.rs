//! Incidents: opened and closed by transitions and by people, told by routing, in transactions that hold their group.
//!
//! It must never decide whom to page, nor let two transactions advance one group at the same time.

mod audit;
mod by_hand;
mod carry;
mod desk;
mod hold;
mod merge;
mod read;
mod shift;
mod writing;

pub use audit::Audit;
pub use by_hand::{HandIncident, Opened};
pub use desk::{Act, Acted};
pub use merge::Merge;
pub use read::{GroupView, IncidentRow, LoggedLine, PageOutcome};

pub(super) use carry::apply_transitions;
pub(super) use read::{COLUMNS, decode};
