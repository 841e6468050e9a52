//! Whether a page that was decided is still wanted when its turn to be sent has come.
//!
//! It must never answer yes to more than was decided, nor change anything.

use super::directory::Directory;
use super::group::{Group, Member, Stage, State};
use super::mute::silenced;
use jiff::Timestamp;
use taydo_model::incident::log::Mute;
use taydo_model::page::{Page, PageKind};

impl Group {
    /// Whether one of this group's pages is to be sent at `now`: nobody has answered since it was decided, not all of it is
    /// over, nobody has silenced it. Asked under the group's lock, or of a copy that was read in the same transaction as the
    /// page's claim.
    #[must_use]
    pub fn still_wants(&self, page: &Page, now: Timestamp, directory: &Directory<'_>) -> bool {
        match page.kind {
            PageKind::Resolved | PageKind::Shift | PageKind::Notice | PageKind::Letter | PageKind::Code | PageKind::Reply => true,
            // Whoever was paged learns of what is over, whatever became of the rest.
            PageKind::Digest if !page.resolved.is_empty() => true,
            PageKind::Update | PageKind::Reminder => self.any(page, |member| matches!(member.state, State::Acknowledged { .. })),
            PageKind::Firing | PageKind::StillFiring | PageKind::Exhausted | PageKind::Digest => self.is_wanted(page, now, directory),
        }
    }

    fn is_wanted(&self, page: &Page, now: Timestamp, directory: &Directory<'_>) -> bool {
        let escalation = &self.escalation;
        let is_for_everybody = escalation.everybody.contains(&page.person) && !escalation.answered.contains(&page.person);
        // A digest may also tell somebody what is new of what they have acknowledged.
        let is_theirs = |member: &Member| {
            let is_digest = page.kind == PageKind::Digest;
            matches!(&member.state, State::Acknowledged { person, turn, .. } if is_digest && *person == page.person && *turn < page.turn)
        };
        // The message that something flaps is all that is sent of it; what is over may be told with it.
        let tells_flaps = page.incidents.iter().all(|id| page.flapping.contains(id) || page.resolved.contains(id));
        if page.escalation != escalation.number || (escalation.stage == Stage::Idle && !is_for_everybody) {
            return self.any(page, is_theirs);
        }
        self.any(page, |member| {
            let waits = member.state == State::Triggered || (is_for_everybody && member.is_open()) || is_theirs(member);
            let lets_go = |mute: Option<Mute>| mute.is_none_or(|mute| mute == Mute::Maintenance);
            waits && (!member.flapping || tells_flaps) && lets_go(member.mute) && lets_go(silenced(directory, &member.labels, now))
        })
    }

    /// Whether one of the page's incidents is such. Those that it only counts could be any of the group.
    fn any(&self, page: &Page, is_such: impl Fn(&Member) -> bool) -> bool {
        let mut listed = page.incidents.iter().filter_map(|id| self.members.get(id));
        listed.any(&is_such) || (page.others > 0 && self.members.values().any(|member| member.told && is_such(member)))
    }
}
