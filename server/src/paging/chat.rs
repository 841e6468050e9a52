//! Chat: a message into a conversation through a gateway, such as a bot of Telegram or an official account of Zalo.
//!
//! It must never format the text for one product: it is plain.

use super::channel::{Accepted, Channel, Fate, Outgoing, Progress, SendError};
use super::gateway::Gateway;
use futures_util::future::BoxFuture;

/// A provider of chat.
#[derive(Debug)]
pub(super) struct Chat(pub(super) Gateway);

impl Channel for Chat {
    fn send<'a>(&'a self, message: &'a Outgoing, progress: &'a Progress) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(self.0.send(message, &message.texts.text, progress))
    }

    fn can_ask(&self) -> bool {
        self.0.question.is_some()
    }

    fn ask<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Result<Fate, String>> {
        Box::pin(self.0.ask(reference))
    }
}
