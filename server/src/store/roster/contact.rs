//! Contacts: where persons can be reached, and the proof that it is theirs.
//!
//! It must never hold a code, and never count a contact as proved without it.

use super::change;
use crate::store::micros::Micros;
use crate::store::text::storable;
use crate::store::word::{from_word, word};
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use taydo_model::PersonId;
use taydo_model::oncall::{Channel, Contact, ContactId, Person};
use tokio_postgres::{Row, Transaction};

/// How long a code counts.
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(15);
/// The least time between two codes to one contact.
const CODE_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// After so many wrong codes a new one must be sent.
const MAX_TRIES: i32 = 5;

/// Whether a code may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeSent {
    /// It is noted; send it.
    Noted(PersonId, Contact),
    /// The last one is too young.
    TooSoon,
    /// There is no such contact.
    Unknown,
}

/// What became of a code that somebody gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// It is theirs.
    Yes,
    /// It is another code, or no longer counts.
    No,
    /// Too many wrong ones: ask for a new one.
    TooMany,
}

fn decode(row: &Row) -> Result<(PersonId, Contact), StoreError> {
    let contact = Contact {
        id: ContactId(row.try_get(0)?),
        channel: from_word(row.try_get(2)?)?,
        address: row.try_get(3)?,
        verified_at: row.try_get::<_, Option<Micros>>(4)?.map(Micros::timestamp),
        disabled_at: row.try_get::<_, Option<Micros>>(5)?.map(Micros::timestamp),
        exercise: row.try_get(6)?,
    };
    let person = PersonId::new(row.try_get::<_, &str>(1)?).map_err(|error| StoreError::Internal(error.into()))?;
    Ok((person, contact))
}

const COLUMNS: &str = "id, person, channel, address, verified_at, disabled_at, exercise";

pub(super) async fn read(transaction: &Transaction<'_>, persons: &mut BTreeMap<PersonId, Person>) -> Result<(), StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM contact WHERE removed_at IS NULL ORDER BY id");
    for row in transaction.query(&sql, &[]).await? {
        let (person, contact) = decode(&row)?;
        if let Some(person) = persons.get_mut(&person) {
            person.contacts.push(contact);
        }
    }
    Ok(())
}

impl Store {
    /// Adds an address to a person; it is to be proved before anything else is sent to it. `None` when there is no such person,
    /// the number that it has when it is there already.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn add_contact(
        &self,
        person: &PersonId,
        channel: Channel,
        address: &str,
        exercise: bool,
    ) -> Result<Option<ContactId>, StoreError> {
        let sql = "INSERT INTO contact (person, channel, address, exercise) SELECT id, $2, $3, $4 FROM person WHERE id = $1 AND removed_at IS NULL \
            ON CONFLICT (person, channel, address) WHERE removed_at IS NULL DO UPDATE SET exercise = excluded.exercise RETURNING id";
        Ok(self.change_roster_row(sql, &[&person.as_str(), &word(channel), &address, &exercise]).await?.map(ContactId))
    }

    /// Takes an address away. `false` when there is none of this number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn remove_contact(&self, contact: ContactId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE contact SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL";
        Ok(self.change_roster(sql, &[&contact.0, &Micros::from(now)]).await? > 0)
    }

    /// Nothing is sent to it any more: its owner said STOP, or it can't be reached at all. `false` when that is so already.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn disable_contact(&self, contact: ContactId, why: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE contact SET disabled_at = $2, disabled_why = $3 WHERE id = $1 AND disabled_at IS NULL AND removed_at IS NULL";
        Ok(self.change_roster(sql, &[&contact.0, &Micros::from(now), &why]).await? > 0)
    }

    /// Messages are sent to it again: its owner said START, or asked for it on the page.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn enable_contact(&self, contact: ContactId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE contact SET disabled_at = NULL, disabled_why = NULL WHERE id = $1 AND disabled_at <= $2 AND removed_at IS NULL";
        Ok(self.change_roster(sql, &[&contact.0, &Micros::from(now)]).await? > 0)
    }

    /// Notes that a code is sent to it at `now`, cut to whole microseconds, unless the last one was sent less than a minute ago.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn note_code(&self, contact: ContactId, now: Timestamp) -> Result<CodeSent, StoreError> {
        let before = now.saturating_sub(CODE_EVERY).unwrap_or(now);
        let client = self.client().await?;
        let sql = format!(
            "UPDATE contact SET code_sent_at = $2, code_tries = 0 \
             WHERE id = $1 AND removed_at IS NULL AND (code_sent_at IS NULL OR code_sent_at <= $3) RETURNING {COLUMNS}"
        );
        if let Some(row) = client.query_opt(&sql, &[&contact.0, &Micros::from(now), &Micros::from(before)]).await? {
            let (person, contact) = decode(&row)?;
            return Ok(CodeSent::Noted(person, contact));
        }
        let there = client.query_opt("SELECT 1 FROM contact WHERE id = $1 AND removed_at IS NULL", &[&contact.0]).await?;
        Ok(if there.is_some() { CodeSent::TooSoon } else { CodeSent::Unknown })
    }

    /// When the last code was sent to it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn code_sent_at(&self, contact: ContactId) -> Result<Option<Timestamp>, StoreError> {
        let row = self.client().await?.query_opt("SELECT code_sent_at FROM contact WHERE id = $1", &[&contact.0]).await?;
        Ok(row.map(|row| row.try_get::<_, Option<Micros>>(0)).transpose()?.flatten().map(Micros::timestamp))
    }

    /// Takes a code that somebody gave for it; `is_right` says whether it is the one that was sent at a moment.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn verify_contact(
        &self,
        contact: ContactId,
        now: Timestamp,
        is_right: impl Fn(Timestamp) -> bool,
    ) -> Result<Verified, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let since = now.saturating_sub(CODE_LIFE).unwrap_or(now);
        let sql = "UPDATE contact SET code_tries = code_tries + 1 WHERE id = $1 AND removed_at IS NULL AND code_sent_at > $2 \
            RETURNING code_sent_at, code_tries";
        let Some(row) = transaction.query_opt(sql, &[&contact.0, &Micros::from(since)]).await? else { return Ok(Verified::No) };
        let (sent_at, tries) = (row.try_get::<_, Micros>(0)?.timestamp(), row.try_get::<_, i32>(1)?);
        let outcome = if tries > MAX_TRIES {
            Verified::TooMany
        } else if is_right(sent_at) {
            let sql = "UPDATE contact SET verified_at = $2, code_sent_at = NULL, disabled_at = NULL, disabled_why = NULL WHERE id = $1";
            transaction.execute(sql, &[&contact.0, &Micros::from(now)]).await?;
            change(&transaction).await?;
            Verified::Yes
        } else {
            Verified::No
        };
        transaction.commit().await?;
        Ok(outcome)
    }
}

/// Those who share an address of a channel, for what somebody answers from there.
pub(in crate::store) async fn at_address(
    transaction: &Transaction<'_>,
    channel: Channel,
    address: &str,
) -> Result<Vec<(PersonId, Contact)>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM contact WHERE channel = $1 AND address = $2 AND removed_at IS NULL ORDER BY id");
    transaction.query(&sql, &[&word(channel), &&*storable(address)]).await?.iter().map(decode).collect()
}

/// Where a message went.
pub(in crate::store) async fn of_message(transaction: &Transaction<'_>, message: i64) -> Result<Vec<(PersonId, Contact)>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM contact WHERE id = (SELECT contact FROM message WHERE id = $1) AND removed_at IS NULL");
    transaction.query(&sql, &[&message]).await?.iter().map(decode).collect()
}

/// Nothing is sent to these any more, because whoever has the address said so.
pub(in crate::store) async fn stop(transaction: &Transaction<'_>, contacts: &[ContactId], now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE contact SET disabled_at = $2, disabled_why = 'STOP' WHERE id = ANY($1) AND disabled_at IS NULL";
    let contacts: Vec<i64> = contacts.iter().map(|contact| contact.0).collect();
    transaction.execute(sql, &[&contacts, &Micros::from(now)]).await?;
    change(transaction).await
}

/// Messages are sent to these again, because whoever has the address said so.
pub(in crate::store) async fn start(transaction: &Transaction<'_>, contacts: &[ContactId]) -> Result<(), StoreError> {
    let sql = "UPDATE contact SET disabled_at = NULL, disabled_why = NULL WHERE id = ANY($1) AND disabled_at IS NOT NULL";
    let contacts: Vec<i64> = contacts.iter().map(|contact| contact.0).collect();
    transaction.execute(sql, &[&contacts]).await?;
    change(transaction).await
}
