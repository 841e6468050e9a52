//! The desk: who knows, just before a message is sent, whether it is still wanted, where it goes and what it says.
//!
//! Paging asks and never looks itself: incidents, groups and persons are not its business.

use super::text::Content;
use crate::store::StoreError;
use crate::store::outbox::Claimed;
use jiff::Timestamp;
use std::future::Future;
use taydo_model::oncall::Contact;
use taydo_model::text::Language;

/// Whether a claimed page is still to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Wanted,
    /// Somebody has answered, or it is over: nobody needs it.
    Suppressed,
    /// It is too old to be of use.
    Expired,
    /// The person can't be reached there: the contact is gone, disabled or not verified. Their next one is pulled forward.
    Unreachable,
}

/// What there is to know about one claimed message.
#[derive(Debug, Clone)]
pub struct Brief {
    /// One for each page of the message, in its order.
    pub verdicts: Vec<Verdict>,
    /// Where it goes, as it is now; `None` where it is no longer there, and then no page is wanted.
    pub contact: Option<Contact>,
    /// In which language.
    pub language: Language,
    /// What it says of the pages that are wanted.
    pub content: Content,
    /// A chart as PNG, for channels that can show one.
    pub picture: Option<Vec<u8>>,
}

/// Answers what paging asks. It is asked with every claim, so also before a message is tried again.
pub trait Desk: Send + Sync + 'static {
    /// One brief for each message, in the order given.
    ///
    /// # Errors
    /// As the store's; the messages are then left to be claimed again.
    fn brief(&self, messages: &[Claimed], now: Timestamp) -> impl Future<Output = Result<Vec<Brief>, StoreError>> + Send;

    /// What became of pages was written to the store, to be noted by [`crate::store::Store::take_outcomes`]. Must not wait.
    fn outcomes_written(&self) {}
}
