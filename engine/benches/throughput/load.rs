//! What reaches a city's engine: each series reports every half a minute at its own moment, and what is sent takes a while
//! to come.
//!
//! The same for every run. It must never know what the observations are for.

use jiff::{SignedDuration, Timestamp};
use taydo_engine::{Sample, SeriesId};
use taydo_model::SampleState;

/// How often each series reports.
pub(crate) const INTERVAL_S: i64 = 30;
/// Observations in a batch: what a lane commits at once when a thousand come in short order.
pub(crate) const BATCH: usize = 1000;

/// The moment so many milliseconds after the beginning.
pub(crate) fn at_ms(ms: i64) -> Timestamp {
    Timestamp::from_second(1_750_032_000).unwrap() + SignedDuration::from_millis(ms)
}

/// Observations on their way, in order of arrival.
#[derive(Debug)]
pub(crate) struct Load {
    series: i32,
    round: i64,
    /// When it arrives, and what: the next one last.
    coming: Vec<(i64, Sample)>,
}

impl Load {
    pub(crate) fn new(series: i32) -> Self {
        Self { series, round: 0, coming: Vec::new() }
    }

    /// The next batch, and when it is there.
    pub(crate) fn batch(&mut self) -> (Timestamp, Vec<Sample>) {
        // What is sent in a later round can't arrive before that begins.
        while self.coming.partition_point(|(arrives, _)| *arrives >= self.begin()) + BATCH > self.coming.len() {
            self.send();
        }
        let batch = self.coming.split_off(self.coming.len() - BATCH);
        let now = batch.first().unwrap().0;
        (at_ms(now), batch.into_iter().rev().map(|(_, sample)| sample).collect())
    }

    /// What arrives before this many milliseconds.
    pub(crate) fn until(&mut self, ms: i64) -> Vec<Sample> {
        while self.begin() < ms {
            self.send();
        }
        let first = self.coming.partition_point(|(arrives, _)| *arrives >= ms);
        self.coming.split_off(first).into_iter().rev().map(|(_, sample)| sample).collect()
    }

    /// The beginning of the next round, in milliseconds.
    fn begin(&self) -> i64 {
        self.round * INTERVAL_S * 1000
    }

    /// Sends the next round: all series once.
    fn send(&mut self) {
        let begin = self.begin();
        for id in 0..self.series {
            let chance = mixed(u64::from(id.unsigned_abs()) << 32 | self.round.unsigned_abs());
            let phase = i64::from(id.unsigned_abs().wrapping_mul(2_654_435_769) >> 8) % (INTERVAL_S * 1000 - 400);
            let sent = begin + phase + part(chance, 0, 400);
            // One in a hundred takes up to twenty seconds, past the moment at which its instant is recorded.
            let takes = if part(chance, 16, 100) == 0 { part(chance, 32, 20_000) } else { part(chance, 32, 400) };
            let ticks = 300 + part(chance, 48, 100) + (self.round + i64::from(id)) % 50;
            let sample = Sample { series: SeriesId(id), time: at_ms(sent), ticks, revision: 0, state: SampleState::Normal };
            self.coming.push((sent + takes, sample));
        }
        self.coming.sort_by_key(|(arrives, sample)| (-arrives, sample.series));
        self.round += 1;
    }
}

/// A number below the bound, from sixteen binary digits of what was drawn.
fn part(chance: u64, from: u32, bound: u64) -> i64 {
    i64::try_from((((chance >> from) & 0xffff) * bound) >> 16).unwrap()
}

/// SplitMix64's output function.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
