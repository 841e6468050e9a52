//! Alerts: what rules remember, and every transition.
//!
//! It must never change or delete a transition.

use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use taydo_engine::alert::Evaluated;
use taydo_model::alert::{Alert, Evaluation, Transition};
use tokio_postgres::Transaction;
use tokio_postgres::types::Json;

const TRANSITION: &str = "INSERT INTO transition (rule, scope, no_data, sequence, at, recorded_at, turn, cause, content) \
    SELECT r, s, n, q, a, $9, t, c, j FROM unnest($1::text[], $2::text[], $3::bool[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], \
    $8::jsonb[]) AS new (r, s, n, q, a, t, c, j) ON CONFLICT DO NOTHING";
const ALERT: &str = "INSERT INTO alert (rule, scope, no_data, content) \
    SELECT r, s, n, j FROM unnest($1::text[], $2::text[], $3::bool[], $4::jsonb[]) AS new (r, s, n, j) \
    ON CONFLICT (rule, scope, no_data) DO UPDATE SET content = excluded.content";
const EVALUATION: &str = "INSERT INTO rule_evaluation (rule, content, at) \
    SELECT r, j, a FROM unnest($1::text[], $2::jsonb[], $3::timestamptz[]) AS new (r, j, a) \
    ON CONFLICT (rule) DO UPDATE SET content = excluded.content, at = excluded.at";

/// Writes what a step of the rules came to. A transition that is there already is left as it is.
pub(super) async fn write(transaction: &Transaction<'_>, evaluated: &Evaluated, now: Timestamp) -> Result<(), StoreError> {
    let Evaluated { transitions, alerts, evaluations } = evaluated;
    if !transitions.is_empty() {
        let rules: Vec<&str> = transitions.iter().map(|one| one.rule.as_str()).collect();
        let scopes: Vec<String> = transitions.iter().map(|one| one.scope.to_string()).collect();
        let no_data: Vec<bool> = transitions.iter().map(|one| one.no_data).collect();
        let sequences: Vec<i64> = transitions.iter().map(|one| one.sequence).collect();
        let times: Vec<Micros> = transitions.iter().map(|one| one.at.into()).collect();
        let turns: Vec<String> = transitions.iter().map(|one| word(one.turn)).collect();
        let causes: Vec<String> = transitions.iter().map(|one| word(one.cause)).collect();
        let contents: Vec<Json<&Transition>> = transitions.iter().map(Json).collect();
        let now = Micros::from(now);
        transaction.execute(TRANSITION, &[&rules, &scopes, &no_data, &sequences, &times, &turns, &causes, &contents, &now]).await?;
    }
    // The last of several for one alert counts: an upsert can't take a key twice.
    let mut last: Vec<&Alert> = Vec::with_capacity(alerts.len());
    for alert in alerts.iter().rev() {
        if !last.iter().any(|one| (&one.rule, &one.scope, one.no_data) == (&alert.rule, &alert.scope, alert.no_data)) {
            last.push(alert);
        }
    }
    if !last.is_empty() {
        let rules: Vec<&str> = last.iter().map(|one| one.rule.as_str()).collect();
        let scopes: Vec<String> = last.iter().map(|one| one.scope.to_string()).collect();
        let no_data: Vec<bool> = last.iter().map(|one| one.no_data).collect();
        let contents: Vec<Json<&Alert>> = last.into_iter().map(Json).collect();
        transaction.execute(ALERT, &[&rules, &scopes, &no_data, &contents]).await?;
    }
    let mut last: Vec<&Evaluation> = Vec::with_capacity(evaluations.len());
    for evaluation in evaluations.iter().rev() {
        if !last.iter().any(|one| one.rule == evaluation.rule) {
            last.push(evaluation);
        }
    }
    if !last.is_empty() {
        let rules: Vec<&str> = last.iter().map(|one| one.rule.as_str()).collect();
        let times: Vec<Micros> = last.iter().map(|one| one.at.into()).collect();
        let contents: Vec<Json<&Evaluation>> = last.into_iter().map(Json).collect();
        transaction.execute(EVALUATION, &[&rules, &contents, &times]).await?;
    }
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
        let sql = "SELECT content FROM transition WHERE at >= $1 AND at <= $2 ORDER BY at DESC, rule DESC, scope DESC, sequence DESC LIMIT $3";
        let rows = self.client().await?.query(sql, &[&Micros::from(from), &Micros::from(to), &i64::from(limit)]).await?;
        rows.iter().rev().map(|row| Ok(row.try_get::<_, Json<Transition>>(0)?.0)).collect()
    }
}

/// The word that a value is on the wire.
pub(super) fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
