//! Claiming: due pages become messages, and messages that are due again are taken up, each by one worker.
//!
//! It must never give one message to two workers at a time, nor call anything outside the database.

use super::{LEASE_S, PageState, from_word, word};
use crate::store::{Store, StoreError, micros::Micros};
use deadpool_postgres::Transaction;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use taydo_model::oncall::ContactId;
use taydo_model::page::{Page, PageKind};
use taydo_model::{PersonId, TeamId};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// The most pages of the claimed contacts that are taken along with those that were due first.
const MOST_ALONG: i64 = 1_000;

const PAGE_COLUMNS: &str = "page.id, page.group_id, page.team, page.incidents, page.escalation, page.person, page.contact, page.kind, \
     page.content, page.exercise, page.rank, page.decided_at, page.message";

/// What one worker may do now.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Proves that it is this worker's.
    pub token: i64,
    /// The messages.
    pub messages: Vec<Claimed>,
}

/// A message, claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// Its number.
    pub id: i64,
    /// Ours, the same in every attempt: a UUID as text.
    pub reference: String,
    /// Where it goes.
    pub contact: ContactId,
    /// To whom.
    pub person: PersonId,
    /// Whose pages it carries.
    pub team: Option<TeamId>,
    /// What they tell.
    pub kind: PageKind,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it isn't known what became of the last attempt.
    pub doubt: bool,
    /// Whether a provider has taken it, and only its end was not written.
    pub is_taken: bool,
    /// How often it was sent, or may have been.
    pub attempts: i32,
    /// How often of these it was sent again in doubt.
    pub repeats: i32,
    /// How often the provider was asked in vain about the last attempt.
    pub asks: i32,
    /// Whether the person's next contact was pulled forward already.
    pub pulled: bool,
    /// The provider of the last attempt.
    pub provider: Option<String>,
    /// The pages that it carries and that are still open.
    pub pages: Vec<ClaimedPage>,
}

/// A page within a message.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedPage {
    /// Its number.
    pub id: i64,
    /// As it was decided.
    pub page: Page,
    /// When it was decided.
    pub decided_at: Timestamp,
}

/// A page as it was found due, before it has a message.
struct Due {
    page: ClaimedPage,
    key: MessageKey,
    rank: i16,
}

/// Pages that share these share a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct MessageKey {
    contact: i64,
    team: Option<String>,
    kind: String,
    exercise: bool,
    person: String,
}

impl Store {
    /// Takes at most about `limit` messages that are due: those to be tried again and those whose worker is gone, and
    /// as many of pages that are in none yet. All due pages of a claimed contact, team and kind come along in one message.
    /// Two workers that claim at the same moment share the rows without waiting for each other.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn claim_messages(&self, limit: usize, now: Timestamp) -> Result<Claim, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let take = transaction.prepare_cached("SELECT nextval('page_token')").await?;
        let token: i64 = transaction.query_one(&take, &[]).await?.try_get(0)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // Half the room is for what is tried again, so that neither can keep the other from its turn.
        let mut messages = again(&transaction, token, (limit / 2).max(1), now).await?;
        let room = limit.saturating_sub(i64::try_from(messages.len()).unwrap_or(i64::MAX));
        let due = due_pages(&transaction, room, now).await?;
        messages.extend(new_messages(&transaction, token, due, now).await?);
        transaction.commit().await?;
        Ok(Claim { token, messages })
    }
}

fn lease_end(now: Timestamp) -> Micros {
    Micros::from(now.checked_add(SignedDuration::from_secs(LEASE_S)).unwrap_or(now))
}

/// Messages that are due again. Of one whose worker is gone in the middle of an attempt it isn't known what became of that.
async fn again(transaction: &Transaction<'_>, token: i64, limit: i64, now: Timestamp) -> Result<Vec<Claimed>, StoreError> {
    let sql = "WITH due AS (SELECT id FROM message WHERE state IN ('waiting', 'sending') AND due_at <= $1 ORDER BY rank, due_at LIMIT $2 \
         FOR UPDATE SKIP LOCKED), lost AS (UPDATE attempt SET outcome = 'unknown', finished_at = $1, detail = 'its worker was gone' \
         FROM due WHERE attempt.message = due.id AND attempt.outcome IS NULL RETURNING attempt.message) \
         UPDATE message m SET state = 'sending', due_at = $3, token = $4, doubt = m.doubt OR EXISTS (SELECT FROM lost WHERE lost.message = m.id) \
         FROM due WHERE m.id = due.id RETURNING m.id, m.reference::text, m.contact, m.person, m.team, m.kind, m.exercise, m.created_at, m.doubt, \
         m.attempts, m.repeats, m.asks, m.pulled, m.provider, \
         EXISTS (SELECT FROM attempt WHERE attempt.message = m.id AND attempt.outcome = 'accepted') AS is_taken";
    let statement = transaction.prepare_cached(sql).await?;
    let rows = transaction.query(&statement, &[&Micros::from(now), &limit, &lease_end(now), &token]).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut messages: Vec<Claimed> = rows.iter().map(message).collect::<Result<_, _>>()?;
    let ids: Vec<i64> = messages.iter().map(|message| message.id).collect();
    let sql = format!("SELECT {PAGE_COLUMNS} FROM page WHERE message = ANY($1) AND state = 'carried' ORDER BY id");
    let statement = transaction.prepare_cached(&sql).await?;
    for row in transaction.query(&statement, &[&ids]).await? {
        let of: Option<i64> = row.try_get("message")?;
        if let Some(message) = messages.iter_mut().find(|message| Some(message.id) == of) {
            message.pages.push(page(&row)?);
        }
    }
    Ok(messages)
}

/// Due pages that are in no message yet, and those that belong into a message with one of them.
async fn due_pages(transaction: &Transaction<'_>, limit: i64, now: Timestamp) -> Result<Vec<Due>, StoreError> {
    let now = Micros::from(now);
    let first = format!(
        "SELECT {PAGE_COLUMNS} FROM page WHERE state = 'waiting' AND due_at <= $1 ORDER BY rank, due_at LIMIT $2 FOR UPDATE SKIP LOCKED"
    );
    let statement = transaction.prepare_cached(&first).await?;
    let mut found = transaction.query(&statement, &[&now, &limit]).await?.iter().map(due).collect::<Result<Vec<Due>, _>>()?;
    if found.is_empty() {
        return Ok(found);
    }
    let along = format!(
        "SELECT {PAGE_COLUMNS} FROM page WHERE state = 'waiting' AND due_at <= $1 AND (contact, kind) IN (SELECT * FROM unnest($2::bigint[], \
         $3::text[])) AND NOT id = ANY($4) LIMIT $5 FOR UPDATE SKIP LOCKED"
    );
    let contacts: Vec<i64> = found.iter().map(|due| due.key.contact).collect();
    let kinds: Vec<&str> = found.iter().map(|due| due.key.kind.as_str()).collect();
    let ids: Vec<i64> = found.iter().map(|due| due.page.id).collect();
    let statement = transaction.prepare_cached(&along).await?;
    let rows = transaction.query(&statement, &[&now, &contacts, &kinds, &ids, &MOST_ALONG]).await?;
    for row in &rows {
        found.push(due(row)?);
    }
    Ok(found)
}

async fn new_messages(transaction: &Transaction<'_>, token: i64, due: Vec<Due>, now: Timestamp) -> Result<Vec<Claimed>, StoreError> {
    let mut together: HashMap<MessageKey, (i16, Vec<ClaimedPage>)> = HashMap::new();
    for Due { page, key, rank } in due {
        let (best, pages) = together.entry(key).or_insert((rank, Vec::new()));
        *best = rank.min(*best);
        pages.push(page);
    }
    if together.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "INSERT INTO message (contact, person, team, kind, exercise, rank, created_at, state, due_at, token) SELECT c, p, t, k, x, r, $7, \
         'sending', $8, $9 FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::smallint[]) AS new (c, p, t, k, x, r) \
         RETURNING id, reference::text, contact, person, team, kind, exercise, created_at, doubt, attempts, repeats, asks, pulled, provider, \
         false AS is_taken";
    let keys: Vec<(&MessageKey, i16)> = together.iter().map(|(key, (rank, _))| (key, *rank)).collect();
    let contacts: Vec<i64> = keys.iter().map(|(key, _)| key.contact).collect();
    let persons: Vec<&str> = keys.iter().map(|(key, _)| key.person.as_str()).collect();
    let teams: Vec<Option<&str>> = keys.iter().map(|(key, _)| key.team.as_deref()).collect();
    let kinds: Vec<&str> = keys.iter().map(|(key, _)| key.kind.as_str()).collect();
    let exercises: Vec<bool> = keys.iter().map(|(key, _)| key.exercise).collect();
    let ranks: Vec<i16> = keys.iter().map(|(_, rank)| *rank).collect();
    let statement = transaction.prepare_cached(sql).await?;
    let rows = transaction
        .query(&statement, &[&contacts, &persons, &teams, &kinds, &exercises, &ranks, &Micros::from(now), &lease_end(now), &token])
        .await?;
    let mut messages = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut message = message(row)?;
        if let Some((_, mut pages)) = together.remove(&key(row)?) {
            pages.sort_by_key(|page| page.id);
            message.pages = pages;
        }
        messages.push(message);
    }
    let pairs = messages.iter().flat_map(|message| message.pages.iter().map(|page| (page.id, message.id)));
    let (pages, theirs): (Vec<i64>, Vec<i64>) = pairs.unzip();
    let sql = "UPDATE page SET state = $3, message = new.m FROM unnest($1::bigint[], $2::bigint[]) AS new (p, m) WHERE page.id = new.p";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&pages, &theirs, &word(PageState::Carried)]).await?;
    Ok(messages)
}

fn key(row: &Row) -> Result<MessageKey, StoreError> {
    Ok(MessageKey {
        contact: row.try_get("contact")?,
        team: row.try_get("team")?,
        kind: row.try_get("kind")?,
        exercise: row.try_get("exercise")?,
        person: row.try_get("person")?,
    })
}

fn due(row: &Row) -> Result<Due, StoreError> {
    Ok(Due { page: page(row)?, key: key(row)?, rank: row.try_get("rank")? })
}

fn page(row: &Row) -> Result<ClaimedPage, StoreError> {
    Ok(ClaimedPage {
        id: row.try_get("id")?,
        page: row.try_get::<_, Json<Page>>("content")?.0,
        decided_at: row.try_get::<_, Micros>("decided_at")?.timestamp(),
    })
}

fn message(row: &Row) -> Result<Claimed, StoreError> {
    let team = row.try_get::<_, Option<&str>>("team")?.map(TeamId::new).transpose();
    Ok(Claimed {
        id: row.try_get("id")?,
        reference: row.try_get("reference")?,
        contact: ContactId(row.try_get("contact")?),
        person: PersonId::new(row.try_get::<_, &str>("person")?).map_err(|error| StoreError::Internal(error.into()))?,
        team: team.map_err(|error| StoreError::Internal(error.into()))?,
        kind: from_word(row.try_get("kind")?)?,
        exercise: row.try_get("exercise")?,
        created_at: row.try_get::<_, Micros>("created_at")?.timestamp(),
        doubt: row.try_get("doubt")?,
        is_taken: row.try_get("is_taken")?,
        attempts: row.try_get("attempts")?,
        repeats: row.try_get("repeats")?,
        asks: row.try_get("asks")?,
        pulled: row.try_get("pulled")?,
        provider: row.try_get("provider")?,
        pages: Vec::new(),
    })
}
