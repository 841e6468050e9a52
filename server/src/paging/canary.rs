//! Canaries: a message through each provider that has an address for it, every five minutes. One that doesn't come back within
//! three marks its provider degraded, until one does.
//!
//! It must never go through the outbox: a canary says how one provider does, and is nobody's page.

use super::channel::{Outgoing, Progress};
use super::provider::{Provider, Providers};
use super::text::Texts;
use crate::clock::Clock;
use crate::store::outbox::CANARY_LIMIT;
use crate::store::{Store, StoreError};
use futures_util::future::join_all;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// How often is looked whether one is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Sends canaries until it is dropped.
pub(super) async fn run(store: Store, clock: Clock, providers: Arc<Providers>) {
    loop {
        join_all(providers.all().filter_map(|provider| Some(look(&store, &clock, provider, provider.canary.as_deref()?)))).await;
        clock.sleep(LOOK_EVERY).await;
    }
}

async fn look(store: &Store, clock: &Clock, provider: &Provider, address: &str) {
    if let Err(error) = send(store, clock, provider, address).await {
        tracing::debug!(error = &error as &dyn std::error::Error, provider = provider.name, "a canary can't be written down now");
    }
}

async fn send(store: &Store, clock: &Clock, provider: &Provider, address: &str) -> Result<(), StoreError> {
    let now = clock.now();
    let Some(reference) = store.begin_canary(&provider.name, now).await? else { return Ok(()) };
    if let Some(health) = store.provider_health().await?.get(&provider.name)
        && health.is_degraded(now)
    {
        tracing::warn!(
            provider = provider.name,
            limit_s = CANARY_LIMIT.as_secs(),
            "no canary has arrived for so long; the provider is used last"
        );
    }
    let message = Outgoing { reference: reference.clone(), address: address.to_owned(), texts: texts(now, &reference), picture: None, now };
    let progress = Progress::default();
    match clock.timeout(provider.limit, provider.channel.send(&message, &progress)).await {
        Ok(Ok(accepted)) => {
            let theirs = accepted.provider_reference.as_deref();
            store.accept_canary(&provider.name, &reference, theirs, !provider.reports_arrival, clock.now()).await
        }
        Ok(Err(error)) => {
            tracing::info!(provider = provider.name, %error, "a canary was not taken");
            Ok(())
        }
        Err(_) => {
            tracing::info!(provider = provider.name, "a canary was not answered in time");
            Ok(())
        }
    }
}

/// What a canary says, to whoever reads it by chance.
fn texts(now: Timestamp, reference: &str) -> Texts {
    let text = format!("Tay Do: tin thu tu dong, khong can tra loi (automatic test, no answer needed) {}", now.strftime("%H:%M:%S"));
    let json = serde_json::json!({ "kind": "canary", "reference": reference }).to_string();
    Texts { subject: text.clone(), html: format!("<p>{text}</p>"), sms: text.clone(), voice: text.clone(), json, text }
}
