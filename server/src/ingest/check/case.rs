//! The check of cases, and the number that orders two states of one case that were written at the same moment.

use super::{FIRST_TIME, MAX_AHEAD, deadline, label_value, whole_micros};
use crate::ingest::decode::Refusal;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use taydo_engine::CaseVersion;
use taydo_model::{Case, CaseKey, Definitions, ErrorCode, Labels, SourceId, observation::MAX_LABELS};

/// The longest kind, in bytes.
const MAX_KIND_BYTES: usize = 64;
/// A deadline may lie this far ahead.
const MAX_DUE_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 365 * 100);

/// A case as it is stored: times in whole microseconds, labels normalised, `updated` never absent, the deadline resolved,
/// and closed when it was withdrawn.
///
/// # Errors
/// `InvalidTime` where times are outside of what is kept or in an order that no case's life has, `InvalidLabel`, or
/// `Invalid`.
pub fn case(definitions: &Definitions, source: &SourceId, case: Case, now: Timestamp) -> Result<CaseVersion, Refusal> {
    let id = case.id.clone();
    checked(definitions, source, case, now).map_err(|refusal| Refusal { case: Some(id), ..refusal })
}

fn checked(definitions: &Definitions, source: &SourceId, case: Case, now: Timestamp) -> Result<CaseVersion, Refusal> {
    let past = |name: &str, time: Timestamp| within(name, time, now, MAX_AHEAD);
    let maybe_past = |name: &str, time: Option<Timestamp>| time.map(|time| past(name, time)).transpose();
    let opened = past("opened", case.opened)?;
    let withdrawn = maybe_past("withdrawn", case.withdrawn)?;
    let reopened = maybe_past("reopened", case.reopened)?;
    let closed = maybe_past("closed", case.closed)?;
    let updated = past("updated", case.updated.unwrap_or(now))?;
    let due = case.due.map(|time| within("due", time, now, MAX_DUE_AHEAD)).transpose()?;
    in_order(("opened", Some(opened)), ("closed", closed))?;
    in_order(("opened", Some(opened)), ("withdrawn", withdrawn))?;
    in_order(("withdrawn", withdrawn), ("closed", closed))?;
    // Whoever takes a case back ends it, whenever the desk put the file away.
    let closed = withdrawn.or(closed);
    in_order(("opened", Some(opened)), ("reopened", reopened))?;
    in_order(("reopened", reopened), ("closed", closed))?;
    if case.kind.is_empty() || case.kind.len() > MAX_KIND_BYTES || case.kind.chars().any(char::is_control) {
        return Err(Refusal::new(ErrorCode::Invalid, format!("`kind` needs 1 to {MAX_KIND_BYTES} bytes and no control characters")));
    }
    let labels = labels(&case.labels)?;
    let mut case = Case { opened, due, closed, withdrawn, reopened, updated: Some(updated), labels, ..case };
    deadline::resolve(definitions, &mut case)?;
    let key = CaseKey { source: source.clone(), id: case.id.clone() };
    Ok(CaseVersion { key, updated, hash: content_hash(&case), case })
}

fn in_order((first, earlier): (&str, Option<Timestamp>), (name, later): (&str, Option<Timestamp>)) -> Result<(), Refusal> {
    match earlier.zip(later).filter(|(earlier, later)| later < earlier) {
        Some((earlier, _)) => Err(Refusal::new(ErrorCode::InvalidTime, format!("{name} lies before {first}, {earlier}"))),
        None => Ok(()),
    }
}

fn within(name: &str, time: Timestamp, now: Timestamp, ahead: SignedDuration) -> Result<Timestamp, Refusal> {
    if time < FIRST_TIME || now.checked_add(ahead).is_ok_and(|limit| time > limit) {
        let message = format!("{name}, {time}, is before {FIRST_TIME} or too far in the future; it is {now}");
        return Err(Refusal::new(ErrorCode::InvalidTime, message));
    }
    Ok(whole_micros(time))
}

fn labels(given: &Labels) -> Result<Labels, Refusal> {
    if given.len() > MAX_LABELS {
        return Err(Refusal::new(ErrorCode::InvalidLabel, format!("there are {} labels, and {MAX_LABELS} is the most", given.len())));
    }
    let mut labels = Labels::default();
    for (name, value) in given.iter() {
        let value = label_value(name, value)?;
        if !value.is_empty() {
            labels.set(name.clone(), value);
        }
    }
    Ok(labels)
}

/// The first eight bytes, big-endian, of the SHA-256 over what the case says, its id and `updated` left out: kind,
/// department, area, opened, due where the source gave it, closed and the labels by name. A text goes in as its length in
/// bytes (u64, big-endian) and its UTF-8; a time as microseconds since the Unix epoch (i64, big-endian); what may be absent
/// after a byte 1, or is a byte 0 alone. The number of labels (u64, big-endian) stands before them. What fewer cases have
/// follows only where it is there: withdrawn after a byte 2, reopened after a byte 3, the allowance's text after a byte 4.
///
/// A resolved deadline is left out, so that a message sent again after the calendar was changed is the same message.
#[must_use]
pub fn content_hash(case: &Case) -> i64 {
    let mut sha = Sha256::new();
    let text = |sha: &mut Sha256, text: &str| {
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text);
    };
    text(&mut sha, &case.kind);
    for id in [case.department.as_ref().map(AsRef::<str>::as_ref), case.area.as_ref().map(AsRef::<str>::as_ref)] {
        sha.update([u8::from(id.is_some())]);
        if let Some(id) = id {
            text(&mut sha, id);
        }
    }
    sha.update(case.opened.as_microsecond().to_be_bytes());
    for time in [case.due.filter(|_| case.calendar.is_none()), case.closed] {
        sha.update([u8::from(time.is_some())]);
        if let Some(time) = time {
            sha.update(time.as_microsecond().to_be_bytes());
        }
    }
    sha.update((case.labels.len() as u64).to_be_bytes());
    for (name, value) in case.labels.iter() {
        text(&mut sha, name.as_str());
        text(&mut sha, value);
    }
    for (mark, time) in [(2, case.withdrawn), (3, case.reopened)] {
        if let Some(time) = time {
            sha.update([mark]);
            sha.update(time.as_microsecond().to_be_bytes());
        }
    }
    if let Some(allowance) = case.allowance {
        sha.update([4]);
        text(&mut sha, &allowance.to_string());
    }
    let digest = sha.finalize();
    digest.iter().take(8).fold(0_i64, |number, byte| (number << 8) | i64::from(*byte))
}
