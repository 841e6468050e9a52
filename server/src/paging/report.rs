//! Reports: what providers send about messages that they took, as the configuration describes it.
//!
//! It must never believe one without the secret that the provider was given.

use super::gateway::text_of;
use crate::store::outbox::{Receipt, ReceiptMessage, ReceiptState};
use serde_json::Value;
use std::fmt;

/// How a provider's report is read: JSON pointers, and the words that it uses.
#[derive(Clone)]
pub(super) struct ReportShape {
    pub(super) secret: String,
    /// Where the event's id is.
    pub(super) event: String,
    /// Where our reference is; or else where theirs is.
    pub(super) ours: Option<String>,
    pub(super) theirs: Option<String>,
    pub(super) state: String,
    pub(super) delivered: Vec<String>,
    pub(super) read: Vec<String>,
    pub(super) failed: Vec<String>,
}

impl fmt::Debug for ReportShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportShape").finish_non_exhaustive()
    }
}

/// A report that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    event: String,
    ours: Option<String>,
    theirs: Option<String>,
    state: ReceiptState,
}

/// Why a report is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The provider has no reports, or the secret is wrong.
    #[error("this report is not allowed; give the provider the address with the secret of its [report]")]
    Refused,
    /// Something is missing in it.
    #[error("the report lacks its event, its message or its state; compare it with the provider's [report]")]
    Incomplete,
    /// It says something that doesn't matter here, such as that a message is queued.
    #[error("the report says nothing new")]
    Indifferent,
}

impl Report {
    /// As the store takes it.
    #[must_use]
    pub fn receipt<'a>(&'a self, provider: &'a str) -> Receipt<'a> {
        let message = match (&self.ours, &self.theirs) {
            (Some(ours), _) => ReceiptMessage::Ours(ours),
            (None, theirs) => ReceiptMessage::Theirs(theirs.as_deref().unwrap_or_default()),
        };
        Receipt { provider, event: &self.event, message, state: self.state }
    }
}

/// Compares without telling by its time how far two texts agree.
fn is_equal(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differences, (one, other)| differences | (one ^ other)) == 0
}

impl ReportShape {
    /// Reads a report that came with this secret.
    pub(super) fn parse(&self, secret: &str, body: &Value) -> Result<Report, ReportError> {
        if !is_equal(secret, &self.secret) {
            return Err(ReportError::Refused);
        }
        let at = |pointer: &str| body.pointer(pointer).map(text_of).filter(|text| !text.is_empty());
        let event = at(&self.event).ok_or(ReportError::Incomplete)?;
        let word = at(&self.state).ok_or(ReportError::Incomplete)?;
        let ours = self.ours.as_deref().and_then(at);
        let theirs = self.theirs.as_deref().and_then(at);
        if ours.is_none() && theirs.is_none() {
            return Err(ReportError::Incomplete);
        }
        let states = [(&self.delivered, ReceiptState::Delivered), (&self.read, ReceiptState::Read), (&self.failed, ReceiptState::Failed)];
        let state = states.into_iter().find(|(words, _)| words.contains(&word)).map(|(_, state)| state);
        Ok(Report { event, ours, theirs, state: state.ok_or(ReportError::Indifferent)? })
    }
}
