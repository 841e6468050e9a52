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
    /// Which courses it is for: those of before a jump in time are gone.
    round: u32,
}

/// The panels to wake: each once, however many of its figures have changed.
#[derive(Debug, Default, PartialEq)]
pub struct Woken(pub HashSet<PanelId>);

/// Histories fetched at the same time; the others wait their turn.
const MOST_FETCHES: usize = 4;
/// After a history could not be fetched it is asked for again this much later, in milliseconds.
const FETCH_AGAIN_MS: f64 = 5_000.0;

/// All that is known of one figure.
#[derive(Debug, Default)]
struct Entry {
    reading: Option<Reading>,
    /// Its recorded readings, while a panel wants them.
    course: Option<Course>,
    /// The topics that have brought it; a handful.
    topics: Vec<Topic>,
    /// Who is woken when it changes.
    panels: Vec<PanelId>,
}

impl Entry {
    fn is_idle(&self) -> bool {
        self.reading.is_none() && self.course.is_none() && self.panels.is_empty()
    }
}

/// Readings, courses and who wants them.
#[derive(Debug, Default)]
pub struct Store {
    entries: HashMap<Key, Entry>,
    /// The panels on the page; some dozens.
    panels: Vec<(PanelId, Vec<Interest>)>,
    last_panel: u64,
    round: u32,
}

impl Store {
    /// Takes a panel in; from now on it is among those that are woken.
    pub fn subscribe(&mut self, interests: Vec<Interest>) -> PanelId {
        self.last_panel += 1;
        let panel = PanelId(self.last_panel);
        for interest in &interests {
            match interest {
                Interest::Figure(key) => self.entry(key).panels.push(panel),
                Interest::Ranked(..) => {}
                Interest::Course(key, span_s) => {
                    let entry = self.entry(key);
                    entry.panels.push(panel);
                    entry.course.get_or_insert_default().want(*span_s);
                }
            }
        }
        self.panels.push((panel, interests));
        panel
    }

    /// Lets a panel go, and with it what nobody else wants.
    pub fn unsubscribe(&mut self, panel: PanelId) {
        self.panels.retain(|(other, _)| *other != panel);
        let panels = &self.panels;
        self.entries.retain(|key, entry| {
            entry.panels.retain(|other| *other != panel);
            let is_wanted = |interest: &Interest| matches!(interest, Interest::Course(other, _) if other == key);
            if !panels.iter().flat_map(|(_, interests)| interests).any(is_wanted) {
                entry.course = None;
            }
            !entry.is_idle()
        });
    }

    /// The newest reading of a figure.
    #[must_use]
    pub fn reading(&self, key: &Key) -> Option<&Reading> {
        self.entries.get(key)?.reading.as_ref()
    }

    /// The newest readings of a dimension's scopes, in no order.
    pub fn ranked(&self, kpi: &KpiId, by: Dimension) -> impl Iterator<Item = &Reading> {
        let readings = self.entries.values().filter_map(|entry| entry.reading.as_ref());
        readings.filter(move |reading| reading.kpi == *kpi && reading.scope.dimension() == Some(by))
    }

    /// The recorded readings of a figure, as far as they are here.
    #[must_use]
    pub fn course(&self, key: &Key) -> Option<&Course> {
        self.entries.get(key)?.course.as_ref()
    }

    /// A snapshot: replaces what the topic has brought. Returns the panels to wake. Courses may lack what was recorded
    /// before it, so they are fetched anew.
    pub fn snapshot(&mut self, topic: &Topic, readings: Vec<Reading>) -> Woken {
        let mut woken = Woken::default();
        let mut gone = self.leave(|other| other == topic);
        gone.retain(|key| !readings.iter().any(|reading| reading.kpi == key.kpi && reading.scope == key.scope));
        for reading in readings {
            let key = key_of(&reading);
            if let Some(course) = self.entries.get_mut(&key).and_then(|entry| entry.course.as_mut()) {
                course.fetch_anew();
            }
            self.take(topic, key, reading, &mut woken);
        }
        self.drop_unbrought(&gone, &mut woken);
        woken
    }

    /// An update. Returns the panels to wake.
    pub fn update(&mut self, topic: &Topic, live: Vec<Reading>, recorded: Vec<Reading>) -> Woken {
        let mut woken = Woken::default();
        for reading in live {
            self.take(topic, key_of(&reading), reading, &mut woken);
        }
        for reading in recorded {
            let key = key_of(&reading);
            if let Some(course) = self.entries.get_mut(&key).and_then(|entry| entry.course.as_mut()) {
                course.put(Point { time: reading.time, value: reading.value, quality: reading.quality });
                self.wake(&key, &mut woken);
            }
        }
        woken
    }

    /// Topics that are no longer followed take their figures with them.
    pub fn keep_topics(&mut self, kept: &[Topic]) {
        let gone = self.leave(|topic| !kept.contains(topic));
        self.drop_unbrought(&gone, &mut Woken::default());
    }

    /// Time has jumped: no course goes on where it was, and answers that are under way are for another time.
    pub fn jump(&mut self) {
        self.round += 1;
        for course in self.entries.values_mut().filter_map(|entry| entry.course.as_mut()) {
            course.begin_anew();
        }
    }

    /// The next history to fetch, if one is due; it counts as under way until `fetched`. At most a few are at once.
    pub fn next_order(&mut self, now: Timestamp, now_ms: f64) -> Option<Order> {
        let courses = self.entries.values().filter_map(|entry| entry.course.as_ref());
        if courses.filter(|course| course.is_under_way()).count() >= MOST_FETCHES {
            return None;
        }
        let mut courses = self.entries.iter_mut().filter_map(|(key, entry)| Some((key, entry.course.as_mut()?)));
        let (key, course) = courses.find(|(_, course)| course.is_due(now_ms))?;
        course.under_way();
        let from = Timestamp::from_second(now.as_second() - i64::from(course.span_s())).unwrap_or(Timestamp::UNIX_EPOCH);
        Some(Order { key: key.clone(), from, to: now, round: self.round })
    }

    /// An order's result; `None` where it could not be had, which is tried again later. Returns the panels to wake.
    pub fn fetched(&mut self, order: &Order, points: Option<Vec<Point>>, now_ms: f64) -> Woken {
        let mut woken = Woken::default();
        if order.round != self.round {
            return woken;
        }
        if let Some(course) = self.entries.get_mut(&order.key).and_then(|entry| entry.course.as_mut()) {
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
        for course in self.entries.values_mut().filter_map(|entry| entry.course.as_mut()) {
            course.prune(now);
        }
    }

    fn entry(&mut self, key: &Key) -> &mut Entry {
        self.entries.entry(key.clone()).or_default()
    }

    /// Lets topics go from all figures; returns the figures that they had brought.
    fn leave(&mut self, is_gone: impl Fn(&Topic) -> bool) -> Vec<Key> {
        let mut left = Vec::new();
        for (key, entry) in &mut self.entries {
            let before = entry.topics.len();
            entry.topics.retain(|topic| !is_gone(topic));
            if entry.topics.len() < before {
                left.push(key.clone());
            }
        }
        left
    }

    /// Drops the readings of those figures that no topic brings any more.
    fn drop_unbrought(&mut self, keys: &[Key], woken: &mut Woken) {
        for key in keys {
            let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.topics.is_empty()) else { continue };
            entry.reading = None;
            self.wake(key, woken);
        }
        self.entries.retain(|_, entry| !entry.is_idle());
    }

    fn take(&mut self, topic: &Topic, key: Key, reading: Reading, woken: &mut Woken) {
        let entry = self.entries.entry(key.clone()).or_default();
        if !entry.topics.contains(topic) {
            entry.topics.push(topic.clone());
        }
        if entry.reading.as_ref() != Some(&reading) {
            entry.reading = Some(reading);
            self.wake(&key, woken);
        }
    }

    fn wake(&self, key: &Key, woken: &mut Woken) {
        if let Some(entry) = self.entries.get(key) {
            woken.0.extend(&entry.panels);
        }
        let Some(by) = key.scope.dimension() else { return };
        let is_for = |interest: &Interest| matches!(interest, Interest::Ranked(kpi, of) if *of == by && *kpi == key.kpi);
        woken.0.extend(self.panels.iter().filter(|(_, interests)| interests.iter().any(is_for)).map(|(panel, _)| *panel));
    }
}

fn key_of(reading: &Reading) -> Key {
    Key { kpi: reading.kpi.clone(), scope: reading.scope.clone() }
}

#[cfg(test)]
mod tests;
