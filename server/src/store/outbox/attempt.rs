//! Attempts: written before the provider is called, so that a crash leaves a trace; and the breakers of the providers.
//!
//! It must never begin an attempt for a worker that has lost its message.

use super::LEASE_S;
use crate::store::{Store, StoreError, micros::Micros};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// An attempt that is about to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt<'a> {
    /// The message.
    pub message: i64,
    /// The provider that will be called.
    pub provider: &'a str,
    /// Whether it is sent again without knowing whether the first has arrived.
    pub is_repeat: bool,
}

/// How a provider does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderHealth {
    /// Failures in a row.
    pub failures: i32,
    /// Until when its breaker is open; in the past where one call may now find out whether it is well again.
    pub open_until: Option<Timestamp>,
    /// When it last did what it was asked.
    pub last_success_at: Option<Timestamp>,
    /// When it last failed.
    pub last_failure_at: Option<Timestamp>,
    /// How, in words.
    pub last_failure: Option<String>,
    /// When a canary was last received.
    pub canary_received_at: Option<Timestamp>,
    /// Since when none of those sent was.
    pub canary_waiting_since: Option<Timestamp>,
}

/// A provider whose canary isn't received within this time is degraded.
pub const CANARY_LIMIT: SignedDuration = SignedDuration::from_mins(3);

impl ProviderHealth {
    /// Whether its canaries don't arrive.
    #[must_use]
    pub fn is_degraded(&self, now: Timestamp) -> bool {
        self.canary_waiting_since.is_some_and(|since| now.duration_since(since) >= CANARY_LIMIT)
    }
}

impl Store {
    /// Writes that these attempts begin now, and renews the lease of their messages. Returns the attempts' numbers by message;
    /// a message that isn't among them belongs to another worker by now and must not be sent.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn begin_attempts(&self, token: i64, attempts: &[NewAttempt<'_>], now: Timestamp) -> Result<HashMap<i64, i64>, StoreError> {
        let sql = "WITH held AS (UPDATE message m SET due_at = $5, attempts = m.attempts + 1, repeats = m.repeats + new.r::int, doubt = false, \
             asks = 0, provider = new.p FROM unnest($2::bigint[], $3::text[], $4::bool[]) AS new (m, p, r) WHERE m.id = new.m AND m.token = $1 \
             AND m.state = 'sending' RETURNING m.id, new.p, new.r) INSERT INTO attempt (message, token, provider, is_repeat, begun_at) \
             SELECT id, $1, p, r, $6 FROM held RETURNING message, id";
        let messages: Vec<i64> = attempts.iter().map(|attempt| attempt.message).collect();
        let providers: Vec<&str> = attempts.iter().map(|attempt| attempt.provider).collect();
        let repeats: Vec<bool> = attempts.iter().map(|attempt| attempt.is_repeat).collect();
        let lease = Micros::from(now.checked_add(SignedDuration::from_secs(LEASE_S)).unwrap_or(now));
        let client = self.client().await?;
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query(&statement, &[&token, &messages, &providers, &repeats, &lease, &Micros::from(now)]).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// Notes at once that a provider took the message of an attempt whose lease is still held; the attempt's end follows.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn note_accepted(&self, attempt: i64) -> Result<(), StoreError> {
        // In one piece, and without waiting for the disk: it is there for the kill of this process in the next moment.
        let sql = format!(
            "BEGIN; SET LOCAL synchronous_commit = off; UPDATE attempt SET outcome = 'accepted' FROM message m WHERE attempt.id = {attempt} \
             AND m.id = attempt.message AND m.token = attempt.token AND m.state = 'sending' AND attempt.outcome IS NULL; COMMIT"
        );
        Ok(self.client().await?.batch_execute(&sql).await?)
    }

    /// How the providers do that were ever called, by name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn provider_health(&self) -> Result<HashMap<String, ProviderHealth>, StoreError> {
        let client = self.client().await?;
        let statement = client
            .prepare_cached(
                "SELECT provider, coalesce(failures, 0), open_until, last_success_at, last_failure_at, last_failure, received_at, waiting_since \
                 FROM provider_health FULL JOIN canary USING (provider)",
            )
            .await?;
        let rows = client.query(&statement, &[]).await?;
        rows.iter()
            .map(|row| {
                let time = |at: usize| row.try_get::<_, Option<Micros>>(at).map(|time| time.map(Micros::timestamp));
                let health = ProviderHealth {
                    failures: row.try_get(1)?,
                    open_until: time(2)?,
                    last_success_at: time(3)?,
                    last_failure_at: time(4)?,
                    last_failure: row.try_get(5)?,
                    canary_received_at: time(6)?,
                    canary_waiting_since: time(7)?,
                };
                Ok((row.try_get(0)?, health))
            })
            .collect()
    }
}
