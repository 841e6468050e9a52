//! Walls: what each shows, who attends it, and how its screens are.
//!
//! A wall's plan is stored before anybody is sent it, and holds from an instant a little ahead, so that all screens change
//! together. It must never decide for people but that a critical incident takes a wall over, and never let a screen that no
//! longer draws pass for one that does.

mod code;
mod keeper;
mod screen;
mod takeover;

pub use screen::{Declined, Place};

use crate::clock::Clock;
use crate::definitions::InForce;
use crate::hub::Client;
use crate::stage::Stage;
use crate::store::{Store, StoreError};
use code::Codes;
use jiff::{SignedDuration, Timestamp};
use screen::Screens;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use takeover::Seen;
use taydo_model::stage::StageSign;
use taydo_model::wall::page::{Critical, ScreenId, WallActed, WallDeed, WallState, WallStatus};
use taydo_model::wall::plan::{Plan, WallAct};
use taydo_model::wall::report::Report;
use taydo_model::wall::{Care, Wall};
use taydo_model::wire::ServerMessage;
use taydo_model::{Definitions, PersonId, WallId};

/// So much before it holds a plan is announced: longer than a transaction and the way to the screens take.
const LEAD: SignedDuration = SignedDuration::from_millis(700);
/// The most incidents in the strip.
const STRIP: usize = 4;
/// The most acts that the control page shows.
const ACTS: u32 = 10;
/// The most pages that attend walls; more look on without being told of changes.
const MOST_ATTENDANTS: usize = 1_000;

/// The walls. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Walls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Clock,
    definitions: InForce,
    stage: Stage,
    /// Held while a plan is changed, from reading the old one until the new one is stored and sent.
    changing: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    plans: BTreeMap<WallId, Plan>,
    /// The open critical incidents, the newest first.
    critical: Vec<Seen>,
    /// The city's operating stage as screens were last told it.
    stage: Option<StageSign>,
    attendants: Vec<Attendant>,
    last_attendant: u64,
    screens: Screens,
    codes: Codes,
}

/// A connection that is sent what a wall shows.
#[derive(Debug)]
struct Attendant {
    id: u64,
    wall: WallId,
    client: Arc<Client>,
    /// Whose token it showed.
    screen: Option<ScreenId>,
}

/// That a connection attends a wall; it ends when this is dropped.
#[derive(Debug)]
pub struct Attendance {
    walls: Walls,
    id: u64,
    screen: Option<ScreenId>,
}

impl Attendance {
    /// The screen draws.
    pub fn beat(&self, frames: u64, report: Report) {
        if let Some(screen) = self.screen {
            let now = self.walls.0.clock.now();
            self.walls.state().screens.drew(screen, frames, report, now);
        }
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.walls.state().attendants.retain(|one| one.id != self.id);
    }
}

impl Walls {
    /// The walls as they were left.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn load(store: Store, clock: Clock, definitions: InForce, stage: Stage) -> Result<Self, StoreError> {
        let plans = store.wall_plans().await?.into_iter().collect();
        let screens = Screens::new(store.screens().await?, clock.now());
        let state = State {
            plans,
            critical: Vec::new(),
            stage: stage.sign(clock.now()),
            attendants: Vec::new(),
            last_attendant: 0,
            screens,
            codes: Codes::default(),
        };
        Ok(Self(Arc::new(Inner { store, clock, definitions, stage, changing: tokio::sync::Mutex::default(), state: Mutex::new(state) })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a connection what a wall shows, now and whenever it changes, until the attendance is dropped. `token` is an
    /// enrolled screen's.
    ///
    /// # Errors
    /// When there is no such wall, when the token is not one of its screens', or when too many attend.
    pub fn attend(&self, client: &Arc<Client>, wall: &WallId, token: Option<&str>) -> Result<Attendance, Declined> {
        let now = self.0.clock.now();
        self.0.definitions.get().wall(wall).ok_or(Declined::NoWall)?;
        let mut state = self.state();
        let screen = match token {
            None => None,
            Some(token) => Some(state.screens.of_wall(token, wall).ok_or(Declined::NotEnrolled)?),
        };
        // Who looks on has no claim to a place that a screen may need.
        if screen.is_none() && state.attendants.len() >= MOST_ATTENDANTS {
            return Err(Declined::TooMany);
        }
        state.last_attendant += 1;
        let id = state.last_attendant;
        state.attendants.push(Attendant { id, wall: wall.clone(), client: Arc::clone(client), screen });
        let message = state.message(wall, now);
        drop(state);
        client.say(&message);
        Ok(Attendance { walls: self.clone(), id, screen })
    }

    /// Does what somebody wants with a wall.
    ///
    /// # Errors
    /// When there is no such wall, scene or incident, or when the store can't keep it.
    pub async fn act(&self, wall: &WallId, person: &PersonId, act: &WallAct) -> Result<(), Declined> {
        let definitions = self.0.definitions.get();
        let scenes = definitions.wall(wall).map(|wall| wall.scenes.clone()).ok_or(Declined::NoWall)?;
        let _changing = self.0.changing.lock().await;
        let now = self.0.clock.now();
        let at = now.saturating_add(LEAD).unwrap_or(now);
        let mut plan = self.plan(wall).after(act, &scenes, at);
        match act {
            WallAct::Show { scene } if *scene >= scenes.len() => return Err(Declined::NoScene(scenes.len())),
            WallAct::TakeOver { incident } => plan.takeover = Some(self.called_up(*incident, &definitions).await?),
            _ => {}
        }
        let acted = WallActed { at: now, person: person.clone(), act: WallDeed::Act(act.clone()) };
        Ok(self.put(wall, plan, Some(&acted)).await?)
    }

    /// Every wall, and how its screens are.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn status(&self, now: Timestamp) -> Result<Vec<WallStatus>, StoreError> {
        let definitions = self.0.definitions.get();
        let mut walls = Vec::with_capacity(definitions.walls.len());
        for wall in &definitions.walls {
            let acts = self.0.store.wall_acts(&wall.id, ACTS).await?;
            let state = self.state();
            let viewers = state.attendants.iter().filter(|one| one.wall == wall.id && one.screen.is_none()).count();
            walls.push(WallStatus {
                wall: wall.as_ref().clone(),
                state: state.of(&wall.id, now),
                screens: state.screens.status(&wall.id, now),
                viewers,
                watts: watts(wall, &state.plan(&wall.id), &definitions, now),
                acts,
            });
        }
        Ok(walls)
    }

    /// What all walls draw that have screens, estimated, in watts; `None` where no profile says what a tile draws.
    #[must_use]
    pub fn watts(&self, now: Timestamp) -> Option<f64> {
        let definitions = self.0.definitions.get();
        let state = self.state();
        let lit = definitions.walls.iter().filter(|wall| state.screens.any_lives(&wall.id, now));
        lit.map(|wall| watts(wall, &state.plan(&wall.id), &definitions, now)).fold(None, |sum, one| match (sum, one) {
            (Some(sum), Some(one)) => Some(sum + one),
            (sum, one) => sum.or(one),
        })
    }

    fn plan(&self, wall: &WallId) -> Plan {
        self.state().plan(wall)
    }

    /// Keeps a plan, and then sends it to everybody who attends the wall.
    async fn put(&self, wall: &WallId, plan: Plan, acted: Option<&WallActed>) -> Result<(), StoreError> {
        self.0.store.save_wall_plan(wall, &plan, acted).await?;
        let mut state = self.state();
        state.plans.insert(wall.clone(), plan);
        state.tell(wall, self.0.clock.now());
        drop(state);
        Ok(())
    }
}

impl State {
    fn plan(&self, wall: &WallId) -> Plan {
        self.plans.get(wall).cloned().unwrap_or_else(Plan::first)
    }

    /// What a wall's screens are sent. While visitors see it, there are no names in it.
    fn of(&self, wall: &WallId, now: Timestamp) -> WallState {
        let mut plan = self.plan(wall);
        let is_presented = plan.is_presented(now);
        plan.takeover = plan.takeover.take().filter(|_| !is_presented);
        let shown: Vec<Critical> = self.critical.iter().take(STRIP).map(|seen| seen.critical(is_presented)).collect();
        WallState {
            wall: wall.clone(),
            plan,
            more: self.critical.len().saturating_sub(shown.len()),
            critical: shown,
            stage: self.stage.clone(),
        }
    }

    fn message(&self, wall: &WallId, now: Timestamp) -> ServerMessage {
        let state = serde_json::to_value(self.of(wall, now)).unwrap_or_default();
        ServerMessage::Wall { time: now, state }
    }

    fn tell(&self, wall: &WallId, now: Timestamp) {
        let message = self.message(wall, now);
        for attendant in self.attendants.iter().filter(|one| one.wall == *wall) {
            attendant.client.say(&message);
        }
    }
}

/// What a wall draws, in watts.
fn watts(wall: &Wall, plan: &Plan, definitions: &Definitions, now: Timestamp) -> Option<f64> {
    let brightness = match (plan.taken_over(now), plan.blank) {
        (Some(_), _) => 1.0,
        (None, true) => 0.0,
        (None, false) => brightness(&wall.care, definitions, now),
    };
    wall.care.watts(wall.tiles(), brightness)
}

fn brightness(care: &Care, definitions: &Definitions, now: Timestamp) -> f64 {
    let local = definitions.city.time_zone().to_datetime(now);
    let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
    care.brightness(u16::try_from(minute).unwrap_or(0))
}
