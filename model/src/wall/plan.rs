//! What a wall shows, decided by people and by critical alerts, and followed by all of its screens by the server's time alone.
//!
//! A plan holds from an instant that lies a little ahead when it is announced, so that every screen knows it before it
//! counts: they change together. Must never read a clock, and never need a message at the moment of a switch.

use super::Scene;
use crate::{KpiId, PersonId, Scope, Text, alert::Severity, incident::IncidentId};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest presentation, in minutes.
pub const MAX_PRESENTATION_MIN: u16 = 240;
/// For so long screens show which they are, in seconds.
pub const IDENTIFY_S: i64 = 20;
/// A takeover goes on for so long after somebody has acknowledged its incident, in seconds: the room is to see who has it.
pub const ACKNOWLEDGED_S: i64 = 60;
/// The most incidents of which a plan remembers that the room has let them go.
const MOST_RELEASED: usize = 200;

/// What a wall shows from an instant on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Each plan of a wall is one more than the one before.
    pub number: i64,
    /// From when on it holds.
    pub from: Timestamp,
    /// Which scene is on.
    pub turn: Turn,
    /// Whether its screens are black.
    #[serde(default)]
    pub blank: bool,
    /// Until when its screens show which they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identify_until: Option<Timestamp>,
    /// Until when visitors are shown it: names and telephone numbers are hidden, and nothing takes it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation_until: Option<Timestamp>,
    /// The incident that has taken it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takeover: Option<Takeover>,
    /// Open incidents that may not take it over again, the oldest first: people have let them go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<IncidentId>,
}

/// Which scene is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SceneTurn")]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Turn {
    /// They take turns; the first one began at this instant, or would have.
    Rotating {
        /// When.
        since: Timestamp,
    },
    /// One stays.
    Held {
        /// Its place in the wall's list.
        scene: usize,
    },
}

/// An incident that has taken a wall over, as its screens show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Takeover {
    /// Its number.
    pub incident: IncidentId,
    /// What it is.
    pub title: Text,
    /// Where.
    pub place: Text,
    /// What is said of it.
    pub summary: Text,
    /// How bad.
    pub severity: Severity,
    /// Whether it is an exercise.
    #[serde(default)]
    pub exercise: bool,
    /// Since when it has been open.
    pub opened_at: Timestamp,
    /// The figure that opened it: its course is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<(KpiId, Scope)>,
    /// Who was told, and how far that came: the first told first.
    pub told: Vec<Told>,
    /// Who has acknowledged it, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
    /// When it ends by itself; absent while nobody has acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Whether people called it up, so that only people end it.
    #[serde(default)]
    pub by_hand: bool,
}

/// Somebody who was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "WallTold")]
pub struct Told {
    /// What they are called.
    pub name: String,
    /// How far the last message to them came, as in [`crate::console::Delivery::what`].
    pub what: String,
    /// When.
    pub at: Timestamp,
}

/// That somebody is at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Acknowledged {
    /// What they are called; empty where it isn't known.
    pub name: String,
    /// When.
    pub at: Timestamp,
}

/// What a screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Nothing.
    Blank,
    /// The incident that has taken it over.
    Takeover,
    /// A scene, and when the next one follows.
    Scene {
        /// Its place in the wall's list.
        scene: usize,
        /// When the next one follows; none where it stays.
        until: Option<Timestamp>,
    },
    /// There is nothing to show.
    Nothing,
}

/// A second is the least that a scene lasts.
fn lasts_s(scene: &Scene) -> i64 {
    i64::from(scene.seconds.max(1))
}

/// When the first scene of a round began for the scene at `place` to begin at `at`.
fn round_for(scenes: &[Scene], place: usize, at: Timestamp) -> Timestamp {
    let before: i64 = scenes.iter().take(place).map(lasts_s).sum();
    at.saturating_sub(SignedDuration::from_secs(before)).unwrap_or(at)
}

impl Plan {
    /// Every wall's first: its scenes in turn, as the server's time falls.
    #[must_use]
    pub fn first() -> Self {
        Self {
            number: 0,
            from: Timestamp::UNIX_EPOCH,
            turn: Turn::Rotating { since: Timestamp::UNIX_EPOCH },
            blank: false,
            identify_until: None,
            presentation_until: None,
            takeover: None,
            released: Vec::new(),
        }
    }

    /// Whether visitors are shown the wall.
    #[must_use]
    pub fn is_presented(&self, now: Timestamp) -> bool {
        self.presentation_until.is_some_and(|until| now < until)
    }

    /// Whether screens say which they are.
    #[must_use]
    pub fn is_identifying(&self, now: Timestamp) -> bool {
        self.identify_until.is_some_and(|until| now < until)
    }

    /// Whether an incident has taken the wall over; never a presented one.
    #[must_use]
    pub fn taken_over(&self, now: Timestamp) -> Option<&Takeover> {
        let is_over = |one: &&Takeover| one.until.is_none_or(|until| now < until);
        self.takeover.as_ref().filter(is_over).filter(|_| !self.is_presented(now))
    }

    /// What the wall's screens show. A critical incident lights a black wall.
    #[must_use]
    pub fn shown(&self, scenes: &[Scene], now: Timestamp) -> Shown {
        if self.taken_over(now).is_some() {
            return Shown::Takeover;
        }
        if self.blank {
            return Shown::Blank;
        }
        match self.scene(scenes, now) {
            Some((scene, until)) => Shown::Scene { scene, until },
            None => Shown::Nothing,
        }
    }

    /// The scene whose turn it is, also below a takeover, and when the next one follows.
    #[must_use]
    pub fn scene(&self, scenes: &[Scene], now: Timestamp) -> Option<(usize, Option<Timestamp>)> {
        let since = match self.turn {
            // A scene that was taken out of the wall's file has no place any more.
            Turn::Held { scene } => return (!scenes.is_empty()).then(|| (scene.min(scenes.len() - 1), None)),
            Turn::Rotating { since } => since,
        };
        let round_ms: i64 = scenes.iter().map(lasts_s).sum::<i64>().saturating_mul(1000);
        let mut into = now.as_millisecond().saturating_sub(since.as_millisecond()).checked_rem_euclid(round_ms)?;
        for (at, scene) in scenes.iter().enumerate() {
            let lasts = lasts_s(scene).saturating_mul(1000);
            if into < lasts {
                let next = now.as_millisecond().saturating_add(lasts - into);
                return Some((at, Timestamp::from_millisecond(next).ok().filter(|_| scenes.len() > 1)));
            }
            into -= lasts;
        }
        None
    }

    /// The next plan, which holds from `at` on and is otherwise the same.
    #[must_use]
    pub fn next(&self, at: Timestamp) -> Self {
        Self { number: self.number.saturating_add(1), from: at, ..self.clone() }
    }

    /// The plan after an act, which holds from `at` on.
    #[must_use]
    pub fn after(&self, act: &WallAct, scenes: &[Scene], at: Timestamp) -> Self {
        let mut plan = self.next(at);
        let place = self.scene(scenes, at).map_or(0, |(place, _)| place);
        let in_s = |seconds: i64| at.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(at);
        match act {
            WallAct::Next => plan.turn_to((place + 1).checked_rem(scenes.len()).unwrap_or(0), scenes, at),
            WallAct::Previous => plan.turn_to(place.checked_sub(1).unwrap_or(scenes.len().saturating_sub(1)), scenes, at),
            WallAct::Show { scene } => plan.turn_to(*scene, scenes, at),
            WallAct::Hold => plan.turn = Turn::Held { scene: place },
            WallAct::Rotate => plan.turn = Turn::Rotating { since: round_for(scenes, place, at) },
            WallAct::Blank => plan.blank = true,
            WallAct::Light => plan.blank = false,
            WallAct::Identify => plan.identify_until = Some(in_s(IDENTIFY_S)),
            WallAct::Present { minutes } => {
                plan.presentation_until = Some(in_s(i64::from((*minutes).clamp(1, MAX_PRESENTATION_MIN)) * 60));
                plan.blank = false;
            }
            WallAct::EndPresentation => plan.presentation_until = None,
            // The incident's words are not this plan's to find.
            WallAct::TakeOver { .. } => {}
            WallAct::Release => plan.release(),
        }
        plan
    }

    /// Another scene begins: it stays where one was held, and otherwise the others follow it.
    fn turn_to(&mut self, scene: usize, scenes: &[Scene], at: Timestamp) {
        self.turn = match self.turn {
            Turn::Held { .. } => Turn::Held { scene },
            Turn::Rotating { .. } => Turn::Rotating { since: round_for(scenes, scene, at) },
        };
    }

    /// The takeover ends, and its incident may not begin another.
    pub fn release(&mut self) {
        if let Some(takeover) = self.takeover.take()
            && !self.released.contains(&takeover.incident)
        {
            self.released.push(takeover.incident);
            let too_many = self.released.len().saturating_sub(MOST_RELEASED);
            self.released.drain(..too_many);
        }
    }
}

/// What people do with a wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum WallAct {
    /// The next scene.
    Next,
    /// The scene before.
    Previous,
    /// A scene, by its place in the wall's list.
    Show {
        /// Which, counted from 0.
        scene: usize,
    },
    /// The scene that is on stays.
    Hold,
    /// The scenes take turns again.
    Rotate,
    /// The screens go black; a critical incident lights them.
    Blank,
    /// The screens are lit again.
    Light,
    /// Each screen shows which it is, for 20 s.
    Identify,
    /// Visitors come: names and telephone numbers are hidden, and incidents stay in the strip.
    Present {
        /// For how long, at most 240.
        minutes: u16,
    },
    /// The visitors are gone.
    EndPresentation,
    /// An incident is called up on all screens.
    TakeOver {
        /// Which.
        incident: IncidentId,
    },
    /// The incident that has taken the wall over is let go.
    Release,
}

/// What somebody does with a wall: the body of `POST /api/v1/walls/{id}/acts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WallOrder {
    /// Who.
    pub person: PersonId,
    /// What.
    #[serde(flatten)]
    pub act: WallAct,
}

#[cfg(test)]
mod tests;
