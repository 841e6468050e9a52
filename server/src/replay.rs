//! Replays: the past, played to one client at a time over the same frames as the present.
//!
//! A replay is one task with a bounded read-ahead, on connections of its own. It must never touch a live topic, the
//! engine, or the connections that the present uses.

mod episodes;
mod outline;
mod piece;
mod player;
mod sets;
mod wishes;

pub use episodes::{CLOSED, Episodes};
pub use sets::Sets;

use crate::clock::Clock;
use crate::hub::{Client, Hub, Stage};
use crate::store::{Past, Store};
use jiff::{SignedDuration, Timestamp};
use player::Player;
use std::collections::HashMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use taydo_model::wire::{MAX_REPLAY_HOURS, MAX_SPEED, Replay, Topic};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use wishes::Wishes;

/// The most replays at once; who asks for one more is told to try again later.
const MOST: usize = 24;
/// The most of one account.
const MOST_OF_ONE: usize = 12;
/// What was recorded in so short a time before now may not all be there yet.
const SETTLED: SignedDuration = SignedDuration::from_secs(5);

/// Where replays are asked for. A copy is the same.
#[derive(Debug, Clone)]
pub struct Replays(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    past: Past,
    sets: Sets,
    clock: Clock,
    /// Players run here, not on the threads that serve connections.
    runtime: Handle,
    /// How many replays each account has open.
    open: Mutex<HashMap<String, usize>>,
    /// Of all replays: a client that begins another one can tell its frames from the old one's.
    epoch: Arc<AtomicI64>,
}

impl Replays {
    /// Replays from a store. Players run on `runtime`.
    #[must_use]
    pub fn new(store: Store, past: Past, sets: Sets, clock: Clock, runtime: Handle) -> Self {
        Self(Arc::new(Inner { store, past, sets, clock, runtime, open: Mutex::default(), epoch: Arc::default() }))
    }

    /// The past, for whoever asks for a single instant.
    #[must_use]
    pub fn past(&self) -> &Past {
        &self.0.past
    }

    /// The definition sets of the past.
    #[must_use]
    pub fn sets(&self) -> &Sets {
        &self.0.sets
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.open().values().sum()
    }

    /// Begins to play a stretch of the past to a client, in place of the topic. It ends when the session is dropped.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the wish, or that there are too many replays.
    pub fn open(&self, account: &str, hub: &Hub, client: &Arc<Client>, topic: &Topic, wish: Replay) -> Result<Session, String> {
        let wish = check(wish, self.0.clock.now())?;
        let place = Place::take(&self.0, account)?;
        let stage = hub.stage(client, topic)?;
        let wishes = Arc::new(Wishes::default());
        let player = Player::new(self.parts(), client.clone(), stage.clone(), wishes.clone(), wish, hub.heartbeat());
        let task = self.0.runtime.spawn(player.run()).abort_handle();
        Ok(Session { stage, wishes, task, _place: place })
    }

    fn parts(&self) -> player::Parts {
        let Inner { store, past, sets, clock, epoch, .. } = &*self.0;
        player::Parts { store: store.clone(), past: past.clone(), sets: sets.clone(), clock: clock.clone(), epoch: epoch.clone() }
    }
}

impl Inner {
    fn open(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The wish within its bounds, or what is wrong with it.
fn check(wish: Replay, now: Timestamp) -> Result<Replay, String> {
    if wish.speed > MAX_SPEED {
        return Err(format!("`speed` is {}; play at most {MAX_SPEED} times as fast as it happened", wish.speed));
    }
    if wish.to > now {
        return Err(format!("`to` is {}, which is in the future; now it is {now}", wish.to));
    }
    let settled = now.checked_sub(SETTLED).unwrap_or(now);
    let to = wish.to.min(settled.max(wish.from));
    if to <= wish.from {
        return Err("`to` is not after `from`, or the stretch is not over yet; ask for an earlier one".to_owned());
    }
    if to.duration_since(wish.from) > SignedDuration::from_hours(MAX_REPLAY_HOURS) {
        return Err(format!("the stretch is longer than {} days; ask for a shorter one", MAX_REPLAY_HOURS / 24));
    }
    Ok(Replay { to, at: Some(wish.at.unwrap_or(wish.from).clamp(wish.from, to)), ..wish })
}

/// One of the replays that there may be, given back when it is dropped.
#[derive(Debug)]
struct Place {
    desk: Arc<Inner>,
    account: String,
}

impl Place {
    fn take(desk: &Arc<Inner>, account: &str) -> Result<Self, String> {
        let mut open = desk.open();
        let own = open.get(account).copied().unwrap_or(0);
        if own >= MOST_OF_ONE || open.values().sum::<usize>() >= MOST {
            return Err("too many replays are open; close one, or try again later".to_owned());
        }
        open.insert(account.to_owned(), own + 1);
        drop(open);
        Ok(Self { desk: desk.clone(), account: account.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.desk.open();
        match open.get_mut(&self.account) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                open.remove(&self.account);
            }
        }
    }
}

/// An open replay; it ends when this is dropped.
#[derive(Debug)]
pub struct Session {
    stage: Stage,
    wishes: Arc<Wishes>,
    task: AbortHandle,
    _place: Place,
}

impl Session {
    /// The topic's own stage.
    #[must_use]
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Plays on at another speed; 0 stops.
    ///
    /// # Errors
    /// When that is too fast.
    pub fn play(&self, speed: u8) -> Result<(), String> {
        if speed > MAX_SPEED {
            return Err(format!("`speed` is {speed}; play at most {MAX_SPEED} times as fast as it happened"));
        }
        self.wishes.play(speed);
        Ok(())
    }

    /// Goes on from another instant.
    pub fn seek(&self, at: Timestamp) {
        self.wishes.seek(at);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::wire::Knowledge;

    #[test]
    fn a_wish_is_kept_within_its_bounds_or_refused_with_a_reason() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let wish = |from, to, speed| Replay { from: at(from), to: at(to), at: None, speed, known: Knowledge::Then };
        let checked = check(wish(-60, -30, 60), at(0)).unwrap();
        assert_eq!((checked.from, checked.to, checked.at), (at(-60), at(-30), Some(at(-60))));
        // What is still being recorded is not played.
        assert_eq!(check(wish(-60, 0, 1), at(0)).unwrap().to, at(-5));
        let beyond = Replay { at: Some(at(1000)), ..wish(-60, -30, 1) };
        assert_eq!(check(beyond, at(0)).unwrap().at, Some(at(-30)));
        for (refused, why) in [
            (wish(-60, -30, 61), "speed"),
            (wish(-60, 1, 1), "future"),
            (wish(-3, 0, 1), "not over yet"),
            (wish(-30, -60, 1), "not after"),
            (wish(-32 * 86_400, -30, 1), "31 days"),
        ] {
            assert!(check(refused, at(0)).unwrap_err().contains(why), "{why}");
        }
    }
}
