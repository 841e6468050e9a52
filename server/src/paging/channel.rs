//! What a channel does: it hands one message to one provider, and says what came of it in terms of what to do next.
//!
//! A channel must never try again by itself, and never hide that a message may have been taken.

use super::text::Texts;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A message, ready to be sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Ours, the same in every attempt.
    pub reference: String,
    /// Where: an address of the channel's kind.
    pub address: String,
    /// What it says.
    pub texts: Texts,
    /// A chart as PNG, where there is one.
    pub picture: Option<Vec<u8>>,
    /// When it is sent.
    pub now: Timestamp,
}

/// A provider has taken the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// How the provider names it, where it said so.
    pub provider_reference: Option<String>,
}

/// Why a message was not taken, by what is to be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It was surely not taken, and may be later.
    #[error("{why}")]
    Retry {
        /// How long the provider asks to be left alone with this message; where it doesn't, it is at fault itself.
        after: Option<Duration>,
        /// For the log.
        why: String,
    },
    /// It was surely not taken, and won't be.
    #[error("{why}")]
    Permanent {
        /// Whether the address itself was refused.
        is_contact: bool,
        /// For the log.
        why: String,
    },
    /// It may have been taken.
    #[error("{why}")]
    Unknown {
        /// For the log.
        why: String,
    },
}

impl SendError {
    /// The provider failed, and has surely not taken the message.
    pub(super) fn failed(why: impl Into<String>) -> Self {
        Self::Retry { after: None, why: why.into() }
    }
}

/// What a provider knows of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It has taken it.
    Taken(Accepted),
    /// It has taken it, and couldn't deliver it.
    Undelivered,
    /// It never got it.
    NeverSeen,
}

/// Whether the message has gone so far that it may have been taken: what decides whether a call that is broken off is
/// tried again or asked about.
#[derive(Debug, Default)]
pub struct Progress(AtomicBool);

impl Progress {
    /// From now on it may have been taken.
    pub fn may_be_taken(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// It has surely not been taken after all.
    pub fn is_refused(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Whether it may have been.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A way to one provider.
pub trait Channel: Send + Sync + fmt::Debug {
    /// Sends one message. Whoever calls bounds how long it may take, and drops the future then.
    fn send<'a>(&'a self, message: &'a Outgoing, progress: &'a Progress) -> BoxFuture<'a, Result<Accepted, SendError>>;

    /// Whether the provider can be asked what became of a message.
    fn can_ask(&self) -> bool {
        false
    }

    /// Asks what became of the message with this reference of ours.
    ///
    /// The error says why the provider can't tell.
    fn ask<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<Fate, String>> {
        let _ = reference;
        Box::pin(std::future::ready(Err("this provider can't be asked".to_owned())))
    }
}
