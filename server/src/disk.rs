//! The disk rule: from when on nothing is taken in any more, when somebody has to be told, and the room that is kept back.
//!
//! What is in doubt is what the city needs at such a time: transitions, pages and the audit go on writing into the room that
//! ingest leaves. It must never guess how much room there is.

use jiff::Timestamp;
use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Nothing is taken in while less than this share of the disk is free …
const STOP_SHARE: f64 = 0.05;
/// … or less than this: two of the database's log segments, without which it can't write at all.
const STOP_BYTES: u64 = 32 << 20;
/// Data is taken again once so much more than that is free, so that it doesn't begin and stop every second.
const RESUME: f64 = 1.2;
/// Somebody is told when less than this share is free, and that it is over from the second on.
const LOW_SHARE: f64 = 0.15;
const WELL_SHARE: f64 = 0.17;
/// Somebody is told when it will be full in so many days, and that it is over from the second on.
const LOW_DAYS: f64 = 7.0;
const WELL_DAYS: f64 = 8.0;
/// The reserve is a hundredth of the disk, within these.
const RESERVE: std::ops::RangeInclusive<u64> = 16 << 20..=256 << 20;
/// It is given up when less than this is free: a log segment, and a little.
const GIVE_UP_BYTES: u64 = 20 << 20;
/// Sizes that are remembered, one an hour: growth is told over at most a day.
const HOURS: usize = 24;
/// No forecast reaches further, in days.
const LONGEST_DAYS: f64 = 3_650.0;

/// How much room a disk has, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What is free for us.
    pub free: u64,
    /// What we may have of the disk, used or free.
    pub whole: u64,
}

impl Room {
    /// That of a folder's disk; nothing where that can't be read.
    #[must_use]
    pub fn of(folder: &Path) -> Option<Self> {
        let disk = rustix::fs::statvfs(folder).ok()?;
        // As df reckons it: what the system keeps for itself is neither free nor ours.
        let whole = disk.f_blocks.saturating_sub(disk.f_bfree).saturating_add(disk.f_bavail);
        Some(Self { free: disk.f_bavail.checked_mul(disk.f_frsize)?, whole: whole.checked_mul(disk.f_frsize)? })
    }

    /// The share that is free, from 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        self.free as f64 / self.whole.max(1) as f64
    }

    /// Below this nothing is taken in.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a whole number that fits")]
    pub fn stop_mark(self) -> u64 {
        ((self.whole as f64 * STOP_SHARE) as u64).max(STOP_BYTES)
    }
}

/// How it stands with a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Nothing is taken in.
    pub stopped: bool,
    /// Somebody has to be told.
    pub low: bool,
}

impl Standing {
    /// How it stands now, after it stood so; `days_left` is until it will be full.
    #[must_use]
    pub fn next(self, room: Room, days_left: Option<f64>) -> Self {
        let resume = room.stop_mark() as f64 * if self.stopped { RESUME } else { 1.0 };
        let stopped = (room.free as f64) < resume;
        let (share, days) = if self.low { (WELL_SHARE, WELL_DAYS) } else { (LOW_SHARE, LOW_DAYS) };
        Self { stopped, low: stopped || room.share() < share || days_left.is_some_and(|left| left < days) }
    }
}

/// Whether data may be taken in. Asked for each submission, so it only reads what was found last.
#[derive(Debug, Default)]
pub struct Gate(AtomicBool);

impl Gate {
    /// Nothing may be taken in.
    #[must_use]
    pub fn is_shut(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Shuts or opens it.
    pub fn set(&self, shut: bool) {
        self.0.store(shut, Ordering::Relaxed);
    }
}

/// Room that is kept back on the disk for the time when there is none: a file that holds nothing.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// That of a data folder.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        Self { path: data.join("reserve") }
    }

    /// How much is kept back now, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |meta| meta.len())
    }

    /// Gives the room up where nearly nothing else is left, and takes it back where there is plenty again.
    ///
    /// # Errors
    /// When the file can't be made or removed.
    pub fn keep(&self, room: Room) -> std::io::Result<()> {
        let held = self.bytes();
        if held > 0 && room.free < GIVE_UP_BYTES {
            tracing::warn!(reserve_bytes = held, free_bytes = room.free, "the disk is full; the reserve is given up");
            return std::fs::remove_file(&self.path);
        }
        let wanted = (room.whole / 100).clamp(*RESERVE.start(), *RESERVE.end());
        if held > 0 || room.free < wanted + 2 * room.stop_mark() {
            return Ok(());
        }
        let file = File::create(&self.path)?;
        let kept = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, wanted);
        if let Err(error) = kept {
            // A half-made one would be taken for one that is held.
            std::fs::remove_file(&self.path)?;
            return Err(error.into());
        }
        Ok(())
    }
}

/// Sizes at the hours of the last day, the oldest first, by which is reckoned how long the room will do.
#[derive(Debug, Default)]
pub struct Growth(VecDeque<(Timestamp, u64)>);

impl Growth {
    /// Remembers the size once an hour, and says how much it has grown within the last day, or since the first that is
    /// remembered: at a start that is little, so nothing is alarmed by what a start writes.
    pub fn note(&mut self, now: Timestamp, bytes: u64) -> u64 {
        let is_due = self.0.back().is_none_or(|(last, _)| now.duration_since(*last).as_secs() >= 3_600);
        if is_due {
            self.0.push_back((now, bytes));
        }
        while self.0.len() > HOURS {
            self.0.pop_front();
        }
        self.0.front().map_or(0, |(_, first)| bytes.saturating_sub(*first))
    }
}

/// In how many days the free space is used up, at a day's growth.
#[must_use]
pub fn days_left(free: u64, grown: u64) -> f64 {
    if grown == 0 { LONGEST_DAYS } else { (free as f64 / grown as f64).min(LONGEST_DAYS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    #[test]
    fn ingest_stops_at_a_twentieth_and_goes_on_a_little_above() {
        let at = |free| Room { free, whole: 100 * GB };
        let stood = Standing::default();
        assert_eq!(stood.next(at(20 * GB), None), Standing { stopped: false, low: false });
        assert_eq!(stood.next(at(14 * GB), None), Standing { stopped: false, low: true });
        assert_eq!(stood.next(at(16 * GB), Some(6.9)), Standing { stopped: false, low: true });
        let stopped = stood.next(at(5 * GB - 1), None);
        assert_eq!(stopped, Standing { stopped: true, low: true });
        assert!(stopped.next(at(6 * GB - 1), None).stopped && !stopped.next(at(6 * GB), None).stopped);
        assert!(stopped.next(at(16 * GB), None).low && !stopped.next(at(17 * GB), Some(8.0)).low);
        // A small disk keeps room for the database's log.
        let small = Room { free: 31 << 20, whole: 100 << 20 };
        assert!(stood.next(small, None).stopped);
    }

    #[test]
    fn the_reserve_is_given_up_in_need_and_taken_back_later() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::of(folder.path());
        let plenty = Room { free: 900 << 20, whole: 1000 << 20 };
        reserve.keep(plenty).unwrap();
        assert_eq!(reserve.bytes(), 16 << 20);
        reserve.keep(Room { free: 30 << 20, ..plenty }).unwrap();
        assert_eq!(reserve.bytes(), 16 << 20, "it isn't needed yet");
        reserve.keep(Room { free: 1 << 20, ..plenty }).unwrap();
        assert_eq!(reserve.bytes(), 0);
        reserve.keep(Room { free: 50 << 20, ..plenty }).unwrap();
        assert_eq!(reserve.bytes(), 0, "there is no room to keep any back");
        reserve.keep(plenty).unwrap();
        assert_eq!(reserve.bytes(), 16 << 20);
    }

    #[test]
    fn growth_is_told_over_a_day_and_space_lasts_accordingly() {
        let mut growth = Growth::default();
        let at = |minute: i64| Timestamp::from_second(1_700_000_000 + minute * 60).unwrap();
        assert_eq!(growth.note(at(0), 1_000), 0);
        assert_eq!(growth.note(at(1), 1_500), 500);
        let grown: Vec<u64> = (2..3 * 1_440).map(|minute| growth.note(at(minute), 1_000 + 10 * minute.unsigned_abs())).collect();
        let last = grown.last().copied().unwrap();
        assert!((13_000..=14_400).contains(&last), "{last}");
        assert_eq!(growth.0.len(), HOURS);
        assert_eq!(days_left(10_000, 500), 20.0);
        assert_eq!(days_left(10_000, 0), LONGEST_DAYS);
        assert_eq!(days_left(u64::MAX, 1), LONGEST_DAYS);
    }

    #[test]
    fn a_disk_has_no_more_free_than_it_holds() {
        let room = Room::of(Path::new("/")).unwrap();
        assert!(room.free <= room.whole && room.whole > 0);
        assert!(Room::of(Path::new("/there/is/no/such/folder")).is_none());
    }
}
