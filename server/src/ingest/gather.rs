//! Gathering: the items of one submission, checked as the decoder hands them over, made into rows.
//!
//! It borrows from the body and remembers, for each source, what metric, labels and unit lead to, so that a series
//! costs its check once. It never waits and never talks to the store: series that aren't known yet are listed.

use super::{
    check::{self, Target},
    decode::{Draft, Given, Incoming, Item, Refusal, excerpt},
    registry::{Registry, SeriesKey},
};
use crate::store::{NewReject, NewSample};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};
use taydo_engine::{CaseVersion, Sample, SeriesId};
use taydo_model::{
    AreaId, Case, Definitions, DepartmentId, ErrorCode, KpiId,
    fault::ItemError,
    kpi,
    source::{Source, Way},
};

/// The first errors that an answer lists; the others are in `reject` only.
pub const MAX_LISTED_ERRORS: usize = 100;
/// Excerpts of refused items are kept up to so many bytes in one submission; after that only the reasons are.
const MAX_EXCERPTS_BYTES: usize = 4 * 1024 * 1024;
/// A source's memory of keys is emptied when it has so many times as many as the source may have series: spellings
/// that lead to the same series come and go.
const KEYS_PER_SERIES: usize = 4;

/// What a source's items lead to, by the bytes of metric, unit and labels as they were sent.
#[derive(Debug, Default)]
pub struct Memory(RwLock<HashMap<Box<[u8]>, Remembered>>);

/// What one key leads to.
#[derive(Debug, Clone)]
struct Remembered {
    target: Arc<Target>,
    /// The series without and with the register's area; the second is for times at which the asset is in service.
    series: [Option<SeriesId>; 2],
}

/// What has been gathered.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Observations. A negative series is the place, from −1 downward, of one in `fresh`.
    pub samples: Vec<NewSample>,
    /// Cases.
    pub cases: Vec<CaseVersion>,
    /// Refused items.
    pub rejects: Vec<NewReject>,
    /// The first of them, for the answer.
    pub errors: Vec<ItemError>,
    /// Series that are to be made.
    pub fresh: Vec<SeriesKey>,
    /// What else is to be remembered, and for which of `fresh` or for which series.
    learned: HashMap<Box<[u8]>, Remembered>,
    /// Names that the register doesn't have, and how often each came.
    pub unknown: HashMap<Arc<str>, u64>,
    excerpts_bytes: usize,
    /// Which memory learns from it: that of the definitions by which it was checked, also when others are in force by then.
    pub(super) memory: Option<Arc<Memory>>,
}

/// Takes items while a decoder runs.
#[derive(Debug)]
pub struct Gathering<'g> {
    definitions: &'g Definitions,
    source: &'g Source,
    registry: &'g Registry,
    memory: RwLockReadGuard<'g, HashMap<Box<[u8]>, Remembered>>,
    now: Timestamp,
    /// How many more series the source may make.
    allowance: u64,
    fresh_places: HashMap<SeriesKey, SeriesId>,
    key: Vec<u8>,
    /// What stands before the excerpts of refused items: a message's topic.
    context: String,
    gathered: Gathered,
}

impl Memory {
    /// Begins to gather for the memory's source. Nobody can learn until it is finished.
    pub(super) fn gather<'g>(
        self: &'g Arc<Self>,
        definitions: &'g Definitions,
        source: &'g Source,
        registry: &'g Registry,
        now: Timestamp,
    ) -> Gathering<'g> {
        let allowance = u64::from(source.max_series).saturating_sub(registry.created(&source.id));
        Gathering {
            definitions,
            source,
            registry,
            memory: self.0.read().unwrap_or_else(PoisonError::into_inner),
            now,
            allowance,
            fresh_places: HashMap::new(),
            key: Vec::new(),
            context: String::new(),
            gathered: Gathered { memory: Some(Arc::clone(self)), ..Gathered::default() },
        }
    }

    /// Remembers what was gathered, now that the store has made the fresh series, and puts their numbers in.
    pub(super) fn learn(&self, source: &Source, gathered: &mut Gathered, fresh: &[SeriesId]) {
        let number = |id: SeriesId| place(id).map_or(Some(id), |at| fresh.get(at).copied());
        if !fresh.is_empty() {
            for row in &mut gathered.samples {
                row.sample.series = number(row.sample.series).unwrap_or(row.sample.series);
            }
        }
        if gathered.learned.is_empty() {
            return;
        }
        let mut memory = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let most = KEYS_PER_SERIES * usize::try_from(source.max_series).unwrap_or(usize::MAX).saturating_add(1);
        if memory.len() + gathered.learned.len() > most {
            memory.clear();
        }
        for (key, mut remembered) in gathered.learned.drain() {
            remembered.series = remembered.series.map(|id| id.and_then(number));
            memory.insert(key, remembered);
        }
    }
}

/// The place in the list of fresh series that a negative number stands for.
fn place(id: SeriesId) -> Option<usize> {
    usize::try_from(-1 - i64::from(id.0)).ok()
}

impl Gathering<'_> {
    /// What stands before the excerpts of refused items from here on.
    pub fn set_context(&mut self, context: &str) {
        self.context.clear();
        self.context.push_str(context);
    }

    /// Takes one item: it becomes a row, or a reject.
    pub fn take(&mut self, item: Item<'_>) {
        let Item { index, payload, content } = item;
        let outcome = content.and_then(|content| match content {
            Incoming::Observation(draft) => self.observation(&draft),
            Incoming::Case(case) => self.case(*case),
        });
        if let Err(refusal) = outcome {
            self.refuse(index, payload, refusal);
        }
    }

    /// How many rows there are so far, refused ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.gathered.len()
    }

    /// Whether nothing has been taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What has been gathered.
    #[must_use]
    pub fn finish(self) -> Gathered {
        self.gathered
    }

    /// Keeps an item as refused.
    pub fn refuse(&mut self, index: usize, payload: &[u8], refusal: Refusal) {
        let gathered = &mut self.gathered;
        let mut text = String::new();
        if gathered.excerpts_bytes < MAX_EXCERPTS_BYTES {
            text = if self.context.is_empty() {
                excerpt(payload)
            } else {
                excerpt(&[self.context.as_bytes(), b" ", payload.get(..1024).unwrap_or(payload)].concat())
            };
            gathered.excerpts_bytes += text.len();
        }
        if gathered.errors.len() < MAX_LISTED_ERRORS {
            gathered.errors.push(ItemError { item: index, code: refusal.code, message: refusal.message.clone() });
        }
        let reject = NewReject { source: self.source.id.clone(), code: refusal.code, reason: refusal.message, payload: text };
        gathered.rejects.push(reject);
    }

    fn observation(&mut self, draft: &Draft<'_>) -> Result<(), Refusal> {
        let time = draft.time.map_or_else(|| Ok(check::whole_micros(self.now)), |time| check::time(time, self.now))?;
        write_key(&mut self.key, draft);
        let known = self.memory.get(self.key.as_slice()).or_else(|| self.gathered.learned.get(self.key.as_slice()));
        let (target, enriched, series) = match known {
            Some(remembered) => {
                let enriched = remembered.target.is_enriched(time);
                let [without, with] = remembered.series;
                (Arc::clone(&remembered.target), enriched, if enriched { with } else { without })
            }
            None => {
                let target = Arc::new(Target::find(self.definitions, draft.metric, draft.labels, draft.unit)?);
                self.refuse_entered(&target)?;
                let enriched = target.is_enriched(time);
                (target, enriched, None)
            }
        };
        let ticks = target.ticks(draft.value)?;
        let series = match series {
            Some(series) => series,
            None => self.series(&target, enriched)?,
        };
        if let Some(unknown) = &target.unknown {
            *self.gathered.unknown.entry(Arc::clone(unknown)).or_default() += 1;
        }
        let sample = Sample { series, time, ticks, revision: draft.revision, state: draft.state };
        self.gathered.samples.push(NewSample { sample, value: target.metric.value(ticks) });
        Ok(())
    }

    /// A figure that a department enters comes by its form alone, where its author, its reason and its receipt are kept.
    fn refuse_entered(&self, target: &Target) -> Result<(), Refusal> {
        let kpi = KpiId::new(target.metric.id.as_str()).ok().and_then(|id| self.definitions.kpi(&id));
        if self.source.way != Way::Form && kpi.is_some_and(|kpi| matches!(kpi.from, kpi::From::Form(_))) {
            let message = format!("{} is entered by its department; send it to /api/v1/forms/entries", target.metric.id);
            return Err(Refusal::new(ErrorCode::Forbidden, message));
        }
        Ok(())
    }

    /// A series that the memory doesn't have: known to the registry, asked for already, or to be made.
    fn series(&mut self, target: &Arc<Target>, enriched: bool) -> Result<SeriesId, Refusal> {
        let key = (target.metric.id.clone(), target.labels(enriched));
        let series = match self.registry.id(&key).or_else(|| self.fresh_places.get(&key).copied()) {
            Some(series) => series,
            None => self.fresh(key)?,
        };
        // The memory can't be written now, so what it has under this key is taken over and completed.
        let known = self.memory.get(self.key.as_slice()).map_or([None, None], |remembered| remembered.series);
        let learned = self.gathered.learned.entry(self.key.as_slice().into());
        let learned = learned.or_insert_with(|| Remembered { target: Arc::clone(target), series: known });
        let [without, with] = &mut learned.series;
        *(if enriched { with } else { without }) = Some(series);
        Ok(series)
    }

    fn fresh(&mut self, key: SeriesKey) -> Result<SeriesId, Refusal> {
        let fresh = &mut self.gathered.fresh;
        if fresh.len() as u64 >= self.allowance {
            let message = format!(
                "source {} may make {} series, and this would be one more; raise its max_series or mend its labels",
                self.source.id, self.source.max_series
            );
            return Err(Refusal::new(ErrorCode::TooManySeries, message));
        }
        let place = i32::try_from(fresh.len()).map_or(SeriesId(i32::MIN), |at| SeriesId(-1 - at));
        fresh.push(key.clone());
        self.fresh_places.insert(key, place);
        Ok(place)
    }

    fn case(&mut self, case: Case) -> Result<(), Refusal> {
        let version = check::case(self.definitions, &self.source.id, case, self.now)?;
        let city = &self.definitions.city;
        let area = version.case.area.as_ref().filter(|id| !city.areas.iter().any(|area| area.id == **id));
        let department = version.case.department.as_ref().filter(|id| !city.departments.iter().any(|one| one.id == **id));
        let names = [area.map(AreaId::as_str).map(|id| ("area", id)), department.map(DepartmentId::as_str).map(|id| ("department", id))];
        for (noun, id) in names.into_iter().flatten() {
            *self.gathered.unknown.entry(format!("{noun} {id}").into()).or_default() += 1;
        }
        self.gathered.cases.push(version);
        Ok(())
    }
}

impl Gathered {
    /// Cases that are checked already.
    #[must_use]
    pub fn of_cases(cases: &[CaseVersion]) -> Self {
        Self { cases: cases.to_vec(), ..Self::default() }
    }

    /// How many rows there are, refused ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.len() + self.cases.len() + self.rejects.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Everything that a draft's series and factor depend on, so that equal bytes mean equal targets: each text with its length.
fn write_key(key: &mut Vec<u8>, draft: &Draft<'_>) {
    key.clear();
    let mut push = |text: &str| {
        // No text that passes the check is longer than 64 KiB; a longer one is told apart by not being found.
        key.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        key.extend_from_slice(text.as_bytes());
    };
    push(match draft.unit {
        Given::Metrics => "",
        Given::Unit(unit) => unit.code(),
        Given::Code(code) => code,
    });
    push(draft.metric);
    for (name, value) in draft.labels {
        push(name);
        push(value);
    }
}

#[cfg(test)]
mod tests;
