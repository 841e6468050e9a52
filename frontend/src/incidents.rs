//! The incidents as the console lists them: which are shown, and in which order.
//!
//! Must never hide what is open but by a filter that the page shows.

use taydo_model::{
    TeamId,
    alert::Severity,
    console::ViewNote,
    incident::{IncidentId, Standing},
};

/// What the console shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Of this team only.
    pub team: Option<TeamId>,
    /// Of this severity and worse only.
    pub severity: Option<Severity>,
}

impl Filter {
    fn passes(&self, view: &ViewNote) -> bool {
        let incident = &view.incident;
        self.team.as_ref().is_none_or(|team| incident.team == *team) && self.severity.is_none_or(|least| incident.severity >= least)
    }
}

fn is_closed(view: &ViewNote) -> bool {
    view.incident.standing == Standing::Resolved
}

/// The entries with the smallest ranks first. One sort for all lists: each of its own would weigh three kilobytes.
fn ranked<'v>(views: impl Iterator<Item = &'v ViewNote>, rank: fn(&ViewNote) -> [i64; 4]) -> Vec<&'v ViewNote> {
    let mut ranked: Vec<([i64; 4], &ViewNote)> = views.map(|view| (rank(view), view)).collect();
    ranked.sort_unstable_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, view)| view).collect()
}

/// What is open and passes the filter: the worst first, of those the unanswered, of those the oldest.
#[must_use]
pub fn open<'v>(views: &'v [ViewNote], filter: &Filter) -> Vec<&'v ViewNote> {
    ranked(views.iter().filter(|view| !is_closed(view) && filter.passes(view)), |view| {
        let incident = &view.incident;
        let is_answered = incident.standing != Standing::Triggered;
        [-(incident.severity as i64), i64::from(is_answered), incident.opened_at.as_microsecond(), incident.id.0]
    })
}

/// What was closed and passes the filter: the newest first.
#[must_use]
pub fn closed<'v>(views: &'v [ViewNote], filter: &Filter) -> Vec<&'v ViewNote> {
    ranked(views.iter().filter(|view| is_closed(view) && filter.passes(view)), |view| {
        let over = view.incident.resolved_at.map_or(0, |at| at.as_microsecond());
        [-over, view.incident.id.0, 0, 0]
    })
}

/// How many are open that the filter hides.
#[must_use]
pub fn hidden(views: &[ViewNote], filter: &Filter) -> usize {
    views.iter().filter(|view| !is_closed(view) && !filter.passes(view)).count()
}

/// Whether something critical is unanswered that is newer than the newest incident that was heard of, and which is the newest
/// now. Whoever has heard of none yet is only told the newest.
#[must_use]
pub fn alarming(views: &[ViewNote], heard: Option<i64>) -> (bool, i64) {
    let incidents = || views.iter().map(|view| &view.incident);
    let is_alarming = heard.is_some_and(|heard| {
        incidents().any(|one| one.id.0 > heard && one.severity == Severity::Critical && one.standing == Standing::Triggered)
    });
    (is_alarming, incidents().map(|one| one.id.0).fold(heard.unwrap_or(0), i64::max))
}

/// The one that follows `from` by `steps` in a list, without going round; the first where `from` is not in it.
#[must_use]
pub fn step(list: &[IncidentId], from: Option<IncidentId>, steps: isize) -> Option<IncidentId> {
    let at = from.and_then(|from| list.iter().position(|one| *one == from));
    let next = at.map_or(0, |at| at.saturating_add_signed(steps).min(list.len().saturating_sub(1)));
    list.get(next).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use taydo_model::{Text, console::IncidentNote};

    fn view(id: i64, severity: Severity, standing: Standing, team: &str) -> ViewNote {
        let incident = IncidentNote {
            id: IncidentId(id),
            severity,
            team: TeamId::new(team).unwrap(),
            opened_at: Timestamp::from_second(1_000 - id).unwrap(),
            standing,
            assignee: None,
            resolved_at: (standing == Standing::Resolved).then(|| Timestamp::from_second(2_000 + id).unwrap()),
            data_old_since: None,
            merged_into: None,
        };
        ViewNote { incident, title: Text::default(), place: Text::default(), summary: Text::default(), figure: None, exercise: false }
    }

    fn ids(views: &[&ViewNote]) -> Vec<i64> {
        views.iter().map(|view| view.incident.id.0).collect()
    }

    #[test]
    fn the_worst_comes_first_then_the_unanswered_then_the_oldest() {
        use {Severity::*, Standing::*};
        let all = [
            view(1, Medium, Triggered, "roads"),
            view(2, Critical, Acknowledged, "roads"),
            view(3, High, Snoozed, "water"),
            view(4, Critical, Triggered, "water"),
            view(5, High, Triggered, "roads"),
            view(6, High, Triggered, "roads"),
            view(7, Critical, Resolved, "roads"),
            view(8, Info, Resolved, "water"),
        ];
        assert_eq!(ids(&open(&all, &Filter::default())), [4, 2, 6, 5, 3, 1]);
        assert_eq!(ids(&closed(&all, &Filter::default())), [8, 7]);
        let filter = Filter { team: TeamId::new("roads").ok(), severity: Some(High) };
        assert_eq!((ids(&open(&all, &filter)), ids(&closed(&all, &filter)), hidden(&all, &filter)), (vec![2, 6, 5], vec![7], 3));
    }

    #[test]
    fn only_what_is_new_critical_and_unanswered_alarms() {
        use {Severity::*, Standing::*};
        let all = [view(7, Critical, Triggered, "roads"), view(8, Critical, Acknowledged, "roads"), view(9, High, Triggered, "roads")];
        for (heard, told) in [(None, (false, 9)), (Some(6), (true, 9)), (Some(7), (false, 9)), (Some(12), (false, 12))] {
            assert_eq!(alarming(&all, heard), told, "{heard:?}");
        }
        assert_eq!(alarming(&[], Some(4)), (false, 4));
    }

    #[test]
    fn steps_stay_in_the_list() {
        let list = [4, 2, 6].map(IncidentId);
        for (from, steps, to) in [(None, 1, 4), (Some(4), 1, 2), (Some(6), 1, 6), (Some(4), -1, 4), (Some(6), -1, 2), (Some(9), 1, 4)] {
            assert_eq!(step(&list, from.map(IncidentId), steps), Some(IncidentId(to)), "{from:?} {steps}");
        }
        assert_eq!(step(&[], Some(IncidentId(4)), 1), None);
    }
}
