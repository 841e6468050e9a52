//! The senders of the ingest bench: HTTP clients and MQTT devices. Each gives up at the first refusal.

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};
use std::time::Duration;
use taydo_model::api::SourcesPage;

/// Messages that one device has on their way to the broker; when so many are, the next ones wait.
const IN_FLIGHT: u16 = 1_000;

/// Posts bodies of line protocol over so many connections, each answered before the next.
///
/// # Errors
/// When the server doesn't take a body whole.
pub async fn post_lines(server: &str, bodies: &[Bytes], connections: usize) -> anyhow::Result<()> {
    post_bodies(&format!("{server}/api/v2/write?bucket=lines&precision=ms"), bodies, connections).await
}

/// Posts bodies to an address that answers 204, over so many connections, each answered before the next.
///
/// # Errors
/// At the first other answer.
pub async fn post_bodies(url: &str, bodies: &[Bytes], connections: usize) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
    let all = (0..connections).map(|first| {
        let client = client.clone();
        async move {
            for body in bodies.iter().skip(first).step_by(connections) {
                let response = client.post(url).body(body.clone()).send().await?;
                let status = response.status();
                if status.as_u16() != 204 {
                    bail!("the server answered {status}: {}", response.text().await.unwrap_or_default());
                }
            }
            Ok(())
        }
    });
    futures_util::future::try_join_all(all).await?;
    Ok(())
}

/// Publishes messages with QoS 1 as one device, and returns when the broker has them all.
///
/// # Errors
/// When the broker goes away.
pub async fn publish(port: u16, messages: &[(String, Bytes)]) -> anyhow::Result<()> {
    let mut options = MqttOptions::new(format!("bench-{}", messages.as_ptr().addr()), "127.0.0.1", port);
    options.set_inflight(IN_FLIGHT).set_max_packet_size(1 << 20, 1 << 20).set_keep_alive(Duration::from_secs(30));
    let (client, mut events) = AsyncClient::new(options, usize::from(IN_FLIGHT));
    let sending = async {
        for (topic, body) in messages {
            client.publish_bytes(topic.as_str(), QoS::AtLeastOnce, false, body.clone()).await?;
        }
        anyhow::Ok(())
    };
    let acknowledged = async {
        let mut left = messages.len();
        while left > 0 {
            if let Event::Incoming(Incoming::PubAck(_)) = events.poll().await.context("the broker went away")? {
                left -= 1;
            }
        }
        anyhow::Ok(())
    };
    tokio::try_join!(sending, acknowledged)?;
    Ok(())
}

/// Items that a source has stored since the server's start.
///
/// # Errors
/// When the server doesn't answer, or has refused items of the source.
pub async fn accepted(server: &str, source: &str) -> anyhow::Result<u64> {
    let page: SourcesPage = reqwest::get(format!("{server}/api/v1/sources")).await?.error_for_status()?.json().await?;
    let health = page.sources.into_iter().find(|health| health.id.as_str() == source).context("the bench's city has this source")?;
    ensure!(health.rejected == 0, "{} items of {source} were refused: {:?}", health.rejected, page.rejects.first());
    Ok(health.accepted)
}
