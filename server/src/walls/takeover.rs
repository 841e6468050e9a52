//! When a critical incident takes a wall over, and when it lets it go.
//!
//! Pure: must never ask the store or the clock.

use jiff::{SignedDuration, Timestamp};
use taydo_model::Text;
use taydo_model::alert::Severity;
use taydo_model::console::IncidentView;
use taydo_model::incident::{IncidentId, Origin, Standing};
use taydo_model::wall::page::Critical;
use taydo_model::wall::plan::{ACKNOWLEDGED_S, Acknowledged, Plan, Takeover, Told};

/// One takeover stays for so long before another incident's takes its place: in a flood of alerts each must be readable.
const LEAST: SignedDuration = SignedDuration::from_secs(15);

/// An open critical incident, with what screens say of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) view: IncidentView,
    /// Who was told, as far as it has been looked up.
    pub(super) told: Vec<Told>,
    /// What whoever has it is called.
    pub(super) owner: String,
}

impl Seen {
    /// How the strip shows it. Visitors are not shown what people typed: a name or a number may be in it.
    pub(super) fn critical(&self, is_presented: bool) -> Critical {
        let incident = &self.view.incident;
        let is_typed = matches!(incident.origin, Origin::Hand { .. });
        let (title, place) = match is_presented && is_typed {
            true => (Text::new("Sự cố nghiêm trọng", "Critical incident"), Text::default()),
            false => (self.view.title.clone(), self.view.place.clone()),
        };
        Critical {
            incident: incident.id,
            title,
            place,
            opened_at: incident.opened_at,
            standing: incident.standing,
            exercise: self.view.exercise,
        }
    }

    fn id(&self) -> IncidentId {
        self.view.incident.id
    }

    /// Whether nobody has it yet.
    fn is_unanswered(&self) -> bool {
        self.view.incident.standing == Standing::Triggered && self.view.incident.severity == Severity::Critical
    }

    /// A takeover as it begins.
    pub(super) fn takeover(&self, by_hand: bool) -> Takeover {
        let IncidentView { incident, title, place, summary, figure, acknowledged_at, exercise } = self.view.clone();
        // What a caller said of themselves is in a typed incident's summary, and is no matter for a room.
        let summary = if matches!(incident.origin, Origin::Hand { .. }) { Text::default() } else { summary };
        Takeover {
            incident: incident.id,
            title,
            place,
            summary,
            severity: incident.severity,
            exercise,
            opened_at: incident.opened_at,
            figure,
            told: self.told.clone(),
            acknowledged: acknowledged_at
                .filter(|_| incident.standing != Standing::Triggered)
                .map(|at| Acknowledged { name: self.owner.clone(), at }),
            until: None,
            by_hand,
        }
    }
}

/// The plan that must follow, now that these are open (the newest first); `None` while the old one is right. `at` is when a
/// change that all screens make together holds.
pub(super) fn decide(plan: &Plan, open: &[Seen], now: Timestamp, at: Timestamp) -> Option<Plan> {
    let mut next = plan.clone();
    next.released.retain(|id| open.iter().any(|seen| seen.id() == *id));
    if plan.presentation_until.is_some_and(|until| until <= now) {
        next.presentation_until = None;
    }
    next.takeover = keep(plan, open, now);
    let is_settled = next.takeover.is_none() || now.duration_since(plan.from) >= LEAST;
    let wanted = open.iter().find(|seen| seen.is_unanswered() && !next.released.contains(&seen.id()));
    if let Some(wanted) = wanted
        && is_settled
        && next.takeover.as_ref().is_none_or(|one| !one.by_hand && one.opened_at < wanted.view.incident.opened_at)
    {
        next.takeover = Some(wanted.takeover(false));
    }
    if next == *plan {
        return None;
    }
    let on = |plan: &Plan| plan.takeover.as_ref().map(|one| one.incident);
    // News about the same incident needs no common instant.
    let from = if on(&next) == on(plan) { now } else { at };
    Some(Plan { number: plan.number.saturating_add(1), from, ..next })
}

/// The takeover that is on, as it stands now; none once it is over.
fn keep(plan: &Plan, open: &[Seen], now: Timestamp) -> Option<Takeover> {
    let old = plan.takeover.as_ref()?;
    if old.until.is_some_and(|until| until <= now) {
        return None;
    }
    // What is resolved needs nobody's eyes any more.
    let seen = open.iter().find(|seen| seen.id() == old.incident)?;
    let mut new = seen.takeover(old.by_hand);
    if new.acknowledged.is_some() && !new.by_hand {
        let over = |since: Timestamp| since.saturating_add(SignedDuration::from_secs(ACKNOWLEDGED_S)).unwrap_or(since);
        new.until = old.until.or(Some(over(now)));
    }
    Some(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::incident::{GroupId, Incident};
    use taydo_model::{PersonId, TeamId};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn seen(id: i64, opened: i64, standing: Standing) -> Seen {
        let incident = Incident {
            id: IncidentId(id),
            origin: Origin::Watch { name: "w".to_owned() },
            severity: Severity::Critical,
            team: TeamId::new("t").unwrap(),
            group: GroupId(1),
            area: None,
            opened_at: at(opened),
            standing,
            assignee: PersonId::new("an").ok(),
            resolved_at: None,
            data_old_since: None,
            merged_into: None,
        };
        let text = Text::new("x", "x");
        let acknowledged_at = (standing != Standing::Triggered).then(|| at(opened + 5));
        let view = IncidentView {
            incident,
            title: text.clone(),
            place: text.clone(),
            summary: text,
            figure: None,
            acknowledged_at,
            exercise: false,
        };
        Seen { view, told: Vec::new(), owner: "An".to_owned() }
    }

    fn on(plan: &Plan) -> Option<i64> {
        plan.takeover.as_ref().map(|one| one.incident.0)
    }

    #[test]
    fn a_critical_incident_takes_the_wall_until_a_while_after_its_acknowledgement() {
        let first = Plan::first();
        assert_eq!(decide(&first, &[], at(100), at(101)), None);
        let taken = decide(&first, &[seen(1, 99, Standing::Triggered)], at(100), at(101)).unwrap();
        assert_eq!((on(&taken), taken.from, taken.number), (Some(1), at(101), 1));
        assert_eq!(decide(&taken, &[seen(1, 99, Standing::Triggered)], at(5_000), at(5_001)), None, "nobody has it");
        let known = decide(&taken, &[seen(1, 99, Standing::Acknowledged)], at(200), at(201)).unwrap();
        assert_eq!((on(&known), known.from), (Some(1), at(200)));
        assert_eq!(known.takeover.as_ref().unwrap().until, Some(at(260)));
        assert_eq!(decide(&known, &[seen(1, 99, Standing::Acknowledged)], at(259), at(260)), None);
        let over = decide(&known, &[seen(1, 99, Standing::Acknowledged)], at(260), at(261)).unwrap();
        assert_eq!(on(&over), None);
        assert_eq!(decide(&over, &[seen(1, 99, Standing::Acknowledged)], at(300), at(301)), None, "it does not come back");
    }

    #[test]
    fn what_is_resolved_or_released_is_gone() {
        let open = [seen(1, 99, Standing::Triggered)];
        let taken = decide(&Plan::first(), &open, at(100), at(101)).unwrap();
        assert_eq!(on(&decide(&taken, &[], at(110), at(111)).unwrap()), None);
        let mut released = taken.next(at(120));
        released.release();
        assert_eq!(decide(&released, &open, at(130), at(131)), None);
        let forgotten = decide(&released, &[], at(140), at(141)).unwrap();
        assert!(forgotten.released.is_empty(), "what is closed need not be remembered");
    }

    #[test]
    fn in_a_flood_each_stays_long_enough_to_be_read() {
        let taken = decide(&Plan::first(), &[seen(1, 99, Standing::Triggered)], at(100), at(100)).unwrap();
        let both = [seen(2, 101, Standing::Triggered), seen(1, 99, Standing::Triggered)];
        assert_eq!(decide(&taken, &both, at(114), at(115)), None);
        let newer = decide(&taken, &both, at(115), at(116)).unwrap();
        assert_eq!(on(&newer), Some(2));
        assert_eq!(decide(&newer, &both, at(200), at(201)), None, "the older one waits in the strip");
    }

    #[test]
    fn what_people_called_up_stays_until_they_let_it_go() {
        let mut plan = Plan::first();
        plan.takeover = Some(seen(1, 99, Standing::Acknowledged).takeover(true));
        let open = [seen(2, 500, Standing::Triggered), seen(1, 99, Standing::Acknowledged)];
        assert_eq!(decide(&plan, &open, at(10_000), at(10_001)), None);
    }
}
