//! Finishing: what an attempt has come to, written by the worker that still holds its message, and by no other.
//!
//! A late finish, by a worker that lost its lease, is recorded on its attempt and changes nothing else.

use super::{PageState, What, forward, word};
use crate::store::{Store, StoreError, micros::Micros};
use deadpool_postgres::Transaction;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// So many failures in a row open a provider's breaker.
pub const BREAKER_FAILURES: i32 = 3;
/// For so long.
const BREAKER_OPEN_S: i64 = 30;

/// What an attempt has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The provider has taken the message.
    Accepted,
    /// It has surely not, and may later.
    Retry,
    /// It has surely not, and won't.
    Permanent,
    /// Nobody knows.
    Unknown,
}

/// What the message does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is done; its pages with it.
    Done(PageState),
    /// It is tried, or asked about, again.
    Again {
        /// When.
        at: Timestamp,
        /// Whether it isn't known what became of the last attempt.
        doubt: bool,
        /// How often the provider was asked in vain.
        asks: i32,
    },
}

/// What a call says of the provider itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderSign {
    /// It answers as it should.
    Well,
    /// It failed.
    Failed,
    /// Nothing: it wasn't called, or asked for patience.
    None,
}

/// One message's end of an attempt, or of a question.
#[derive(Debug, Clone)]
pub struct Finish {
    /// Of the worker's claim.
    pub token: i64,
    /// The message.
    pub message: i64,
    /// The attempt and what it has come to; none where the provider was only asked, or none could be called.
    pub attempt: Option<(i64, AttemptOutcome)>,
    /// The provider.
    pub provider: Option<String>,
    /// How the provider names the message.
    pub provider_reference: Option<String>,
    /// What it says of the provider.
    pub sign: ProviderSign,
    /// For the log of the incident.
    pub what: What,
    /// Why, in words; no address and no text of the message.
    pub detail: String,
    /// What the message does next.
    pub next: Next,
    /// Whether the person's next contact is pulled forward.
    pub pull: bool,
}

impl Store {
    /// Writes ends of attempts, all or none. Returns the messages that this worker still held; the others' ends are
    /// recorded as late, and change nothing.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn finish_attempts(&self, ends: &[Finish], now: Timestamp) -> Result<HashSet<i64>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        // An end isn't waited for on the disk: between the provider's answer and its record a kill leaves a message in doubt, and
        // the disk would be most of that time. An end that PostgreSQL itself loses in a crash is one more such message.
        transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
        let now = Micros::from(now);
        let held = update_messages(&transaction, ends, now).await?;
        update_attempts(&transaction, ends, &held, now).await?;
        let ours: Vec<&Finish> = ends.iter().filter(|end| held.contains(&end.message)).collect();
        close_pages(&transaction, &ours, now).await?;
        update_providers(&transaction, ends, now).await?;
        transaction.commit().await?;
        Ok(held)
    }
}

async fn update_messages(transaction: &Transaction<'_>, ends: &[Finish], now: Micros) -> Result<HashSet<i64>, StoreError> {
    let sql = "UPDATE message m SET state = new.s, token = NULL, due_at = coalesce(new.d, m.due_at), doubt = new.u, asks = new.a, \
         pulled = m.pulled OR new.f, provider_reference = coalesce(new.r, m.provider_reference), \
         finished_at = CASE WHEN new.d IS NULL THEN $9::timestamptz END FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[], \
         $5::bool[], $6::int[], $7::text[], $8::bool[]) AS new (m, t, s, d, u, a, r, f) WHERE m.id = new.m AND m.token = new.t \
         AND m.state = 'sending' RETURNING m.id";
    let messages: Vec<i64> = ends.iter().map(|end| end.message).collect();
    let tokens: Vec<i64> = ends.iter().map(|end| end.token).collect();
    let states: Vec<String> = ends.iter().map(|end| state_of(end.next)).collect();
    let dues: Vec<Option<Micros>> = ends.iter().map(|end| due_of(end.next)).collect();
    let doubts: Vec<bool> = ends.iter().map(|end| matches!(end.next, Next::Again { doubt: true, .. })).collect();
    let asks: Vec<i32> = ends.iter().map(|end| if let Next::Again { asks, .. } = end.next { asks } else { 0 }).collect();
    let references: Vec<Option<&str>> = ends.iter().map(|end| end.provider_reference.as_deref()).collect();
    let pulls: Vec<bool> = ends.iter().map(|end| end.pull).collect();
    let statement = transaction.prepare_cached(sql).await?;
    let rows = transaction.query(&statement, &[&messages, &tokens, &states, &dues, &doubts, &asks, &references, &pulls, &now]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn state_of(next: Next) -> String {
    match next {
        Next::Done(state) => word(state),
        Next::Again { .. } => word(PageState::Waiting),
    }
}

fn due_of(next: Next) -> Option<Micros> {
    match next {
        Next::Done(_) => None,
        Next::Again { at, .. } => Some(at.into()),
    }
}

async fn update_attempts(transaction: &Transaction<'_>, ends: &[Finish], held: &HashSet<i64>, now: Micros) -> Result<(), StoreError> {
    // An attempt that was given up as unknown gets the late word of its worker, and keeps it; one that was noted gets its end.
    let sql = "UPDATE attempt SET outcome = new.o, finished_at = $5, detail = new.d, provider_reference = new.r FROM unnest($1::bigint[], $2::text[], \
         $3::text[], $4::text[]) AS new (a, o, d, r) WHERE attempt.id = new.a AND (attempt.outcome IS NULL OR attempt.outcome IN ('unknown', 'accepted'))";
    let (mut attempts, mut outcomes, mut details, mut references) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for end in ends {
        let Some((attempt, outcome)) = end.attempt else { continue };
        let outcome = word(outcome);
        attempts.push(attempt);
        outcomes.push(if held.contains(&end.message) { outcome } else { format!("late:{outcome}") });
        details.push(end.detail.as_str());
        references.push(end.provider_reference.as_deref());
    }
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&attempts, &outcomes, &details, &references, &now]).await?;
    Ok(())
}

/// Closes the pages of messages that are done, writes the outcomes, and pulls forward.
async fn close_pages(transaction: &Transaction<'_>, ends: &[&Finish], now: Micros) -> Result<(), StoreError> {
    let sql = "WITH ours AS (SELECT page.id, new.* FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) AS new (m, s, w, p, d) \
         JOIN page ON page.message = new.m AND page.state = 'carried'), closed AS (UPDATE page SET state = ours.s FROM ours WHERE page.id = ours.id \
         AND ours.s <> 'waiting') INSERT INTO outcome (at, page, message, what, provider, detail) SELECT $6, id, m, w, p, d FROM ours \
         RETURNING page, message";
    let messages: Vec<i64> = ends.iter().map(|end| end.message).collect();
    let states: Vec<String> = ends.iter().map(|end| state_of(end.next)).collect();
    let whats: Vec<String> = ends.iter().map(|end| word(end.what)).collect();
    let providers: Vec<Option<&str>> = ends.iter().map(|end| end.provider.as_deref()).collect();
    let details: Vec<&str> = ends.iter().map(|end| end.detail.as_str()).collect();
    let statement = transaction.prepare_cached(sql).await?;
    let rows = transaction.query(&statement, &[&messages, &states, &whats, &providers, &details, &now]).await?;
    let pulling: HashSet<i64> = ends.iter().filter(|end| end.pull).map(|end| end.message).collect();
    let mut pages = Vec::new();
    for row in &rows {
        if pulling.contains(&row.try_get::<_, i64>(1)?) {
            pages.push(row.try_get::<_, i64>(0)?);
        }
    }
    forward::pull(transaction, &pages, now).await
}

/// What a provider's calls of one batch come to.
#[derive(Default)]
struct Signs<'a> {
    is_well: bool,
    /// Since it was last well.
    failures: i32,
    last: Option<&'a str>,
}

async fn update_providers(transaction: &Transaction<'_>, ends: &[Finish], now: Micros) -> Result<(), StoreError> {
    // In the order of their names, so that two transactions can't wait for each other.
    let mut signs: BTreeMap<&str, Signs<'_>> = BTreeMap::new();
    for end in ends {
        let Some(provider) = end.provider.as_deref() else { continue };
        match end.sign {
            ProviderSign::Well => *signs.entry(provider).or_default() = Signs { is_well: true, failures: 0, last: None },
            ProviderSign::Failed => {
                let signs = signs.entry(provider).or_default();
                signs.failures = signs.failures.saturating_add(1);
                signs.last = Some(&end.detail);
            }
            ProviderSign::None => {}
        }
    }
    let sql = "INSERT INTO provider_health AS h (provider, failures, open_until, last_success_at, last_failure_at, last_failure) \
         VALUES ($1, $2::int, CASE WHEN $2::int >= $6::int THEN $7::timestamptz END, CASE WHEN $3::bool THEN $5::timestamptz END, \
         CASE WHEN $2::int > 0 THEN $5::timestamptz END, $4) ON CONFLICT (provider) DO UPDATE SET \
         failures = CASE WHEN $3::bool THEN $2::int ELSE h.failures + $2::int END, \
         open_until = CASE WHEN (CASE WHEN $3::bool THEN $2::int ELSE h.failures + $2::int END) >= $6::int THEN $7::timestamptz END, \
         last_success_at = coalesce(excluded.last_success_at, h.last_success_at), \
         last_failure_at = coalesce(excluded.last_failure_at, h.last_failure_at), last_failure = coalesce(excluded.last_failure, h.last_failure)";
    let open_until = Micros::from(now.timestamp().checked_add(SignedDuration::from_secs(BREAKER_OPEN_S)).unwrap_or(now.timestamp()));
    let statement = transaction.prepare_cached(sql).await?;
    for (provider, Signs { is_well, failures, last }) in signs {
        transaction.execute(&statement, &[&provider, &failures, &is_well, &last, &now, &BREAKER_FAILURES, &open_until]).await?;
    }
    Ok(())
}
