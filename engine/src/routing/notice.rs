//! Notices about silences: their author is warned before one ends with open alerts inside.
//!
//! It must never page anybody about the alerts themselves.

use super::directory::Directory;
use jiff::{SignedDuration, Timestamp};
use taydo_model::alert::Urgency;
use taydo_model::incident::IncidentId;
use taydo_model::page::{About, MAX_LISTED, Page, PageKind};
use taydo_model::silence::{Labels, Silence, WARNING_S};

/// When a silence's author is to be warned: 15 minutes before its end, or at its start where it is shorter than that.
#[must_use]
pub fn warn_at(silence: &Silence) -> Timestamp {
    silence.from.max(silence.until - SignedDuration::from_secs(WARNING_S))
}

/// The notice to the author of a silence that ends soon, about the open incidents that it mutes; none where there are none, or
/// at other times. Asked again it gives the same page, with the same key.
#[must_use]
pub fn silence_ends<'l>(
    silence: &Silence,
    open: impl IntoIterator<Item = (IncidentId, &'l Labels)>,
    now: Timestamp,
    directory: &Directory<'_>,
) -> Option<Page> {
    if now < warn_at(silence) || now >= silence.until {
        return None;
    }
    let mut muted: Vec<IncidentId> = open.into_iter().filter(|(_, labels)| silence.matches(labels)).map(|(id, _)| id).collect();
    if muted.is_empty() {
        return None;
    }
    muted.sort();
    let others = u32::try_from(muted.len().saturating_sub(MAX_LISTED)).unwrap_or(u32::MAX);
    muted.truncate(MAX_LISTED);
    let reach = directory.quiet_reach(&silence.author, Urgency::High, false);
    let (contact, after_min) = reach.first()?;
    Some(Page {
        group: None,
        incidents: muted,
        resolved: Vec::new(),
        flapping: Vec::new(),
        others,
        about: Some(About::SilenceEnds { silence: silence.id, until: silence.until }),
        escalation: 0,
        person: silence.author.clone(),
        contact: contact.id,
        kind: PageKind::Notice,
        urgency: Urgency::High,
        turn: silence.id,
        after_min: *after_min,
        due_at: warn_at(silence),
    })
}
