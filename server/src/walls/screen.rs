//! A wall's screens: whose tokens count, and which of them draw.
//!
//! Must never take a connection for a sign of life: only frames are one.

use super::code::Used;
use super::{State, Walls};
use crate::store::StoreError;
use crate::store::wall::Screen;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use taydo_model::incident::IncidentId;
use taydo_model::wall::page::{DEAD_AFTER_S, EnrolScreen, ScreenCode, ScreenId, ScreenPlace, ScreenState, ScreenStatus};
use taydo_model::wall::report::Report;
use taydo_model::{PersonId, WallId};

const DEAD_AFTER: SignedDuration = SignedDuration::from_secs(DEAD_AFTER_S);

/// Why something isn't done.
#[derive(Debug, thiserror::Error)]
pub enum Declined {
    /// There is no such wall.
    #[error("there is no such wall; GET /api/v1/walls lists them")]
    NoWall,
    /// The wall has fewer scenes.
    #[error("the wall has {0} scenes, counted from 0")]
    NoScene(usize),
    /// The wall has no such display.
    #[error("the wall has no display of this name; walls.toml names them")]
    NoDisplay,
    /// There is no such open incident.
    #[error("incident {} is not open; choose one that is", .0.0)]
    NoIncident(IncidentId),
    /// There is no such screen.
    #[error("there is no such screen")]
    NoScreen,
    /// The token is not one of this wall's screens'.
    #[error("this token is not one of this wall's screens'; enrol the screen with a code")]
    NotEnrolled,
    /// No screen shows the code.
    #[error("no screen shows this code now; read it again from the screen, codes change after five minutes")]
    NoCode,
    /// Too many codes were wrong.
    #[error("too many codes were wrong; wait ten minutes")]
    Closed,
    /// Too many attend.
    #[error("too many pages attend walls; close some")]
    TooMany,
    /// The store can't keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a screen belongs, or whether it waits.
pub type Place = Result<ScreenPlace, Declined>;

#[derive(Debug)]
struct Known {
    screen: Screen,
    /// When it last drew in this server's life.
    drew: Option<Timestamp>,
    frames: u64,
    /// What it said then.
    report: Report,
    /// When that was last stored.
    stored: Option<Timestamp>,
    /// Whether people were told that it no longer draws; not known after a start.
    told: Option<bool>,
}

/// All screens.
#[derive(Debug)]
pub(super) struct Screens {
    by_id: BTreeMap<ScreenId, Known>,
    /// Since when beats could have been heard.
    listening_since: Timestamp,
}

/// What a token is stored as.
fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

impl Screens {
    pub(super) fn new(screens: Vec<Screen>, now: Timestamp) -> Self {
        let known = |screen: Screen| {
            (screen.id, Known { stored: screen.drawn_at, screen, drew: None, frames: 0, report: Report::default(), told: None })
        };
        Self { by_id: screens.into_iter().map(known).collect(), listening_since: now }
    }

    fn of_token(&self, token: &str) -> Option<&Screen> {
        let hash = hash(token);
        self.by_id.values().map(|known| &known.screen).find(|screen| screen.token == hash)
    }

    /// The screen of a token, where it is one of this wall's.
    pub(super) fn of_wall(&self, token: &str, wall: &WallId) -> Option<ScreenId> {
        self.of_token(token).filter(|screen| screen.wall == *wall).map(|screen| screen.id)
    }

    /// A screen has drawn so many frames. A count that doesn't rise is no sign of life.
    pub(super) fn drew(&mut self, id: ScreenId, frames: u64, report: Report, now: Timestamp) {
        if let Some(known) = self.by_id.get_mut(&id)
            && frames != known.frames
        {
            known.drew = Some(now);
            known.frames = frames;
            known.report = report;
        }
    }

    /// Nothing could be heard until now: silence before says nothing.
    pub(super) fn listen_anew(&mut self, now: Timestamp) {
        self.listening_since = now;
    }

    fn state(&self, known: &Known, now: Timestamp) -> ScreenState {
        let is_fresh = |since: Timestamp| now.duration_since(since) < DEAD_AFTER;
        match known.drew {
            Some(drew) if is_fresh(drew) => ScreenState::Live,
            _ if is_fresh(self.listening_since.max(known.screen.enrolled_at)) => ScreenState::Awaited,
            _ => ScreenState::Dead,
        }
    }

    pub(super) fn status(&self, wall: &WallId, now: Timestamp) -> Vec<ScreenStatus> {
        let of_wall = self.by_id.values().filter(|known| known.screen.wall == *wall);
        let mut screens: Vec<ScreenStatus> = of_wall
            .map(|known| {
                let Screen { id, display, enrolled_at, enrolled_by, drawn_at, .. } = known.screen.clone();
                let state = self.state(known, now);
                let Report { shows, showing, plan } = if state == ScreenState::Live { known.report.clone() } else { Report::default() };
                ScreenStatus {
                    id,
                    display,
                    enrolled_at,
                    enrolled_by,
                    state,
                    drawn_at: known.drew.or(drawn_at),
                    frames: known.frames,
                    shows,
                    showing,
                    plan,
                }
            })
            .collect();
        screens.sort_by(|a, b| (&a.display, a.id).cmp(&(&b.display, b.id)));
        screens
    }

    pub(super) fn any_lives(&self, wall: &WallId, now: Timestamp) -> bool {
        self.by_id.values().any(|known| known.screen.wall == *wall && self.state(known, now) == ScreenState::Live)
    }

    /// Each screen with when it last drew, where it draws no more.
    pub(super) fn deaths(&self, now: Timestamp) -> Vec<(Screen, Option<Timestamp>)> {
        let death = |known: &Known| {
            let since = known.drew.or(known.screen.drawn_at).max(Some(self.listening_since));
            (known.screen.clone(), since.filter(|_| self.state(known, now) == ScreenState::Dead))
        };
        self.by_id.values().map(death).collect()
    }

    /// Notes whether people are told that a screen no longer draws; whether that is new.
    pub(super) fn note_told(&mut self, id: ScreenId, is_told: bool) -> bool {
        self.by_id.get_mut(&id).is_some_and(|known| known.told.replace(is_told) != Some(is_told))
    }

    /// It could not be told, and has to be tried again.
    pub(super) fn forget_told(&mut self, id: ScreenId) {
        if let Some(known) = self.by_id.get_mut(&id) {
            known.told = None;
        }
    }

    /// When screens last drew, of those of which it should be stored anew.
    pub(super) fn take_unstored(&mut self, every: SignedDuration) -> Vec<(ScreenId, Timestamp)> {
        let mut due = Vec::new();
        for known in self.by_id.values_mut() {
            if let Some(drew) = known.drew
                && known.stored.is_none_or(|stored| drew.duration_since(stored) >= every)
            {
                known.stored = Some(drew);
                due.push((known.screen.id, drew));
            }
        }
        due
    }
}

impl Walls {
    /// A code for a screen that has no token, and the token that counts once somebody has used the code.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn issue_code(&self) -> Result<ScreenCode, StoreError> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let token = hex(&self.0.store.unguessable().await?);
        let random = self.0.store.unguessable().await?;
        let (code, until) = self.state().codes.issue(hash(&token), &random, self.0.clock.now());
        Ok(ScreenCode { code, token, until })
    }

    /// Where the screen of a token belongs.
    ///
    /// # Errors
    /// When it neither is enrolled nor waits for it.
    pub fn place(&self, token: &str) -> Place {
        let now = self.0.clock.now();
        let State { screens, codes, .. } = &*self.state();
        if let Some(screen) = screens.of_token(token) {
            return Ok(ScreenPlace { place: Some((screen.wall.clone(), screen.display.clone())) });
        }
        if codes.waits(&hash(token), now) { Ok(ScreenPlace { place: None }) } else { Err(Declined::NotEnrolled) }
    }

    /// Enrols the screen that shows a code.
    ///
    /// # Errors
    /// When there is no such wall, display or code, when too many codes were wrong, or when the store can't keep it.
    pub async fn enrol(&self, what: &EnrolScreen) -> Result<ScreenId, Declined> {
        let definitions = self.0.definitions.get();
        let wall = definitions.wall(&what.wall).ok_or(Declined::NoWall)?;
        wall.display(&what.display).ok_or(Declined::NoDisplay)?;
        let now = self.0.clock.now();
        let token = match self.state().codes.take(what.code.trim(), now) {
            Used::By(token) => token,
            Used::Unknown => return Err(Declined::NoCode),
            Used::Closed => return Err(Declined::Closed),
        };
        let mut screen = Screen {
            id: ScreenId(0),
            wall: what.wall.clone(),
            display: what.display.clone(),
            token,
            enrolled_at: now,
            enrolled_by: what.person.clone(),
            drawn_at: None,
        };
        screen.id = self.0.store.enrol_screen(&screen).await?;
        let id = screen.id;
        tracing::info!(wall = %screen.wall, display = screen.display, screen = id.0, person = %what.person, "a screen is enrolled");
        self.state().screens.by_id.insert(id, Known { screen, drew: None, frames: 0, report: Report::default(), stored: None, told: None });
        Ok(id)
    }

    /// A screen's token counts no more; its connection ends at once.
    ///
    /// # Errors
    /// When there is no such screen, or when the store can't keep it.
    pub async fn revoke(&self, id: ScreenId, person: &PersonId) -> Result<(), Declined> {
        let screen = self.state().screens.by_id.get(&id).map(|known| known.screen.clone()).ok_or(Declined::NoScreen)?;
        let now = self.0.clock.now();
        self.0.store.revoke_screen(&screen, person, now).await?;
        self.0.store.close_by_key(&super::keeper::key(&screen), &self.0.definitions.get(), now).await?;
        tracing::info!(wall = %screen.wall, display = screen.display, screen = id.0, %person, "a screen's token counts no more");
        let mut state = self.state();
        state.screens.by_id.remove(&id);
        for attendant in state.attendants.iter().filter(|one| one.screen == Some(id)) {
            attendant.client.close(1008, "this screen is no longer enrolled");
        }
        drop(state);
        Ok(())
    }
}
