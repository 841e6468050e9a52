//! SMS: a short unaccented text through a gateway.
//!
//! It must never send more than one part.

use super::channel::{Accepted, Channel, Fate, Outgoing, Progress, SendError};
use super::gateway::Gateway;
use futures_util::future::BoxFuture;

/// A provider of SMS.
#[derive(Debug)]
pub(super) struct Sms(pub(super) Gateway);

/// Whether the address is a telephone number in E.164: a plus and 8 to 15 digits.
pub(super) fn is_number(address: &str) -> bool {
    address.strip_prefix('+').is_some_and(|digits| (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What is said of an address that isn't one.
pub(super) fn not_a_number() -> SendError {
    SendError::Permanent { is_contact: true, why: "the address is no telephone number in E.164, such as +84901234567".to_owned() }
}

impl Channel for Sms {
    fn send<'a>(&'a self, message: &'a Outgoing, progress: &'a Progress) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(async move {
            if !is_number(&message.address) {
                return Err(not_a_number());
            }
            self.0.send(message, &message.texts.sms, progress).await
        })
    }

    fn can_ask(&self) -> bool {
        self.0.question.is_some()
    }

    fn ask<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<Fate, String>> {
        Box::pin(self.0.ask(reference))
    }
}
