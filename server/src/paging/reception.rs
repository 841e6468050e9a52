//! The reception: where providers bring what they send by themselves, receipts and replies.
//!
//! It reads and proves. It must never write anything: the store takes what it has read.

use super::egress::Egress;
use super::hook::{HookError, Posted};
use super::reply::{Answered, ReplyShape};
use super::report::{Report, ReportShape};
use super::settings::Settings;
use std::collections::HashMap;

/// How each provider's own requests are read.
#[derive(Debug)]
pub struct Reception {
    reports: HashMap<String, ReportShape>,
    replies: HashMap<String, ReplyShape>,
    egress: Egress,
}

impl Reception {
    /// Reads the secrets that providers prove themselves by.
    pub(super) fn open(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self { reports: settings.reports()?, replies: settings.replies()?, egress: settings.egress.clone() })
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
}
