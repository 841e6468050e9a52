//! Notices about tasks: to the unit's steward what was given, sent back, falls due or is overdue; to the giver what was
//! answered and what is overdue.
//!
//! Whatever it finds it finds again at the next round, and the pages' keys keep it from being told twice. It must never tell
//! anybody what a task is about in full: a message is read by whoever holds the telephone.

use super::missing::persons;
use super::steward::notice;
use crate::store::roster::Roster;
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use taydo_model::page::{About, Page, PageKind, TaskNews};
use taydo_model::task::page::TaskHead;
use taydo_model::task::{Entry, Line};
use taydo_model::{Allowance, Definitions, DepartmentId, PersonId, calendar, calendar::Measured};

/// What happened longer ago isn't told any more.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// Deadlines further ahead than this are not looked at: a working day is never longer, public holidays included.
const AHEAD: SignedDuration = SignedDuration::from_hours(14 * 24);
/// So much before the deadline the steward is reminded.
const REMINDED: Allowance = Allowance { count: 1, measured: Measured::WorkingDays };

/// The notices about tasks that are due now. Found again they are the same pages.
pub(super) async fn notices(store: &Store, roster: &Roster, definitions: &Definitions, now: Timestamp) -> Result<Vec<Page>, StoreError> {
    let told = Told { roster, definitions, now };
    let since = now.saturating_sub(TOLD_WITHIN).unwrap_or(now);
    let mut notices: Vec<Page> = store.task_lines_since(since).await?.iter().flat_map(|(line, task)| told.news(line, task)).collect();
    for task in store.tasks_due_before(now.saturating_add(AHEAD).unwrap_or(now)).await? {
        notices.extend(told.deadline(&task, since));
    }
    Ok(notices)
}

struct Told<'t> {
    roster: &'t Roster,
    definitions: &'t Definitions,
    now: Timestamp,
}

impl Told<'_> {
    /// What a line tells, and to whom.
    fn news(&self, line: &Line, task: &TaskHead) -> Vec<Page> {
        match &line.entry {
            Entry::Given { .. } => self.to_unit(task, TaskNews::Given, line.at),
            Entry::SentBack { .. } => self.to_unit(task, TaskNews::SentBack, line.at),
            Entry::Answered { .. } => self.to_giver(task, TaskNews::Answered, line.at),
            Entry::Closed { .. } => Vec::new(),
        }
    }

    /// What a deadline tells, when it comes near and when it is past.
    fn deadline(&self, task: &TaskHead, since: Timestamp) -> Vec<Page> {
        let soon = match &self.definitions.calendar {
            Some(worked) => worked.before(task.due, REMINDED),
            None => calendar::deadline::before(task.due, REMINDED),
        };
        // Who has just been given something that is due within the day needs no reminder of it.
        let reminder = (soon > task.given_at && soon <= self.now && soon > since && task.due > self.now).then_some(soon);
        let overdue = (task.due < self.now && task.due > since).then_some(task.due);
        let mut pages: Vec<Page> = reminder.into_iter().flat_map(|at| self.to_unit(task, TaskNews::Soon, at)).collect();
        if let Some(at) = overdue {
            pages.extend(self.to_unit(task, TaskNews::Overdue, at));
            pages.extend(self.to_giver(task, TaskNews::Overdue, at));
        }
        pages
    }

    fn to_giver(&self, task: &TaskHead, news: TaskNews, at: Timestamp) -> Vec<Page> {
        self.page(&task.giver, task, news, at).into_iter().collect()
    }

    /// To the unit's steward, in office hours; where it has none, to whoever keeps the roster.
    fn to_unit(&self, task: &TaskHead, news: TaskNews, at: Timestamp) -> Vec<Page> {
        let (persons, at) = self.stewards(&task.unit, at);
        persons.iter().filter_map(|person| self.page(person, task, news, at)).collect()
    }

    fn stewards(&self, unit: &DepartmentId, at: Timestamp) -> (Vec<PersonId>, Timestamp) {
        let duty = &self.definitions.duty;
        let steward = duty.steward_of(unit).and_then(|team| duty.steward(team));
        let of_steward = steward.map(|steward| (persons(steward, self.roster, at), steward.hours_from(at)));
        let keeper = || (self.roster.keeper.iter().cloned().collect(), at);
        of_steward.filter(|(persons, _)| !persons.is_empty()).unwrap_or_else(keeper)
    }

    fn page(&self, person: &PersonId, task: &TaskHead, news: TaskNews, at: Timestamp) -> Option<Page> {
        let about = About::Task { task: task.id, kpi: task.kpi.clone(), scope: task.scope.clone(), news };
        notice(self.roster, person, PageKind::Notice, about, at)
    }
}
