//! Delivery: messages in groups to the intake, several groups at once, and the acknowledgements in order of arrival.
//!
//! A group is retried until it is durable, so nothing behind it is acknowledged before it. It never reads the connection.

use super::super::{
    Intake, SubmitError,
    decode::{self, Refusal},
};
use crate::clock::Clock;
use futures_util::{StreamExt, stream::FuturesOrdered};
use rumqttc::v5::{AsyncClient, mqttbytes::v5::Publish};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};
use taydo_model::{
    ErrorCode, SourceId, Text,
    source::{Level, Source, TopicPattern, Way},
};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

/// The most messages of one group.
const GROUP_MESSAGES: usize = 2048;
/// The most groups at once: one is being committed and the others are decoded.
const GROUPS: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// Under this name stand the rejects of messages that no source asks for: subscriptions that a session still has.
const NO_SOURCE: &str = "mqtt";

/// A message, and the connection that it came by.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) publish: Publish,
    pub(super) connection: u64,
    /// Gives its bytes back when the message is dropped.
    pub(super) _room: OwnedSemaphorePermit,
}

/// Says which acknowledgements may still be sent: only those of the present connection, and none after one was left out.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<Pass>);

#[derive(Debug, Default)]
struct Pass {
    connection: u64,
    /// The connection in which a message was left unacknowledged.
    broken: Option<u64>,
}

impl Gate {
    fn pass(&self) -> MutexGuard<'_, Pass> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present connection.
    pub(super) fn connection(&self) -> u64 {
        self.pass().connection
    }

    /// Whether nothing more can be acknowledged in the present connection.
    pub(super) fn is_broken(&self) -> bool {
        let pass = self.pass();
        pass.broken == Some(pass.connection)
    }

    /// The connection is lost: nothing that came by it can be acknowledged any more.
    pub(super) fn next_connection(&self) {
        self.pass().connection += 1;
    }

    /// Acknowledges messages in order, those that still can be; `durable` says whether they may be.
    fn acknowledge<M>(&self, messages: &[M], connection: impl Fn(&M) -> u64, durable: bool, mut send: impl FnMut(&M) -> bool) -> u64 {
        // Held while sending, so that no connection can change in between.
        let mut pass = self.pass();
        let mut sent = 0;
        for message in messages {
            let connection = connection(message);
            if connection != pass.connection || pass.broken == Some(connection) {
                continue;
            }
            if durable && send(message) {
                sent += 1;
            } else {
                pass.broken = Some(connection);
            }
        }
        sent
    }
}

/// The task between the connection and the intake.
pub(super) struct Delivery {
    pub(super) intake: Intake,
    pub(super) clock: Clock,
    pub(super) client: AsyncClient,
    pub(super) gate: Arc<Gate>,
    pub(super) stop: CancellationToken,
}

impl Delivery {
    /// Delivers until it is stopped and everything taken is answered; then says so by `delivered`.
    pub(super) async fn run(self, mut messages: mpsc::Receiver<Message>, delivered: CancellationToken) {
        let Self { intake, clock, client, gate, stop } = self;
        let mut groups = FuturesOrdered::new();
        loop {
            let mut group = Vec::new();
            tokio::select! {
                biased;
                Some(done) = groups.next(), if !groups.is_empty() => finish(&intake, &client, &gate, done),
                count = messages.recv_many(&mut group, GROUP_MESSAGES), if groups.len() < GROUPS => {
                    if count == 0 {
                        break;
                    }
                    let group: Arc<[Message]> = group.into();
                    let task = tokio::spawn(deliver(intake.clone(), clock.clone(), Arc::clone(&group), stop.clone()));
                    groups.push_back(async move { (group, task.await.unwrap_or(false)) });
                }
                () = stop.cancelled(), if groups.is_empty() && messages.is_empty() => break,
            }
        }
        while let Some(done) = groups.next().await {
            finish(&intake, &client, &gate, done);
        }
        // A reader that waits for a place in the queue has to be let go before it can send anything.
        drop(messages);
        delivered.cancel();
        // Wakes the reader from polling; where it has ended already there is nothing to say goodbye to.
        let _ = client.disconnect().await;
    }
}

fn finish(intake: &Intake, client: &AsyncClient, gate: &Gate, (group, durable): (Arc<[Message]>, bool)) {
    if !durable {
        tracing::warn!(messages = group.len(), "messages could not be made durable and are left with the broker");
    }
    let sent = gate.acknowledge(&group, |message| message.connection, durable, |message| client.try_ack(&message.publish).is_ok());
    let metrics = intake.metrics();
    metrics.mqtt_acknowledged.fetch_add(sent, Relaxed);
    metrics.mqtt_in_flight.fetch_sub(group.len() as u64, Relaxed);
}

/// Makes a group durable, however long that takes; `false` only when the server stops before.
async fn deliver(intake: Intake, clock: Clock, group: Arc<[Message]>, stop: CancellationToken) -> bool {
    let mut orphans: Vec<usize> = (0..group.len()).collect();
    let definitions = intake.definitions();
    for source in &definitions.sources {
        let Way::Mqtt { topic: pattern, body } = &source.way else { continue };
        let mine: Vec<usize> = (0..group.len()).filter(|at| group.get(*at).is_some_and(|message| fits(pattern, message))).collect();
        orphans.retain(|at| mine.binary_search(at).is_err());
        let decode = |topic: &str, payload: &[u8], take: &mut dyn FnMut(decode::Item<'_>)| {
            decode::message::decode(topic, payload, pattern, body, take);
        };
        if !persist(&intake, &clock, source, &group, &mine, &stop, decode).await {
            return false;
        }
    }
    if orphans.is_empty() {
        return true;
    }
    let Ok(id) = SourceId::new(NO_SOURCE) else { return false };
    let nobody =
        Source { id, title: Text::default(), owner: None, way: Way::Http, max_series: 0, silent_s: None, urgent: false, via: None };
    let refuse = |topic: &str, payload: &[u8], take: &mut dyn FnMut(decode::Item<'_>)| {
        let refusal = Refusal::new(ErrorCode::Invalid, format!("no source subscribes to topic {topic:?}"));
        take(decode::Item { index: 0, payload, content: Err(refusal) });
    };
    persist(&intake, &clock, &nobody, &group, &orphans, &stop, refuse).await
}

/// Submits some messages of a group until they are durable. What the database refuses for good becomes rejects.
async fn persist(
    intake: &Intake,
    clock: &Clock,
    source: &Source,
    group: &[Message],
    mine: &[usize],
    stop: &CancellationToken,
    decode: impl Fn(&str, &[u8], &mut dyn FnMut(decode::Item<'_>)),
) -> bool {
    if mine.is_empty() {
        return true;
    }
    let mut pause = FIRST_PAUSE;
    let mut refused = false;
    loop {
        let now = clock.now();
        let (gathered, ()) = intake.gather(source, now, |gathering| {
            for message in mine.iter().filter_map(|at| group.get(*at)) {
                let topic = String::from_utf8_lossy(&message.publish.topic);
                let payload = &message.publish.payload;
                gathering.set_context(topic.get(..200).unwrap_or(&topic));
                if refused {
                    let refusal = Refusal::new(ErrorCode::Internal, "the database refuses it; the server's log has the cause");
                    gathering.refuse(0, payload, refusal);
                } else {
                    decode(&topic, payload, &mut |item| gathering.take(item));
                }
            }
        });
        match intake.submit(source, gathered, now).await {
            Ok(_) => return true,
            Err(SubmitError::Internal) if !refused => refused = true,
            Err(error) => {
                if stop.is_cancelled() {
                    return false;
                }
                tracing::warn!(source = source.id.as_str(), %error, messages = mine.len(), "messages wait for the store");
                clock.pause(pause).await;
                pause = (pause * 2).min(LAST_PAUSE);
            }
        }
    }
}

/// Whether a message's topic fits a pattern; cheaper than reading it.
fn fits(pattern: &TopicPattern, message: &Message) -> bool {
    let Ok(topic) = std::str::from_utf8(&message.publish.topic) else { return false };
    let mut parts = topic.split('/');
    pattern.levels.iter().all(|level| match (level, parts.next()) {
        (Level::Text(text), Some(part)) => text == part,
        (_, part) => part.is_some(),
    }) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_keep_their_order_and_their_connection() {
        let gate = Gate::default();
        let mut sent = Vec::new();
        let mut acknowledge = |messages: &[(u64, u16)], durable| {
            gate.acknowledge(
                messages,
                |(connection, _)| *connection,
                durable,
                |(_, packet)| {
                    sent.push(*packet);
                    true
                },
            )
        };
        assert_eq!(acknowledge(&[(0, 1), (0, 2)], true), 2);
        // One group could not be made durable: nothing behind it may be acknowledged in this connection.
        assert_eq!(acknowledge(&[(0, 3)], false), 0);
        assert!(gate.is_broken());
        assert_eq!(acknowledge(&[(0, 4)], true), 0);
        gate.next_connection();
        assert!(!gate.is_broken());
        // A group that came by the old connection has ended late: its packet numbers may name other messages now.
        assert_eq!(acknowledge(&[(0, 4)], true), 0);
        assert_eq!(acknowledge(&[(1, 3), (1, 4)], true), 2);
        gate.next_connection();
        assert_eq!(acknowledge(&[(1, 5)], true), 0);
        assert_eq!(sent, [1, 2, 3, 4]);
    }
}
