//! The player: one task that moves the played instant on, reads ahead, and puts on its stage what has happened.
//!
//! It waits by the clock, so a test that moves it moves the play. It must never go past what has been read, nor hold more
//! than two pieces of the past.

use super::episodes::{CLOSED, Episodes};
use super::outline::Outline;
use super::piece::{self, Piece, What};
use super::sets::Sets;
use super::wishes::{Wish, Wishes};
use crate::clock::Clock;
use crate::http::refusal::chain;
use crate::hub::{Change, Client, Scene, Stage};
use crate::store::past::{LOOK_BACK, Stretch};
use crate::store::{Past, Store, StoreError};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use taydo_model::console::{IncidentView, ViewNote};
use taydo_model::incident::IncidentId;
use taydo_model::wire::{Playing, Replay, ServerMessage};
use taydo_model::{Definitions, ErrorCode, KpiId, PersonId, Scope};

/// How often the played instant is moved on.
const TICK: Duration = Duration::from_millis(250);
/// A playing stage says where it is at least this often, so that the page's clock keeps step.
const SAY_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// A piece lasts so long at the speed at which it is played …
const AHEAD_S: i64 = 10;
/// … and is no shorter …
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);
/// … and no longer than that.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);
/// After the store could not be read the player tries again so much later.
const RETRY: Duration = Duration::from_secs(5);

/// What a player works with.
pub(super) struct Parts {
    pub(super) store: Store,
    pub(super) past: Past,
    pub(super) sets: Sets,
    pub(super) clock: Clock,
    pub(super) epoch: Arc<AtomicI64>,
}

impl Parts {
    fn next_epoch(&self) -> i64 {
        self.epoch.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What people named in these incidents are called, today.
    async fn names(&self, views: &[IncidentView]) -> Result<BTreeMap<PersonId, String>, StoreError> {
        let persons: BTreeSet<&PersonId> = views.iter().filter_map(|view| view.incident.assignee.as_ref()).collect();
        if persons.is_empty() {
            return Ok(BTreeMap::new());
        }
        let roster = self.store.roster(self.clock.now()).await?;
        Ok(persons.into_iter().filter_map(|id| Some((id.clone(), roster.persons.get(id)?.name.clone()))).collect())
    }
}

/// What is shown at the played instant.
struct Shown {
    definitions: Arc<Definitions>,
    outline: Arc<Outline>,
    /// When other definitions were put in force, later in the range.
    turns: Vec<Timestamp>,
    current: HashMap<(KpiId, Scope), Timestamp>,
    episodes: Episodes,
}

/// The task.
pub(super) struct Player {
    parts: Parts,
    client: Arc<Client>,
    stage: Stage,
    wishes: Arc<Wishes>,
    wish: Replay,
    heartbeat: SignedDuration,
    /// The played instant.
    at: Timestamp,
    speed: u8,
    /// The instant that was played at a moment of the clock: what has been played since follows from the speed.
    anchor: (Timestamp, Timestamp),
    /// When the stage last said something.
    said: Timestamp,
    epoch: i64,
    shown: Option<Shown>,
    /// What was read ahead, up to `horizon`.
    events: VecDeque<(Timestamp, What)>,
    horizon: Timestamp,
    reading: Option<BoxFuture<'static, Result<Piece, StoreError>>>,
}

impl Player {
    pub(super) fn new(parts: Parts, client: Arc<Client>, stage: Stage, wishes: Arc<Wishes>, wish: Replay, heartbeat: Duration) -> Self {
        let (at, now) = (wish.at.unwrap_or(wish.from), parts.clock.now());
        Self {
            parts,
            client,
            stage,
            wishes,
            wish,
            heartbeat: SignedDuration::try_from(heartbeat).unwrap_or(SAY_EVERY),
            at,
            speed: wish.speed,
            anchor: (now, at),
            said: now,
            epoch: 0,
            shown: None,
            events: VecDeque::new(),
            horizon: at,
            reading: None,
        }
    }

    /// Plays for as long as it is let. When the store can't be read the client is told, and it is tried again.
    pub(super) async fn run(mut self) {
        loop {
            let Err(error) = self.play().await;
            tracing::warn!(error = %chain(&error), "the past can't be read now");
            let message = "the past can't be read now; it is tried again in a few seconds".to_owned();
            self.client.say(&ServerMessage::Error { code: ErrorCode::Unavailable, message });
            self.parts.clock.sleep(RETRY).await;
        }
    }

    async fn play(&mut self) -> Result<Infallible, StoreError> {
        let (wishes, clock) = (self.wishes.clone(), self.parts.clock.clone());
        // Counted from before the first scene is shown: whoever sees it may move the clock at once.
        let mut next = later(clock.now(), TICK);
        self.epoch = self.parts.next_epoch();
        self.load().await?;
        loop {
            tokio::select! {
                wish = wishes.next() => self.obey(wish).await?,
                piece = read(&mut self.reading) => self.take(piece?),
                () = clock.sleep_until(next) => {
                    next = later(clock.now(), TICK);
                    self.advance().await?;
                }
            }
        }
    }

    async fn obey(&mut self, wish: Wish) -> Result<(), StoreError> {
        self.advance().await?;
        if let Some(speed) = wish.speed {
            self.speed = speed;
            self.anchor = (self.parts.clock.now(), self.at);
        }
        match wish.at {
            Some(at) => {
                self.at = at.clamp(self.wish.from, self.wish.to);
                self.epoch = self.parts.next_epoch();
                self.load().await?;
            }
            None => self.beat(),
        }
        self.read_ahead();
        Ok(())
    }

    /// Reads everything as it was at the played instant, and shows it.
    async fn load(&mut self) -> Result<(), StoreError> {
        let Parts { past, sets, .. } = &self.parts;
        let (at, known) = (self.at, self.wish.known);
        let (definitions, turns) = sets.at(at, self.wish.to).await?;
        let outline = Outline::of(&definitions, &self.stage.name().board);
        let since = at.checked_sub(CLOSED).unwrap_or(at);
        let (readings, episodes) = tokio::try_join!(past.newest(&outline.figures, at, known), Episodes::at(past, at, since))?;
        let current = readings.iter().map(|reading| ((reading.kpi.clone(), reading.scope.clone()), reading.time)).collect();
        let views = episodes.views(&definitions);
        let names = self.parts.names(&views).await?;
        let scene =
            Scene { definitions: definitions.hash.clone(), readings, incidents: views.into_iter().map(ViewNote::from).collect(), names };
        self.shown = Some(Shown { definitions, outline: Arc::new(outline), turns, current, episodes });
        self.events.clear();
        self.reading = None;
        self.horizon = at;
        self.said = self.parts.clock.now();
        self.anchor = (self.said, at);
        self.stage.show(at, self.epoch, self.playing(), scene);
        self.read_ahead();
        Ok(())
    }

    /// Begins to read the next piece, when what has been read is about to be played out.
    fn read_ahead(&mut self) {
        let Some(shown) = self.shown.as_ref().filter(|_| self.reading.is_none() && self.speed > 0) else { return };
        let length = SignedDuration::from_secs(AHEAD_S * i64::from(self.speed)).clamp(SHORTEST, LONGEST);
        if self.horizon >= self.wish.to || self.horizon.duration_since(self.at) >= length {
            return;
        }
        let until = self.horizon.checked_add(length).unwrap_or(self.wish.to).min(self.wish.to);
        let (past, outline, turns) = (self.parts.past.clone(), shown.outline.clone(), shown.turns.clone());
        let (stretch, known) = (Stretch { after: self.horizon, until }, self.wish.known);
        self.reading = Some(Box::pin(async move { piece::read(&past, &outline, known, stretch, &turns).await }));
    }

    fn take(&mut self, piece: Piece) {
        self.reading = None;
        self.horizon = piece.until;
        self.events.extend(piece.events);
        if let Some(shown) = &mut self.shown {
            shown.episodes.know(piece.opened);
        }
        self.read_ahead();
    }

    /// Moves the played instant on to where the clock says, or as far as has been read.
    async fn advance(&mut self) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        let passed = now.duration_since(self.anchor.0).saturating_mul(i32::from(self.speed));
        let wanted = self.anchor.1.checked_add(passed).unwrap_or(self.wish.to).min(self.wish.to);
        let until = wanted.min(self.horizon).max(self.at);
        if until < wanted {
            self.anchor = (now, until);
        }
        self.at = until;
        if self.speed > 0 && until >= self.wish.to {
            self.speed = 0;
            self.said = Timestamp::MIN;
        }
        let after = self.events.partition_point(|(at, _)| *at <= until);
        let events: Vec<What> = self.events.drain(..after).map(|(_, what)| what).collect();
        let oldest = until.checked_sub(LOOK_BACK).unwrap_or(until);
        let is_old = self.shown.as_ref().is_some_and(|shown| shown.current.values().any(|time| *time <= oldest));
        if is_old || events.iter().any(|what| matches!(what, What::Turn)) {
            return self.load().await;
        }
        let has_changed = self.put(events).await?;
        let quiet = now.duration_since(self.said);
        if !has_changed && (quiet >= self.heartbeat || self.speed > 0 && quiet >= SAY_EVERY) {
            self.beat();
        }
        self.read_ahead();
        Ok(())
    }

    /// Puts what has happened up to the played instant on the stage; whether that was anything.
    async fn put(&mut self, events: Vec<What>) -> Result<bool, StoreError> {
        let (at, playing) = (self.at, self.playing());
        let Some(shown) = &mut self.shown else { return Ok(false) };
        let (mut live, mut recorded, mut lines) = (BTreeMap::new(), Vec::new(), Vec::new());
        for event in events {
            match event {
                What::Reading(reading) => {
                    if shown.outline.draws(at, &reading) {
                        recorded.push(reading.clone());
                    }
                    let key = (reading.kpi.clone(), reading.scope.clone());
                    // A later revision of the newest instant counts; one of an earlier instant is a point of a trend only.
                    if shown.current.get(&key).is_none_or(|newest| *newest <= reading.time) {
                        shown.current.insert(key.clone(), reading.time);
                        live.insert(key, reading);
                    }
                }
                What::Line(line) => lines.push(line),
                What::Turn => {}
            }
        }
        let changed: BTreeSet<IncidentId> = shown.episodes.take(&lines);
        shown.episodes.forget(at.checked_sub(CLOSED).unwrap_or(at));
        let views: Vec<IncidentView> = changed.iter().filter_map(|id| shown.episodes.view(&shown.definitions, *id)).collect();
        if live.is_empty() && recorded.is_empty() && views.is_empty() {
            return Ok(false);
        }
        let names = self.parts.names(&views).await?;
        let incidents = views.into_iter().map(ViewNote::from).collect();
        self.stage.update(at, playing, Change { live: live.into_values().collect(), recorded, incidents, names });
        self.said = self.parts.clock.now();
        Ok(true)
    }

    fn beat(&mut self) {
        self.said = self.parts.clock.now();
        self.stage.beat(self.at, self.playing());
    }

    fn playing(&self) -> Playing {
        Playing { from: self.wish.from, to: self.wish.to, speed: self.speed }
    }
}

/// The piece that is being read; never, while none is.
async fn read(reading: &mut Option<BoxFuture<'static, Result<Piece, StoreError>>>) -> Result<Piece, StoreError> {
    match reading {
        Some(reading) => reading.await,
        None => std::future::pending().await,
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| time.checked_add(by).ok()).unwrap_or(time)
}
