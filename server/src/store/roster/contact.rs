//! Contacts: where persons can be reached, and the proof that it is theirs.
//!
//! It must never hold a code itself, only its hash, and never count a contact as proved without it.

use super::change;
use crate::store::micros::Micros;
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
    Noted(Contact),
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

fn word(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "email",
        Channel::Sms => "sms",
        Channel::Voice => "voice",
        Channel::Webhook => "webhook",
        Channel::Chat => "chat",
    }
}

fn decode(row: &Row) -> Result<(PersonId, Contact), StoreError> {
    let channel: &str = row.try_get(2)?;
    let channel = [Channel::Email, Channel::Sms, Channel::Voice, Channel::Webhook, Channel::Chat].into_iter().find(|one| word(*one) == channel);
    let contact = Contact {
        id: ContactId(row.try_get(0)?),
        channel: channel.ok_or_else(|| StoreError::internal("a contact of an unknown channel"))?,
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
    pub async fn add_contact(&self, person: &PersonId, channel: Channel, address: &str, exercise: bool) -> Result<Option<ContactId>, StoreError> {
        let sql = "INSERT INTO contact (person, channel, address, exercise) SELECT id, $2, $3, $4 FROM person WHERE id = $1 AND removed_at IS NULL \
            ON CONFLICT (person, channel, address) WHERE removed_at IS NULL DO UPDATE SET exercise = excluded.exercise RETURNING id";
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let row = transaction.query_opt(sql, &[&person.as_str(), &word(channel), &address, &exercise]).await?;
        change(&transaction).await?;
        transaction.commit().await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.map(ContactId))
    }

    /// Takes an address away. `false` when there is none of this number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn remove_contact(&self, contact: ContactId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE contact SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL";
        self.change_contact(sql, contact, now).await
    }

    /// Nothing is sent to it any more: its owner said STOP, or it can't be reached at all. `false` when that is so already.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn disable_contact(&self, contact: ContactId, why: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE contact SET disabled_at = $2, disabled_why = $3 WHERE id = $1 AND disabled_at IS NULL AND removed_at IS NULL";
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let changed = transaction.execute(sql, &[&contact.0, &Micros::from(now), &why]).await?;
        change(&transaction).await?;
        transaction.commit().await?;
        Ok(changed > 0)
    }

    /// Messages are sent to it again: its owner said START, or asked for it on the page.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn enable_contact(&self, contact: ContactId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE contact SET disabled_at = NULL, disabled_why = NULL WHERE id = $1 AND disabled_at <= $2 AND removed_at IS NULL";
        self.change_contact(sql, contact, now).await
    }

    async fn change_contact(&self, sql: &str, contact: ContactId, now: Timestamp) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let changed = transaction.execute(sql, &[&contact.0, &Micros::from(now)]).await?;
        change(&transaction).await?;
        transaction.commit().await?;
        Ok(changed > 0)
    }

    /// Notes that a code with this hash is sent to it, unless the last one was sent less than a minute ago.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn note_code(&self, contact: ContactId, hash: &[u8], now: Timestamp) -> Result<CodeSent, StoreError> {
        let until = now.saturating_add(CODE_LIFE).unwrap_or(now);
        let before = now.saturating_sub(CODE_EVERY).unwrap_or(now);
        let client = self.client().await?;
        let sql = format!(
            "UPDATE contact SET code_hash = $2, code_until = $3, code_sent_at = $4, code_tries = 0 \
             WHERE id = $1 AND removed_at IS NULL AND (code_sent_at IS NULL OR code_sent_at <= $5) RETURNING {COLUMNS}"
        );
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&contact.0, &hash, &Micros::from(until), &Micros::from(now), &Micros::from(before)];
        if let Some(row) = client.query_opt(&sql, &parameters).await? {
            return Ok(CodeSent::Noted(decode(&row)?.1));
        }
        let there = client.query_opt("SELECT 1 FROM contact WHERE id = $1 AND removed_at IS NULL", &[&contact.0]).await?;
        Ok(if there.is_some() { CodeSent::TooSoon } else { CodeSent::Unknown })
    }

    /// Takes a code that somebody gave for it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn verify_contact(&self, contact: ContactId, hash: &[u8], now: Timestamp) -> Result<Verified, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let sql = "UPDATE contact SET code_tries = code_tries + 1 WHERE id = $1 AND removed_at IS NULL AND code_until > $2 AND code_tries < $3 \
            RETURNING code_hash = $4";
        let row = transaction.query_opt(sql, &[&contact.0, &Micros::from(now), &MAX_TRIES, &hash]).await?;
        let right = row.map(|row| row.try_get::<_, bool>(0)).transpose()?;
        if right == Some(true) {
            let sql = "UPDATE contact SET verified_at = $2, code_hash = NULL, code_until = NULL, disabled_at = NULL, disabled_why = NULL WHERE id = $1";
            transaction.execute(sql, &[&contact.0, &Micros::from(now)]).await?;
            change(&transaction).await?;
        }
        let tries = transaction.query_opt("SELECT code_tries FROM contact WHERE id = $1", &[&contact.0]).await?;
        let tries: i32 = tries.map_or(Ok(0), |row| row.try_get(0))?;
        transaction.commit().await?;
        Ok(match right {
            Some(true) => Verified::Yes,
            _ if tries >= MAX_TRIES => Verified::TooMany,
            _ => Verified::No,
        })
    }

    /// The contact of a channel with this address, for what somebody answers from there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn contacts_at(&self, channel: Channel, address: &str) -> Result<Vec<(PersonId, Contact)>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM contact WHERE channel = $1 AND address = $2 AND removed_at IS NULL ORDER BY id");
        self.client().await?.query(&sql, &[&word(channel), &address]).await?.iter().map(decode).collect()
    }
}
