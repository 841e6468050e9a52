//! The morning letter: written once for each date, at its time of the city's clocks, and sent through the outbox.
//!
//! Any number of servers may try: the first one that settles a date has written its letter, and the others find it settled. It
//! must never send anything itself, nor make up for a morning that has passed.

mod content;
mod gather;
mod html;
mod plain;
mod say;

pub use content::Letter;

use crate::clock::{Clock, later};
use crate::definitions::InForce;
use crate::http::refusal::chain;
use crate::ingest::Health;
use crate::paging::text::Texts;
use crate::store::outbox::{Claimed, NewPage};
use crate::store::roster::Roster;
use crate::store::{Store, StoreError};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use taydo_model::PersonId;
use taydo_model::alert::Urgency;
use taydo_model::letter::{LetterOrder, Turn};
use taydo_model::oncall::{Channel, Contact};
use taydo_model::page::{About, Page, PageKind};
use taydo_model::text::Language;

/// How late a letter may be: one of seven o'clock until noon. Later it would be no morning letter.
pub const LATEST: SignedDuration = SignedDuration::from_hours(5);
/// How often is looked whether the order was changed.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// What is told of when there is no turn before.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Knows what there is to tell.
#[derive(Debug, Clone)]
pub struct LetterDesk {
    /// Where everything is.
    pub store: Store,
    /// The definition set in force.
    pub definitions: InForce,
    /// How the feeds are.
    pub health: Arc<Health>,
}

/// Writes letters when their time comes.
#[derive(Debug)]
pub struct LetterWriter {
    /// What there is to tell.
    pub desk: LetterDesk,
    /// Time.
    pub clock: Clock,
}

impl LetterWriter {
    /// Runs until it is dropped.
    pub async fn run(self) {
        let started = self.clock.now();
        loop {
            let now = self.clock.now();
            let next = match self.look(started, now).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "the morning letter can't be looked after now; trying again");
                    None
                }
            };
            let at_last = later(now, LOOK_EVERY);
            self.clock.sleep_until(next.map_or(at_last, |next| next.min(at_last))).await;
        }
    }

    /// Settles the last turn where nobody has; returns when the next one is.
    async fn look(&self, started: Timestamp, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let Some(stored) = self.desk.store.letter_order().await? else { return Ok(None) };
        let zone = self.desk.definitions.get().city.time_zone();
        let turn = stored.order.last_turn(&zone, now).filter(|turn| stored.since <= turn.at);
        if let Some(turn) = turn
            && !stored.order.recipients.is_empty()
            && !self.desk.store.has_letter(turn.date).await?
        {
            self.settle(&stored.order, turn, started, now).await?;
        }
        Ok(stored.order.next_turn(&zone, now).map(|turn| turn.at))
    }

    async fn settle(&self, order: &LetterOrder, turn: Turn, started: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let (store, date) = (&self.desk.store, turn.date);
        if now.duration_since(turn.at) > LATEST {
            if store.settle_letter(date, None, &[], now).await? {
                tracing::warn!(%date, due = %turn.at, %started, "the morning letter was not sent: no server was there until five hours after its time");
            }
            return Ok(());
        }
        let letter = self.desk.write(order, turn, now).await?;
        let content = serde_json::to_value(&letter).map_err(|error| StoreError::Internal(error.into()))?;
        let roster = store.roster(now).await?;
        let pages: Vec<Page> = order.recipients.iter().filter_map(|person| page(&roster, person, turn)).collect();
        let new: Vec<NewPage<'_>> = pages.iter().map(|page| NewPage { page, team: None, exercise: false }).collect();
        if store.settle_letter(date, Some(&content), &new, now).await? {
            let late_s = now.duration_since(turn.at).as_secs();
            tracing::info!(%date, recipients = new.len(), late_s, "the morning letter is written");
        }
        Ok(())
    }
}

/// The page that carries a letter to somebody; `None` where they have no verified e-mail address.
fn page(roster: &Roster, person: &PersonId, turn: Turn) -> Option<Page> {
    let Some(contact) = letter_contact(roster, person) else {
        tracing::warn!(%person, date = %turn.date, "somebody gets no morning letter: there is no verified e-mail address");
        return None;
    };
    let page = Page::to_contact(PageKind::Letter, person.clone(), contact.id, turn.at);
    Some(Page { urgency: Urgency::Low, about: Some(About::Letter { date: turn.date }), ..page })
}

/// Where somebody gets the letter: the first verified e-mail address that isn't for exercises.
#[must_use]
pub fn letter_contact<'r>(roster: &'r Roster, person: &PersonId) -> Option<&'r Contact> {
    let contacts = &roster.persons.get(person)?.contacts;
    contacts.iter().find(|contact| contact.channel == Channel::Email && contact.is_usable_in(false))
}

impl LetterDesk {
    /// What the letter would say if its time were now.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn preview(&self, now: Timestamp) -> Result<Letter, StoreError> {
        let nobodys = LetterOrder { recipients: Vec::new(), at: jiff::civil::time(7, 0, 0, 0), weekdays: Vec::new(), url: None };
        let order = self.store.letter_order().await?.map_or(nobodys, |stored| stored.order);
        let date = self.definitions.get().city.time_zone().to_datetime(now).date();
        self.write(&order, Turn { date, at: now }, now).await
    }

    /// The letter of a turn, as of now; it tells of the time since the turn before.
    async fn write(&self, order: &LetterOrder, turn: Turn, now: Timestamp) -> Result<Letter, StoreError> {
        let definitions = self.definitions.get();
        let zone = definitions.city.time_zone();
        let before = turn.at.checked_sub(SignedDuration::from_secs(1)).ok().and_then(|before| order.last_turn(&zone, before));
        let since = before.map_or_else(|| turn.at.saturating_sub(A_DAY).unwrap_or(turn.at), |before| before.at);
        gather::Gathering { store: &self.store, definitions: &definitions, health: &self.health, since, now }.letter(order, turn).await
    }
}

/// What a claimed letter says; `None` where it is gone.
pub(super) async fn said(store: &Store, message: &Claimed, language: Language) -> Result<Option<Texts>, StoreError> {
    let date = message.pages.iter().find_map(|page| match page.page.about {
        Some(About::Letter { date }) => Some(date),
        _ => None,
    });
    let content = match date {
        Some(date) => store.letter(date).await?,
        None => None,
    };
    let letter = content.and_then(|content| read(date, content));
    Ok(letter.map(|letter| letter.texts(language)))
}

fn read(date: Option<Date>, content: serde_json::Value) -> Option<Letter> {
    serde_json::from_value(content).inspect_err(|error| tracing::error!(?date, %error, "a stored letter can't be read")).ok()
}
