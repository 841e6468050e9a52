//! Which series there are: in memory, in front of the store, with each source's allowance.
//!
//! It holds every series of the store and grows only through [`Registry::learn`], after the store has made one. It never
//! makes a number itself, and never forgets one.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};
use taydo_engine::{Series, SeriesId};
use taydo_model::{Labels, MetricId, SourceId};

/// What names a series.
pub(super) type SeriesKey = (MetricId, Labels);

/// All series that are known.
#[derive(Debug)]
pub(super) struct Registry {
    state: RwLock<State>,
    /// Series up to this number were there at the start, so the engine has read them from the store itself.
    old: SeriesId,
}

#[derive(Debug, Default)]
struct State {
    ids: HashMap<SeriesKey, SeriesId>,
    /// Series made since the start.
    young: HashMap<SeriesId, SeriesKey>,
    created: HashMap<SourceId, u64>,
}

impl Registry {
    /// A registry that knows these series, each with the source that made it.
    #[must_use]
    pub(super) fn new(series: Vec<(SourceId, Series)>) -> Self {
        let mut state = State::default();
        let mut old = SeriesId(0);
        for (source, Series { id, metric, labels }) in series {
            old = old.max(id);
            *state.created.entry(source).or_default() += 1;
            state.ids.insert((metric, labels), id);
        }
        Self { state: RwLock::new(state), old }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The series' number, where it is known.
    #[must_use]
    pub(super) fn id(&self, key: &SeriesKey) -> Option<SeriesId> {
        self.read().ids.get(key).copied()
    }

    /// How many series a source has created.
    #[must_use]
    pub(super) fn created(&self, source: &SourceId) -> u64 {
        self.read().created.get(source).copied().unwrap_or_default()
    }

    /// Takes in what the store has made for a source. What is known already counts for nobody.
    pub(super) fn learn(&self, source: &SourceId, keys: Vec<SeriesKey>, ids: &[SeriesId]) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut created = 0;
        for (key, id) in keys.into_iter().zip(ids) {
            if state.ids.insert(key.clone(), *id).is_none() {
                created += 1;
                state.young.insert(*id, key);
            }
        }
        *state.created.entry(source.clone()).or_default() += created;
    }

    /// The series, if it was made since the start: then the engine may have to be told.
    #[must_use]
    pub(super) fn young(&self, id: SeriesId) -> Option<Series> {
        if id <= self.old {
            return None;
        }
        self.read().young.get(&id).map(|(metric, labels)| Series { id, metric: metric.clone(), labels: labels.clone() })
    }

    /// Whether the series was there at the start; then nobody has to be told of it.
    #[must_use]
    pub(super) fn is_old(&self, id: SeriesId) -> bool {
        id <= self.old
    }
}
