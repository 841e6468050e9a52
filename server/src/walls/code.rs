//! The six digits that a screen without a token shows, until somebody uses them.
//!
//! Must never let a code be used twice, late, or found by trying: what is wrong too often closes the desk for a while.

use jiff::{SignedDuration, Timestamp};
use taydo_model::wall::page::CODE_S;

/// The most screens that wait at once. One more takes the place of the oldest, whose screen then asks for another code.
const MOST: usize = 64;
/// So many wrong codes …
const WRONG: usize = 10;
/// … in this time, and no code counts until it is over: by trying a thousand times a day nobody meets one of a million.
const WITHIN: SignedDuration = SignedDuration::from_mins(10);

#[derive(Debug)]
struct Waiting {
    code: String,
    /// The hash of the screen's token.
    token: Vec<u8>,
    until: Timestamp,
}

/// The codes that are shown now.
#[derive(Debug, Default)]
pub(super) struct Codes {
    waiting: Vec<Waiting>,
    /// When codes were tried that nobody shows.
    wrong: Vec<Timestamp>,
}

/// What came of a code.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Used {
    /// The hash of the token of the screen that showed it.
    By(Vec<u8>),
    /// No screen shows it.
    Unknown,
    /// Too many were wrong.
    Closed,
}

impl Codes {
    /// A code for the screen of a token, made of bytes that nobody can guess; until when it can be used.
    pub(super) fn issue(&mut self, token: Vec<u8>, random: &[u8], now: Timestamp) -> (String, Timestamp) {
        self.waiting.retain(|one| now < one.until);
        if self.waiting.len() >= MOST {
            self.waiting.remove(0);
        }
        let mut number = random.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte)) % 1_000_000;
        let digits = |number: u64| format!("{number:06}");
        while self.waiting.iter().any(|one| one.code == digits(number)) {
            number = (number + 1) % 1_000_000;
        }
        let until = now.saturating_add(SignedDuration::from_secs(CODE_S)).unwrap_or(now);
        self.waiting.push(Waiting { code: digits(number), token, until });
        (digits(number), until)
    }

    /// Uses a code, once.
    pub(super) fn take(&mut self, code: &str, now: Timestamp) -> Used {
        self.wrong.retain(|at| now.duration_since(*at) < WITHIN);
        if self.wrong.len() >= WRONG {
            return Used::Closed;
        }
        match self.waiting.iter().position(|one| one.code == code && now < one.until) {
            Some(at) => Used::By(self.waiting.swap_remove(at).token),
            None => {
                self.wrong.push(now);
                Used::Unknown
            }
        }
    }

    /// Whether the screen of a token waits.
    pub(super) fn waits(&self, token: &[u8], now: Timestamp) -> bool {
        self.waiting.iter().any(|one| one.token == token && now < one.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_code_counts_once_and_not_for_long() {
        let mut codes = Codes::default();
        let (code, until) = codes.issue(vec![1], &[7; 32], at(0));
        let (other, _) = codes.issue(vec![2], &[7; 32], at(0));
        assert!(code.len() == 6 && other != code && until == at(CODE_S));
        assert_eq!(codes.take(&code, at(1)), Used::By(vec![1]));
        assert_eq!(codes.take(&code, at(2)), Used::Unknown);
        assert!(codes.waits(&[2], at(299)) && !codes.waits(&[2], at(300)));
        assert_eq!(codes.take(&other, at(300)), Used::Unknown);
    }

    #[test]
    fn trying_codes_closes_the_desk_for_a_while() {
        let mut codes = Codes::default();
        for _ in 0..10 {
            assert_eq!(codes.take("no code", at(0)), Used::Unknown);
        }
        let (code, _) = codes.issue(vec![1], &[7; 32], at(400));
        assert_eq!(codes.take(&code, at(599)), Used::Closed);
        assert_eq!(codes.take(&code, at(600)), Used::By(vec![1]));
    }
}
