//! The feed of everything that speaks MQTT: each report a message of its own, with QoS 1, on its source's topic.
//!
//! The models can say again what any moment was like, so the feed's place is a time: when a connection is lost, it goes
//! back to the oldest message that the broker has not acknowledged. Nothing is lost, and what is sent twice is the same.

use super::delivery::Delivery;
use super::device::{Device, Sample, samples};
use super::pace::{Pace, real_now, wait};
use super::route::Messages;
use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use rumqttc::{AsyncClient, ConnectionError, Event, Incoming, MqttOptions, QoS};
use std::collections::BTreeMap;
use std::{collections::VecDeque, pin::pin, time::Duration};
use taydo_model::{AssetId, LabelName, Labels, SampleState};

/// How often the feed looks for what is due.
const LOOK: Duration = Duration::from_millis(100);
/// The most that is made ready at once: with hours to catch up, memory stays flat.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Messages on their way that the broker has not acknowledged; when so many are, the next ones wait.
const IN_FLIGHT: u16 = 100;
/// Between two tries to connect.
const RECONNECT: Duration = Duration::from_secs(1);
/// How long a stopped feed waits for acknowledgements.
const FAREWELL: SignedDuration = SignedDuration::from_secs(3);

/// The field in which a station says what it is doing.
pub(super) const STATE_FIELD: &str = "st";

/// What the field holds, as environmental loggers write it.
pub(super) fn state_code(state: SampleState) -> &'static str {
    match state {
        SampleState::Calibrating => "01",
        SampleState::Fault => "02",
        SampleState::Normal | SampleState::Provisional => "00",
    }
}

/// The feed, and where it stands.
#[derive(Debug)]
pub(super) struct MessageFeed<'a> {
    devices: Vec<&'a Device>,
    /// Which source's form each device's messages have.
    forms: BTreeMap<&'a AssetId, &'a Messages>,
    broker: (String, u16),
    pace: Pace,
    delivery: Delivery,
    /// Everything up to here is in `ready`, in `unacknowledged`, or acknowledged.
    place: Timestamp,
    /// Messages that are due, in order of time; at most those of `AHEAD`.
    ready: VecDeque<(Timestamp, String, Vec<u8>)>,
    /// Times of the messages that were handed over, in order; at most as many as the client holds.
    unacknowledged: VecDeque<Timestamp>,
}

/// Why a connection was left.
enum Parting {
    Done,
    Lost(ConnectionError),
}

impl<'a> MessageFeed<'a> {
    /// # Errors
    /// When the broker's address is not HOST:PORT.
    pub(super) fn new(devices: Vec<(&'a Device, &'a Messages)>, broker: &str, pace: Pace, delivery: Delivery) -> anyhow::Result<Self> {
        let (host, port) = broker.rsplit_once(':').with_context(|| format!("{broker:?} is not a broker's HOST:PORT"))?;
        let port = port.parse().with_context(|| format!("{port:?} is not a port"))?;
        let place = pace.start();
        Ok(Self {
            forms: devices.iter().map(|(device, form)| (&device.asset.id, *form)).collect(),
            devices: devices.into_iter().map(|(device, _)| device).collect(),
            broker: (host.to_owned(), port),
            pace,
            delivery,
            place,
            ready: VecDeque::new(),
            unacknowledged: VecDeque::new(),
        })
    }

    /// Feeds until all is played or the run is stopped.
    pub(super) async fn run(mut self) {
        let mut told = false;
        loop {
            let error = match self.connection(&mut told).await {
                Parting::Done => return,
                Parting::Lost(error) => error,
            };
            if !told {
                let (host, port) = &self.broker;
                self.delivery.report.say(&format!("the broker at {host}:{port} is away ({error}); trying again until it is there"));
                told = true;
            }
            self.go_back();
            if !self.delivery.rest(RECONNECT).await {
                return;
            }
        }
    }

    /// Returns to the oldest message that may not have arrived.
    fn go_back(&mut self) {
        let oldest = self.unacknowledged.front().copied().or(self.ready.front().map(|(time, ..)| *time));
        if let Some(oldest) = oldest {
            self.place = oldest.checked_sub(SignedDuration::from_millis(1)).unwrap_or(oldest);
        }
        self.ready.clear();
        self.unacknowledged.clear();
    }

    /// Feeds over one connection. A lost one is never resumed: a new client has nothing of the old one's in its queues.
    async fn connection(&mut self, told: &mut bool) -> Parting {
        let mut options = MqttOptions::new(format!("taydo-simulate-{}", std::process::id()), &self.broker.0, self.broker.1);
        options.set_keep_alive(Duration::from_secs(15)).set_clean_session(true).set_inflight(IN_FLIGHT);
        let (client, mut events) = AsyncClient::new(options, usize::from(IN_FLIGHT));
        let mut is_connected = false;
        let mut farewell: Option<Timestamp> = None;
        loop {
            // The poll is finished before it is dropped: it may have taken a message from the queue already.
            let mut poll = pin!(events.poll());
            let event = loop {
                tokio::select! {
                    event = &mut poll => break event,
                    () = wait(LOOK) => {}
                }
                if self.delivery.stop.is_cancelled() {
                    farewell = farewell.or_else(|| real_now().checked_add(FAREWELL).ok());
                }
                let has_waited = farewell.is_some_and(|end| real_now() >= end);
                let all_told = self.unacknowledged.is_empty() && (farewell.is_some() || self.is_over());
                if all_told || has_waited || (farewell.is_some() && !is_connected) {
                    return Parting::Done;
                }
                if is_connected && farewell.is_none() {
                    self.hand_over(&client);
                }
            };
            match event {
                Ok(Event::Incoming(Incoming::ConnAck(_))) => {
                    is_connected = true;
                    if std::mem::take(told) {
                        self.delivery.report.say("the broker is back");
                    }
                }
                Ok(Event::Incoming(Incoming::PubAck(_))) => {
                    self.unacknowledged.pop_front();
                    if farewell.is_none() && self.unacknowledged.len() < usize::from(IN_FLIGHT) / 2 {
                        self.hand_over(&client);
                    }
                }
                Ok(_) => {}
                Err(error) => return Parting::Lost(error),
            }
        }
    }

    fn is_over(&self) -> bool {
        self.ready.is_empty() && self.pace.is_over(self.place)
    }

    /// Gives the client what is due, as long as it takes it.
    fn hand_over(&mut self, client: &AsyncClient) {
        if self.ready.is_empty() {
            let until = self.pace.now().min(self.place.checked_add(AHEAD).unwrap_or(Timestamp::MAX));
            if until > self.place {
                let due: Vec<_> =
                    samples(self.devices.iter().copied(), self.place, until).iter().filter_map(|sample| self.message(sample)).collect();
                self.ready.extend(due);
                self.place = until;
            }
        }
        while let Some((time, topic, body)) = self.ready.pop_front() {
            if self.unacknowledged.len() >= usize::from(IN_FLIGHT)
                || client.try_publish(&topic, QoS::AtLeastOnce, false, body.clone()).is_err()
            {
                self.ready.push_front((time, topic, body));
                return;
            }
            self.unacknowledged.push_back(time);
        }
    }

    /// The message as a device would send it: ThingsBoard's form, in the source's names and units.
    fn message(&self, sample: &Sample<'_>) -> Option<(Timestamp, String, Vec<u8>)> {
        let asset = &sample.device.asset;
        let form = self.forms.get(&asset.id)?;
        let label = |(name, value): (&str, &str)| LabelName::new(name).ok().map(|name| (name, value.to_owned()));
        let labels: Labels = [("asset", asset.id.as_str()), ("area", asset.area.as_str())].into_iter().filter_map(label).collect();
        let topic = form.topic.write(None, &labels)?;
        let mut values = serde_json::Map::new();
        for (metric, value) in &sample.values {
            if let Some(field) = form.fields.iter().find(|field| field.metric == metric.id) {
                values.insert(field.name.clone(), (value * metric.unit.factor_to(field.unit)?).into());
            }
        }
        if sample.state != SampleState::Normal {
            values.insert(STATE_FIELD.to_owned(), state_code(sample.state).into());
        }
        let body = serde_json::json!({ "ts": sample.time.as_millisecond(), "values": values });
        Some((sample.time, topic, body.to_string().into_bytes()))
    }
}
