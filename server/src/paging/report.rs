//! Reports: what providers send about messages that they took, as the configuration describes it.
//!
//! It must never believe one without its proof.

use super::hook::{HookError, Posted, Proof, at};
use crate::store::outbox::{Receipt, ReceiptMessage, ReceiptState};

/// How a provider's report is read: JSON pointers, and the words that it uses.
#[derive(Debug, Clone)]
pub(super) struct ReportShape {
    pub(super) proof: Proof,
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

/// A report that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    event: String,
    ours: Option<String>,
    theirs: Option<String>,
    state: ReceiptState,
}

/// The message that a provider names, by our reference where it has that.
pub(super) fn message<'a>(ours: Option<&'a str>, theirs: Option<&'a str>) -> ReceiptMessage<'a> {
    ours.map_or_else(|| ReceiptMessage::Theirs(theirs.unwrap_or_default()), ReceiptMessage::Ours)
}

impl Report {
    /// As the store takes it.
    #[must_use]
    pub fn receipt<'a>(&'a self, provider: &'a str) -> Receipt<'a> {
        let message = message(self.ours.as_deref(), self.theirs.as_deref());
        Receipt { provider, event: &self.event, message, state: self.state }
    }
}

impl ReportShape {
    /// Reads a report.
    pub(super) fn read(&self, posted: &Posted<'_>) -> Result<Report, HookError> {
        let body = self.proof.open(posted)?;
        let event = at(&body, &self.event).ok_or(HookError::Incomplete)?;
        let word = at(&body, &self.state).ok_or(HookError::Incomplete)?;
        let ours = self.ours.as_deref().and_then(|pointer| at(&body, pointer));
        let theirs = self.theirs.as_deref().and_then(|pointer| at(&body, pointer));
        if ours.is_none() && theirs.is_none() {
            return Err(HookError::Incomplete);
        }
        let states = [(&self.delivered, ReceiptState::Delivered), (&self.read, ReceiptState::Read), (&self.failed, ReceiptState::Failed)];
        let state = states.into_iter().find(|(words, _)| words.contains(&word)).map(|(_, state)| state);
        Ok(Report { event, ours, theirs, state: state.ok_or(HookError::Indifferent)? })
    }
}
