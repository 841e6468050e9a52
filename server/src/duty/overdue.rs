//! What is overdue: evaluations, escalations and pages that should have been done. While anything is, the dead man's ping stays
//! away, so that whoever watches from outside learns that nobody inside can be relied on.
//!
//! It must never mend anything: it looks, and says what it saw.

use super::steward::LookedAt;
use crate::clock::Clock;
use crate::definitions::InForce;
use crate::http::refusal::chain;
use crate::paging::DeadMan;
use crate::store::{Store, StoreError};
use crate::telemetry::PipelineCounters;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// What is later than this is overdue.
pub const LATE: SignedDuration = SignedDuration::from_secs(60);
/// How often the watcher outside is told that all is well.
const EVERY: Duration = Duration::from_secs(60);
/// A look that comes so much later than it should means that the whole process stood still.
const STOOD_STILL: SignedDuration = SignedDuration::from_secs(30);

/// Looks for what is overdue.
#[derive(Debug, Clone)]
pub struct Overdue {
    /// Where everything is.
    pub store: Store,
    /// The definition set in force.
    pub definitions: InForce,
    /// Whether readings and what follows from them are saved.
    pub saving: Arc<PipelineCounters>,
    /// When the duty was last looked after.
    pub looked_at: LookedAt,
}

impl Overdue {
    /// Everything that is overdue, each in a sentence. Evaluations are waited for from `awake_since` on.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn find(&self, awake_since: Timestamp, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        found.extend(self.saving.is_failing().then(|| "what rules decide can't be saved".to_owned()));
        if let Some(since) = self.store.outbox_depth(now).await?.oldest.filter(|since| is_late(*since, now)) {
            found.push(format!("a page has not been sent since {since}"));
        }
        if let Some(wake) = self.store.earliest_wake().await?.filter(|wake| is_late(*wake, now)) {
            found.push(format!("an escalation has not been taken on since {wake}"));
        }
        let looked_at = self.looked_at.get().unwrap_or(awake_since).max(awake_since);
        if is_late(looked_at, now) {
            found.push(format!("the duty has not been looked after since {looked_at}"));
        }
        let late = self.late_rules(awake_since, now).await?;
        if late > 0 {
            found.push(format!("{late} rules have not been evaluated when they should have been"));
        }
        if self.store.has_unreachable_group().await? {
            found.push("there is an incident of which nobody can be told".to_owned());
        }
        Ok(found)
    }

    async fn late_rules(&self, awake_since: Timestamp, now: Timestamp) -> Result<usize, StoreError> {
        let definitions = self.definitions.get();
        let interval = |rule: &str| {
            let rule = definitions.rules.iter().find(|known| known.id.as_str() == rule)?;
            Some(SignedDuration::from_secs(i64::from(definitions.kpi(&rule.kpi)?.every_s)))
        };
        let next = |rule: &str, at: Timestamp| at.max(awake_since).saturating_add(interval(rule)?).ok();
        let evaluated = self.store.evaluated_at().await?;
        Ok(evaluated.iter().filter(|(rule, at)| next(rule, *at).is_some_and(|next| is_late(next, now))).count())
    }
}

fn is_late(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) > LATE
}

/// Tells the watcher outside that all is well, as long as it is.
#[derive(Debug)]
pub struct Heart {
    /// Time.
    pub clock: Clock,
    /// What would keep it silent.
    pub overdue: Overdue,
    /// The way to the watcher.
    pub dead_man: DeadMan,
}

impl Heart {
    /// Beats until it is dropped.
    pub async fn run(self) {
        let mut awake_since = self.clock.now();
        let mut looked = awake_since;
        loop {
            let now = self.clock.now();
            if now.duration_since(looked) > SignedDuration::try_from(EVERY).unwrap_or(LATE) + STOOD_STILL {
                awake_since = now;
            }
            looked = now;
            match self.overdue.find(awake_since, now).await {
                Ok(found) if found.is_empty() => {
                    if let Err(error) = self.dead_man.ping().await {
                        tracing::warn!(%error, "the watcher outside can't be told that all is well");
                    }
                }
                Ok(found) => tracing::error!(overdue = found.join("; "), "the dead man's ping stays away"),
                Err(error) => tracing::error!(error = %chain(&error), "the dead man's ping stays away: the store can't be asked"),
            }
            self.clock.sleep(EVERY).await;
        }
    }
}
