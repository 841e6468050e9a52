//! A device: an MQTT client that publishes with QoS 1 and knows what the broker has acknowledged.

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use std::net::SocketAddr;
use std::time::Duration;

/// A connected publisher.
pub struct Device {
    client: AsyncClient,
    events: EventLoop,
    /// Messages that the broker has not acknowledged.
    open: usize,
}

impl Device {
    /// Connects.
    pub async fn connect(broker: SocketAddr, id: &str) -> Self {
        let mut options = MqttOptions::new(id, broker.ip().to_string(), broker.port());
        options.set_keep_alive(Duration::from_secs(30));
        options.set_outgoing_inflight_upper_limit(1000);
        let (client, mut events) = AsyncClient::new(options, 2000);
        loop {
            match tokio::time::timeout(Duration::from_secs(60), events.poll()).await.expect("the broker answers") {
                Ok(Event::Incoming(Packet::ConnAck(_))) => return Self { client, events, open: 0 },
                Ok(_) => {}
                Err(error) => panic!("the device can't connect: {error}"),
            }
        }
    }

    /// Publishes with QoS 1; takes acknowledgements as they come.
    pub async fn publish(&mut self, topic: &str, payload: &str) {
        while self.open >= 500 {
            self.step().await;
        }
        self.client.publish(topic, QoS::AtLeastOnce, false, payload.to_owned()).await.expect("room in the queue");
        self.open += 1;
    }

    /// Waits until the broker has acknowledged everything.
    pub async fn acknowledged(&mut self) {
        while self.open > 0 {
            self.step().await;
        }
    }

    async fn step(&mut self) {
        let event = tokio::time::timeout(Duration::from_secs(60), self.events.poll()).await.expect("the broker acknowledges");
        if let Event::Incoming(Packet::PubAck(_)) = event.expect("the connection holds") {
            self.open -= 1;
        }
    }
}
