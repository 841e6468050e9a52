//! The steward: what the duty itself needs to be told. Gaps ahead, shifts that begin, silences that end, contacts that stopped
//! working, feeds and outside systems that have gone silent, readings that went missing, and an evaluator that stands still.
//!
//! Whatever it finds it finds again at its next round, and the pages' keys keep it from being told twice. It must never
//! judge a figure.

use super::feeds::Feeds;
use super::{missing, tasks};
use crate::clock::Clock;
use crate::definitions::InForce;
use crate::http::refusal::chain;
use crate::ingest::Health;
use crate::store::incident::HandIncident;
use crate::store::outbox::{NewPage, Outcome, What};
use crate::store::roster::Roster;
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use taydo_engine::rota::OnCall;
use taydo_model::alert::Severity;
use taydo_model::heartbeat::Heartbeat;
use taydo_model::incident::{GroupKey, Origin};
use taydo_model::oncall::{Channel, Contact, Policy, Target};
use taydo_model::page::{About, Page, PageKind};
use taydo_model::rota::{Rota, RotaParts};
use taydo_model::{Definitions, PersonId, RotaId, TeamId, Text};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// Outcomes that are taken at one look. The others have their turn at the next.
const OUTCOMES: u32 = 500;
/// A look that comes so much after the one before means that the whole process stood still, and not the evaluator alone.
const STOOD_STILL: SignedDuration = SignedDuration::from_secs(30);
/// A rule that was not evaluated for so many of its intervals stands still.
const INTERVALS: i64 = 3;
/// What is evaluated every second may wait so long for the transaction of a flood: that is slow, and doesn't stand still.
const LEAST_LATE: SignedDuration = SignedDuration::from_secs(30);
/// How long before a gap people are warned of it.
const WARNING: SignedDuration = SignedDuration::from_hours(24);
/// How often it is noted up to when shifts were told, in seconds. What is told twice has the same key.
const NOTED_EVERY_S: i64 = 10;
/// A shift that began longer ago than this isn't told any more.
const LATEST_SHIFT: SignedDuration = SignedDuration::from_hours(1);
/// With which incidents the centre's own are told together.
const DOMAIN: &str = "platform";

/// When the last look began that was completed; of a server that has not looked yet, nothing. A copy is the same one.
#[derive(Debug, Clone, Default)]
pub struct LookedAt(Arc<Mutex<Option<Timestamp>>>);

impl LookedAt {
    /// When.
    #[must_use]
    pub fn get(&self) -> Option<Timestamp> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }
}

/// Looks after the duty until it is dropped.
#[derive(Debug)]
pub struct Steward {
    store: Store,
    clock: Clock,
    definitions: InForce,
    feeds: Feeds,
    looked_at: LookedAt,
}

impl Steward {
    /// One for everything in a store, by a clock and the definition set in force; `health` knows what comes, and
    /// `looked_at` learns that it looks.
    #[must_use]
    pub fn new(store: Store, clock: Clock, definitions: InForce, health: Arc<Health>, looked_at: LookedAt) -> Self {
        Self { store, clock, definitions, feeds: Feeds::new(health), looked_at }
    }

    /// Runs until it is dropped.
    pub async fn run(mut self) {
        let mut awake_since = self.clock.now();
        let (mut last, mut looked) = (self.told_until(awake_since).await, awake_since);
        loop {
            let now = self.clock.now();
            if now.duration_since(looked) > STOOD_STILL {
                awake_since = now;
            }
            looked = now;
            match self.round(awake_since, last, now).await {
                Ok(()) => {
                    last = now;
                    self.looked_at.set(now);
                }
                Err(error) => tracing::warn!(error = %chain(&error), "the duty can't be looked after now; trying again"),
            }
            self.clock.sleep(EVERY).await;
        }
    }

    /// Up to when shifts that begin have been told. What began while no server was there is told late, but not days late.
    async fn told_until(&self, now: Timestamp) -> Timestamp {
        match self.store.shifts_told_until().await {
            Ok(told) => told.map_or(now, |told| told.max(now.saturating_sub(LATEST_SHIFT).unwrap_or(now)).min(now)),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "which shifts were told isn't known now; those that begin from now on are");
                now
            }
        }
    }

    async fn round(&mut self, awake_since: Timestamp, last: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let definitions = self.definitions.get();
        let outcomes = self.store.take_outcomes(OUTCOMES, now).await?;
        let mut notices = self.stop(&outcomes, now).await?;
        self.beats(&definitions, now).await?;
        self.evaluator(&definitions, awake_since, now).await?;
        self.feeds.look(&self.store, &definitions, awake_since, now).await?;
        let roster = self.store.roster(now).await?;
        let is_new = |seconds: i64| last == now || last.as_second().div_euclid(seconds) != now.as_second().div_euclid(seconds);
        let is_new_minute = is_new(60);
        if is_new_minute {
            notices.extend(gaps(&roster, now));
        }
        for begun in shifts(&roster, last, now) {
            notices.extend(self.tell(&roster, &begun).await?);
        }
        if is_new_minute {
            notices.extend(missing::notices(&self.store, &roster, &definitions, now).await?);
            notices.extend(tasks::notices(&self.store, &roster, &definitions, now).await?);
        }
        notices.extend(self.silences(&roster, now).await?);
        let new: Vec<NewPage<'_>> = notices.iter().map(|page| NewPage { page, team: None, exercise: false }).collect();
        self.store.write_pages(&new, now).await?;
        if is_new(NOTED_EVERY_S) {
            self.store.note_shifts_told(now).await?;
        }
        Ok(())
    }

    /// Whoever comes on is told, with what is open for the rota's teams.
    async fn tell(&self, roster: &Arc<Roster>, begun: &Begun<'_>) -> Result<Vec<Page>, StoreError> {
        let open = self.store.open_of_teams(&begun.teams).await?;
        let told = begun.on.iter().filter_map(|(person, at)| Store::shift_notice(roster, person, begun.rota, &open, *at));
        Ok(told.collect())
    }

    /// Contacts that their provider refuses are stopped, and whoever keeps the roster learns of it.
    async fn stop(&self, outcomes: &[Outcome], now: Timestamp) -> Result<Vec<Page>, StoreError> {
        let mut notices = Vec::new();
        for outcome in outcomes.iter().filter(|outcome| outcome.what == What::ContactRefused) {
            let why = outcome.detail.as_deref().unwrap_or("its provider refuses it");
            if self.store.disable_contact(outcome.contact, why, now).await? {
                let roster = self.store.roster(now).await?;
                tracing::warn!(person = %outcome.person, contact = outcome.contact.0, "a contact can't be reached, and is stopped");
                let about = About::Stopped { person: outcome.person.clone(), contact: outcome.contact };
                notices.extend(roster.keeper.as_ref().and_then(|keeper| notice(&roster, keeper, PageKind::Notice, about, now)));
            }
        }
        Ok(notices)
    }

    /// Outside systems that have gone silent.
    async fn beats(&self, definitions: &Definitions, now: Timestamp) -> Result<(), StoreError> {
        for silent in self.store.silent_heartbeats(now).await? {
            let Heartbeat { title, severity, team, .. } = silent.heartbeat;
            let what = watched(heartbeat_key(&silent.name), severity, team, serde_json::json!({ "title": title }));
            self.store.open_incident(&what, definitions, now).await?;
            self.store.note_silence_told(&silent.name).await?;
        }
        Ok(())
    }

    /// Whether rules are evaluated at all. What stands still resolves nothing; people are told that it does.
    async fn evaluator(&self, definitions: &Definitions, awake_since: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let evaluated = self.store.evaluated_at().await?;
        let interval = |rule: &str| {
            let rule = definitions.rules.iter().find(|known| known.id.as_str() == rule)?;
            Some(i64::from(definitions.kpi(&rule.kpi)?.every_s))
        };
        let is_late = |(rule, at): &(String, Timestamp), since: Timestamp| {
            interval(rule).is_some_and(|every_s| {
                let limit = SignedDuration::from_secs(every_s.saturating_mul(INTERVALS)).max(LEAST_LATE);
                now.duration_since((*at).max(since)) > limit
            })
        };
        let key = "evaluator";
        if !evaluated.iter().any(|one| is_late(one, Timestamp::MIN)) {
            return self.store.close_by_key(key, definitions, now).await;
        }
        // After a start, or a time in which the whole process stood still, the first evaluation is waited for as long as any.
        let late = evaluated.iter().filter(|one| is_late(one, awake_since)).count();
        if late == 0 {
            return Ok(());
        }
        let title = Text::new("Bộ đánh giá cảnh báo đã dừng", "The evaluation of alerts stands still");
        let content = serde_json::json!({ "title": title, "late": late });
        let what = watched(key.to_owned(), Severity::Critical, own_team(definitions)?, content);
        self.store.open_incident(&what, definitions, now).await?;
        Ok(())
    }

    /// Silences that end soon, with open incidents inside.
    async fn silences(&self, roster: &Arc<Roster>, now: Timestamp) -> Result<Vec<Page>, StoreError> {
        if !roster.silences.iter().any(|silence| silence.is_in_force(now)) {
            return Ok(Vec::new());
        }
        self.store.silence_notices(roster, now).await
    }
}

/// Whose the centre itself is: the team of the rules over its own figures. Where there is none, the keeper is told.
pub(crate) fn own_team(definitions: &Definitions) -> Result<TeamId, StoreError> {
    let own = definitions.rules.iter().find(|rule| rule.domain() == DOMAIN).map(|rule| rule.team.clone());
    own.map_or_else(|| TeamId::new(DOMAIN).map_err(|error| StoreError::Internal(error.into())), Ok)
}

/// The shifts of a rota that have begun.
struct Begun<'r> {
    rota: &'r RotaId,
    /// Whose incidents those who come on may be paged about.
    teams: Vec<&'r TeamId>,
    /// Who, and when.
    on: Vec<(PersonId, Timestamp)>,
}

/// The shifts that have begun since the last look.
fn shifts(roster: &Roster, last: Timestamp, now: Timestamp) -> Vec<Begun<'_>> {
    let reachable = |person: &PersonId| roster.reaches(person, false);
    let begun = |rota| {
        let hand_overs = OnCall::new(rota, &reachable).hand_overs(last, now);
        let on = hand_overs.into_iter().flat_map(|hand_over| hand_over.on.into_iter().map(move |person| (person, hand_over.at)));
        let parts = Rota::parts(rota);
        Begun { rota: &parts.id, teams: teams_of(roster, parts), on: on.collect() }
    };
    roster.rotas.values().map(begun).filter(|begun| !begun.on.is_empty()).collect()
}

/// A rota's own team, and those whose policies name it.
fn teams_of<'r>(roster: &'r Roster, rota: &'r RotaParts) -> Vec<&'r TeamId> {
    let names = |policy: &Policy| {
        policy.steps.iter().flat_map(|step| &step.targets).any(|target| matches!(target, Target::Rota(named) if *named == rota.id))
    };
    let paged = roster.teams.values().filter(|team| roster.policies.get(&team.policy).is_some_and(names)).map(|team| &team.id);
    paged.chain([&rota.team]).collect()
}

/// An incident that a watch of the centre opens, by its name, which is its key too.
pub(crate) fn watched(name: String, severity: Severity, team: TeamId, content: serde_json::Value) -> HandIncident {
    HandIncident {
        origin: Origin::Watch { name: name.clone() },
        severity,
        group: GroupKey { team, domain: DOMAIN.to_owned(), exercise: false },
        area: None,
        content,
        key: Some(name),
    }
}

/// The key of a heartbeat's incident.
#[must_use]
pub fn heartbeat_key(name: &str) -> String {
    format!("heartbeat {name}")
}

/// Gaps of the next 24 hours.
fn gaps(roster: &Roster, now: Timestamp) -> Vec<Page> {
    let reachable = |person: &PersonId| roster.reaches(person, false);
    roster.rotas.values().flat_map(|rota| gaps_of(roster, &OnCall::new(rota, &reachable), now)).collect()
}

/// Those of a rota, told to the fall-back of its team's policy, or to the keeper.
fn gaps_of(roster: &Roster, on_call: &OnCall<'_>, now: Timestamp) -> Vec<Page> {
    let parts = on_call.rota().parts();
    let policy = roster.teams.get(&parts.team).and_then(|team| roster.policies.get(&team.policy));
    let Some(to) = policy.map(|policy| &policy.fallback).or(roster.keeper.as_ref()) else { return Vec::new() };
    let told = |gap: taydo_model::rota::page::GapAhead| {
        let about = About::Gap { rota: parts.id.clone(), from: gap.from, to: gap.to };
        // The same gap is the same page, whenever it is found.
        let due_at = gap.from.and_then(|from| from.checked_sub(WARNING).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
        notice(roster, to, PageKind::Notice, about, due_at)
    };
    on_call.gap_warnings(now).into_iter().filter_map(told).collect()
}

/// A notice to somebody, by the first contact that isn't a call.
pub(super) fn notice(roster: &Roster, person: &PersonId, kind: PageKind, about: About, due_at: Timestamp) -> Option<Page> {
    let contacts = &roster.persons.get(person)?.contacts;
    let usable = |contact: &&Contact| contact.is_usable_in(false);
    let contact = contacts.iter().filter(usable).find(|contact| contact.channel != Channel::Voice).or(contacts.iter().find(usable))?;
    Some(Page { about: Some(about), ..Page::to_contact(kind, person.clone(), contact.id, due_at) })
}
