//! Alerts: what rules remember, and every transition.
//!
//! It must never change or delete a transition.

use super::word::word;
use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashSet};
use taydo_engine::alert::Evaluated;
use taydo_model::alert::{Alert, Evaluation, Transition};
use tokio_postgres::Transaction;
use tokio_postgres::types::{Json, ToSql};

const TRANSITION: &str = "INSERT INTO transition (rule, scope, no_data, sequence, at, recorded_at, turn, cause, content) \
    SELECT r, s, n, q, a, $9, t, c, j FROM unnest($1::text[], $2::text[], $3::bool[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], \
    $8::jsonb[]) AS new (r, s, n, q, a, t, c, j) ON CONFLICT DO NOTHING RETURNING rule, scope, no_data, sequence";
const ALERT: &str = "INSERT INTO alert (rule, scope, no_data, content) \
    SELECT r, s, n, j FROM unnest($1::text[], $2::text[], $3::bool[], $4::jsonb[]) AS new (r, s, n, j) \
    ON CONFLICT (rule, scope, no_data) DO UPDATE SET content = excluded.content";
const EVALUATION: &str = "INSERT INTO rule_evaluation (rule, content, at) \
    SELECT r, j, a FROM unnest($1::text[], $2::jsonb[], $3::timestamptz[]) AS new (r, j, a) \
    ON CONFLICT (rule) DO UPDATE SET content = excluded.content, at = excluded.at";

/// Writes what a step of the rules came to, and returns the transitions that were not there yet: after a commit whose outcome
/// was not known the same are written again, and then must lead to nothing.
pub(super) async fn write<'e>(
    transaction: &Transaction<'_>,
    evaluated: &'e Evaluated,
    now: Timestamp,
) -> Result<Vec<&'e Transition>, StoreError> {
    write_alerts(transaction, &evaluated.alerts).await?;
    write_evaluations(transaction, &evaluated.evaluations).await?;
    write_transitions(transaction, &evaluated.transitions, now).await
}

async fn write_transitions<'e>(
    transaction: &Transaction<'_>,
    transitions: &'e [Transition],
    now: Timestamp,
) -> Result<Vec<&'e Transition>, StoreError> {
    if transitions.is_empty() {
        return Ok(Vec::new());
    }

    let rules: Vec<&str> = transitions.iter().map(|one| one.rule.as_str()).collect();
    let scopes: Vec<String> = transitions.iter().map(|one| one.scope.to_string()).collect();
    let no_data: Vec<bool> = transitions.iter().map(|one| one.no_data).collect();
    let sequences: Vec<i64> = transitions.iter().map(|one| one.sequence).collect();
    let times: Vec<Micros> = transitions.iter().map(|one| one.at.into()).collect();
    let turns: Vec<String> = transitions.iter().map(|one| word(one.turn)).collect();
    let causes: Vec<String> = transitions.iter().map(|one| word(one.cause)).collect();
    let contents: Vec<Json<&Transition>> = transitions.iter().map(Json).collect();
    let parameters: [&(dyn ToSql + Sync); 9] =
        [&rules, &scopes, &no_data, &sequences, &times, &turns, &causes, &contents, &Micros::from(now)];
    let mut written = HashSet::new();
    for row in transaction.query(TRANSITION, &parameters).await? {
        written.insert((row.try_get::<_, String>(0)?, row.try_get::<_, String>(1)?, row.try_get::<_, bool>(2)?, row.try_get::<_, i64>(3)?));
    }
    let is_new = |one: &&Transition| written.contains(&(one.rule.to_string(), one.scope.to_string(), one.no_data, one.sequence));
    Ok(transitions.iter().filter(is_new).collect())
}

/// The last of several for one alert counts: an upsert can't take a key twice.
async fn write_alerts(transaction: &Transaction<'_>, alerts: &[Alert]) -> Result<(), StoreError> {
    let last: BTreeMap<_, &Alert> = alerts.iter().map(|alert| ((&alert.rule, &alert.scope, alert.no_data), alert)).collect();
    if last.is_empty() {
        return Ok(());
    }
    let rules: Vec<&str> = last.values().map(|one| one.rule.as_str()).collect();
    let scopes: Vec<String> = last.values().map(|one| one.scope.to_string()).collect();
    let no_data: Vec<bool> = last.values().map(|one| one.no_data).collect();
    let contents: Vec<Json<&Alert>> = last.into_values().map(Json).collect();
    transaction.execute(ALERT, &[&rules, &scopes, &no_data, &contents]).await?;
    Ok(())
}

async fn write_evaluations(transaction: &Transaction<'_>, evaluations: &[Evaluation]) -> Result<(), StoreError> {
    let last: BTreeMap<_, &Evaluation> = evaluations.iter().map(|evaluation| (&evaluation.rule, evaluation)).collect();
    if last.is_empty() {
        return Ok(());
    }
    let rules: Vec<&str> = last.values().map(|one| one.rule.as_str()).collect();
    let times: Vec<Micros> = last.values().map(|one| one.at.into()).collect();
    let contents: Vec<Json<&Evaluation>> = last.into_values().map(Json).collect();
    transaction.execute(EVALUATION, &[&rules, &contents, &times]).await?;
    Ok(())
}

impl Store {
    /// What the rules remember, and their last evaluations.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn alerts(&self) -> Result<(Vec<Alert>, Vec<Evaluation>), StoreError> {
        let client = self.client().await?;
        let mut alerts = Vec::new();
        for row in client.query("SELECT content FROM alert", &[]).await? {
            alerts.push(row.try_get::<_, Json<Alert>>(0)?.0);
        }
        let mut evaluations = Vec::new();
        for row in client.query("SELECT content FROM rule_evaluation", &[]).await? {
            evaluations.push(row.try_get::<_, Json<Evaluation>>(0)?.0);
        }
        Ok((alerts, evaluations))
    }

    /// The transitions of a stretch of time, in order; of more than `limit` the latest.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn transitions(&self, from: Timestamp, to: Timestamp, limit: u32) -> Result<Vec<Transition>, StoreError> {
        let sql =
            "SELECT content FROM transition WHERE at >= $1 AND at <= $2 ORDER BY at DESC, rule DESC, scope DESC, sequence DESC LIMIT $3";
        let rows = self.client().await?.query(sql, &[&Micros::from(from), &Micros::from(to), &i64::from(limit)]).await?;
        rows.iter().rev().map(|row| Ok(row.try_get::<_, Json<Transition>>(0)?.0)).collect()
    }
}
