//! The definition set in force, and what is known of the one that is to follow it.
//!
//! One value for the whole server: whoever needs it asks once for each request or step, and keeps what it got until it
//! is done. It must never hold a set that came with problems, nor read a file or a clock itself.

mod watch;

pub use watch::{Taken, Watch, first, limits_file};

use jiff::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use taydo_model::Definitions;
use taydo_model::api::{DefinitionProblem, DefinitionsState};
use taydo_model::files::Problem;
use tokio::sync::watch::{Receiver, Sender};

/// The most problems that are listed; the folder's check lists all of them.
const MAX_LISTED: usize = 50;

/// The set in force. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct InForce(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Holds one value, so nothing queues up: who comes late sees the latest set only.
    set: Sender<Arc<Definitions>>,
    /// The set that is to be in force next, or the one that is: also one value, so that a newer wish replaces an older.
    wanted: Sender<Arc<Definitions>>,
    state: Mutex<State>,
    loads: AtomicU64,
    refusals: AtomicU64,
}

#[derive(Debug)]
struct State {
    since: Timestamp,
    problems: Vec<Problem>,
    /// When the folder was first seen with problems.
    broken_since: Option<Timestamp>,
}

impl InForce {
    /// A sound set that is in force from `now` on.
    #[must_use]
    pub fn new(definitions: Arc<Definitions>, now: Timestamp) -> Self {
        let inner = Inner {
            set: Sender::new(definitions.clone()),
            wanted: Sender::new(definitions),
            state: Mutex::new(State { since: now, problems: Vec::new(), broken_since: None }),
            loads: AtomicU64::new(1),
            refusals: AtomicU64::new(0),
        };
        Self(Arc::new(inner))
    }

    /// The set in force.
    #[must_use]
    pub fn get(&self) -> Arc<Definitions> {
        self.0.set.borrow().clone()
    }

    /// Tells when another set is in force.
    #[must_use]
    pub fn changes(&self) -> Receiver<Arc<Definitions>> {
        self.0.set.subscribe()
    }

    /// Tells which set is to be in force next; the one that is in force, where nothing is to change any more.
    #[must_use]
    pub fn wishes(&self) -> Receiver<Arc<Definitions>> {
        self.0.wanted.subscribe()
    }

    /// Since when the set has been in force.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.state().since
    }

    /// Asks for a sound set to be put in force; the pipeline does it, since it has to make the new windows first.
    pub fn wish(&self, definitions: Arc<Definitions>) {
        let mut state = self.state();
        state.problems.clear();
        state.broken_since = None;
        drop(state);
        self.0.wanted.send_replace(definitions);
    }

    /// Keeps the set in force, because the folder has these problems.
    pub fn refuse(&self, now: Timestamp, problems: Vec<Problem>) {
        let mut state = self.state();
        state.broken_since.get_or_insert(now);
        state.problems = problems;
        drop(state);
        self.0.refusals.fetch_add(1, Ordering::Relaxed);
        // What was wanted before is not what the folder says any more.
        self.0.wanted.send_replace(self.get());
    }

    /// Puts a set in force.
    pub fn replace(&self, now: Timestamp, definitions: Arc<Definitions>) {
        self.state().since = now;
        self.0.loads.fetch_add(1, Ordering::Relaxed);
        self.0.set.send_replace(definitions);
    }

    /// How things stand, for people.
    #[must_use]
    pub fn standing(&self) -> DefinitionsState {
        let (set, wanted) = (self.get(), self.0.wanted.borrow().clone());
        let state = self.state();
        let listed = state.problems.iter().take(MAX_LISTED).map(|problem| DefinitionProblem {
            file: problem.file.clone(),
            line: problem.line,
            column: problem.column,
            message: problem.message.clone(),
            hint: problem.hint.clone(),
        });
        DefinitionsState {
            hash: set.hash.clone(),
            since: state.since,
            next: (wanted.hash != set.hash).then(|| wanted.hash.clone()),
            broken_since: state.broken_since,
            problem_count: state.problems.len(),
            problems: listed.collect(),
        }
    }

    /// How many sets have been in force since the start, and how many changes of the folder were refused.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.0.loads.load(Ordering::Relaxed), self.0.refusals.load(Ordering::Relaxed))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Plain values: one that was left in the middle of a panic is still the best there is.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
