//! A delivery: one step of one claimed message, within its time, and what it has come to.
//!
//! It must never take two steps: whatever follows is claimed again, so that it is asked again whether it is still wanted.

use super::channel::{Outgoing, Progress, SendError};
use super::decision::{self, Ending};
use super::provider::Provider;
use crate::clock::Clock;
use crate::store::outbox::{Claimed, Finish, ProviderSign};
use std::sync::Arc;

/// What is to be done.
#[derive(Debug)]
pub(super) enum Step {
    /// Send, for this attempt that was written down.
    Send {
        /// Its number.
        attempt: i64,
        /// Whether it is sent again in doubt.
        is_repeat: bool,
        /// What.
        outgoing: Box<Outgoing>,
    },
    /// Ask what became of it.
    Ask,
}

/// One message and its step.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) token: i64,
    pub(super) message: Claimed,
    pub(super) provider: Arc<Provider>,
    pub(super) step: Step,
}

impl Delivery {
    /// Takes the step.
    pub(super) async fn run(self, clock: &Clock) -> Finish {
        let Self { token, message, provider, step } = self;
        let (mut ending, attempt) = match &step {
            Step::Send { attempt, is_repeat, outgoing } => {
                let progress = Progress::default();
                let sent = clock.timeout(provider.limit, provider.channel.send(outgoing, &progress)).await;
                let result = sent.unwrap_or_else(|_| Err(out_of_time(&progress)));
                (decision::after_sending(&message, *is_repeat, provider.channel.can_ask(), result, clock.now()), Some(*attempt))
            }
            Step::Ask => {
                let asked = clock.timeout(provider.limit, provider.channel.ask(&message.reference)).await;
                let result = asked.unwrap_or_else(|_| Err("it didn't answer in time".to_owned()));
                (decision::after_asking(&message, result, clock.now()), None)
            }
        };
        if !provider.has_breaker {
            ending.sign = ProviderSign::None;
        }
        finish(token, message.id, attempt, Some(provider.name.clone()), ending)
    }
}

fn out_of_time(progress: &Progress) -> SendError {
    let why = "it didn't answer in time".to_owned();
    if progress.is_in_doubt() { SendError::Unknown { why } } else { SendError::Retry { after: None, why } }
}

/// The end of a step, as the store writes it.
pub(super) fn finish(token: i64, message: i64, attempt: Option<i64>, provider: Option<String>, ending: Ending) -> Finish {
    let Ending { outcome, next, what, sign, pull, provider_reference, detail } = ending;
    Finish { token, message, attempt: attempt.zip(outcome), provider, provider_reference, sign, what, detail, next, pull }
}
