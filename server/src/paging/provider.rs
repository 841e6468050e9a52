//! Providers: which there are for each channel, and which of them is called next.
//!
//! Which is called depends on the breakers, which all servers share in the store. It must never call one itself.

use super::channel::Channel;
use super::settings::Settings;
use crate::store::outbox::{BREAKER_FAILURES, Claimed, ProviderHealth};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use taydo_model::oncall;

/// After so many attempts at one message with one provider the next one is tried first, even if the first works for others.
const ATTEMPTS_EACH: i32 = 3;

/// One configured provider.
#[derive(Debug)]
pub(super) struct Provider {
    /// Its name: in the configuration, the attempts, and its breaker.
    pub(super) name: String,
    /// How it is spoken to.
    pub(super) channel: Box<dyn Channel>,
    /// How long it may take to answer.
    pub(super) limit: Duration,
    /// Whether a failure says something about the provider: webhooks are many systems under one name.
    pub(super) has_breaker: bool,
    /// Where its canaries go.
    pub(super) canary: Option<String>,
    /// Whether it reports later that a message arrived.
    pub(super) reports_arrival: bool,
}

/// All of them, in the order in which they are tried.
#[derive(Debug, Default)]
pub(super) struct Providers(BTreeMap<oncall::Channel, Vec<Arc<Provider>>>);

/// Which provider is called.
#[derive(Debug, Clone)]
pub(super) enum Choice {
    /// This one.
    Call(Arc<Provider>),
    /// None before then; never where there is none at all.
    Wait(Option<Timestamp>),
}

impl Providers {
    /// Makes the ways to all providers.
    pub(super) fn build(settings: &Settings) -> anyhow::Result<Self> {
        let mut all: BTreeMap<oncall::Channel, Vec<Arc<Provider>>> = BTreeMap::new();
        for (channel, provider) in settings.providers()? {
            all.entry(channel).or_default().push(Arc::new(provider));
        }
        Ok(Self(all))
    }

    /// All of them, with their channels.
    pub(super) fn listed(&self) -> impl Iterator<Item = (oncall::Channel, &Arc<Provider>)> {
        self.0.iter().flat_map(|(channel, list)| list.iter().map(|provider| (*channel, provider)))
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.0.values().flatten()
    }

    /// The provider of this name, where it is still configured.
    pub(super) fn named(&self, name: &str) -> Option<&Arc<Provider>> {
        self.all().find(|provider| provider.name == name)
    }

    /// The first whose breaker is closed, and of those whose canaries arrive before the others; or else the one whose breaker has been open for longest, once that is long
    /// enough, and then only for one call at a time, which finds out whether it is well again. `probing` holds those, and gets it.
    pub(super) fn choose(
        &self,
        channel: oncall::Channel,
        message: &Claimed,
        health: &HashMap<String, ProviderHealth>,
        probing: &mut HashSet<String>,
        now: Timestamp,
    ) -> Choice {
        let Some(list) = self.0.get(&channel).filter(|list| !list.is_empty()) else { return Choice::Wait(None) };
        let first = usize::try_from(message.attempts / ATTEMPTS_EACH).unwrap_or(0).checked_rem(list.len()).unwrap_or(0);
        let mut order: Vec<&Arc<Provider>> = list.iter().cycle().skip(first).take(list.len()).collect();
        // A message in doubt goes another way the second time: whoever left the first unanswered may leave this one too.
        let is_degraded =
            |provider: &Provider| provider.canary.is_some() && health.get(&provider.name).is_some_and(|health| health.is_degraded(now));
        order.sort_by_key(|provider| (message.doubt && message.provider.as_ref() == Some(&provider.name), is_degraded(provider)));
        let mut broken: Vec<(Timestamp, &Arc<Provider>)> = Vec::new();
        let mut well = None;
        for provider in order {
            let health = health.get(&provider.name).filter(|health| provider.has_breaker && health.failures >= BREAKER_FAILURES);
            let Some(health) = health else {
                well = Some(provider);
                break;
            };
            broken.push((health.open_until.unwrap_or(now), provider));
        }
        // The one that was left alone for longest comes first, so that one that stays broken can't keep the others untried.
        broken.sort_by_key(|(until, _)| *until);
        let trial = broken.iter().find(|(until, provider)| *until <= now && probing.insert(provider.name.clone()));
        if let Some(provider) = trial.map(|(_, provider)| *provider).or(well) {
            return Choice::Call(Arc::clone(provider));
        }
        Choice::Wait(broken.first().map(|(until, _)| *until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paging::channel::{Accepted, Outgoing, Progress, SendError};
    use futures_util::future::BoxFuture;
    use taydo_model::page::PageKind;

    #[derive(Debug)]
    struct Silent;

    impl Channel for Silent {
        fn send<'a>(&'a self, _: &'a Outgoing, _: &'a Progress) -> BoxFuture<'a, Result<Accepted, SendError>> {
            Box::pin(std::future::pending())
        }
    }

    fn provider(name: &str) -> Arc<Provider> {
        let (limit, canary) = (Duration::from_secs(1), Some("+84901234567".to_owned()));
        Arc::new(Provider { name: name.to_owned(), channel: Box::new(Silent), limit, has_breaker: true, canary, reports_arrival: true })
    }

    fn name(choice: Choice) -> String {
        match choice {
            Choice::Call(provider) => provider.name.clone(),
            Choice::Wait(until) => until.map_or_else(|| "never".to_owned(), |until| until.to_string()),
        }
    }

    #[test]
    fn an_open_breaker_leads_to_the_next_provider_and_lets_one_call_through_when_its_time_is_over() {
        let now: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
        let later: Timestamp = "2026-03-02T01:00:30Z".parse().unwrap();
        let providers = Providers(BTreeMap::from([(oncall::Channel::Sms, vec![provider("p1"), provider("p2")])]));
        let open = |until| ProviderHealth { failures: 3, open_until: Some(until), ..ProviderHealth::default() };
        let message = |attempts| Claimed { attempts, ..crate::paging::decision::tests::message(PageKind::Firing) };
        let mut probing = HashSet::new();
        let mut choose = |attempts, health: HashMap<String, ProviderHealth>| {
            name(providers.choose(oncall::Channel::Sms, &message(attempts), &health, &mut probing, now))
        };
        assert_eq!(choose(0, HashMap::new()), "p1");
        assert_eq!(choose(3, HashMap::new()), "p2");
        assert_eq!(choose(0, HashMap::from([("p1".to_owned(), ProviderHealth { failures: 2, ..ProviderHealth::default() })])), "p1");
        assert_eq!(choose(0, HashMap::from([("p1".to_owned(), open(later))])), "p2");
        assert_eq!(choose(0, HashMap::from([("p1".to_owned(), open(later)), ("p2".to_owned(), open(later))])), later.to_string());
        assert_eq!(choose(0, HashMap::from([("p1".to_owned(), open(now))])), "p1");
        assert_eq!(choose(0, HashMap::from([("p1".to_owned(), open(now))])), "p2");
        // Whose canaries don't arrive comes last, but before nobody.
        let silent = |minutes: i64| ProviderHealth {
            canary_waiting_since: Some(now - jiff::SignedDuration::from_mins(minutes)),
            ..ProviderHealth::default()
        };
        assert_eq!(choose(0, HashMap::from([("p1".to_owned(), silent(2))])), "p1");
        assert_eq!(choose(0, HashMap::from([("p1".to_owned(), silent(3))])), "p2");
        assert_eq!(choose(0, HashMap::from([("p1".to_owned(), silent(3)), ("p2".to_owned(), open(later))])), "p1");
        let none = HashMap::new();
        assert_eq!(name(providers.choose(oncall::Channel::Voice, &message(0), &none, &mut HashSet::new(), now)), "never");
        let in_doubt = Claimed { doubt: true, provider: Some("p1".to_owned()), ..message(1) };
        assert_eq!(name(providers.choose(oncall::Channel::Sms, &in_doubt, &none, &mut HashSet::new(), now)), "p2");
    }
}
