//! What the page knows: the newest reading of each KPI and scope, the courses that charts and arrows need, and which
//! panels must be woken when one changes. It lives outside Yew's state, so that a frame costs only what it changes.
//!
//! Must never draw, fetch, or keep what no panel and no topic wants: a wall runs for months.

mod course;

pub use course::Course;

use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use taydo_model::{KpiId, Reading, Scope, api::Point, kpi::Dimension, wire::Topic};

/// What names a figure.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
}

/// Names a panel that is on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PanelId(u64);

/// What a panel wants to be woken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interest {
    /// The newest reading of one figure.
    Figure(Key),
    /// The newest readings of all scopes of one dimension.
    Ranked(KpiId, Dimension),
    /// The recorded readings of one figure, this many seconds back.
    Course(Key, u32),
}

/// A piece of history that is to be fetched: the recorded readings of a figure between two moments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The figure.
    pub key: Key,
    /// From here.
    pub from: Timestamp,
    /// To here.
    pub to: Timestamp,
}

/// Histories fetched at the same time; the others wait their turn.
const MOST_FETCHES: usize = 4;
/// After a history could not be fetched it is asked for again this much later, in milliseconds.
const FETCH_AGAIN_MS: f64 = 5_000.0;

/// Readings, courses and who wants them.
#[derive(Debug, Default)]
pub struct Store {
    readings: HashMap<Key, Reading>,
    /// Which figures each topic has brought; a snapshot replaces its topic's.
    topics: HashMap<Topic, HashSet<Key>>,
    courses: HashMap<Key, Course>,
    panels: HashMap<PanelId, Vec<Interest>>,
    by_key: HashMap<Key, Vec<PanelId>>,
    by_dimension: HashMap<(KpiId, Dimension), Vec<PanelId>>,
    last_panel: u64,
}

impl Store {
    /// Takes a panel in; from now on it is among those that are woken.
    pub fn subscribe(&mut self, interests: Vec<Interest>) -> PanelId {
        self.last_panel += 1;
        let panel = PanelId(self.last_panel);
        for interest in &interests {
            match interest {
                Interest::Figure(key) => self.by_key.entry(key.clone()).or_default().push(panel),
                Interest::Ranked(kpi, by) => self.by_dimension.entry((kpi.clone(), *by)).or_default().push(panel),
                Interest::Course(key, span_s) => {
                    self.by_key.entry(key.clone()).or_default().push(panel);
                    self.courses.entry(key.clone()).or_default().want(*span_s);
                }
            }
        }
        self.panels.insert(panel, interests);
        panel
    }

    /// Lets a panel go, and with it the courses that nobody else wants.
    pub fn unsubscribe(&mut self, panel: PanelId) {
        for interest in self.panels.remove(&panel).unwrap_or_default() {
            match interest {
                Interest::Figure(key) => forget(&mut self.by_key, &key, panel),
                Interest::Ranked(kpi, by) => forget(&mut self.by_dimension, &(kpi, by), panel),
                Interest::Course(key, _) => {
                    forget(&mut self.by_key, &key, panel);
                    if !self.panels.values().flatten().any(|left| matches!(left, Interest::Course(other, _) if *other == key)) {
                        self.courses.remove(&key);
                    }
                }
            }
        }
    }

    /// The panels on the page.
    pub fn panels(&self) -> impl Iterator<Item = PanelId> {
        self.panels.keys().copied()
    }

    /// The newest reading of a figure.
    #[must_use]
    pub fn reading(&self, key: &Key) -> Option<&Reading> {
        self.readings.get(key)
    }

    /// The newest readings of a dimension's scopes, in no order.
    pub fn ranked(&self, kpi: &KpiId, by: Dimension) -> impl Iterator<Item = &Reading> {
        self.readings.values().filter(move |reading| reading.kpi == *kpi && reading.scope.dimension() == Some(by))
    }

    /// The recorded readings of a figure, as far as they are here.
    #[must_use]
    pub fn course(&self, key: &Key) -> Option<&Course> {
        self.courses.get(key)
    }

    /// A snapshot: replaces what the topic has brought. Returns the panels to wake. Courses may lack what was recorded
    /// before it, so they are fetched anew.
    pub fn snapshot(&mut self, topic: &Topic, readings: Vec<Reading>) -> HashSet<PanelId> {
        let before = self.topics.remove(topic).unwrap_or_default();
        let mut woken = HashSet::new();
        let now: HashSet<Key> = readings.iter().map(key_of).collect();
        for gone in before.difference(&now) {
            if !self.topics.values().any(|other| other.contains(gone)) && self.readings.remove(gone).is_some() {
                self.wake(gone, &mut woken);
            }
        }
        for key in &now {
            if let Some(course) = self.courses.get_mut(key) {
                course.fetch_anew();
            }
        }
        self.topics.insert(topic.clone(), now);
        for reading in readings {
            self.take(reading, &mut woken);
        }
        woken
    }

    /// An update. Returns the panels to wake.
    pub fn update(&mut self, topic: &Topic, live: Vec<Reading>, recorded: Vec<Reading>) -> HashSet<PanelId> {
        let mut woken = HashSet::new();
        for reading in live {
            self.topics.entry(topic.clone()).or_default().insert(key_of(&reading));
            self.take(reading, &mut woken);
        }
        for reading in recorded {
            let key = key_of(&reading);
            if let Some(course) = self.courses.get_mut(&key) {
                course.put(Point { time: reading.time, value: reading.value, quality: reading.quality });
                self.wake(&key, &mut woken);
            }
        }
        woken
    }

    /// Topics that are no longer followed take their figures with them.
    pub fn keep_topics(&mut self, kept: &[Topic]) {
        self.topics.retain(|topic, _| kept.contains(topic));
        let (topics, readings) = (&self.topics, &mut self.readings);
        readings.retain(|key, _| topics.values().any(|keys| keys.contains(key)));
    }

    /// The next history to fetch, if one is due; it counts as under way until `fetched`. At most a few are at once.
    pub fn next_order(&mut self, now: Timestamp, now_ms: f64) -> Option<Order> {
        if self.courses.values().filter(|course| course.is_under_way()).count() >= MOST_FETCHES {
            return None;
        }
        let (key, course) = self.courses.iter_mut().find(|(_, course)| course.is_due(now_ms))?;
        course.under_way();
        let from = Timestamp::from_second(now.as_second() - i64::from(course.span_s())).unwrap_or(Timestamp::UNIX_EPOCH);
        Some(Order { key: key.clone(), from, to: now })
    }

    /// An order's result; `None` where it could not be had, which is tried again later. Returns the panels to wake.
    pub fn fetched(&mut self, order: &Order, points: Option<Vec<Point>>, now_ms: f64) -> HashSet<PanelId> {
        let mut woken = HashSet::new();
        if let Some(course) = self.courses.get_mut(&order.key) {
            match points {
                Some(points) => course.fill(points),
                None => course.failed(now_ms + FETCH_AGAIN_MS),
            }
            self.wake(&order.key, &mut woken);
        }
        woken
    }

    /// Drops the points that no chart shows any more.
    pub fn prune(&mut self, now: Timestamp) {
        for course in self.courses.values_mut() {
            course.prune(now);
        }
    }

    fn take(&mut self, reading: Reading, woken: &mut HashSet<PanelId>) {
        let key = key_of(&reading);
        if self.readings.get(&key) != Some(&reading) {
            self.wake(&key, woken);
            self.readings.insert(key, reading);
        }
    }

    fn wake(&self, key: &Key, woken: &mut HashSet<PanelId>) {
        woken.extend(self.by_key.get(key).into_iter().flatten());
        if let Some(by) = key.scope.dimension() {
            woken.extend(self.by_dimension.get(&(key.kpi.clone(), by)).into_iter().flatten());
        }
    }
}

fn key_of(reading: &Reading) -> Key {
    Key { kpi: reading.kpi.clone(), scope: reading.scope.clone() }
}

fn forget<K: std::hash::Hash + Eq>(index: &mut HashMap<K, Vec<PanelId>>, key: &K, panel: PanelId) {
    if let Some(panels) = index.get_mut(key) {
        panels.retain(|one| *one != panel);
        if panels.is_empty() {
            index.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
