//! The face: what the other parts see of paging while it runs. Providers' own requests are read here, and here it is said how
//! the providers do.
//!
//! It must never write anything: the store takes what it has read.

use super::egress::Egress;
use super::hook::{HookError, Posted};
use super::provider::Providers;
use super::reply::{Answered, ReplyShape};
use super::report::{Report, ReportShape};
use super::settings::Settings;
use super::worker::Counters;
use crate::store::outbox::{BREAKER_FAILURES, ProviderHealth};
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use taydo_model::oncall::Channel;

/// Paging, as the other parts see it.
#[derive(Debug)]
pub struct Face {
    reports: HashMap<String, ReportShape>,
    replies: HashMap<String, ReplyShape>,
    egress: Egress,
    providers: Arc<Providers>,
    counters: Arc<Counters>,
}

/// How a provider does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// It is used in its turn.
    Well,
    /// Its canaries don't arrive: it is used last.
    Degraded,
    /// It has failed so often in a row that it is left alone for a while.
    BreakerOpen,
}

/// A provider and how it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProviderStanding {
    /// Its name.
    pub name: String,
    /// Its channel.
    pub channel: Channel,
    /// How it does.
    pub doing: Doing,
    /// Failures in a row.
    pub failures: i32,
    /// Until when it is left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_until: Option<Timestamp>,
    /// When it last did what it was asked.
    pub last_success_at: Option<Timestamp>,
    /// When it last failed.
    pub last_failure_at: Option<Timestamp>,
    /// How, in words; no address and no text of a message.
    pub last_failure: Option<String>,
    /// When a canary last arrived, where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary_received_at: Option<Timestamp>,
    /// Since when no canary has arrived; absent while they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary_waiting_since: Option<Timestamp>,
}

impl Face {
    /// Reads the secrets that providers prove themselves by.
    pub(super) fn open(settings: &Settings, providers: Arc<Providers>, counters: Arc<Counters>) -> anyhow::Result<Self> {
        let (reports, replies) = (settings.reports()?, settings.replies()?);
        Ok(Self { reports, replies, egress: settings.egress.clone(), providers, counters })
    }

    /// Reads what a provider reports about a message; [`Report::receipt`] is what the store takes.
    ///
    /// # Errors
    /// See [`HookError`].
    pub fn report(&self, provider: &str, posted: &Posted<'_>) -> Result<Report, HookError> {
        self.reports.get(provider).ok_or(HookError::Refused)?.read(posted)
    }

    /// Reads what somebody answered over a provider; [`Answered::reply`] is what the store takes.
    ///
    /// # Errors
    /// See [`HookError`].
    pub fn reply(&self, provider: &str, posted: &Posted<'_>) -> Result<Answered, HookError> {
        self.replies.get(provider).ok_or(HookError::Refused)?.read(posted)
    }

    /// Where requests may go: what webhooks' addresses are checked by.
    #[must_use]
    pub fn egress(&self) -> &Egress {
        &self.egress
    }

    /// What was done since the start.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How the providers do, in the order in which they are tried.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn providers(&self, store: &Store, now: Timestamp) -> Result<Vec<ProviderStanding>, StoreError> {
        let mut health = store.provider_health().await?;
        let standing = |(channel, provider): (Channel, &Arc<super::provider::Provider>)| {
            let health: ProviderHealth = health.remove(&provider.name).unwrap_or_default();
            let has_canary = provider.canary.is_some();
            let doing = match health.open_until {
                Some(_) if provider.has_breaker && health.failures >= BREAKER_FAILURES => Doing::BreakerOpen,
                _ if has_canary && health.is_degraded(now) => Doing::Degraded,
                _ => Doing::Well,
            };
            ProviderStanding {
                name: provider.name.clone(),
                channel,
                doing,
                failures: health.failures,
                open_until: health.open_until.filter(|_| doing == Doing::BreakerOpen),
                last_success_at: health.last_success_at,
                last_failure_at: health.last_failure_at,
                last_failure: health.last_failure,
                canary_received_at: health.canary_received_at.filter(|_| has_canary),
                canary_waiting_since: health.canary_waiting_since.filter(|_| has_canary),
            }
        };
        Ok(self.providers.listed().map(standing).collect())
    }
}
