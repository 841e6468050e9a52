//! A ring of finished frames, and how far each reader is.
//!
//! Positions count frames since the ring began and never repeat. What a reader lacks is handed out as one run of bytes,
//! built once for all readers that stand at the same place.

use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;

/// Runs that are kept for the current head; readers mostly stand at the same few places.
const RUNS: usize = 4;

#[derive(Debug)]
struct Frame {
    /// The update's number that the frame carries in its head.
    sequence: u64,
    bytes: Bytes,
}

/// The frames that a topic still holds.
#[derive(Debug)]
pub(super) struct Ring {
    frames: VecDeque<Frame>,
    /// The position of the frame after the newest.
    head: u64,
    /// Bytes of all frames held.
    bytes: usize,
    max_bytes: usize,
    /// Concatenations from a position up to the head.
    runs: Vec<(u64, Bytes)>,
}

/// What a reader at some position lacks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lacks {
    /// Nothing.
    Nothing,
    /// These frames, in one run of bytes.
    Frames(Bytes),
    /// More than the ring holds.
    TooMuch,
}

impl Ring {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { frames: VecDeque::new(), head: 0, bytes: 0, max_bytes, runs: Vec::new() }
    }

    /// The position of the frame after the newest.
    pub(super) fn head(&self) -> u64 {
        self.head
    }

    /// Adds a frame; the oldest ones leave when there are too many bytes.
    pub(super) fn push(&mut self, sequence: u64, bytes: Bytes) {
        self.bytes += bytes.len();
        self.frames.push_back(Frame { sequence, bytes });
        self.head += 1;
        self.runs.clear();
        while self.bytes > self.max_bytes && self.frames.len() > 1 {
            if let Some(oldest) = self.frames.pop_front() {
                self.bytes -= oldest.bytes.len();
            }
        }
    }

    /// Drops all frames; every reader lacks too much.
    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.runs.clear();
        self.bytes = 0;
        self.head += 1;
    }

    /// What a reader lacks that has read everything before `position`.
    pub(super) fn lacks(&mut self, position: u64) -> Lacks {
        if position >= self.head {
            return Lacks::Nothing;
        }
        let oldest = self.head - self.frames.len() as u64;
        if position < oldest {
            return Lacks::TooMuch;
        }
        if position + 1 == self.head {
            return self.frames.back().map_or(Lacks::TooMuch, |newest| Lacks::Frames(newest.bytes.clone()));
        }
        if let Some((_, run)) = self.runs.iter().find(|(from, _)| *from == position) {
            return Lacks::Frames(run.clone());
        }
        let lacking = self.frames.iter().skip(usize::try_from(position - oldest).unwrap_or(usize::MAX));
        let mut run = BytesMut::with_capacity(self.bytes);
        lacking.for_each(|frame| run.extend_from_slice(&frame.bytes));
        let run = run.freeze();
        if self.runs.len() < RUNS {
            self.runs.push((position, run.clone()));
        }
        Lacks::Frames(run)
    }

    /// The position after the newest frame that carries this sequence; `None` when the ring no longer holds what follows it.
    pub(super) fn position_after(&self, sequence: u64) -> Option<u64> {
        let oldest = self.head - self.frames.len() as u64;
        let newer = self.frames.iter().filter(|frame| frame.sequence > sequence).count() as u64;
        let position = self.head - newer;
        // With every held frame newer, whether anything between was dropped can't be seen, unless the oldest is the next.
        let follows = self.frames.front().is_some_and(|frame| frame.sequence <= sequence + 1);
        (position > oldest || follows).then_some(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(frames: &[(u64, &'static str)], max_bytes: usize) -> Ring {
        let mut ring = Ring::new(max_bytes);
        frames.iter().for_each(|(sequence, bytes)| ring.push(*sequence, Bytes::from_static(bytes.as_bytes())));
        ring
    }

    #[test]
    fn a_reader_gets_what_it_lacks_in_one_run() {
        let mut ring = ring(&[(1, "a"), (2, "b"), (3, "c")], 100);
        assert_eq!(ring.lacks(3), Lacks::Nothing);
        assert_eq!(ring.lacks(2), Lacks::Frames("c".into()));
        assert_eq!(ring.lacks(0), Lacks::Frames("abc".into()));
        assert_eq!(ring.lacks(0), Lacks::Frames("abc".into()));
        ring.push(4, "d".into());
        assert_eq!(ring.lacks(1), Lacks::Frames("bcd".into()));
    }

    #[test]
    fn a_reader_that_is_too_far_behind_is_told() {
        let mut ring = ring(&[(1, "aaaa"), (2, "bbbb"), (3, "cccc")], 8);
        assert_eq!(ring.lacks(0), Lacks::TooMuch);
        assert_eq!(ring.lacks(1), Lacks::Frames("bbbbcccc".into()));
        ring.clear();
        assert_eq!(ring.lacks(3), Lacks::TooMuch);
    }

    #[test]
    fn a_client_resumes_after_the_sequence_it_has_seen() {
        // Two frames carry sequence 2: an update and the heartbeat after it.
        let ring = ring(&[(1, "a"), (2, "b"), (2, "h"), (3, "c")], 100);
        assert_eq!(ring.position_after(0), Some(0));
        assert_eq!(ring.position_after(1), Some(1));
        assert_eq!(ring.position_after(2), Some(3));
        assert_eq!(ring.position_after(3), Some(4));
        assert_eq!(super::Ring::new(8).position_after(0), None);
        let short = self::ring(&[(5, "aaaa"), (6, "bbbb"), (7, "cccc")], 8);
        assert_eq!(short.position_after(4), None, "5 was dropped");
        assert_eq!(short.position_after(5), Some(1));
    }
}
