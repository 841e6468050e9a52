//! How each feed is: what came, what was refused, what is wrong with its way in, and assets that nobody registered.
//!
//! It counts and remembers since the server's start; it never decides whether an item is taken, and never waits.

use jiff::Timestamp;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use taydo_model::{
    Definitions, SourceId,
    api::{FeedState, SourceHealth, UnknownAsset},
    source::{Source, Way},
};

/// The most unknown assets that are remembered, of all sources; later ones are stored but not listed.
pub const MAX_UNKNOWN_ASSETS: usize = 1000;

/// Counts of one second, for the rate of the last minute.
const SECONDS: usize = 60;

/// What is known of all feeds.
#[derive(Debug, Default)]
pub struct Health {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    feeds: HashMap<SourceId, Feed>,
    unknown: BTreeMap<(SourceId, String), u64>,
}

#[derive(Debug)]
struct Feed {
    last_seen: Option<Timestamp>,
    accepted: u64,
    rejected: u64,
    series: u64,
    /// Items taken in each of the last sixty seconds, by the second's remainder, with the second that the count is of.
    recent: [(i64, u64); SECONDS],
    /// What is wrong, in words, and until when that is told; the first is shown.
    problems: Vec<(Problem, String, Timestamp)>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { last_seen: None, accepted: 0, rejected: 0, series: 0, recent: [(i64::MIN, 0); SECONDS], problems: Vec::new() }
    }
}

/// What can be wrong with a way in. In order of how much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// The broker can't be reached.
    Connection,
    /// The broker refused the subscription.
    Subscription,
    /// What arrives can't be made durable now.
    Store,
    /// The broker lost the session, and with it what it had kept for us.
    Session,
    /// The broker dropped messages.
    Dropped,
}

impl Health {
    /// `series` says how many series each source has created so far.
    #[must_use]
    pub fn new(series: HashMap<SourceId, u64>) -> Self {
        let feeds = series.into_iter().map(|(source, series)| (source, Feed { series, ..Feed::default() })).collect();
        Self { state: Mutex::new(State { feeds, unknown: BTreeMap::new() }) }
    }

    /// Forgets which names were unknown: the register has changed.
    pub fn forget_unknown(&self) {
        self.state().unknown.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is counters only; one that was left in the middle of a panic is still the best there is.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A submission of a source was answered.
    pub fn taken(&self, source: &SourceId, accepted: u64, rejected: u64, now: Timestamp) {
        let mut state = self.state();
        let feed = state.feeds.entry(source.clone()).or_default();
        feed.accepted += accepted;
        feed.rejected += rejected;
        feed.last_seen = feed.last_seen.max(Some(now));
        let second = now.as_second();
        if let Some(slot) = usize::try_from(second.rem_euclid(60)).ok().and_then(|at| feed.recent.get_mut(at)) {
            *slot = (second, if slot.0 == second { slot.1 + accepted } else { accepted });
        }
    }

    /// A source has created so many series by now.
    pub fn series(&self, source: &SourceId, series: u64) {
        self.state().feeds.entry(source.clone()).or_default().series = series;
    }

    /// Observations named an asset (or cases an area or department) that the register doesn't have. When the table is
    /// full a name that is new to it is not listed; what named it is stored all the same.
    pub fn unknown(&self, source: &SourceId, name: &str, observations: u64) {
        let mut state = self.state();
        let full = state.unknown.len() >= MAX_UNKNOWN_ASSETS;
        let key = (source.clone(), name.to_owned());
        match state.unknown.get_mut(&key) {
            Some(count) => *count += observations,
            None if full => {}
            None => {
                state.unknown.insert(key, observations);
            }
        }
    }

    /// Something is wrong with a source's way in until it is cleared.
    pub fn raise(&self, source: &SourceId, problem: Problem, text: String) {
        self.raise_until(source, problem, text, Timestamp::MAX);
    }

    /// Something went wrong with a source's way in, and is told until then.
    pub fn raise_until(&self, source: &SourceId, problem: Problem, text: String, until: Timestamp) {
        let mut state = self.state();
        let problems = &mut state.feeds.entry(source.clone()).or_default().problems;
        problems.retain(|(have, ..)| *have != problem);
        problems.push((problem, text, until));
        problems.sort_by_key(|(problem, ..)| *problem);
    }

    /// It is right again.
    pub fn clear(&self, source: &SourceId, problem: Problem) {
        if let Some(feed) = self.state().feeds.get_mut(source) {
            feed.problems.retain(|(have, ..)| *have != problem);
        }
    }

    /// When something last came of each source since the server's start.
    #[must_use]
    pub fn last_seen(&self) -> BTreeMap<SourceId, Timestamp> {
        self.state().feeds.iter().filter_map(|(source, feed)| Some((source.clone(), feed.last_seen?))).collect()
    }

    /// Whether the broker can't be reached now.
    #[must_use]
    pub fn is_broker_lost(&self, definitions: &Definitions) -> bool {
        let state = self.state();
        let is_lost = |feed: &Feed| feed.problems.iter().any(|(problem, ..)| *problem == Problem::Connection);
        let mut mqtt = definitions.sources.iter().filter(|source| matches!(source.way, Way::Mqtt { .. }));
        mqtt.any(|source| state.feeds.get(&source.id).is_some_and(is_lost))
    }

    /// The health of each of the definitions' sources, in their order, and the unknown assets, the most frequent first.
    #[must_use]
    pub fn snapshot(&self, definitions: &Definitions, now: Timestamp) -> (Vec<SourceHealth>, Vec<UnknownAsset>) {
        let state = self.state();
        let none = Feed::default();
        let health = |source: &Arc<Source>| {
            let feed = state.feeds.get(&source.id).unwrap_or(&none);
            let silent = feed.silent(source, now);
            // What was wrong with the broker means nothing to a source that has another way in by now.
            let is_mqtt = matches!(source.way, Way::Mqtt { .. });
            let mut current = feed.problems.iter().filter(|(problem, _, until)| now < *until && (is_mqtt || *problem == Problem::Store));
            let problem = current.next().map(|(_, text, _)| text.clone());
            SourceHealth {
                id: source.id.clone(),
                title: source.title.clone(),
                way: way(source).to_owned(),
                state: match (&problem, feed.last_seen, &silent) {
                    (Some(_), ..) => FeedState::Problem,
                    (None, None, _) => FeedState::Waiting,
                    (None, Some(_), Some(_)) => FeedState::Silent,
                    (None, Some(_), None) => FeedState::Live,
                },
                problem: problem.or(silent),
                last_seen: feed.last_seen,
                per_minute: feed.per_minute(now),
                accepted: feed.accepted,
                rejected: feed.rejected,
                series: feed.series,
                max_series: source.max_series,
            }
        };
        let mut unknown: Vec<UnknownAsset> = state
            .unknown
            .iter()
            .map(|((source, asset), count)| UnknownAsset { asset: asset.clone(), source: source.clone(), observations: *count })
            .collect();
        unknown.sort_by_key(|asset| std::cmp::Reverse(asset.observations));
        (definitions.sources.iter().map(health).collect(), unknown)
    }
}

impl Feed {
    fn per_minute(&self, now: Timestamp) -> u64 {
        let since = now.as_second() - 60;
        self.recent.iter().filter(|(second, _)| *second > since).map(|(_, count)| count).sum()
    }

    /// Since when nothing has come, where that is longer than the source may be quiet.
    fn silent(&self, source: &Source, now: Timestamp) -> Option<String> {
        let (last, silent_s) = (self.last_seen?, source.silent_s?);
        (now.duration_since(last).as_secs() >= i64::from(silent_s)).then(|| format!("nothing has come since {last}"))
    }
}

/// How a source's data arrives, in a word.
#[must_use]
pub fn way(source: &Source) -> &'static str {
    match source.way {
        Way::Mqtt { .. } => "mqtt",
        Way::Http => "http",
        Way::Line { .. } => "line",
        Way::Csv(_) => "csv",
        Way::Own => "self",
        Way::Form => "form",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::source::{Body, TopicPattern};

    #[test]
    fn a_feed_waits_lives_falls_silent_and_has_problems() {
        let id = SourceId::new("s").unwrap();
        let source = Source {
            id: id.clone(),
            title: taydo_model::Text::default(),
            owner: None,
            way: Way::Mqtt { topic: TopicPattern { levels: Vec::new() }, body: Body::Value(None) },
            max_series: 10,
            silent_s: Some(300),
            urgent: false,
            via: None,
        };
        let definitions = Definitions { sources: vec![Arc::new(source)], ..Definitions::default() };
        let at = |second: i64| Timestamp::from_second(1_000_000 + second).unwrap();
        let health = Health::new(HashMap::from([(id.clone(), 3)]));
        let one = |now| health.snapshot(&definitions, now).0.remove(0);
        assert_eq!(one(at(0)).state, FeedState::Waiting);
        health.taken(&id, 5, 1, at(0));
        health.taken(&id, 7, 0, at(30));
        let now = one(at(59));
        assert_eq!((now.state, now.per_minute, now.accepted, now.rejected, now.series), (FeedState::Live, 12, 12, 1, 3));
        assert_eq!(one(at(60)).per_minute, 7);
        assert_eq!((one(at(329)).state, one(at(330)).state), (FeedState::Live, FeedState::Silent));
        health.raise(&id, Problem::Dropped, "dropped".into());
        health.raise(&id, Problem::Connection, "lost".into());
        assert_eq!((one(at(60)).state, one(at(60)).problem.as_deref()), (FeedState::Problem, Some("lost")));
        health.clear(&id, Problem::Connection);
        assert_eq!(one(at(60)).problem.as_deref(), Some("dropped"));
        health.raise_until(&id, Problem::Session, "session".into(), at(60));
        assert_eq!(one(at(59)).problem.as_deref(), Some("session"));
        assert_eq!(one(at(60)).problem.as_deref(), Some("dropped"));
        for n in 0..MAX_UNKNOWN_ASSETS + 5 {
            health.unknown(&id, &format!("a{n}"), 1);
        }
        health.unknown(&id, "a7", 1);
        let unknown = health.snapshot(&definitions, at(0)).1;
        assert_eq!((unknown.len(), unknown[0].asset.as_str(), unknown[0].observations), (MAX_UNKNOWN_ASSETS, "a7", 2));
    }
}
