//! Feeds: which of a city's ways in have fallen silent, and which silence explains others.
//!
//! It must never judge what came, only that nothing came.

use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use taydo_model::SourceId;
use taydo_model::source::{Source, Way};

/// The broker is told as lost when it has been so for this long: a restart of it is nobody's business.
const BROKER_GRACE: SignedDuration = SignedDuration::from_secs(60);
/// Gateways behind gateways: further than this is not looked.
const MOST_HOPS: usize = 8;

/// What can be silent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    /// The broker, with all MQTT feeds behind it.
    Broker,
    /// A source: a feed, or the one that stands for a gateway, with all that come through it.
    Source(SourceId),
}

/// What is to be made of a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// It is to be told.
    Told {
        /// Since when.
        since: Timestamp,
        /// Whether that is at any hour.
        urgent: bool,
        /// How many feeds are silent behind it.
        behind: usize,
    },
    /// It isn't to be told, for another explains it or may turn out to; but what was told of it isn't over either.
    Kept,
}

/// What has been heard.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// When something last came of each source of which anything ever came.
    pub last: BTreeMap<SourceId, Timestamp>,
    /// Since when somebody listens without a break: what wasn't listened to wasn't silent.
    pub since: Timestamp,
    /// Since when the broker is lost, while it is.
    pub broker_lost_at: Option<Timestamp>,
    /// When the broker came back for the last time.
    pub broker_back_at: Option<Timestamp>,
}

/// What is silent at `now`; what is not named is heard, or was never heard, or isn't expected.
///
/// A feed that comes through a gateway is told only when something else came through that after the feed should have: until
/// then it may be the gateway. When nothing has come for as long as the feed may be quiet, it is.
#[must_use]
pub fn silent(sources: &[Arc<Source>], heard: &Heard, now: Timestamp) -> BTreeMap<Watched, Silence> {
    let mut found = found(sources, heard, now);
    // What would be silent had somebody listened all the time has not been heard either: it isn't over.
    let all_the_time = Heard { since: Timestamp::MIN, broker_back_at: None, ..heard.clone() };
    for what in self::found(sources, &all_the_time, now).into_keys() {
        found.entry(what).or_insert(Silence::Kept);
    }
    found
}

fn found(sources: &[Arc<Source>], heard: &Heard, now: Timestamp) -> BTreeMap<Watched, Silence> {
    let city = City { sources: sources.iter().map(|source| (&source.id, source.as_ref())).collect(), heard, now };
    let mut found = BTreeMap::new();
    let mut dead: BTreeMap<&SourceId, (Timestamp, bool, usize)> = BTreeMap::new();
    for source in sources {
        let Some(since) = city.quiet_since(source) else { continue };
        let silence = match city.explanation(source, since) {
            Explanation::Itself => Silence::Told { since, urgent: source.urgent, behind: 0 },
            Explanation::Unknown => Silence::Kept,
            Explanation::Gateway(gateway, through) => {
                let (first, urgent, behind) = dead.entry(gateway).or_insert((through, false, 0));
                (*first, *urgent, *behind) = (through.min(*first), *urgent || source.urgent, *behind + 1);
                Silence::Kept
            }
        };
        found.insert(Watched::Source(source.id.clone()), silence);
    }
    for (gateway, (since, urgent, behind)) in dead {
        let urgent = urgent || city.sources.get(gateway).is_some_and(|source| source.urgent);
        found.insert(Watched::Source(gateway.clone()), Silence::Told { since, urgent, behind });
    }
    if let Some(since) = heard.broker_lost_at {
        let behind = sources.iter().filter(|source| is_of_broker(source)).count();
        let is_told = now.duration_since(since) >= BROKER_GRACE && behind > 0;
        found.insert(Watched::Broker, if is_told { Silence::Told { since, urgent: true, behind } } else { Silence::Kept });
    }
    found
}

fn is_of_broker(source: &Source) -> bool {
    matches!(source.way, Way::Mqtt { .. })
}

enum Explanation<'s> {
    Itself,
    /// Whether it is the feed or what it comes through isn't known yet.
    Unknown,
    /// Nothing comes through this one since then.
    Gateway(&'s SourceId, Timestamp),
}

struct City<'s> {
    sources: BTreeMap<&'s SourceId, &'s Source>,
    heard: &'s Heard,
    now: Timestamp,
}

impl<'s> City<'s> {
    /// Since when nothing has come of a source, where that is longer than it may be quiet.
    fn quiet_since(&self, source: &Source) -> Option<Timestamp> {
        let since = self.last(source)?;
        let silent = SignedDuration::from_secs(source.silent_s?.into());
        (self.now.duration_since(since) >= silent).then_some(since)
    }

    /// When something last came of a source, or could have come again; `None` where nothing ever came.
    fn last(&self, source: &Source) -> Option<Timestamp> {
        let last = *self.heard.last.get(&source.id)?;
        let back_at = self.heard.broker_back_at.filter(|_| is_of_broker(source));
        Some(last.max(self.heard.since).max(back_at.unwrap_or(last)))
    }

    fn explanation(&self, source: &Source, since: Timestamp) -> Explanation<'s> {
        if is_of_broker(source) && self.heard.broker_lost_at.is_some() {
            return Explanation::Unknown;
        }
        let Some(silent_s) = source.silent_s else { return Explanation::Itself };
        let silent = SignedDuration::from_secs(silent_s.into());
        let mut explanation = Explanation::Itself;
        for gateway in self.gateways(source) {
            let through = self.through(gateway);
            if self.now.duration_since(through) >= silent || self.quiet_since(gateway).is_some() {
                explanation = Explanation::Gateway(&gateway.id, through);
            } else if through < since + silent && matches!(explanation, Explanation::Itself) {
                explanation = Explanation::Unknown;
            }
        }
        explanation
    }

    /// What a source comes through, the nearest first.
    fn gateways(&self, source: &Source) -> Vec<&'s Source> {
        let mut all: Vec<&'s Source> = Vec::new();
        let mut via = source.via.as_ref();
        while let Some(gateway) = via.and_then(|id| self.sources.get(id)).filter(|_| all.len() < MOST_HOPS) {
            all.push(gateway);
            via = gateway.via.as_ref();
        }
        all
    }

    /// When something last came through a gateway, its own word included.
    fn through(&self, gateway: &Source) -> Timestamp {
        let mut behind: BTreeSet<&SourceId> = [&gateway.id].into();
        for _ in 0..MOST_HOPS {
            let more = self.sources.values().filter(|source| source.via.as_ref().is_some_and(|via| behind.contains(via)));
            let more: BTreeSet<&SourceId> = more.map(|source| &source.id).collect();
            if more.is_subset(&behind) {
                break;
            }
            behind.extend(more);
        }
        let last = behind.iter().filter_map(|id| self.sources.get(*id)).filter_map(|source| self.last(source)).max();
        last.unwrap_or(self.heard.since).max(self.heard.since)
    }
}

#[cfg(test)]
mod tests;
