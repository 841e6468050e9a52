//! The shift log's rules: what may be written after what, and what shows that nothing was changed afterwards.
//!
//! A log is its lines; where it stands follows from them. It must never change a line, nor let anybody sign what they
//! haven't seen, or both signatures be one person's.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use taydo_model::PersonId;
use taydo_model::shift_log::page::{LogHead, Signature};
use taydo_model::shift_log::request::Sign;
use taydo_model::shift_log::{Entry, Line, MAX_LINES, ShiftLogId, Standing};

/// A SHA-256.
pub type Hash = [u8; 32];

/// Why something isn't written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Both have signed.
    Closed,
    /// One has signed, and nothing is written until the other has, or has sent it back.
    HandedOver(PersonId),
    /// Nobody has handed over yet.
    NotHandedOver,
    /// More was written than whoever signs has seen; there are so many lines.
    Unseen(i64),
    /// Only somebody of the shift hands over.
    NotOnDuty,
    /// Whoever takes over, or sends back, is not the one who hands over.
    SamePerson,
    /// There is no such entry to be corrected.
    NoEntry(i64),
    /// The log is full.
    Full,
}

/// A log, by its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftLog {
    head: LogHead,
    /// When its last line was written: its time never goes back.
    last_at: Timestamp,
    /// The numbers of its entries.
    entries: Vec<i64>,
    /// The SHA-256 of the sheet that was signed last.
    sheet: Option<String>,
}

impl ShiftLog {
    /// The log that these lines make; `None` when the first doesn't open it.
    #[must_use]
    pub fn replay<'l>(lines: impl IntoIterator<Item = &'l Line>) -> Option<Self> {
        let mut lines = lines.into_iter();
        let first = lines.next()?;
        let Entry::Opened { desk, lead, on_duty, .. } = &first.entry else { return None };
        let head = LogHead {
            id: first.log,
            desk: desk.clone(),
            lead: lead.clone(),
            on_duty: on_duty.clone(),
            opened_at: first.at,
            standing: Standing::Open,
            lines: first.number,
            handed_over: None,
            taken_over: None,
        };
        let mut log = Self { head, last_at: first.at, entries: Vec::new(), sheet: None };
        lines.for_each(|line| log.take(line));
        Some(log)
    }

    /// It in short.
    #[must_use]
    pub fn head(&self) -> &LogHead {
        &self.head
    }

    /// The SHA-256 of the sheet that stands signed, by one or by both, in hexadecimal digits.
    #[must_use]
    pub fn sheet(&self) -> Option<&str> {
        self.sheet.as_deref()
    }

    /// The log with one more line.
    #[must_use]
    pub fn after(&self, line: &Line) -> Self {
        let mut log = self.clone();
        log.take(line);
        log
    }

    fn take(&mut self, line: &Line) {
        (self.head.lines, self.last_at) = (line.number, line.at);
        let signature = || Some(Signature { person: line.person.clone(), at: line.at });
        match &line.entry {
            Entry::Opened { .. } => {}
            Entry::Written { .. } => self.entries.push(line.number),
            Entry::HandedOver { sheet } => {
                (self.head.standing, self.head.handed_over) = (Standing::HandedOver, signature());
                self.sheet = Some(sheet.clone());
            }
            Entry::SentBack { .. } => (self.head.standing, self.head.handed_over, self.sheet) = (Standing::Open, None, None),
            Entry::TakenOver => (self.head.standing, self.head.taken_over) = (Standing::Closed, signature()),
        }
    }

    /// The line by which somebody writes something down.
    ///
    /// # Errors
    /// When nothing may be written now, or what it corrects is no entry.
    pub fn write(&self, now: Timestamp, person: &PersonId, entry: Entry) -> Result<Line, Refusal> {
        match (self.head.standing, &self.head.handed_over) {
            (Standing::Closed, _) => return Err(Refusal::Closed),
            (Standing::HandedOver, Some(signature)) => return Err(Refusal::HandedOver(signature.person.clone())),
            _ => {}
        }
        // The last lines are kept for the signatures.
        if self.head.lines >= MAX_LINES {
            return Err(Refusal::Full);
        }
        if let Entry::Written { corrects: Some(number), .. } = entry
            && !self.entries.contains(&number)
        {
            return Err(Refusal::NoEntry(number));
        }
        Ok(self.line(now, person, entry))
    }

    /// The line by which somebody signs, or sends back; `sheet` is the SHA-256 of the sheet as it is now.
    ///
    /// # Errors
    /// When it isn't theirs to sign, or more was written than they have seen.
    pub fn sign(&self, now: Timestamp, sign: &Sign, sheet: &str) -> Result<Line, Refusal> {
        let person = sign.person();
        let handed_over = match (self.head.standing, &self.head.handed_over) {
            (Standing::Closed, _) => return Err(Refusal::Closed),
            (Standing::HandedOver, Some(signature)) => Some(&signature.person),
            _ => None,
        };
        let entry = match (sign, handed_over) {
            (Sign::HandOver { .. }, Some(by)) => return Err(Refusal::HandedOver(by.clone())),
            (Sign::HandOver { .. }, None) if !self.is_on_duty(person) => return Err(Refusal::NotOnDuty),
            (Sign::HandOver { .. }, None) => Entry::HandedOver { sheet: sheet.to_owned() },
            (_, None) => return Err(Refusal::NotHandedOver),
            (_, Some(by)) if by == person => return Err(Refusal::SamePerson),
            (Sign::TakeOver { .. }, Some(_)) => Entry::TakenOver,
            (Sign::SendBack { why, .. }, Some(_)) => Entry::SentBack { why: why.trim().to_owned() },
        };
        match sign {
            Sign::HandOver { seen, .. } | Sign::TakeOver { seen, .. } if *seen != self.head.lines => Err(Refusal::Unseen(self.head.lines)),
            _ => Ok(self.line(now, person, entry)),
        }
    }

    fn is_on_duty(&self, person: &PersonId) -> bool {
        self.head.lead == *person || self.head.on_duty.contains(person)
    }

    fn line(&self, now: Timestamp, person: &PersonId, entry: Entry) -> Line {
        Line { log: self.head.id, number: self.head.lines + 1, at: now.max(self.last_at), person: person.clone(), entry }
    }
}

/// The first line of a log.
#[must_use]
pub fn opened(log: ShiftLogId, now: Timestamp, person: PersonId, entry: Entry) -> Line {
    Line { log, number: 1, at: now, person, entry }
}

/// The hash of a line as it was stored: over that of the line before it (nothing for the first) and its own text.
#[must_use]
pub fn hash(previous: Option<&Hash>, text: &str) -> Hash {
    let mut digest = Sha256::new();
    digest.update(previous.map_or(&[][..], |previous| &previous[..]));
    digest.update(text);
    digest.finalize().into()
}

/// Whether the lines, as they were stored, are what was written: none changed, put in, left out or moved. `last` is the hash
/// that the log itself has, without which an end that was cut off wouldn't show.
#[must_use]
pub fn is_intact<'l>(lines: impl IntoIterator<Item = (&'l str, &'l Hash)>, last: &Hash) -> bool {
    let mut previous: Option<&Hash> = None;
    for (text, written) in lines {
        if hash(previous, text) != *written {
            return false;
        }
        previous = Some(written);
    }
    previous == Some(last)
}

/// The SHA-256 of a sheet's text, in hexadecimal digits: what a signature names.
#[must_use]
pub fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
