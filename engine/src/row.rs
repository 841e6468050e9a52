//! A row: samples in order of time, in eight bytes each as long as they lie near each other.
//!
//! A city's samples are most of what the engine holds, so their size is what it can hold. Nothing here may know what a
//! sample means, or drop one of itself.

use crate::mark::Marks;
use std::collections::VecDeque;

/// A narrow sample's binary digits: microseconds since the row's base (19 h), ticks from the row's middle (± 2 million), marks.
const TIME_BITS: u32 = 36;
const TICKS_BITS: u32 = 22;
const MARKS_BITS: u32 = 6;
/// How far before the oldest sample a row's base is put, for late ones.
const SLACK: i64 = 1 << (TIME_BITS - 2);

/// A sample in 16 bytes: ticks have 54 binary digits at most, sign included, so marks fit beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) time: i64,
    packed: i64,
}

impl Entry {
    pub(crate) fn new(time: i64, ticks: i64, marks: Marks) -> Self {
        Self { time, packed: (ticks << 8) | i64::from(marks.bits()) }
    }

    pub(crate) fn ticks(&self) -> i64 {
        self.packed >> 8
    }

    pub(crate) fn marks(&self) -> Marks {
        let [bits, ..] = self.packed.to_le_bytes();
        Marks::from_bits(bits)
    }
}

/// Where a row's narrow samples are counted from.
#[derive(Debug, Clone, Copy, Default)]
struct Base {
    time: i64,
    ticks: i64,
}

impl Base {
    /// The base from which the newest samples to come fit longest, given the oldest one's time and the ticks' bounds.
    fn of(oldest: i64, (least, most): (i64, i64)) -> Self {
        Self { time: oldest - SLACK, ticks: least + (most - least) / 2 - (1 << (TICKS_BITS - 1)) }
    }

    /// `None` when it doesn't fit.
    fn pack(self, entry: &Entry) -> Option<u64> {
        let digits = |number: i64, bits: u32| u64::try_from(number).ok().filter(|number| *number < 1 << bits);
        let marks = digits(i64::from(entry.marks().bits()), MARKS_BITS)?;
        let (time, ticks) = (digits(entry.time - self.time, TIME_BITS)?, digits(entry.ticks() - self.ticks, TICKS_BITS)?);
        Some((time << (TICKS_BITS + MARKS_BITS)) | (ticks << MARKS_BITS) | marks)
    }

    fn unpack(self, packed: u64) -> Entry {
        let ticks = (packed >> MARKS_BITS) & ((1 << TICKS_BITS) - 1);
        let [marks, ..] = (packed & ((1 << MARKS_BITS) - 1)).to_le_bytes();
        Entry::new(self.time_of(packed), self.ticks + ticks.cast_signed(), Marks::from_bits(marks))
    }

    fn time_of(self, packed: u64) -> i64 {
        self.time + (packed >> (TICKS_BITS + MARKS_BITS)).cast_signed()
    }
}

#[derive(Debug)]
enum Entries {
    Narrow(Base, VecDeque<u64>),
    Wide(VecDeque<Entry>),
}

/// Samples in order of time, by their places in it.
#[derive(Debug)]
pub(crate) struct Row {
    /// The newest one's time, so that to add one needn't look at the others.
    newest: Option<i64>,
    entries: Entries,
}

impl Default for Row {
    fn default() -> Self {
        Self { newest: None, entries: Entries::Narrow(Base::default(), VecDeque::new()) }
    }
}

impl Row {
    pub(crate) fn len(&self) -> usize {
        match &self.entries {
            Entries::Narrow(_, entries) => entries.len(),
            Entries::Wide(entries) => entries.len(),
        }
    }

    /// Whether the next one needs more room.
    pub(crate) fn is_full(&self) -> bool {
        match &self.entries {
            Entries::Narrow(_, entries) => entries.len() == entries.capacity(),
            Entries::Wide(entries) => entries.len() == entries.capacity(),
        }
    }

    pub(crate) fn newest(&self) -> Option<i64> {
        self.newest
    }

    pub(crate) fn get(&self, at: usize) -> Option<Entry> {
        match &self.entries {
            Entries::Narrow(base, entries) => entries.get(at).map(|packed| base.unpack(*packed)),
            Entries::Wide(entries) => entries.get(at).copied(),
        }
    }

    /// Those between two places, as far as there are any.
    pub(crate) fn range(&self, begin: usize, end: usize) -> impl DoubleEndedIterator<Item = Entry> {
        (begin..end.min(self.len())).filter_map(|at| self.get(at))
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = Entry> {
        self.range(0, self.len())
    }

    /// How many are of the moment or before.
    pub(crate) fn count_until(&self, moment: i64) -> usize {
        match &self.entries {
            _ if self.newest.is_some_and(|newest| newest <= moment) => self.len(),
            Entries::Narrow(base, entries) => partition_point(entries, |packed| base.time_of(*packed) <= moment),
            Entries::Wide(entries) => partition_point(entries, |entry| entry.time <= moment),
        }
    }

    /// The place of the sample of this time, or where it would be.
    pub(crate) fn find(&self, time: i64) -> Result<usize, usize> {
        let after = self.count_until(time);
        match after.checked_sub(1).filter(|at| self.get(*at).is_some_and(|entry| entry.time == time)) {
            Some(at) => Ok(at),
            None => Err(after),
        }
    }

    /// Puts a sample in the place of one of the same time.
    pub(crate) fn set(&mut self, at: usize, entry: Entry) {
        self.fit(&entry);
        match &mut self.entries {
            Entries::Narrow(base, entries) => {
                if let (Some(slot), Some(packed)) = (entries.get_mut(at), base.pack(&entry)) {
                    *slot = packed;
                }
            }
            Entries::Wide(entries) => {
                if let Some(slot) = entries.get_mut(at) {
                    *slot = entry;
                }
            }
        }
    }

    /// Puts a sample between those before the place and those from it on.
    pub(crate) fn insert(&mut self, at: usize, entry: Entry) {
        self.fit(&entry);
        match &mut self.entries {
            Entries::Narrow(base, entries) => {
                if let Some(packed) = base.pack(&entry) {
                    make_room(entries, 1);
                    entries.insert(at.min(entries.len()), packed);
                }
            }
            Entries::Wide(entries) => {
                make_room(entries, 1);
                entries.insert(at.min(entries.len()), entry);
            }
        }
        self.newest = self.newest.max(Some(entry.time));
    }

    /// Takes away so many of the oldest.
    pub(crate) fn remove_oldest(&mut self, count: usize) {
        let count = count.min(self.len());
        match &mut self.entries {
            Entries::Narrow(_, entries) => drop(entries.drain(..count)),
            Entries::Wide(entries) => drop(entries.drain(..count)),
        }
        if self.len() == 0 {
            *self = Self::default();
        }
    }

    /// Takes away those of the moment or before, given that there are few or none, and makes room for as many as will come
    /// until that is worth doing again.
    pub(crate) fn forget(&mut self, moment: i64) {
        let count = self.iter().take_while(|entry| entry.time <= moment).count();
        self.remove_oldest(count);
        // A row that is nearly full would have to forget again with the next sample.
        let left = self.len() / 16 + 1;
        match &mut self.entries {
            Entries::Narrow(_, entries) => make_room(entries, left),
            Entries::Wide(entries) => make_room(entries, left),
        }
    }

    /// Lets the sample fit among the others: from another base, or all of them wide.
    fn fit(&mut self, entry: &Entry) {
        match &self.entries {
            Entries::Narrow(base, _) if base.pack(entry).is_some() => return,
            Entries::Wide(_) => return,
            Entries::Narrow(..) => {}
        }
        let all = || self.iter().chain([*entry]);
        let oldest = all().map(|entry| entry.time).min().unwrap_or(entry.time);
        let bounds = all().fold((entry.ticks(), entry.ticks()), |(least, most), entry| (least.min(entry.ticks()), most.max(entry.ticks())));
        let base = Base::of(oldest, bounds);
        let narrow: Option<VecDeque<u64>> = self.iter().map(|entry| base.pack(&entry)).collect();
        self.entries = match narrow.filter(|_| base.pack(entry).is_some()) {
            Some(narrow) => Entries::Narrow(base, narrow),
            None => Entries::Wide(self.iter().collect()),
        };
    }
}

/// How many of the first are `before`, given that those are all in front of the others. Looked for from the end on, in steps that
/// double: what is asked for mostly lies near the newest, and a search by halves would fetch memory from all over the row.
fn partition_point<T>(entries: &VecDeque<T>, before: impl Fn(&T) -> bool) -> usize {
    let is_before = |at: usize| entries.get(at).is_some_and(&before);
    let mut end = entries.len();
    let mut step = 1;
    let mut begin = loop {
        let Some(at) = end.checked_sub(step) else { break 0 };
        if is_before(at) {
            break at + 1;
        }
        (end, step) = (at, step * 2);
    };
    while begin < end {
        let middle = begin.midpoint(end);
        match is_before(middle) {
            true => begin = middle + 1,
            false => end = middle,
        }
    }
    begin
}

/// Makes room where less than this is left. Rows grow by little: what they hold stays about the same once their windows are
/// full.
fn make_room<T>(entries: &mut VecDeque<T>, left: usize) {
    if entries.capacity() - entries.len() < left {
        entries.reserve_exact((entries.len() / 8).max(4));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_row_gives_what_was_put_into_it(
            steps in proptest::collection::vec((0i64..400, prop_oneof![-5i64..5, -3_000_000i64..3_000_000, Just(1 << 53), Just(-(1 << 53))], 0u8..128, 0usize..6), 1..80),
            step in prop_oneof![Just(1i64), Just(1_000_000_000), Just(1 << 36)],
        ) {
            let mut row = Row::default();
            let mut plain: Vec<Entry> = Vec::new();
            for (time, ticks, marks, removed) in steps {
                let entry = Entry::new(time * step, ticks, Marks::from_bits(marks));
                match (row.find(entry.time), plain.binary_search_by_key(&entry.time, |entry| entry.time)) {
                    (Ok(at), Ok(plain_at)) => {
                        prop_assert_eq!(at, plain_at);
                        row.set(at, entry);
                        plain[at] = entry;
                    }
                    (Err(at), Err(plain_at)) => {
                        prop_assert_eq!(at, plain_at);
                        row.insert(at, entry);
                        plain.insert(at, entry);
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
                if removed == 0 {
                    let count = plain.len() / 2;
                    row.remove_oldest(count);
                    plain.drain(..count);
                }
                prop_assert_eq!(row.iter().collect::<Vec<_>>(), plain.clone());
                prop_assert_eq!(row.newest(), plain.last().map(|entry| entry.time));
                prop_assert_eq!(row.count_until(200 * step), plain.iter().filter(|entry| entry.time <= 200 * step).count());
            }
        }
    }

    #[test]
    fn samples_near_each_other_are_narrow() {
        let mut row = Row::default();
        for second in 0..3600 {
            row.insert(row.len(), Entry::new(1_800_000_000_000_000 + second * 1_000_000, 50_000_000 + 500 * second, Marks::FROZEN));
        }
        assert!(matches!(row.entries, Entries::Narrow(..)));
    }
}
