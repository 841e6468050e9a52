//! What shows that nothing was changed afterwards, and that nothing is decided twice: the hash chain of a group's log, and the
//! keys of its pages.
//!
//! It must never hash what a store may write differently than it read it, such as the order of a JSON object's fields.

use sha2::{Digest, Sha256};
use taydo_model::incident::log::LogLine;
use taydo_model::page::Page;

/// A SHA-256.
pub type Hash = [u8; 32];

/// The hash of a line: over that of the line before it (nothing for the first) and the line itself, as its type writes it.
#[must_use]
pub fn hash(previous: Option<&Hash>, line: &LogLine) -> Hash {
    let mut digest = Sha256::new();
    digest.update(previous.map_or(&[][..], |previous| &previous[..]));
    digest.update(serde_json::to_vec(line).unwrap_or_default());
    digest.finalize().into()
}

/// The number of the first line of a group's log that isn't as it was written: changed, put in, left out or moved. What is
/// cut off at the end shows only against the group, which counts its lines.
///
/// # Errors
/// With that line's number, as it stands in the log.
pub fn verify<'l>(log: impl IntoIterator<Item = (&'l LogLine, &'l Hash)>) -> Result<(), i64> {
    let mut previous: Option<&Hash> = None;
    for ((line, written), number) in log.into_iter().zip(1..) {
        if line.number != number || hash(previous, line) != *written {
            return Err(line.number);
        }
        previous = Some(written);
    }
    Ok(())
}

/// What makes a page the only one of its decision: its group (for a notice about the duty: its time), its
/// escalation, its person and contact, the delay of the person's rule, its kind, and the turn in which it was decided.
#[must_use]
pub fn dedupe_key(page: &Page) -> Hash {
    let about = match page.group {
        Some(group) => format!("group {}", group.0),
        None => format!("at {}", page.due_at.as_microsecond()),
    };
    let Page { escalation, person, contact, after_min, turn, .. } = page;
    let told = page.about.as_ref().and_then(|about| serde_json::to_string(about).ok()).unwrap_or_default();
    let kind = serde_json::to_string(&page.kind).unwrap_or_default();
    Sha256::digest(format!("{about} {escalation} {person} {} {after_min} {kind} {turn}{told}", contact.0)).into()
}
