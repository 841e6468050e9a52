//! Notices about the duty itself: a shift that begins with open incidents, a silence that ends with open alerts inside.
//!
//! It must never page anybody about the alerts themselves.

use super::directory::Directory;
use jiff::{SignedDuration, Timestamp};
use taydo_model::alert::Urgency;
use taydo_model::incident::IncidentId;
use taydo_model::page::{About, MAX_LISTED, Page, PageKind};
use taydo_model::silence::{Labels, Silence, WARNING_S};
use taydo_model::{PersonId, RotaId};

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
    let page = notice(PageKind::Notice, &silence.author, muted, warn_at(silence), directory)?;
    let about = Some(About::SilenceEnds { silence: silence.id, until: silence.until });
    Some(Page { turn: silence.id, about, ..page })
}

/// The notice to a person whose shift by a rota begins, about the open incidents that it is for, the worst first; none where
/// the person can't be reached. It is high urgency: who comes on duty is awake. Asked again it gives the same key, whatever has
/// been opened since.
#[must_use]
pub fn shift_begins(
    person: &PersonId,
    rota: &RotaId,
    open: &[IncidentId],
    begins_at: Timestamp,
    directory: &Directory<'_>,
) -> Option<Page> {
    let page = notice(PageKind::Shift, person, open.to_vec(), begins_at, directory)?;
    Some(Page { about: Some(About::Shift { rota: rota.clone() }), ..page })
}

fn notice(kind: PageKind, person: &PersonId, mut incidents: Vec<IncidentId>, due_at: Timestamp, directory: &Directory<'_>) -> Option<Page> {
    let others = u32::try_from(incidents.len().saturating_sub(MAX_LISTED)).unwrap_or(u32::MAX);
    incidents.truncate(MAX_LISTED);
    let reach = directory.quiet_reach(person, Urgency::High, false);
    let (contact, after_min) = reach.first()?;
    Some(Page { incidents, others, after_min: *after_min, ..Page::to_contact(kind, person.clone(), contact.id, due_at) })
}
