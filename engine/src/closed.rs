//! Closed panes: what a long window remembers of the time in which no sample is corrected any more, so that neither the
//! engine nor a restart needs the samples.
//!
//! A stretch is closed for all scopes of a KPI at once, and its panes are stored together, so that a stored row says by
//! itself that nothing is missing in it. It must never look at samples.

use crate::fold::Fold;
use crate::moment::{ALWAYS, HOUR, NEVER, step_ceil, step_floor};
use crate::range::Ranges;
use crate::span::Cut;
use crate::window::number;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, VecDeque};
use taydo_model::{Kpi, Metric, Scope};

/// Changes with the shape of [`Content`] and with what a fold means: rows of another number are not read.
const FORMAT: u32 = 1;
const DAY: i64 = 24 * HOUR;
/// The panes of one of the calendar's periods that are older than this are put together in memory: no window parts them.
const APART: i64 = 2 * DAY;

/// Whose samples a cell holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Owner {
    Scope(Scope),
    Series(i32),
}

/// A stretch as it is stored.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The cells that hold anything.
    pub(crate) cells: Vec<(Owner, Fold)>,
    /// The series that reported, by their numbers in the store.
    pub(crate) reported: Vec<i32>,
}

impl Content {
    /// Its bytes. Folds hold nothing that can't be written.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// `None` for bytes that are none of ours.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

/// What closed panes of a KPI are made by: a pane that was made by anything else is of no use to it.
pub(crate) fn basis(kpi: &Kpi, metric: &Metric, zone: &str) -> i64 {
    // FNV-1a, 64 bits: the number is stored, so it must be the same in every build.
    let text = format!("{FORMAT} {} {metric:?} {zone}", kpi.version);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    i64::from_ne_bytes(hash.to_ne_bytes())
}

/// A closed pane of one cell, or several that were put together: it covers (from, until].
#[derive(Debug, Clone)]
struct Pane {
    from: i64,
    until: i64,
    fold: Fold,
}

/// The closed panes of one cell.
#[derive(Debug, Default)]
struct Row {
    /// In order. Those without samples are left out.
    panes: VecDeque<Pane>,
    /// For windows that slide: all panes of a day, by the day's number since the Unix epoch.
    days: BTreeMap<i64, Fold>,
}

impl Row {
    fn insert(&mut self, pane: Pane) {
        let at = self.panes.partition_point(|have| have.until < pane.until);
        self.panes.insert(at, pane);
    }

    fn remove(&mut self, after: i64, until: i64) {
        self.panes.retain(|pane| pane.from < after || until < pane.until);
    }

    /// The fold of what lies between; of whole days at once where they are known.
    fn fold(&self, after: i64, until: i64) -> Option<Fold> {
        let (first, last) = (step_ceil(after, DAY), step_floor(until, DAY));
        if self.days.is_empty() || first >= last {
            return self.fold_panes(after, until);
        }
        let days = self.days.range(first + 1..=last).map(|(_, fold)| fold.clone());
        let ends = [self.fold_panes(after, first * DAY), self.fold_panes(last * DAY, until)];
        ends.into_iter().flatten().chain(days).reduce(|all, more| all.merged(&more))
    }

    fn fold_panes(&self, after: i64, until: i64) -> Option<Fold> {
        let begin = self.panes.partition_point(|pane| pane.from < after);
        let within = self.panes.range(begin..).take_while(|pane| pane.until <= until);
        within.fold(None, |all: Option<Fold>, pane| match all {
            None => Some(pane.fold.clone()),
            Some(all) => Some(all.merged(&pane.fold)),
        })
    }

    fn newest(&self, until: i64) -> Option<i64> {
        let mut times = self.panes.iter().rev().skip_while(|pane| pane.until > until).map(|pane| pane.fold.newest);
        times.find(|time| *time > ALWAYS)
    }

    /// The end of the first pane after the moment that has samples.
    fn next_after(&self, moment: i64) -> Option<i64> {
        let later = self.panes.range(self.panes.partition_point(|pane| pane.from < moment)..);
        later.filter(|pane| pane.fold.count > 0).map(|pane| pane.until).next()
    }

    fn forget(&mut self, until: i64) {
        while self.panes.front().is_some_and(|pane| pane.until <= until) {
            self.panes.pop_front();
        }
        while self.days.first_key_value().is_some_and(|(day, _)| *day * DAY <= until) {
            self.days.pop_first();
        }
    }

    /// Puts panes up to `until` together that no window parts.
    fn join(&mut self, until: i64, cut: &Cut) {
        let end = self.panes.partition_point(|pane| pane.until <= until);
        let mut joined: Vec<Pane> = Vec::new();
        for pane in self.panes.drain(..end) {
            match joined.last_mut().filter(|last| cut.are_never_parted(last.until, pane.until)) {
                Some(last) => {
                    last.fold.merge(&pane.fold);
                    last.until = pane.until;
                }
                None => joined.push(pane),
            }
        }
        joined.into_iter().rev().for_each(|pane| self.panes.push_front(pane));
    }

    fn sum_up_day(&mut self, day: i64) {
        match self.fold_panes((day - 1) * DAY, day * DAY) {
            Some(fold) => self.days.insert(day, fold),
            None => self.days.remove(&day),
        };
    }
}

/// What late data touched.
#[derive(Debug)]
pub(crate) struct Stale {
    /// The stretches that must be made again, several in a row as one.
    pub(crate) stretches: Vec<(i64, i64)>,
    /// The edges between which all panes are wanted.
    pub(crate) wanted: (i64, i64),
    /// The last instant that had been recorded when the first of the late data came.
    pub(crate) recorded: i64,
}

/// The closed panes of one KPI.
#[derive(Debug)]
pub(crate) struct Closed {
    stretch: i64,
    basis: i64,
    /// Everything up to here is closed …
    until: i64,
    /// … and up to here, where windows don't slide, panes are put together.
    joined: i64,
    /// By cell.
    rows: Vec<Row>,
    owners: Vec<Owner>,
    index: HashMap<Owner, u32>,
    /// What late data touched since that was last told, and the last instant that had been recorded when it came.
    stale: Ranges,
    recorded: i64,
}

impl Closed {
    pub(crate) fn new(stretch: i64, basis: i64) -> Self {
        Self {
            stretch,
            basis,
            until: ALWAYS,
            joined: ALWAYS,
            rows: Vec::new(),
            owners: Vec::new(),
            index: HashMap::new(),
            stale: Ranges::default(),
            recorded: NEVER,
        }
    }

    /// Makes room for the next cell.
    pub(crate) fn add_cell(&mut self, owner: Owner) {
        self.index.insert(owner.clone(), number(self.owners.len()));
        self.owners.push(owner);
        self.rows.push(Row::default());
    }

    pub(crate) fn until(&self) -> i64 {
        self.until
    }

    pub(crate) fn basis(&self) -> i64 {
        self.basis
    }

    pub(crate) fn stretch(&self) -> i64 {
        self.stretch
    }

    /// The last edge of a stretch at or before the moment.
    fn floor(&self, moment: i64) -> i64 {
        step_floor(moment, self.stretch) * self.stretch
    }

    /// Begins with everything before the moment closed, if it has not begun. Gives up to where everything is.
    pub(crate) fn begin_at(&mut self, moment: i64) -> i64 {
        if self.until == ALWAYS {
            self.until = self.floor(moment);
        }
        self.until
    }

    pub(crate) fn begin_again_at(&mut self, moment: i64) {
        self.until = self.floor(moment);
    }

    /// The end of the next stretch, if it has ended by the moment.
    pub(crate) fn next_until(&self, moment: i64) -> Option<i64> {
        Some(self.until + self.stretch).filter(|next| *next <= moment)
    }

    /// The fold of a cell's closed panes between two edges.
    pub(crate) fn fold(&self, cell: u32, after: i64, until: i64) -> Option<Fold> {
        self.rows.get(cell as usize)?.fold(after, until)
    }

    /// The newest sample's time in a cell's closed panes up to the edge.
    pub(crate) fn newest(&self, cell: u32, until: i64) -> Option<i64> {
        self.rows.get(cell as usize)?.newest(until)
    }

    /// The end of a cell's first closed pane after the moment that has samples.
    pub(crate) fn next_after(&self, cell: u32, moment: i64) -> Option<i64> {
        self.rows.get(cell as usize)?.next_after(moment)
    }

    /// Closes the next stretch with these folds by cell. Gives what is to be stored: its end and its content.
    pub(crate) fn close(&mut self, folds: Vec<(u32, Fold)>, reported: Vec<i32>, cut: &Cut) -> (i64, Vec<u8>) {
        let owned = |(cell, fold): (u32, Fold)| Some((self.owners.get(cell as usize)?.clone(), fold));
        let content = Content { cells: folds.into_iter().filter_map(owned).collect(), reported };
        let (until, bytes) = (self.until + self.stretch, content.bytes());
        self.take(until, content.cells, cut);
        (until, bytes)
    }

    /// Takes a stretch's panes: they come in order.
    pub(crate) fn take(&mut self, until: i64, cells: Vec<(Owner, Fold)>, cut: &Cut) {
        self.insert(until, cells);
        self.until = self.until.max(until);
        if until % DAY != 0 {
            return;
        }
        if cut.slides() {
            self.rows.iter_mut().for_each(|row| row.sum_up_day(until / DAY));
        } else {
            self.join(cut);
        }
    }

    fn insert(&mut self, until: i64, cells: Vec<(Owner, Fold)>) {
        for (owner, fold) in cells {
            if let Some(row) = self.index.get(&owner).and_then(|cell| self.rows.get_mut(*cell as usize)) {
                row.insert(Pane { from: until - self.stretch, until, fold });
            }
        }
    }

    fn join(&mut self, cut: &Cut) {
        self.joined = self.joined.max(self.until - APART);
        self.rows.iter_mut().for_each(|row| row.join(self.joined, cut));
    }

    /// Forgets panes up to the edge.
    pub(crate) fn forget(&mut self, until: i64) {
        self.rows.iter_mut().for_each(|row| row.forget(until));
    }

    /// Notes that panes after `from` up to `until` aren't right any more, as far as they are closed. Instants up to
    /// `recorded` have been given without that.
    pub(crate) fn reopen(&mut self, from: i64, until: i64, recorded: i64) {
        let last = self.until.min(until);
        if from < last {
            self.stale.add(self.floor(from) + 1, self.floor(last - 1) + self.stretch);
            self.recorded = self.recorded.min(recorded);
        }
    }

    /// What was reopened since this was last asked. Panes that were put together are replaced together.
    pub(crate) fn take_stale(&mut self, cut: &Cut) -> Option<Stale> {
        let stale: Vec<(i64, i64)> = self.stale.take().into_iter().map(|(from, until)| (from - 1, until)).collect();
        let (first, last) = (stale.first()?.0, stale.last()?.1);
        let wanted = if first < self.joined { (cut.start(first + 1), last.max(self.joined)) } else { (first, last) };
        Some(Stale { stretches: stale, wanted, recorded: std::mem::replace(&mut self.recorded, NEVER) })
    }

    /// Puts panes in the place of all that lie between two edges. If others have been put together with them meanwhile,
    /// nothing changes and the stretch counts as reopened again.
    pub(crate) fn replace(&mut self, (after, until): (i64, i64), panes: Vec<(i64, Vec<(Owner, Fold)>)>, computed: i64, cut: &Cut) -> bool {
        if after < self.joined && until < self.joined {
            self.reopen(after, until, computed);
            return false;
        }
        self.rows.iter_mut().for_each(|row| row.remove(after, until));
        panes.into_iter().for_each(|(until, cells)| self.insert(until, cells));
        if cut.slides() {
            let days = step_floor(after, DAY) + 1..=step_ceil(until, DAY).min(step_floor(self.until, DAY));
            days.for_each(|day| self.rows.iter_mut().for_each(|row| row.sum_up_day(day)));
        } else {
            self.join(cut);
        }
        true
    }
}
