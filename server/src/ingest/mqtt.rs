//! The MQTT client: one connection to the broker for all MQTT sources, with a session that outlives it.
//!
//! It speaks MQTT 5, because there a broker keeps to our receive maximum and can be told not to repeat retained
//! messages; devices may publish in either version. It acknowledges nothing that isn't durable, in the order of
//! arrival, and never gives up on the broker. Packets larger than [`MAX_PACKET_BYTES`] never reach us: the broker drops
//! them, so its own limit has to be lower; then what is too large for us is kept as a reject, or refused to its sender.

mod delivery;
mod subscription;

use super::{
    Intake,
    health::{Health, Problem},
};
use crate::clock::Clock;
use crate::definitions::InForce;
use delivery::{Delivery, Gate, Message};
use jiff::{SignedDuration, Timestamp};
use rumqttc::v5::{
    AsyncClient, Event, EventLoop, Incoming, MqttOptions,
    mqttbytes::{
        QoS,
        v5::{Publish, SubAck, SubscribeReasonCode},
    },
};
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use subscription::{DROPPED_TOPIC, Subscriptions};
use taydo_model::{SourceId, source::Way};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// The largest packet that the broker may send us: a payload of 1 MiB with the longest topic and some properties.
pub const MAX_PACKET_BYTES: u32 = 1024 * 1024 + 128 * 1024;
/// The most messages that the broker sends before we acknowledge: more than a commit takes, so that the next one fills meanwhile.
pub const RECEIVE_MAXIMUM: u16 = 8192;
/// The most bytes of messages that wait for their commit; when they are reached, reading stops.
const IN_FLIGHT_BYTES: u32 = 64 * 1024 * 1024;
/// What a message costs beside its payload.
const MESSAGE_OVERHEAD_BYTES: usize = 256;
/// How long the broker keeps the session while we are away, in seconds: a week.
const SESSION_EXPIRY_S: u32 = 7 * 24 * 3600;
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT_S: u64 = 5;
/// The pause after a connection failed; it doubles up to the second one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(10);
/// How long a loss is told on the sources page.
const LOSS_TOLD: SignedDuration = SignedDuration::from_hours(1);

/// Where the broker is, and who we are to it.
#[derive(Debug, Clone)]
pub struct Broker {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Names our session; it has to stay the same from start to start, and no one else may use it.
    pub client_id: String,
    /// User and password, where the broker wants them.
    pub login: Option<(String, String)>,
}

impl Broker {
    /// The options of a connection; a clean one leaves no session behind.
    #[must_use]
    pub fn options(&self, clean: bool) -> MqttOptions {
        let mut options = MqttOptions::new(&self.client_id, &self.host, self.port);
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_connection_timeout(CONNECT_TIMEOUT_S)
            .set_clean_start(clean)
            .set_session_expiry_interval(Some(if clean { 0 } else { SESSION_EXPIRY_S }))
            .set_receive_maximum(Some(RECEIVE_MAXIMUM))
            .set_max_packet_size(Some(MAX_PACKET_BYTES))
            .set_pending_throttle(Duration::ZERO)
            .set_manual_acks(!clean);
        if let Some((user, password)) = &self.login {
            options.set_credentials(user, password);
        }
        options
    }
}

impl std::fmt::Display for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The running client.
#[derive(Debug)]
pub struct Mqtt {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Mqtt {
    /// Connects, now or as soon as the broker can be reached, and takes in what the MQTT sources of the definitions in
    /// force subscribe to. The session is the city's: one centre for each city and broker.
    #[must_use]
    pub fn start(address: SocketAddr, in_force: &InForce, intake: Intake, health: Arc<Health>, clock: Clock) -> Self {
        let broker = Broker {
            host: address.ip().to_string(),
            port: address.port(),
            client_id: format!("taydo-{}", in_force.get().city.id),
            login: None,
        };
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        // Acknowledgements wait in the client's queue, and there are never more than packet numbers, so putting one there never has to
        // wait; a few places are left for subscriptions. (Of a queue as long as our receive maximum Mosquitto left no place free.)
        let (client, events) = AsyncClient::new(broker.options(false), usize::from(u16::MAX) + 64);
        // The broker's receive maximum bounds this queue; only unacknowledged (QoS 0) messages can fill it, and then reading stops.
        let (queue, messages) = mpsc::channel(usize::from(RECEIVE_MAXIMUM));
        let gate = Arc::new(Gate::default());
        let subscriptions = Subscriptions::new(client.clone());
        let reader = Reader {
            intake: intake.clone(),
            health,
            clock: clock.clone(),
            broker,
            in_force: in_force.clone(),
            subscriptions: subscriptions.clone(),
            queue,
            room: Arc::new(Semaphore::new(IN_FLIGHT_BYTES as usize)),
            gate: Arc::clone(&gate),
            stop: stop.clone(),
            session: None,
            dropped: None,
        };
        let delivered = CancellationToken::new();
        tasks.spawn(reader.run(events, delivered.clone()));
        tasks.spawn(subscriptions.follow(in_force.clone(), clock.clone(), stop.clone()));
        let delivery = Delivery { intake, clock, client, gate, stop: stop.clone() };
        tasks.spawn(delivery.run(messages, delivered));
        Self { stop, tasks }
    }

    /// Takes in nothing more, waits for the commit of what was taken, acknowledges it, and disconnects. The session
    /// stays with the broker, which keeps what comes meanwhile. Needs the intake to be running still.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The task that owns the connection: nothing else may poll it, and polling is never cancelled, because a packet could
/// be lost between two states.
struct Reader {
    intake: Intake,
    health: Arc<Health>,
    clock: Clock,
    broker: Broker,
    in_force: InForce,
    subscriptions: Subscriptions,
    queue: mpsc::Sender<Message>,
    room: Arc<Semaphore>,
    gate: Arc<Gate>,
    stop: CancellationToken,
    /// When the session was last known to be there.
    session: Option<Timestamp>,
    /// The broker's count of dropped messages.
    dropped: Option<u64>,
}

impl Reader {
    async fn run(mut self, mut events: EventLoop, delivered: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        loop {
            match events.poll().await {
                Ok(Event::Incoming(incoming)) => {
                    if matches!(incoming, Incoming::ConnAck(_)) {
                        pause = FIRST_PAUSE;
                    }
                    self.incoming(incoming).await;
                    // Nothing more is acknowledged in this connection, so the broker would stop sending without a word.
                    if self.gate.is_broken() && !self.stop.is_cancelled() {
                        tracing::warn!(broker = %self.broker, "an acknowledgement could not be sent; connecting again");
                        self.gate.next_connection();
                        events.clean();
                    }
                }
                Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
                Ok(Event::Outgoing(_)) => {}
                Err(error) => {
                    // Whatever is not acknowledged by now comes again in the next connection. An acknowledgement that was
                    // queued too late for this one must not be sent in that one, where its number may name another message.
                    self.gate.next_connection();
                    events.clean();
                    if delivered.is_cancelled() {
                        return;
                    }
                    self.lost(&error.to_string());
                    tokio::select! {
                        () = self.clock.pause(pause) => {}
                        () = delivered.cancelled() => return,
                    }
                    pause = (pause * 2).min(LAST_PAUSE);
                }
            }
        }
    }

    async fn incoming(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::ConnAck(ack) => self.connected(ack.session_present),
            Incoming::SubAck(ack) => self.subscribed(&ack),
            Incoming::Publish(publish) if publish.topic.as_ref() == DROPPED_TOPIC.as_bytes() => self.broker_dropped(&publish.payload),
            Incoming::Publish(publish) => self.received(publish).await,
            _ => {}
        }
    }

    async fn received(&mut self, publish: Publish) {
        if self.stop.is_cancelled() {
            // Not acknowledged, so the broker keeps it for the next start.
            return;
        }
        let bytes = u32::try_from(publish.payload.len() + publish.topic.len() + MESSAGE_OVERHEAD_BYTES).unwrap_or(IN_FLIGHT_BYTES);
        let Ok(room) = Arc::clone(&self.room).acquire_many_owned(bytes.min(IN_FLIGHT_BYTES)).await else { return };
        self.intake.metrics().mqtt_in_flight.fetch_add(1, Relaxed);
        let message = Message { publish, connection: self.gate.connection(), _room: room };
        // The other end goes away only after `stop`, and then the broker keeps the message.
        let _ = self.queue.send(message).await;
    }

    fn connected(&mut self, session_present: bool) {
        let now = self.clock.now();
        tracing::info!(broker = %self.broker, session_present, "connected to the broker");
        self.each(|health, source| health.clear(source, Problem::Connection));
        if let (false, Some(since)) = (session_present, self.session) {
            let text = format!("the broker lost our session between {since} and {now}: what it had kept for us in that time is lost");
            tracing::error!(broker = %self.broker, "{text}");
            self.each(|health, source| health.raise_until(source, Problem::Session, text.clone(), told_until(now)));
        }
        self.session = Some(now);
        self.subscriptions.connected(&self.in_force.get());
    }

    fn subscribed(&self, ack: &SubAck) {
        for (source, code) in self.subscriptions.answered(&ack.return_codes) {
            if matches!(code, SubscribeReasonCode::Success(QoS::AtLeastOnce | QoS::ExactlyOnce)) {
                self.health.clear(&source, Problem::Subscription);
            } else {
                let text = format!("the broker refused the subscription with QoS 1: {code:?}; check its access rules");
                self.health.raise(&source, Problem::Subscription, text);
            }
        }
    }

    fn broker_dropped(&mut self, payload: &[u8]) {
        let Some(count) = std::str::from_utf8(payload).ok().and_then(|text| text.trim().parse::<u64>().ok()) else { return };
        if let Some(more) = self.dropped.and_then(|before| count.checked_sub(before)).filter(|more| *more > 0) {
            let now = self.clock.now();
            let text = format!(
                "the broker dropped {more} messages shortly before {now}, of some client or other; its queues or packet limit are too small"
            );
            tracing::error!(broker = %self.broker, "{text}");
            self.each(|health, source| health.raise_until(source, Problem::Dropped, text.clone(), told_until(now)));
        }
        self.dropped = Some(count);
    }

    fn lost(&mut self, error: &str) {
        self.subscriptions.lost();
        let now = self.clock.now();
        if self.session.is_some() {
            self.session = Some(now);
        }
        tracing::warn!(broker = %self.broker, %error, "no connection to the broker");
        let text = format!("no connection to the broker at {}: {error}", self.broker);
        self.each(|health, source| health.raise(source, Problem::Connection, text.clone()));
    }

    fn each(&self, tell: impl Fn(&Health, &SourceId)) {
        let definitions = self.in_force.get();
        for source in definitions.sources.iter().filter(|source| matches!(source.way, Way::Mqtt { .. })) {
            tell(&self.health, &source.id);
        }
    }
}

fn told_until(now: Timestamp) -> Timestamp {
    now.checked_add(LOSS_TOLD).unwrap_or(Timestamp::MAX)
}
