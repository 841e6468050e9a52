//! Voice: a call through a gateway, which reads a text aloud; a key press answers.
//!
//! What a key press means is the gateway's flow and the centre's answer to its event: it must never be decided here.

use super::channel::{Accepted, Channel, Fate, Outgoing, Progress, SendError};
use super::gateway::Gateway;
use super::sms::{is_number, not_a_number};
use futures_util::future::BoxFuture;

/// A provider of calls.
#[derive(Debug)]
pub(super) struct Voice(pub(super) Gateway);

impl Channel for Voice {
    fn send<'a>(&'a self, message: &'a Outgoing, progress: &'a Progress) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(async move {
            if !is_number(&message.address) {
                return Err(not_a_number());
            }
            self.0.send(message, &message.texts.voice, progress).await
        })
    }

    fn can_ask(&self) -> bool {
        self.0.question.is_some()
    }

    fn ask<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<Fate, String>> {
        Box::pin(self.0.ask(reference))
    }
}
