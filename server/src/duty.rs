//! Duty: groups are advanced when their time comes, and paging is told what a message says and whether it is wanted.
//!
//! It must never decide whom to page: routing does, under the group's lock.

mod brief;
mod feeds;
pub mod letter;
mod link;
mod missing;
mod overdue;
mod reply;
mod shifts;
mod steward;
mod tasks;
mod toll;

pub use brief::Briefs;
pub use letter::{LetterDesk, LetterWriter, letter_contact};
pub use link::{Link, Links};
pub use overdue::{Heart, LATE, Overdue};
pub use reply::take_reply;
pub use shifts::ShiftRecorder;
pub use steward::{LookedAt, Steward, heartbeat_key};
pub(crate) use steward::{own_team, watched};
pub use toll::record;

use crate::clock::{Clock, later};
use crate::definitions::InForce;
use crate::http::refusal::chain;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::time::Duration;

/// How often is looked for groups whose time has come; whatever else wakes it only makes that sooner.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Groups that are advanced at one look. The others are still due at the next, which follows at once.
const AT_ONCE: u32 = 100;

/// Advances the groups whose time has come. Any number of servers may do so: each group is held while it advances.
#[derive(Debug)]
pub struct Waker {
    /// Where the groups are.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// The definition set in force.
    pub definitions: InForce,
}

impl Waker {
    /// Runs until it is dropped.
    pub async fn run(self) {
        loop {
            let now = self.clock.now();
            let next = match self.look(now).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "incidents can't be looked after now; trying again");
                    None
                }
            };
            let at_last = later(now, LOOK_EVERY);
            self.clock.sleep_until(next.map_or(at_last, |next| next.min(at_last))).await;
        }
    }

    /// Advances what is due; returns when the next is.
    async fn look(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let (due, next) = self.store.due_groups(now, AT_ONCE).await?;
        let definitions = self.definitions.get();
        for group in &due {
            if let Err(error) = self.store.advance_group(*group, &[], &definitions, now).await {
                // The others must not wait for it.
                tracing::warn!(group = group.0, error = %chain(&error), "a group can't be advanced now; trying again");
            }
        }
        Ok(if due.len() == AT_ONCE as usize { Some(now) } else { next })
    }
}
